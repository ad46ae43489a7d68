"""A head that goes back ends nothing for a while, and then counts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from controller.planning.head import PATIENCE, head_fault, set_back_at
from controller.reconcile import State
from ledger.observed import Applied
from tests.controller.meddling import AfterTheLook
from tests.ledger.forge import git
from tests.scene import outcome, told

if TYPE_CHECKING:
    from tests.scene import Scene

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
NOTE = Applied("a" * 40, (), NOON)


def since(minutes: float) -> Applied:
    return Applied("a" * 40, (), NOON, NOON - timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("note", "descends", "begins"),
    [
        (None, False, None),
        (NOTE, True, None),
        (since(3), True, None),
        (NOTE, False, NOON),
        (since(14.9), False, NOON - timedelta(minutes=14.9)),
        (since(15), False, None),
    ],
)
def test_since_when_it_is_set_back(
    note: Applied | None,
    descends: bool,  # noqa: FBT001
    begins: datetime | None,
) -> None:
    assert set_back_at(note, NOON, descends=descends) == begins


def test_the_sentence_says_until_when() -> None:
    assert head_fault(NOTE, "b" * 40, NOON) == (
        "the ledger's head bbbbbbbb does not descend from aaaaaaaa, which was applied last: a"
        " replica that lags, a restored backup or a rewritten history. It counts from"
        " 2026-11-23T12:15:00Z on"
    )
    assert head_fault(NOTE, "b" * 40, None) is None
    assert head_fault(None, "b" * 40, NOON) is None


def go_back(scene: Scene, commits: int = 1) -> None:
    git(scene.forge.bare, "update-ref", "refs/heads/main", f"main~{commits}")


class TestAHeadThatGoesBack:
    """A is in service; its lease was ended, renewed, and the renewal is lost."""

    @pytest.fixture
    def endpoint(self, scene: Scene) -> str:
        endpoint = scene.start("A", minutes=10)
        scene.lease("A", 600)
        assert told(scene.tick(), endpoint).startswith("keep")
        git(scene.forge.bare, "tag", "renewed", "main")
        go_back(scene)
        scene.let_pass(minutes=20)
        return endpoint

    def test_ends_nothing_and_says_so(self, scene: Scene, endpoint: str) -> None:
        tick = scene.tick()
        assert told(tick, endpoint).startswith("report: the ledger's head ")
        assert "so there is no delete now" in told(tick, endpoint)
        assert tick.troubles[0].startswith("the ledger's head ")
        assert scene.account.status(endpoint) == "InService"

    def test_ends_nothing_for_a_new_process_either(self, scene: Scene, endpoint: str) -> None:
        for _ in range(3):
            scene.restart()
            assert told(scene.tick(), endpoint).startswith("report: the ledger's head ")
            scene.let_pass(minutes=4)

    def test_counts_once_it_has_stayed_so(self, scene: Scene, endpoint: str) -> None:
        scene.tick()
        scene.restart()
        scene.let_pass(minutes=PATIENCE / timedelta(minutes=1))
        assert told(scene.tick(), endpoint).startswith("delete")
        scene.let_pass(minutes=1)
        assert scene.tick().troubles == ()

    def test_is_no_more_once_it_is_where_it_was(self, scene: Scene, endpoint: str) -> None:
        newest = git(scene.forge.bare, "rev-parse", "renewed")
        scene.tick()
        git(scene.forge.bare, "update-ref", "refs/heads/main", newest)
        assert told(scene.tick(), endpoint).startswith("keep")
        go_back(scene)
        scene.let_pass(minutes=PATIENCE / timedelta(minutes=1))
        assert told(scene.tick(), endpoint).startswith("report: the ledger's head ")

    def test_starts_what_is_wanted_and_changes_nothing_else(
        self, scene: Scene, endpoint: str
    ) -> None:
        other = scene.define("B", 600)
        scene.define("A", 600, model={"image": "registry/model:2"})
        tick = scene.tick()
        assert told(tick, other).startswith("create")
        assert told(tick, endpoint).startswith("report: the ledger's head ")

    def test_a_history_that_was_rewritten_is_one_too(self, scene: Scene) -> None:
        endpoint = scene.start("A", minutes=10)
        scene.tick()
        git(scene.ben.home, "commit", "--quiet", "--amend", "-m", "another story")
        git(scene.forge.bare, "fetch", "--quiet", str(scene.ben.home), "+HEAD:refs/heads/main")
        scene.let_pass(minutes=20)
        assert told(scene.tick(), endpoint).startswith("report: the ledger's head ")


def test_a_head_that_went_on_by_merges_is_none(scene: Scene) -> None:
    endpoint = scene.start("A", minutes=60)
    scene.tick()
    home = scene.ben.home
    git(home, "checkout", "--quiet", "-b", "topic", "HEAD~1")
    scene.ben.commit({"notes.txt": "aside"}, "aside")
    git(home, "merge", "--quiet", "-m", "bring main in", "main")
    git(home, "push", "--quiet", "origin", "HEAD:main")
    scene.restart()
    tick = scene.tick()
    assert told(tick, endpoint).startswith("keep")
    assert tick.troubles == ()


def test_a_head_that_goes_back_after_the_plan_stops_the_end(scene: Scene) -> None:
    """A replica that lags answers the last look: it does not know of the end that is planned."""
    endpoint = scene.start("A", minutes=600)
    scene.lease("A", 1)
    scene.let_pass(minutes=5)
    scene.cloud = AfterTheLook(scene, lambda: go_back(scene))
    tick = scene.tick()
    assert outcome(tick, endpoint).state is State.DROPPED
    assert "head went back" in outcome(tick, endpoint).detail
