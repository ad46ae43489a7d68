"""Whatever goes wrong around the controller, it converges, and nothing live is deleted.

Processes are killed at random moments and come back, AWS throttles, two controllers work at once,
a machine's clock is wrong. Where processes are killed the clock is the real one. Whether a live
endpoint was ever deleted shows in its creation time, which survives everything but that.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO, TYPE_CHECKING

import pytest
from botocore.exceptions import BotoCoreError, ClientError

from controller.reconcile import State
from ledger.errors import Failure
from sandbox.git.server import GitServer, create_repository
from tests.controller.rehearsal import Landscape, Rehearsal, rehearsed
from tests.ledger.forge import Colleague, git
from tests.scene import Account, definition, environment, lease, outcome, path, told

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from tests.scene import Json, Scene

ROOT = Path(__file__).resolve().parent.parent
STARTUP = "0.3"
MOST_LOOKS = 100  # of the controller in vain: however long a busy machine takes for them
MOST_PUSHES = 20
MOST_ROUNDS = 400
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
# A fault without an operation strikes SageMaker's alone. What takes scaling away is left out: an
# endpoint is deleted all the same, and LH3013 says what stays.
NOT_SAGEMAKERS = (
    *("GetResources", "GetMetricData", "PublishBatch", "DescribeAlarms"),
    *("PutMetricAlarm", "PutScalingPolicy", "RegisterScalableTarget", "DescribeScalableTargets"),
    "DescribeScalingPolicies",
)
KEPT, ENDING, CHANGING = (f"demo-{name}-Endpoint" for name in ("Kept", "Ending", "Changing"))


def now() -> datetime:
    return datetime.now(UTC)


@dataclass
class Process:
    """A program of ours that is killed without a warning, and started again."""

    arguments: tuple[str, ...]
    log: Path
    _running: subprocess.Popen[bytes] | None = field(default=None)

    def start(self) -> None:
        with self.log.open("ab") as output:
            self._running = self._spawn(output)

    def kill(self) -> None:
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None

    def is_alive(self) -> bool:
        return self._running is not None and self._running.poll() is None

    def _spawn(self, output: IO[bytes]) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-m", *self.arguments],
            cwd=ROOT,
            env={"PATH": os.environ["PATH"], "PYTHONWARNINGS": "ignore"},
            stdout=output,
            stderr=subprocess.STDOUT,
        )


@dataclass
class House:
    """Everything that runs, each part with its own life."""

    git: GitServer
    bare: Path
    ben: Colleague
    account: Account
    sandbox: Process
    controller: Process

    def push(self, files: Mapping[str, Json]) -> None:
        """Push as a person does: look what the controller has committed, and try again."""
        self.ben.commit({name: json.dumps(content) for name, content in files.items()}, "change")
        for _ in range(MOST_PUSHES):
            try:
                return self.ben.push()
            except subprocess.CalledProcessError:
                git(self.ben.home, "pull", "--quiet", "--rebase", "origin", "main")
        raise AssertionError("the controller was always faster")

    def soon(self, what: Callable[[], bool]) -> None:
        """Wait as long as the controller lives, and has not looked so often in vain."""
        begun = self.looks()
        while not what():
            assert self.controller.is_alive(), self.controller.log.read_text()
            assert self.looks() < begun + MOST_LOOKS, "it never came to this"
            time.sleep(0.05)

    def let_look(self, times: int) -> None:
        begun = self.looks()
        self.soon(lambda: self.looks() >= begun + times)

    def looks(self) -> int:
        return len(self._told())

    def let_tick(self, times: int) -> None:
        """Wait for looks that found everything in reach."""
        begun = self._told().count("ok")
        self.soon(lambda: self._told().count("ok") >= begun + times)

    def _told(self) -> list[str]:
        return self.controller.log.read_text().splitlines()

    def statuses(self) -> dict[str, str]:
        try:
            return self.account.statuses()
        except (BotoCoreError, ClientError):
            return {}

    def made(self, endpoint: str) -> datetime:
        described = self.account.sagemaker.describe_endpoint(EndpointName=endpoint)
        created: datetime = described["CreationTime"]
        return created

    def disturb(self, how: random.Random) -> None:
        part: GitServer | Process = how.choice((self.git, self.sandbox, self.controller))
        part.stop() if isinstance(part, GitServer) else part.kill()
        time.sleep(how.uniform(0.0, 0.4))
        part.start()
        self.let_look(how.randint(0, 4))

    def lose_the_ledger_just_before_its_end(self, name: str) -> tuple[datetime, datetime]:
        """Return when the endpoint was made and when its lease ends, both before the loss."""
        for seconds in (3, 12, 48, 192):  # a machine that is slower than that gets longer
            self.push({path(name): definition(name), path(name, "lease"): lease(now() + HOUR)})
            self.soon(lambda: self.statuses() == {KEPT: "InService"})
            made, end = self.made(KEPT), now() + timedelta(seconds=seconds)
            self.push({path(name, "lease"): lease(end)})
            self.let_tick(2)
            self.git.stop()
            if now() < end:
                return made, end
            self.git.start()
        raise AssertionError("this machine is too slow")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    hosted = tmp_path / "hosted"
    hosted.mkdir()
    bare = create_repository(hosted, "fleet.git")
    with ExitStack() as stack:
        server = stack.enter_context(GitServer(hosted))
        ledger = server.repository_url("fleet.git")
        state, log = tmp_path / "state", tmp_path / "sandbox.log"
        first = Process(("sandbox", "--startup", STARTUP, "--state", str(state)), log)
        stack.callback(first.kill)
        first.start()
        while "http" not in log.read_text():
            assert first.is_alive(), log.read_text()
            time.sleep(0.05)
        url = log.read_text().split()[0]
        sandbox = Process((*first.arguments, "--port", url.rpartition(":")[2]), log)
        sandbox._running, first._running = first._running, None
        stack.callback(sandbox.kill)
        cache = str(tmp_path / "cache")
        controller = Process(("tests.ticking", ledger, cache, url), tmp_path / "controller.log")
        stack.callback(controller.kill)
        ben = Colleague(tmp_path / "ben", ledger)
        yield House(server, bare, ben, Account(url), sandbox, controller)


@pytest.mark.parametrize("seed", [1, 2])
def test_whatever_is_killed_it_converges_without_a_wrong_delete(house: House, seed: int) -> None:
    how = random.Random(seed)  # noqa: S311 - for moments, not for secrets
    later = lease(now() + timedelta(hours=1))
    house.push(
        {
            "environments/dev/environment.json": environment(),
            **{path(name): definition(name) for name in ("Kept", "Ending", "Changing")},
            **{path(name, "lease"): later for name in ("Kept", "Ending", "Changing")},
        }
    )
    house.controller.start()
    house.soon(lambda: list(house.statuses().values()) == ["InService"] * 3)
    made = {name: house.made(name) for name in (KEPT, CHANGING)}
    before = house.account.config(CHANGING)

    house.push({path("Ending", "lease"): lease(now() + timedelta(seconds=2))})
    house.disturb(how)
    house.push({path("Changing"): definition("Changing", model={"image": "registry/model:2"})})
    for _ in range(3):
        house.disturb(how)

    house.soon(lambda: house.statuses() == {KEPT: "InService", CHANGING: "InService"})
    house.soon(lambda: house.account.config(CHANGING) != before)
    house.let_tick(3)
    assert {name: house.made(name) for name in (KEPT, CHANGING)} == made
    assert house.statuses() == {KEPT: "InService", CHANGING: "InService"}


def test_a_ledger_out_of_reach_past_a_leases_end_stops_nothing(house: House) -> None:
    """The last word of the ledger was an extension that the controller could not read yet."""
    house.push({"environments/dev/environment.json": environment()})
    house.controller.start()
    made, end = house.lose_the_ledger_just_before_its_end("Kept")
    house.ben.commit({path("Kept", "lease"): json.dumps(lease(end + HOUR))}, "more")
    git(house.ben.home, "push", "--quiet", str(house.bare), "HEAD:main")
    time.sleep(max(0.0, (end - now()).total_seconds()))
    house.let_look(3)
    assert house.statuses() == {KEPT: "InService"}

    house.git.start()
    house.let_tick(3)
    assert house.made(KEPT) == made


@pytest.fixture(scope="module")
def rehearsal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Rehearsal]:
    with rehearsed(tmp_path_factory.mktemp("noon")) as made:
        yield made


@pytest.fixture(scope="module")
def undisturbed(rehearsal: Rehearsal) -> Landscape:
    return rehearsal.settle(rehearsal.begin(rehearsal.rewind()))


def test_a_third_of_all_calls_throttled_delays_and_changes_nothing(
    rehearsal: Rehearsal, undisturbed: Landscape
) -> None:
    dependencies = rehearsal.begin(rehearsal.rewind())
    for operation in (None, *NOT_SAGEMAKERS):
        rehearsal.scene.account.order_fault("throttle", rate=0.3, operation=operation)
    failed = 0
    for _ in range(MOST_ROUNDS):
        try:
            tick = rehearsal.tick(dependencies)
        except Failure as failure:
            assert failure.code == "LH3001"  # noqa: PT017 - it may fail, and in this way alone
            failed += 1
            continue
        failed += sum(each.state is State.FAILED for each in tick.outcomes)
        with suppress(ClientError):  # whoever looks is throttled too
            if rehearsal.is_quiet(tick):
                break
    rehearsal.scene.account.ask("DELETE", "/faults")
    assert failed > 3
    assert undisturbed.differences(rehearsal.landscape()) == {}
    assert not rehearsal.tick(dependencies).plan.changes


def test_two_controllers_at_once_do_everything_once(
    rehearsal: Rehearsal, undisturbed: Landscape
) -> None:
    cache = rehearsal.rewind()
    both = [rehearsal.begin(cache / name) for name in ("one", "other")]
    with ThreadPoolExecutor(3) as threads:
        for number in range(MOST_ROUNDS):
            ticks = [threads.submit(rehearsal.tick, dependencies) for dependencies in both]
            threads.submit(_disturb, rehearsal.scene, number).result()
            if all([rehearsal.is_quiet(each.result()) for each in ticks]):  # noqa: C419 - ask both
                break
    assert undisturbed.differences(rehearsal.landscape()) == {}


def _disturb(scene: Scene, number: int) -> None:
    """Let Ben push something that is no document of ours, unless a controller was faster."""
    with suppress(subprocess.CalledProcessError):
        scene.push({"README.md": f"note {number}"})


@pytest.mark.parametrize("wrong", [-DAY, DAY], ids=["behind", "ahead"])
def test_a_clock_that_is_wrong_by_a_day_ends_nothing_and_starts_what_is_due(
    scene: Scene, wrong: timedelta
) -> None:
    ending = scene.start("Ending", minutes=10)
    removed = scene.start("Removed")
    scene.push({path("Removed"): None, path("Removed", "lease"): None}, "remove")
    granted = scene.define("Granted", schedule={"initial_provision_minutes": 30})
    created = scene.define("Created", minutes=4 * 24 * 60)
    scene.let_pass(minutes=30)
    head = scene.forge.tip

    scene.account.ask("POST", "/skew", {"seconds": -wrong.total_seconds()})
    tick = scene.tick()
    side = "ahead of" if wrong > timedelta() else "behind"
    for endpoint, verb in ((ending, "delete"), (removed, "delete"), (granted, "grant")):
        expected = f"report: this machine's clock is 24 h {side} AWS's, so there is no {verb} now"
        assert told(tick, endpoint).startswith(expected)
    assert scene.forge.tip == head
    assert {scene.account.status(name) for name in (ending, removed)} == {"InService"}
    assert outcome(tick, created).state is State.DONE
    assert scene.account.status(created) == "Creating"

    scene.account.ask("POST", "/skew", {"seconds": 0})
    scene.tick()
    assert {scene.account.status(name) for name in (ending, removed)} <= {"Deleting", "absent"}
    assert scene.forge.tip != head


def test_a_clock_that_was_wrong_while_it_started_gives_no_minutes_away(scene: Scene) -> None:
    created = scene.define("Created", minutes=120)
    head, right = scene.forge.tip, scene.now
    scene.now = right - DAY  # of this machine alone
    assert outcome(scene.tick(), created).state is State.DONE

    scene.at(right + timedelta(seconds=90))
    assert told(scene.tick(), created) == "keep: leased until 2026-11-23T14:00:00Z"
    assert scene.forge.tip == head
