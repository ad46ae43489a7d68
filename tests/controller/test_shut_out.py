"""The status branch cannot be written, or cannot be at all: leases end, and it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.reconcile import State
from ledger.settings import STATUS_BRANCH
from tests.ledger.forge import git
from tests.scene import SETTLE, outcome, told

if TYPE_CHECKING:
    from collections.abc import Callable

    from controller.tick import Tick
    from tests.scene import Scene

PROTECTED = f"while read _ _ ref; do test $ref = refs/heads/{STATUS_BRANCH} && exit 1; done; true"
GONE = ("Deleting", "absent")


def protect(scene: Scene) -> Callable[[], None]:
    """Let the server refuse whatever is pushed to the status branch."""
    return scene.forge.hook("pre-receive", PROTECTED).unlink


def stand_in_the_way(scene: Scene) -> Callable[[], None]:
    """Let somebody delete the status branch, and push one called `leasehold`."""
    bare = scene.forge.bare
    kept = git(bare, "for-each-ref", "--format=%(objectname)", f"refs/heads/{STATUS_BRANCH}")
    if kept:
        git(bare, "branch", "--quiet", "-D", STATUS_BRANCH)
    git(bare, "branch", "leasehold", "main")

    def restore() -> None:
        git(bare, "branch", "--quiet", "-D", "leasehold")
        if kept:
            git(bare, "branch", STATUS_BRANCH, kept)

    return restore


def says(tick: Tick, *words: str) -> bool:
    return any(all(word in each for word in words) for each in tick.troubles)


@pytest.mark.parametrize("shut", [protect, stand_in_the_way])
def test_a_process_that_has_the_record_ends_leases_and_says_what_it_could_not_write(
    scene: Scene, shut: Callable[[Scene], Callable[[], None]]
) -> None:
    ending, running = scene.start("Ending", minutes=10), scene.start("Running", minutes=90)
    scene.tick()
    open_again = shut(scene)
    scene.let_pass(minutes=30)
    tick = scene.tick()
    assert outcome(tick, ending).state is State.DONE
    assert says(tick, "could not be written to the branch leasehold/status", "LH2")
    assert scene.account.status(ending) in GONE
    assert scene.account.status(running) == "InService"

    open_again()
    assert scene.tick().troubles == ()
    assert STATUS_BRANCH in git(scene.forge.bare, "branch", "--list", STATUS_BRANCH)


def test_a_new_process_that_can_read_the_record_ends_leases_too(scene: Scene) -> None:
    ending = scene.start("Ending", minutes=10)
    scene.tick()
    protect(scene)
    scene.restart()
    scene.let_pass(minutes=30)
    tick = scene.tick()
    assert outcome(tick, ending).state is State.DONE
    assert scene.account.status(ending) in GONE
    assert says(tick, "leasehold/status", "LH2007")


def test_a_new_process_without_a_record_deletes_nothing_that_it_finds_and_says_why(
    scene: Scene,
) -> None:
    """Whose the endpoint is stood in the record, and nobody can read that."""
    ending = scene.start("Ending", minutes=10)
    scene.tick()
    restore = stand_in_the_way(scene)
    scene.restart()
    scene.let_pass(minutes=30)
    wanted = scene.define("Wanted", 60)
    for _ in range(2):
        tick = scene.tick()
        assert says(tick, "LH2004", "the branch leasehold is in the way")
        assert told(tick, ending).startswith("report: ")
        assert "cannot be committed" in told(tick, wanted)
        assert scene.account.statuses() == {ending: "InService"}

    restore()
    tick = scene.tick()
    assert outcome(tick, ending).state is State.DONE
    assert outcome(tick, wanted).state is State.DONE
    assert scene.account.status(ending) in GONE
    assert scene.logbook.read("dev").id in git(
        scene.forge.bare, "show", f"{STATUS_BRANCH}:dev.json"
    )


@pytest.mark.parametrize("shut", [protect, stand_in_the_way])
def test_a_first_tick_that_cannot_mint_its_records_id_makes_nothing_and_writes_leases(
    scene: Scene, shut: Callable[[Scene], Callable[[], None]]
) -> None:
    open_again = shut(scene)
    granted = scene.define("Granted", schedule={"initial_provision_minutes": 30})
    leased = scene.define("Leased", 60)
    tick = scene.tick()
    assert outcome(tick, granted).state is State.DONE  # a lease is none of the record's
    assert "this ledger's id or its record's cannot be committed" in told(tick, leased)
    assert says(tick, "LH2")
    assert scene.account.statuses() == {}
    assert scene.tick().plan.commit == scene.forge.tip
    assert scene.account.statuses() == {}

    open_again()
    scene.tick()
    scene.let_pass(seconds=SETTLE)
    assert set(scene.account.statuses()) == {granted, leased}
