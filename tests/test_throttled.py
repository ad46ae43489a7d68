"""Half of all calls to AWS are throttled, and what has ended is gone within ten minutes.

The minutes are those of a clock that passes where a program would wait, and between two ticks.
Sixteen looks or ends wait at once, so a pause of one counts as a sixteenth. A soak takes 1,000
endpoints.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import botocore.endpoint
import pytest
from botocore.config import Config
from botocore.exceptions import ConnectTimeoutError

from controller.aws.retries import MOST_ATTEMPTS
from controller.planning.action import Verb
from controller.reconcile import State, look, reconcile
from controller.survey import Survey
from leasehold.context import Cloud
from ledger import deadline
from ledger.errors import Failure
from tests.scene import REGION, SETTLE, definition, lease, path
from tests.soak import times

if TYPE_CHECKING:
    from tests.scene import Scene

ENDPOINTS = times(1000, least=10)
MOST_SECONDS = 600.0
DELETED = "LH3013"  # and its scaling is left behind
AT_ONCE = 16
OTHERS = ("GetResources", "DeleteAlarms", "DeregisterScalableTarget", "DescribeAlarms")


@dataclass
class Clock:
    """Time that nobody waits for."""

    seconds: float = 0.0
    pauses: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def sleep(self, seconds: float) -> None:
        is_alone = threading.current_thread() is threading.main_thread()
        with self._lock:
            self.seconds += seconds if is_alone else seconds / AT_ONCE
            self.pauses += 1

    def monotonic(self) -> float:
        return self.seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    made = Clock()
    monkeypatch.setattr(botocore.endpoint, "time", made)
    monkeypatch.setattr(deadline, "time", made)
    return made


def ended(scene: Scene) -> None:
    """Let as many endpoints run as there are to be, and their leases be over."""
    names = [f"Model{number:04}" for number in range(ENDPOINTS)]
    files = {path(name): definition(name) for name in names}
    leases = {path(name, "lease"): lease(scene.now + timedelta(hours=1)) for name in names}
    scene.push({**files, **leases})
    started = set[str]()
    while len(started) < ENDPOINTS:
        started |= {
            each.action.resource_name for each in scene.tick().outcomes if each.state is State.DONE
        }
    scene.let_pass(seconds=SETTLE)
    scene.tick()
    scene.let_pass(hours=2)


@pytest.mark.parametrize("process", ["warm", "cold"])
def test_what_has_ended_is_gone_within_ten_minutes(
    scene: Scene, clock: Clock, process: str
) -> None:
    ended(scene)
    cloud = Cloud(scene.account.url).account(REGION)
    dependencies = replace(scene.dependencies, cloud=cloud, survey=Survey(cloud))
    if process == "warm":
        seen = look(dependencies, "dev", scene.now)
        assert len(seen.observed) == ENDPOINTS
    for operation in (None, *OTHERS):
        scene.account.order_fault("throttle", rate=0.5, operation=operation)
    scene.account.calls()
    gone, begun, clock.seconds = set[str](), scene.now, 0.0
    while len(gone) < ENDPOINTS and clock.seconds < MOST_SECONDS:
        tick_at = clock.seconds
        scene.at(begun + timedelta(seconds=tick_at))
        try:
            outcomes = reconcile(dependencies, "dev", scene.now).outcomes
        except Failure as failure:
            assert failure.code == "LH3001"  # noqa: PT017 - it may fail, and in this way alone
            outcomes = ()
        gone |= {
            each.action.resource_name
            for each in outcomes
            if each.action.verb is Verb.DELETE
            and (each.state is State.DONE or each.code == DELETED)
        }
        last = clock.seconds
        clock.seconds = max(clock.seconds, tick_at + 60)
        print(f"{len(gone)} gone after {last:.0f} s, {clock.pauses} pauses")  # noqa: T201
    assert len(gone) == ENDPOINTS
    assert last < MOST_SECONDS
    scene.account.ask("DELETE", "/faults")
    print(scene.account.calls())  # noqa: T201  (a soak shows it)
    assert set(scene.account.statuses().values()) <= {"Deleting"}


def test_what_is_asked_once_is_not_repeated(scene: Scene, clock: Clock) -> None:
    once = Config(retries={"total_max_attempts": 1})
    hasty = Cloud(scene.account.url).client("sagemaker", REGION, once)
    scene.account.order_fault("throttle", rate=1.0)
    scene.account.calls()
    for client, attempts in (
        (hasty, 1),
        (Cloud(scene.account.url).client("sagemaker", REGION), MOST_ATTEMPTS),
    ):
        with pytest.raises(client.exceptions.ClientError):
            client.list_endpoints()
        assert scene.account.calls() == {"ListEndpoints": attempts}
    with deadline.within(0):
        patient = Cloud(scene.account.url).client("sagemaker", REGION)
        with pytest.raises(ConnectTimeoutError):
            patient.list_endpoints()
    assert "ListEndpoints" not in scene.account.calls(), "nobody would wait for the answer"
