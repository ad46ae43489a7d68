"""A town in which anything may happen, and what must be so whatever does.

`Town` is a scene with a model of its own: it reads the documents at the remote's head as plain
JSON, and says by simple arithmetic whether an endpoint should run. It knows nothing of how the
controller decides.
"""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING, Any

from ledger.committers import GATEWAY
from ledger.errors import Failure
from ledger.names import EndpointName
from ledger.phases import phase_of
from ledger.proposals import Request, extension, release
from tests.ledger.forge import ANA, QUIET, git
from tests.scene import SETTLE, Scene, definition, path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from controller.reconcile import Tick
    from tests.scene import Json

NAMES = ("A", "B", "C")  # no more than the brake on orphans lets go at once
HERS, BY_HAND = "demo-Hers-Endpoint", "by-hand"  # a definition's name, and somebody else's endpoint
DAILY = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
OPENS, CLOSES = time(13), time(15)
MOST_CREDIT = timedelta(minutes=60)
SET_BACK = timedelta(minutes=15)
_FIRST_COMMITS = 4
# Where a definition may be so that it is none, and still nobody wants its endpoint to end.
HIDING = {
    "capitals": "environments/dev/{}.endpoint.JSON",
    "a copy": "environments/dev/{}.endpoint.json.orig",
    "a folder": "environments/dev/nlp/{}.endpoint.json",
    "another word": "environments/dev/{}.component.json",
    "a typo": "environments/dev/{}2.endpoint.json",
}
_ENDPOINT_CHANGES = ("CreateEndpoint", "UpdateEndpoint", "DeleteEndpoint", "AddTags")
_OTHER_CHANGES = ("DeleteModel", "DeleteEndpointConfig")
_MOST_TICKS = 40
# The git server is off, the ceiling is reached, there is nothing to release, a file is broken or
# is where it is not read.
_UNDERSTOOD = frozenset({"LH2003", "LH2008", "LH4102", "LH4105", "LH4106", "LH4109"})


def windows() -> Json:
    window = {"days": list(DAILY), "start": f"{OPENS:%H:%M}", "end": f"{CLOSES:%H:%M}"}
    return {"timezone": "UTC", "windows": [window]}


@dataclass(frozen=True)
class Sighting:
    """An endpoint as a list of SageMaker has it."""

    status: str
    created: datetime


@dataclass
class Town:
    scene: Scene
    changes: list[tuple[str, str]] = field(default_factory=list)
    _read: tuple[str, dict[str, Json | None]] = ("", {})

    def __post_init__(self) -> None:
        self.gateway = self.scene.open(GATEWAY)
        self.requests = 0
        account = self.scene.account
        account.make_config(BY_HAND)
        account.sagemaker.create_endpoint(EndpointName=HERS, EndpointConfigName=BY_HAND)
        self.push({path("Hers"): definition("Hers", schedule={"initial_provision_minutes": 30})})
        for operation in (*_ENDPOINT_CHANGES, *_OTHER_CHANGES):
            account.sagemaker.meta.events.register(
                f"before-parameter-build.sagemaker.{operation}", self._note
            )

    # What people do.

    def push(self, files: Mapping[str, Json | str | None], message: str = "change") -> None:
        """Push as somebody whom no outage of the git server hinders."""
        lines = [
            "commit refs/heads/main",
            f"committer Ben <ben@example.com> {int(self.scene.now.timestamp())} +0000",
            *_data(message),
            "from refs/heads/main^0",
        ]
        for file, content in files.items():
            if content is None:
                lines.append(f"D {file}")
            else:
                text = content if isinstance(content, str) else json.dumps(content)
                lines += [f"M 100644 inline {file}", *_data(text)]
        subprocess.run(
            ["git", "fast-import", "--quiet"],
            cwd=self.scene.forge.bare,
            env=QUIET,
            input="\n".join([*lines, ""]).encode(),
            check=True,
        )

    def merge(self, *, own_first: bool) -> None:
        """Merge somebody's branch that was cut some commits ago, or main into that branch."""
        bare = self.scene.forge.bare
        depth = min(3, int(git(bare, "rev-list", "--count", "main")) - 1)
        topic = git(bare, "commit-tree", f"main~{depth}^{{tree}}", "-p", f"main~{depth}", "-m", "x")
        parents = (topic, "main") if own_first else ("main", topic)
        options = [word for parent in parents for word in ("-p", parent)]
        merged = git(bare, "commit-tree", "main^{tree}", *options, "-m", "Merge branch 'topic'")
        git(bare, "update-ref", "refs/heads/main", merged)

    def revert(self, name: str) -> None:
        """Take back the newest change of a lease, as `git revert` does it."""
        bare, file = self.scene.forge.bare, path(name, "lease")
        newest = git(bare, "log", "-1", "--format=%H %P", "main", "--", file).split()
        if len(newest) != 2:  # there is none, or it is the first commit of all
            return
        commit, before = newest
        there = git(bare, "ls-tree", "--name-only", before, file)
        content = git(bare, "show", f"{before}:{file}") if there else None
        self.push({file: content}, f"Revert a lease\n\nThis reverts commit {commit}.")

    def rewind(self) -> None:
        """Force the branch back by a commit, if it has one that is not the first."""
        bare = self.scene.forge.bare
        if int(git(bare, "rev-list", "--count", "main")) > _FIRST_COMMITS:
            git(bare, "update-ref", "refs/heads/main", "main~1")

    def leads_to(self, commit: str) -> bool:
        """Tell whether a commit is made from the branch as it is."""
        newer = git(self.scene.forge.bare, "rev-list", "--count", "main", f"^{commit}")
        return newer == "0"

    def mend(self) -> None:
        """Take away what hides a definition, and leases of no definition."""
        stray = {path(f"{name}2", "lease") for name in NAMES}
        self.push({file: None for file in self.files if is_hiding(file) or file in stray})

    def use(self, name: str) -> None:
        """Let somebody ask the model something, if it is there."""
        if endpoint(name) in self.sight():
            self.scene.account.ask("POST", f"/endpoints/{endpoint(name)}/invocations", {"count": 1})

    def extend(self, name: str, minutes: int) -> None:
        self._propose(extension(self._request(name), minutes))

    def release(self, name: str) -> None:
        self._propose(release(self._request(name)))

    def _request(self, name: str) -> Request:
        self.requests += 1
        return Request("dev", name, ANA, f"request-{self.requests}", self.scene.now)

    def _propose(self, proposal: Any) -> None:  # noqa: ANN401
        try:
            self.gateway.commit(proposal)
        except Failure as failure:
            assert failure.code in _UNDERSTOOD, failure  # noqa: PT017 - or there is none

    # What is so.

    @property
    def tips(self) -> dict[str, str]:
        listed = git(self.scene.forge.bare, "for-each-ref", "--format=%(refname) %(objectname)")
        return dict(line.split() for line in listed.splitlines())

    @property
    def is_set_back(self) -> bool:
        """Tell whether the head is not made from what was applied last, since a short time."""
        bare, tips = self.scene.forge.bare, self.tips
        status = tips.get("refs/heads/leasehold/status")
        if status is None or "dev.applied.json" not in git(bare, "ls-tree", "--name-only", status):
            return False
        note = json.loads(git(bare, "show", f"{status}:dev.applied.json"))
        newer = git(bare, "rev-list", "--count", note["commit"], "^refs/heads/main")
        since = _moment(note.get("set_back_at"), self.scene.now - timedelta(days=1))
        return newer != "0" and self.scene.now - since < SET_BACK

    @property
    def files(self) -> dict[str, Json | None]:
        """All documents at the remote's head; None where one is no JSON."""
        tip = self.tips["refs/heads/main"]
        if self._read[0] != tip:
            self._read = tip, self._files(tip)
        return self._read[1]

    def _files(self, tip: str) -> dict[str, Json | None]:
        bare = self.scene.forge.bare
        found = [line.split("\t") for line in git(bare, "ls-tree", "-r", tip).splitlines()]
        answer = subprocess.run(
            ["git", "cat-file", "--batch"],
            cwd=bare,
            input="\n".join(line.split()[2] for line, _ in found).encode(),
            capture_output=True,
            check=True,
        ).stdout
        return dict(zip((file for _, file in found), _contents(answer), strict=True))

    def sight(self) -> dict[str, Sighting]:
        pages = self.scene.account.sagemaker.get_paginator("list_endpoints").paginate()
        return {
            each["EndpointName"]: Sighting(each["EndpointStatus"], each["CreationTime"])
            for page in pages
            for each in page["Endpoints"]
        }

    def _note(self, params: Mapping[str, Any], model: Any, **_: object) -> None:  # noqa: ANN401
        keys = ("EndpointName", "ResourceArn", "ModelName", "EndpointConfigName")
        name = next(params[key] for key in keys if key in params)
        self.changes.append((model.name, str(name).rpartition("/")[2].lower()))


@dataclass(frozen=True)
class Wish:
    """What the documents say of one endpoint at one moment."""

    wanted: bool | None  # None: nobody may touch it
    ends: datetime | None = None
    lost: bool = False  # its lease file is gone before its end: it is not to be deleted

    @classmethod
    def of(
        cls,
        name: str,
        files: Mapping[str, Json | None],
        now: datetime,
        known_end: datetime | None = None,
    ) -> Wish:
        if path(name) not in files:
            unread = (is_hiding(file) or is_spoilt(file, files[file]) for file in files)
            return cls(wanted=None if any(unread) else False)
        wish, lease = files[path(name)], files.get(path(name, "lease"), {})
        if wish is None or lease is None:
            return cls(wanted=None)
        if "suspended" in wish and now < _moment(wish["suspended"].get("until"), now):
            return cls(wanted=None)
        schedule = wish.get("schedule", {})
        if not lease and known_end and now < known_end:
            return cls(wanted=None, lost=True)
        if not lease:
            due = bool(schedule.get("initial_provision_minutes"))
            return cls(wanted=due or _in_window(schedule, now))
        ends = datetime.fromisoformat(lease["expires_at"])
        held_off = "off_until" in lease and now < datetime.fromisoformat(lease["off_until"])
        return cls(not held_off and (now < ends or _in_window(schedule, now)), ends)


def is_spoilt(file: str, content: Json | None) -> bool:
    return file.endswith(".endpoint.json") and content is None


def is_hiding(file: str) -> bool:
    return any(file == where.format(name) for where in HIDING.values() for name in NAMES)


def _moment(text: str | None, now: datetime) -> datetime:
    return datetime.fromisoformat(text) if text else now + timedelta(days=1)


def _in_window(schedule: Json, now: datetime) -> bool:
    return "windows" in schedule and OPENS <= now.time() < CLOSES


def _data(text: str) -> list[str]:
    return [f"data {len(text.encode())}", text]


def _contents(batch: bytes) -> Iterator[Json | None]:
    """Read what `git cat-file --batch` says: a line with the size, so many bytes, a new line."""
    while batch:
        head, _, rest = batch.partition(b"\n")
        size = int(head.split()[-1])
        content, batch = rest[:size], rest[size + 1 :]
        try:
            yield json.loads(content)
        except ValueError:
            yield None


def endpoint(name: str) -> str:
    return f"demo-{name}-Endpoint"


class Inspector:
    """Ticks, and checks what must be so after each tick."""

    def __init__(self, town: Town) -> None:
        self.town = town
        self.scene = town.scene
        self._tips: dict[str, str] = {}
        self.rewound = ""  # the branch that a person has forced back
        self._ends: dict[str, datetime | None] = {}  # as the last whole tick saw them

    def tick(self, faults: list[Json], *, git_is_up: bool) -> Tick | None:
        """Tick once with some faults in AWS; None where the tick could not read everything."""
        town, scene = self.town, self.scene
        scene.at(scene.now)
        before, files = town.sight(), town.files
        wishes = {name: Wish.of(name, files, scene.now, self._ends.get(name)) for name in NAMES}
        is_set_back = town.is_set_back
        for fault in faults:
            scene.account.ask("POST", "/faults", fault)
        town.changes.clear()
        try:
            tick = scene.tick()
        except Failure:
            tick = None
        scene.account.ask("DELETE", "/faults")
        changes, after = list(town.changes), town.sight()

        self._check_modesty(changes, tick)
        for name, wish in wishes.items():
            self._check_kept(name, wish, before, after, changes)
        if is_set_back:
            assert "DeleteEndpoint" not in {operation for operation, _ in changes}, changes
        if git_is_up and not faults:
            assert tick is not None, "nothing stood in its way"
        if tick is not None:
            known = {name: end for name, end in self._ends.items() if endpoint(name) in after}
            self._ends = {name: wish.ends or known.get(name) for name, wish in wishes.items()}
        if git_is_up and not faults and tick and not is_set_back:
            for name, wish in wishes.items():
                self._check_ended(name, wish, before, after, tick)
        self._check_leases(files, town.files, tick)
        self._check_history()
        return tick

    def _check_modesty(self, changes: list[tuple[str, str]], tick: Tick | None) -> None:
        """One change of an endpoint in a tick, none of what is not ours, none half blind."""
        assert tick is not None or not changes, changes
        touched = Counter(name for operation, name in changes if operation in _ENDPOINT_CHANGES)
        assert all(count == 1 for count in touched.values()), changes
        foreign = {HERS.lower(), BY_HAND, f"{BY_HAND}-model"}
        assert not foreign & {name for _, name in changes}, changes

    def _check_kept(
        self,
        name: str,
        wish: Wish,
        before: Mapping[str, Sighting],
        after: Mapping[str, Sighting],
        changes: list[tuple[str, str]],
    ) -> None:
        """What should run, runs on; what nobody may touch, nobody touched."""
        was, there = before.get(endpoint(name)), after.get(endpoint(name))
        if wish.lost and was and was.status not in {"Failed", "Deleting"}:
            assert there is not None, f"{name} is gone"
            assert there.status != "Deleting", f"{name} is deleted"
        elif wish.wanted is None:
            touched = {whose for _, whose in changes}
            assert endpoint(name).lower() not in touched, f"nobody may touch {name}"
        elif wish.wanted and was and was.status not in {"Failed", "Deleting"}:
            assert there is not None, f"{name} is gone"
            assert there.created == was.created, f"{name} is another one"
            assert there.status != "Deleting", f"{name} is deleted"

    def _check_ended(
        self,
        name: str,
        wish: Wish,
        before: Mapping[str, Sighting],
        after: Mapping[str, Sighting],
        tick: Tick,
    ) -> None:
        """What should not run is on its way out, unless its start is given back to it."""
        was, there = before.get(endpoint(name)), after.get(endpoint(name))
        if wish.wanted is not False or was is None or was.status not in {"InService", "Failed"}:
            return
        action = tick.plan.action_for(EndpointName(endpoint(name)))
        credited = action is not None and action.verb == "credit"
        latest = wish.ends + MOST_CREDIT if wish.ends else self.scene.now
        may_start = was.status == "Failed" and self.scene.now < latest
        if not credited and not may_start:
            assert there is None or there.status == "Deleting", f"{name} runs on"

    def _check_leases(
        self, before: Mapping[str, Json | None], after: Mapping[str, Json | None], tick: Tick | None
    ) -> None:
        """A tick ends a lease for want of use alone, and gives back an hour at most."""
        for name in NAMES:
            old, new = (Wish.of(name, files, self.scene.now).ends for files in (before, after))
            if old == new:
                continue
            action = tick.plan.action_for(EndpointName(endpoint(name))) if tick else None
            assert action is not None, f"the lease of {name} moved by itself"
            assert new is not None, f"the lease of {name} is gone"
            assert action.verb in {"grant", "credit", "extend", "idle"}
            assert old is None or new > old or action.verb == "idle"
            assert old is None or new - old <= MOST_CREDIT or action.verb == "extend"

    def _check_history(self) -> None:
        """No branch ever goes back behind what it was, or aside."""
        tips = self.town.tips
        for branch, known in self._tips.items():
            if tips[branch] != known and branch != self.rewound:  # git fails if it is no ancestor
                git(self.scene.forge.bare, "merge-base", "--is-ancestor", known, tips[branch])
        self._tips, self.rewound = tips, ""

    def converge(self) -> Tick:
        """Tick until nothing is left to do and nothing is under way."""
        for _ in range(_MOST_TICKS):
            tick = self.tick([], git_is_up=True)
            assert tick is not None
            if tick.plan.changes:
                continue
            if not any(phase_of(each.status).is_busy for each in self.town.sight().values()):
                return tick
            self.scene.let_pass(seconds=SETTLE)
        raise AssertionError("it never comes to an end")

    def check_converged(self) -> None:
        """The account is what the documents say, and nothing is left over."""
        tick = self.converge()
        there, files = self.town.sight(), self.town.files
        for name in NAMES:
            wish = Wish.of(name, files, self.scene.now, self._ends.get(name))
            found = there.get(endpoint(name))
            action = tick.plan.action_for(EndpointName(endpoint(name)))
            if wish.wanted and action and action.verb == "keep":
                assert found is not None, f"{name} should run"
                assert found.status == "InService", f"{name} is {found.status}"
                assert self._image(name) == (files[path(name)] or {})["model"]["image"]
            elif wish.wanted is False and not (found and found.status == "Failed"):
                assert found is None, f"{name} should not run"
        self._check_leftovers(files, there)
        self._check_lease_changes()
        hers = self.scene.account.sagemaker.describe_endpoint(EndpointName=HERS)
        assert (hers["EndpointStatus"], hers["EndpointConfigName"]) == ("InService", BY_HAND)
        assert self.scene.account.tags(hers["EndpointArn"]) == {}

    def _image(self, name: str) -> str:
        config = self.scene.account.config(endpoint(name))
        found = self.scene.account.sagemaker.describe_model(ModelName=config)
        return str(found["PrimaryContainer"]["Image"])

    def _check_leftovers(
        self, files: Mapping[str, Json | None], there: Mapping[str, Sighting]
    ) -> None:
        listed = self.scene.account.sagemaker.list_models(MaxResults=100)["Models"]
        models = {each["ModelName"] for each in listed} - {f"{BY_HAND}-model"}
        configs = set(self.scene.account.configs()) - {BY_HAND}
        if any(is_spoilt(file, content) for file, content in files.items()):
            return  # nothing is collected as long as one of them cannot be read
        assert models == configs, "each model has its config, and each config its model"
        for config in configs:
            owner = config.split("-")[1]
            assert path(owner) in files or endpoint(owner) in there, f"{config} is left over"

    def _check_lease_changes(self) -> None:
        """Nothing was committed twice."""
        told = "%(trailers:key=Request-Id,valueonly,separator=)"
        log = git(self.scene.forge.bare, "log", f"--format={told}", "main").split()
        assert [name for name, count in Counter(log).items() if count > 1] == []
