"""A tick beside a git server that trickles ends, deletes nothing that it cannot be sure of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.dependencies import Dependencies
from controller.memory.logbook import Logbook
from controller.reconcile import State, reconcile
from ledger.committers import CONTROLLER
from ledger.errors import Unavailable
from ledger.remote import Remote
from ledger.repository import Repository
from ledger.settings import STATUS_BRANCH
from tests.ledger.stalling import Stalling
from tests.scene import outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from controller.tick import Tick
    from tests.scene import Scene


@pytest.fixture
def stalling(scene: Scene) -> Iterator[Stalling]:
    with Stalling(scene.forge.url) as made:
        made.flow()
        yield made


@pytest.fixture
def tick(scene: Scene, stalling: Stalling) -> Callable[[], Tick]:
    """A tick of a controller whose git server is behind the slow network."""
    url, home = stalling.url, scene.home / "slow"
    ledger = Repository(Remote(url), home, committer=CONTROLLER, clock=lambda: scene.now)
    status = Repository(
        Remote(url, STATUS_BRANCH),
        home,
        under="",
        may_begin=True,
        committer=CONTROLLER,
        clock=lambda: scene.now,
    )
    dependencies = Dependencies(ledger, scene.cloud, scene.survey, Logbook(status), scene.notifier)
    return lambda: reconcile(dependencies, "dev", scene.now, seconds=3.0)


def test_a_ledger_that_trickles_ends_the_tick_and_nothing_else(
    scene: Scene, stalling: Stalling, tick: Callable[[], Tick]
) -> None:
    ending = scene.start("Ending", minutes=10)
    tick()
    scene.let_pass(minutes=30)
    stalling.passes = lambda _: 0
    with pytest.raises(Unavailable) as failed:
        tick()
    assert failed.value.code == "LH2014"
    assert scene.account.status(ending) == "InService"

    stalling.flow()
    assert outcome(tick(), ending).state is State.DONE
    assert scene.account.status(ending) in ("Deleting", "absent")


def test_the_last_look_that_trickles_leaves_the_end_to_the_next_tick(
    scene: Scene, stalling: Stalling, tick: Callable[[], Tick]
) -> None:
    endings = [scene.start(name, minutes=10) for name in ("One", "Two")]
    tick()
    scene.let_pass(minutes=30)
    seen = iter(range(1000))
    # After the ledger was read, nothing more gets an answer.
    stalling.passes = lambda line: None if "POST" in line or next(seen) == 0 else 0
    outcomes = [outcome(late, each) for late in [tick()] for each in endings]
    assert {(each.state, each.code) for each in outcomes} <= {
        (State.FAILED, "LH2014"),
        (State.WAITING, "LH3030"),
    }
    assert {scene.account.status(each) for each in endings} == {"InService"}

    stalling.flow()
    assert [outcome(done, each).state for done in [tick()] for each in endings] == [State.DONE] * 2


def test_what_was_done_is_said_although_it_cannot_be_written_down(
    scene: Scene, stalling: Stalling, tick: Callable[[], Tick]
) -> None:
    tick()
    created = scene.define("Created", 60)
    stalling.passes = lambda line: 0 if "git-receive-pack" in line else None
    told = tick()
    assert outcome(told, created).state is State.DONE
    assert any("leasehold/status" in each for each in told.troubles)
    stalling.flow()
    assert tick().troubles == ()
