"""One tick in which everything is due, from the same start as often as wanted.

At noon every verb of a plan is due for some endpoint, and notices are. `rewind` takes account,
ledger and clock back to that noon; a `Landscape` is what is there when nothing moves any more.
"""

from __future__ import annotations

import json
import shutil
from collections import Counter
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, fields
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from controller.memory.logbook import Logbook
from controller.reconcile import Dependencies, reconcile
from controller.survey import Survey
from ledger.committers import CONTROLLER
from ledger.lease import stamp
from ledger.observed import read_record
from ledger.phases import Phase, phase_of
from ledger.remote import Remote
from ledger.repository import Repository
from ledger.settings import STATUS_BRANCH
from ledger.tags import ADOPTABLE_TAG
from sandbox.git.server import GitServer, create_repository
from sandbox.server import Sandbox
from tests.ledger.forge import Colleague, Forge, git
from tests.scene import NOON, REGION, SETTLE, STARTUP, Account, Scene, definition, environment, path

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from controller.reconcile import Tick
    from tests.scene import Json

TOPIC = f"arn:aws:sns:{REGION}:123456789012:leases"
ALL_DUE = frozenset(
    {
        *("grant", "credit", "extend", "idle", "adopt", "delete"),
        *("update", "create", "tag", "scale", "collect"),
    }
)
_SETTINGS = "environments/dev/environment.json"
_ASLEEP = {"min_instances": 0, "max_instances": 2}
_METERED = {"always_on": False}
_MOST_TICKS = 60


def begun(
    account: Account, ledger: str, cache: Path, clock: Callable[[], datetime]
) -> Dependencies:
    """Give what a controller works with that begins with what another one left in `cache`."""

    def opened(branch: str, **how: Any) -> Repository:  # noqa: ANN401
        return Repository(Remote(ledger, branch), cache, committer=CONTROLLER, clock=clock, **how)

    status = opened(STATUS_BRANCH, under="", may_begin=True)
    cloud, notifier = account.cloud(), account.notifier()
    return Dependencies(opened("main"), cloud, Survey(cloud), Logbook(status), notifier)


@dataclass(frozen=True)
class Landscape:
    """What AWS and the ledger hold, without what may differ from run to run."""

    endpoints: Json
    configs: frozenset[str]
    models: frozenset[str]
    scaling: frozenset[str]
    leases: dict[str, Json]
    lease_commits: Counter[str]
    record: dict[str, Json]

    def differences(self, other: Landscape) -> dict[str, tuple[Any, Any]]:
        """Give what is otherwise there: by field, what only we have and what only the other has."""
        pairs = (
            (each.name, getattr(self, each.name), getattr(other, each.name))
            for each in fields(self)
        )
        return {name: _apart(ours, theirs) for name, ours, theirs in pairs if ours != theirs}


def _apart(ours: Any, theirs: Any) -> tuple[Any, Any]:  # noqa: ANN401 - sets or mappings
    if isinstance(ours, frozenset):
        return set(ours - theirs), set(theirs - ours)
    keys = {key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key)}
    return {key: ours.get(key) for key in keys}, {key: theirs.get(key) for key in keys}


@dataclass(frozen=True)
class _Noon:
    """Where everything stood when the curtain rises."""

    tips: dict[str, str]
    created: dict[str, datetime]


@dataclass
class Rehearsal:
    """The scene of that noon, and the way back to it."""

    scene: Scene
    sandbox: Sandbox
    root: Path
    noon: _Noon = field(init=False)
    _caches: int = 0

    def __post_init__(self) -> None:
        self._play_the_morning()
        tips = {name: self._tip(name) for name in ("main", STATUS_BRANCH)}
        self.noon = _Noon(tips, self._created())
        self.sandbox.stop()
        shutil.copy(self.root / "state", self.root / "state-at-noon")
        self.sandbox.start()

    def rewind(self) -> Path:
        """Go back to noon, and give an empty folder for the clones of who begins there."""
        self.sandbox.stop()
        shutil.copy(self.root / "state-at-noon", self.root / "state")
        self.sandbox.start()
        self.scene.account.ask("POST", "/clock", {"running": False})
        for branch, tip in self.noon.tips.items():
            git(self.scene.forge.bare, "update-ref", f"refs/heads/{branch}", tip)
        self.scene.account.client("sns").create_topic(Name=TOPIC.rpartition(":")[2])
        self.scene.at(NOON)
        self._caches += 1
        return self.root / f"cache-of-{self._caches}"

    def begin(self, cache: Path) -> Dependencies:
        scene = self.scene
        return begun(scene.account, scene.forge.url, cache, lambda: scene.now)

    def settle(self, dependencies: Dependencies) -> Landscape:
        """Tick until nothing is left to do, and say what is there then."""
        for _ in range(_MOST_TICKS):
            if self.is_quiet(self.tick(dependencies)):
                return self.landscape()
        raise AssertionError(f"after {_MOST_TICKS} ticks there is still something to do")

    def tick(self, dependencies: Dependencies) -> Tick:
        """Tick at the scene's time, however long the last one took."""
        self.scene.at(self.scene.now)
        return reconcile(dependencies, "dev", self.scene.now)

    def is_quiet(self, tick: Tick) -> bool:
        """Tell whether nothing is to be done; what is under way gets the time that it takes."""
        if tick.plan.changes or tick.troubles:
            return False
        busy = any(phase_of(each).is_busy for each in self.scene.account.statuses().values())
        if busy:
            self.scene.let_pass(seconds=SETTLE)
        return not busy

    def landscape(self) -> Landscape:
        record = read_record({"dev.json": self._show(STATUS_BRANCH, "dev.json").encode()}, "dev")
        return Landscape(
            endpoints=dict(self._endpoints()),
            configs=frozenset(self.scene.account.configs()),
            models=frozenset(self._models()),
            scaling=frozenset(self._scaling()),
            leases=dict(self._leases()),
            lease_commits=self._lease_commits(),
            record={
                name: {
                    "status": entry.status,
                    "configs": (entry.config, entry.previous_config, entry.attempted_config),
                    "starting": entry.starting_since is not None,
                    "scaled": entry.scaled and entry.phase is not Phase.ABSENT,
                    "told": sorted({key.partition(":")[0] for key in entry.notices}),
                }
                for name, entry in record.entries.items()
            },
        )

    def _play_the_morning(self) -> None:
        scene, account = self.scene, self.scene.account
        account.ask("POST", "/clock", {"running": False})
        account.client("sns").create_topic(Name=TOPIC.rpartition(":")[2])
        settings = environment(notifications={"topic_arn": TOPIC})
        scene.at(NOON - timedelta(minutes=60))
        scene.push({_SETTINGS: settings}, "settings")
        for name in ("Kept", "Changed", "Tagged", "Removed", "Bare"):
            scene.define(name, 600)
        scene.define("Scaled", inference_type="async")
        scene.define("Ended", 59, inference_type="async", autoscaling=_ASLEEP, schedule=_METERED)
        scene.define("Unused", 600, schedule={"idle_minutes": 50})
        used = scene.define("Used", 70, schedule={"extend_while_active_minutes": 60})
        self._run_in(2)

        scene.at(NOON - timedelta(minutes=10))
        gone: dict[str, Json | str | None] = {
            file: None for name in ("Removed", "Bare") for file in (path(name), path(name, "lease"))
        }
        scene.push(gone, "remove two")
        slow = scene.define("Slow", 600)
        bare = account.config("demo-Bare-Endpoint")
        account.order_fault("slow-start", seconds=180, endpoint=slow)
        scene.tick()
        account.sagemaker.delete_endpoint_config(EndpointConfigName=bare)

        account.make_config("by-hand")
        consent = [{"Key": ADOPTABLE_TAG, "Value": "demo/dev"}]
        account.sagemaker.create_endpoint(
            EndpointName="hers", EndpointConfigName="by-hand", Tags=consent
        )
        scene.at(NOON)
        at = stamp(NOON - timedelta(minutes=5))
        account.ask("POST", f"/endpoints/{used}/invocations", {"count": 7, "at": at})
        self._ask_for_everything()

    def _ask_for_everything(self) -> None:
        scene = self.scene
        hers = {"endpoint_name": "hers", "endpoint_config_name": "by-hand", "adopt": True}
        scene.define("Hers", 600, **hers)
        scene.define("New", 600)
        scene.push(
            {
                path("Granted"): definition("Granted", schedule={"initial_provision_minutes": 30}),
                path("Changed"): definition("Changed", model={"image": "registry/model:2"}),
                path("Tagged"): definition("Tagged", tags={"team": "blue"}),
                path("Scaled"): definition("Scaled", inference_type="async", autoscaling=_ASLEEP),
            },
            "change three, add one",
        )

    def _run_in(self, ticks: int) -> None:
        self.scene.tick()
        self.scene.let_pass(seconds=SETTLE)
        for _ in range(ticks):
            self.scene.tick()

    def _tip(self, branch: str) -> str:
        return git(self.scene.forge.bare, "rev-parse", branch)

    def _show(self, branch: str, file: str) -> str:
        return git(self.scene.forge.bare, "show", f"{branch}:{file}")

    def _created(self) -> dict[str, datetime]:
        listed = self.scene.account.sagemaker.list_endpoints(MaxResults=100)["Endpoints"]
        return {each["EndpointName"]: each["CreationTime"] for each in listed}

    def _endpoints(self) -> Iterator[tuple[str, Json]]:
        for name, created in self._created().items():
            found = self.scene.account.sagemaker.describe_endpoint(EndpointName=name)
            yield (
                name,
                {
                    "status": found["EndpointStatus"],
                    "config": found["EndpointConfigName"],
                    "has lived since the morning": self.noon.created.get(name) == created,
                    "tags": self.scene.account.tags(found["EndpointArn"]),
                },
            )

    def _models(self) -> Iterator[str]:
        for each in self.scene.account.sagemaker.list_models(MaxResults=100)["Models"]:
            yield each["ModelName"]

    def _scaling(self) -> Iterator[str]:
        """Name targets, policies and alarms."""
        scaling = self.scene.account.client("application-autoscaling")
        for each in scaling.describe_scalable_targets(ServiceNamespace="sagemaker")[
            "ScalableTargets"
        ]:
            yield f"{each['ResourceId']} from {each['MinCapacity']} to {each['MaxCapacity']}"
        for each in scaling.describe_scaling_policies(ServiceNamespace="sagemaker")[
            "ScalingPolicies"
        ]:
            yield each["PolicyName"]
        for each in self.scene.account.client("cloudwatch").describe_alarms()["MetricAlarms"]:
            yield f"alarm {each['AlarmName']}"

    def _leases(self) -> Iterator[tuple[str, Json]]:
        files = git(self.scene.forge.bare, "ls-tree", "-r", "--name-only", "main").splitlines()
        for file in files:
            if file.endswith(".lease.json"):
                content = json.loads(self._show("main", file))
                yield file, {key: content.get(key) for key in ("expires_at", "off_until")}

    def _lease_commits(self) -> Counter[str]:
        """Count the changes since noon, as `action endpoint`."""
        told = " ".join(
            f"%(trailers:key=Lease-{key},valueonly,separator=)" for key in ("Action", "Endpoint")
        )
        since = f"{self.noon.tips['main']}..main"
        lines = git(self.scene.forge.bare, "log", f"--format={told}", since).splitlines()
        return Counter(line for line in lines if line.strip())


@contextmanager
def rehearsed(root: Path) -> Iterator[Rehearsal]:
    hosted = root / "hosted"
    hosted.mkdir(parents=True)
    bare = create_repository(hosted, "fleet.git")
    with ExitStack() as stack:
        server = stack.enter_context(GitServer(hosted))
        sandbox = Sandbox(startup_seconds=STARTUP, state=root / "state").start()
        stack.callback(sandbox.stop)
        forge = Forge(bare, server.repository_url("fleet.git"))
        ben = Colleague(root / "ben", str(bare))
        yield Rehearsal(Scene(forge, server, Account(sandbox.url), ben, root), sandbox, root)
