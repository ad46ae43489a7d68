"""A controller is killed at moments of its work, and the next one ends where it would have.

A soak takes every moment, and a test every second one.

Everything is due at once, so no verb of a plan is spared. See `rehearsal` for what is due, and
`crashing` for what a moment is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from controller.reconcile import State
from ledger.lease import stamp
from tests.controller.crashing import FINISHED, KILLED, NEVER, Life, Nursery, Order
from tests.controller.rehearsal import ALL_DUE, Landscape, Rehearsal, rehearsed
from tests.scene import NOON, definition, path
from tests.soak import SHARE

if TYPE_CHECKING:
    from collections.abc import Iterator

PARTS = 4
BETWEEN = 1 if SHARE else 2


@dataclass
class Story:
    """The rehearsal, and how it goes where nobody is killed."""

    rehearsal: Rehearsal
    nursery: Nursery

    def __post_init__(self) -> None:
        self.whole_life, self.undisturbed = self.told()

    def told(self, moment: int = NEVER, sabotage: str = "") -> tuple[Life, Landscape]:
        """Let one controller begin at noon and be killed, and the next one go on."""
        cache = self.rehearsal.rewind()
        life = self.nursery.live(Order(str(cache), stamp(NOON), moment, sabotage))
        return life, self.rehearsal.settle(self.rehearsal.begin(cache))

    def differences(self, moment: int = NEVER, sabotage: str = "") -> dict[str, object]:
        _, landscape = self.told(moment, sabotage)
        return dict(self.undisturbed.differences(landscape))

    def moments(self, words: str) -> list[int]:
        """Number the moments that are called so."""
        return [n for n, said in enumerate(self.whole_life.moments, start=1) if said == words]


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    with rehearsed(tmp_path_factory.mktemp("crash")) as rehearsal:
        nursery = Nursery(rehearsal.scene.account.url, rehearsal.scene.forge.url)
        try:
            yield Story(rehearsal, nursery)
        finally:
            nursery.close()


class TestWhereNobodyIsKilled:
    def test_every_verb_of_a_plan_is_done_and_notices_are_delivered(self, story: Story) -> None:
        dependencies = story.rehearsal.begin(story.rehearsal.rewind())
        ticks = [story.rehearsal.tick(dependencies) for _ in range(3)]
        done = [each for tick in ticks for each in tick.outcomes if each.state is State.DONE]
        assert {str(each.action.verb) for each in done} == ALL_DUE
        assert all(each.ok for tick in ticks for each in tick.deliveries)
        assert ticks[0].deliveries

    def test_each_lease_is_changed_once(self, story: Story) -> None:
        assert story.undisturbed.lease_commits == {
            "grant demo-Granted-Endpoint": 1,
            "credit demo-Slow-Endpoint": 1,
            "extend demo-Used-Endpoint": 1,
            "idle demo-Unused-Endpoint": 1,
        }

    def test_the_process_sees_the_work_through(self, story: Story) -> None:
        assert story.whole_life.exit_code == FINISHED


@pytest.mark.parametrize("part", range(PARTS))
def test_killed_at_any_moment_it_ends_as_if_nothing_had_been(story: Story, part: int) -> None:
    found = []
    first, last = 1 + part * BETWEEN, len(story.whole_life.moments)
    for moment in range(first, last + 1, PARTS * BETWEEN):
        life, landscape = story.told(moment)
        assert life.exit_code == KILLED
        assert len(life.moments) == moment
        if differences := story.undisturbed.differences(landscape):
            found.append(f"killed at {moment}, {life.moments[-1]}: {differences}")
    assert not found, "\n".join(found)


def test_scaling_that_a_killed_controller_added_can_be_taken_away_again(story: Story) -> None:
    """It was killed before it could note that there is some."""
    scene, noted = story.rehearsal.scene, story.moments("before git push of leasehold/status")[0]
    _, landscape = story.told(noted)
    assert [each for each in landscape.scaling if "demo-Scaled-Endpoint" in each]
    scene.push({path("Scaled"): definition("Scaled", inference_type="async")})
    dependencies = story.rehearsal.begin(story.rehearsal.root / "after-the-change")
    assert story.rehearsal.settle(dependencies).scaling == frozenset()


class TestAWorseControllerIsFoundOut:
    def test_that_credits_a_start_twice(self, story: Story) -> None:
        sabotage = "credits without an id of its own"
        assert story.differences(sabotage=sabotage) == {}
        _, credit, *_ = story.moments("after git push of main")
        found = story.differences(credit, sabotage)
        assert found["lease_commits"] == (
            {"credit demo-Slow-Endpoint": 1},
            {"credit demo-Slow-Endpoint": 2},
        )

    def test_that_leaves_a_model_behind(self, story: Story) -> None:
        sabotage = "makes a draft first"
        assert story.differences(sabotage=sabotage) == {}
        found = story.differences(story.moments("before CreateEndpointConfig")[0], sabotage)
        assert "-draft" in str(found["models"])

    def test_that_deletes_what_is_in_use(self, story: Story) -> None:
        found = story.differences(sabotage="updates by delete and create")
        assert "'has lived since the morning': False" in str(found["endpoints"])
