"""A lease ends by its end or by a release, and never because its file is gone."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from ledger.lease import stamp
from ledger.settings import STATUS_BRANCH
from tests.ledger.forge import git
from tests.scene import NOON, definition, environment, path, told

if TYPE_CHECKING:
    from datetime import datetime

    from tests.scene import Json, Scene

A, ENDPOINT = "A", "demo-A-Endpoint"
LEASE = path(A, "lease")
ONE = "2026-11-23T13:00:00Z"
HELD = (
    f"hold: A.lease.json is missing, and it was leased until {ONE}: it is left as it is until then,"
    " unless it is extended or released"
)
CLOSED: Json = {
    "schedule": {
        "timezone": "UTC",
        "windows": [{"days": ["tue"], "start": "11:00", "end": "17:00"}],
    }
}
OPEN: Json = {
    "schedule": {
        "timezone": "UTC",
        "windows": [{"days": ["mon"], "start": "11:00", "end": "12:30"}],
    }
}
FIRST: Json = {"schedule": {"initial_provision_minutes": 90}}
IDLING: Json = {"schedule": {"idle_minutes": 1000}}


def removed(scene: Scene) -> None:
    scene.push({LEASE: None}, "lose the lease")


def renamed_definition(scene: Scene) -> None:
    """Rename the definition, which keeps its endpoint, and forget its lease."""
    new = {path("Z"): definition("Z", endpoint_name=ENDPOINT), path(A): None}
    scene.push(new, "rename")


def other_capitals(scene: Scene) -> None:
    scene.ben.pull()
    git(scene.ben.home, "mv", LEASE, path("a", "lease"))
    git(scene.ben.home, "commit", "--quiet", "--message", "change the case")
    scene.ben.push()


def moved_lease(scene: Scene) -> None:
    scene.ben.pull()
    (scene.ben.home / "attic").mkdir()
    git(scene.ben.home, "mv", LEASE, "attic/A.lease.json")
    git(scene.ben.home, "commit", "--quiet", "--message", "tidy up")
    scene.ben.push()


LOST = {
    "removed": removed,
    "left behind": renamed_definition,
    "other capitals": other_capitals,
    "moved away": moved_lease,
}


def pass_to(scene: Scene, at: datetime) -> None:
    """Tick each ten minutes up to an instant."""
    while scene.now < at:
        scene.let_pass(minutes=10)
        scene.tick()


@pytest.mark.parametrize("how", LOST)
@pytest.mark.parametrize("is_cold", [False, True], ids=["warm", "cold"])
def test_a_lost_lease_runs_to_its_end(scene: Scene, how: str, *, is_cold: bool) -> None:
    scene.start(A)
    scene.tick()
    LOST[how](scene)
    if is_cold:
        scene.restart()
    name = "Z" if how == "left behind" else A
    assert told(scene.tick(), ENDPOINT) == HELD.replace("A.lease", f"{name}.lease")
    pass_to(scene, NOON.replace(minute=50))
    assert scene.account.status(ENDPOINT) == "InService"
    pass_to(scene, NOON.replace(hour=13, minute=10))
    assert scene.account.status(ENDPOINT) == "absent"


@pytest.mark.parametrize(
    "fields", [CLOSED, OPEN, FIRST, IDLING], ids=["shut", "open", "first", "idle"]
)
def test_whatever_its_schedule_says(scene: Scene, fields: Json) -> None:
    scene.start(A, **fields)
    scene.tick()
    removed(scene)
    scene.let_pass(minutes=35)  # past the window
    assert told(scene.tick(), ENDPOINT) == HELD
    assert scene.forge.subjects()[-1] == "lose the lease", "no first lease is granted anew"


def test_inside_a_window_it_goes_on_as_ever(scene: Scene) -> None:
    scene.start(A, **OPEN)
    scene.tick()
    removed(scene)
    assert told(scene.tick(), ENDPOINT) == "keep: scheduled until 2026-11-23T12:30:00Z"


def test_a_cold_controller_knows_the_end_of_the_last_extension(scene: Scene) -> None:
    """An end that moves is a detail of the record, and goes along with the new commit's note."""
    scene.start(A, 5)
    scene.tick()
    scene.push({LEASE: {"expires_at": ONE}})
    scene.tick()
    removed(scene)
    scene.restart()
    assert told(scene.tick(), ENDPOINT) == HELD


def test_a_cold_controller_knows_the_end_from_the_start_on(scene: Scene) -> None:
    scene.define(A, 60)
    scene.tick()
    removed(scene)
    scene.restart()
    assert told(scene.tick(), ENDPOINT) == f"wait: SageMaker says Creating; {HELD[6:]}"
    scene.let_pass(minutes=2)
    assert told(scene.tick(), ENDPOINT) == HELD


def test_a_release_that_was_seen_ends_it_whatever_becomes_of_the_file(scene: Scene) -> None:
    scene.start(A)
    scene.tick()
    scene.push({LEASE: {"expires_at": stamp(scene.now)}}, "release")
    scene.tick()
    removed(scene)
    scene.let_pass(minutes=1)
    assert told(scene.tick(), ENDPOINT) == "keep: no lease"
    assert scene.account.status(ENDPOINT) == "absent"


def test_what_is_absent_is_not_started_by_a_lost_lease(scene: Scene) -> None:
    scene.start(A)
    scene.tick()
    removed(scene)
    scene.account.sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    for _ in range(3):
        scene.let_pass(minutes=1)
        tick = scene.tick()
    assert told(tick, ENDPOINT) == HELD.replace("hold", "keep")


def test_a_lease_that_was_shortened_while_it_was_absent_is_no_longer_than_that(
    scene: Scene,
) -> None:
    scene.start(A, **FIRST)
    scene.account.sagemaker.delete_endpoint(EndpointName=ENDPOINT)
    scene.let_pass(minutes=3)
    scene.push({LEASE: {"expires_at": stamp(scene.now)}}, "release")
    scene.tick()
    removed(scene)
    scene.let_pass(minutes=1)
    assert told(scene.tick(), ENDPOINT).startswith("grant: its first lease of 90 min is due")


def test_a_definition_that_is_gone_too_is_an_orphan(scene: Scene) -> None:
    scene.start(A)
    scene.tick()
    scene.push({path(A): None, LEASE: None}, "remove it")
    for _ in range(3):
        scene.tick()
        scene.let_pass(minutes=1)
    assert scene.account.status(ENDPOINT) == "absent"
    scene.define(A, **FIRST)
    assert told(scene.tick(), ENDPOINT).startswith("grant: "), "it begins anew"


def test_a_definition_that_comes_back_while_its_endpoint_goes_begins_anew(scene: Scene) -> None:
    scene.start(A)
    scene.tick()
    scene.push({path(A): None, LEASE: None}, "remove it")
    scene.tick()
    scene.define(A, **FIRST)
    assert told(scene.tick(), ENDPOINT).startswith("grant: ")


def test_the_end_is_in_the_record_that_others_read(scene: Scene) -> None:
    scene.push({"environments/dev/environment.json": environment()})
    scene.start(A)
    scene.tick()
    record: Any = json.loads(git(scene.forge.bare, "show", f"{STATUS_BRANCH}:dev.json"))
    assert record["endpoints"][ENDPOINT]["lease_end"] == ONE
