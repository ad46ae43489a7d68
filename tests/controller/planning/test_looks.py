"""Which looks at AWS a tick takes: those that could change its plan, and no other."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from controller.planning.idleness import LAG, Use
from controller.planning.looks import (
    Looks,
    Question,
    Remembered,
    collection_inputs,
    last_uses,
    looks_due,
)
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from tests.controller.cases import BUSY, NAME, NOW, SETTLED, ago, fleet_of, there

if TYPE_CHECKING:
    from controller.planning.observed import Observed
    from ledger.holdings import Fleet

SCALING = {"min_instances": 1, "max_instances": 4}
SHOUTED = EndpointName(NAME.upper())
LONG = 600
NOTHING = Remembered()


def looks(
    fleet: Fleet,
    *observed: Observed,
    record: Record | None = None,
    remembered: Remembered = NOTHING,
) -> Looks:
    return looks_due(fleet, observed, record or Record(), remembered, NOW)


def asked(fleet: Fleet, *observed: Observed, remembered: Remembered = NOTHING) -> list[int]:
    """How many minutes back CloudWatch is asked."""
    return [each.minutes for each in looks(fleet, *observed, remembered=remembered).uses]


class TestScaling:
    fleet = fleet_of("A", autoscaling=SCALING)
    plain = fleet_of("A")

    def test_is_looked_at_where_it_is_wanted(self) -> None:
        seen = there("InService", self.fleet)
        assert looks(self.fleet, seen).scaling == (seen,)

    def test_is_looked_at_where_there_was_some(self) -> None:
        seen = there("InService", self.plain, endpoint_name=SHOUTED)
        record = Record({NAME: Entry("A", "InService", NOW, scaled=True)})
        assert looks(self.plain, seen, record=record).scaling == (seen,)

    def test_is_not_looked_at_where_there_never_was_any(self) -> None:
        record = Record({NAME: Entry("A", "InService", NOW)})
        seen = there("InService", self.plain)
        assert looks(self.plain, seen, record=record).scaling == ()

    @pytest.mark.parametrize("status", [*BUSY, *SETTLED, "Dreaming"])
    def test_is_not_looked_at_of_what_does_not_serve(self, status: str) -> None:
        looked = looks(self.fleet, there(status, self.fleet)).scaling
        assert bool(looked) is (status == "InService")

    def test_is_not_looked_at_of_what_is_not_there(self) -> None:
        assert looks(self.fleet).scaling == ()


class TestUse:
    idle = fleet_of("A", schedule={"idle_minutes": 30})
    quiet = there("InService", idle, modified_at=ago(LONG))

    def test_is_asked_once_it_could_be_idle(self) -> None:
        due = timedelta(minutes=30) + LAG
        seconds = timedelta(seconds=1)
        early, late = (
            there("InService", self.idle, modified_at=NOW - after) for after in (due - seconds, due)
        )
        assert (asked(self.idle, early), asked(self.idle, late)) == ([], [30])

    def test_is_asked_by_sagemakers_spelling_of_name_and_variants(self) -> None:
        seen = replace(self.quiet, endpoint_name=SHOUTED, variants=("one", "two"))
        (question,) = looks(self.idle, seen).uses
        assert question == Question(SHOUTED, ("one", "two"), is_async=False, minutes=30)
        assert str(question.endpoint_name) == NAME.upper()

    def test_that_is_remembered_saves_the_question(self) -> None:
        lately = Remembered({SHOUTED: ago(10)})
        long_ago = Remembered({SHOUTED: ago(LONG)})
        assert asked(self.idle, self.quiet, remembered=lately) == []
        assert asked(self.idle, self.quiet, remembered=long_ago) == [30]

    def test_of_a_former_endpoint_of_that_name_makes_no_other_question(self) -> None:
        seen = there("InService", self.idle, modified_at=ago(10))
        assert asked(self.idle, seen, remembered=Remembered({NAME: ago(LONG)})) == []

    def test_is_asked_when_half_of_what_use_gives_is_over(self) -> None:
        def left(minutes: float) -> list[int]:
            ends = NOW + timedelta(minutes=minutes)
            fleet = fleet_of("A", expires_at=ends, schedule={"extend_while_active_minutes": 60})
            return asked(fleet, there("InService", fleet))

        assert (left(30), left(29.9), left(-5)) == ([], [60], [60])

    def test_is_asked_as_far_back_as_the_longer_of_both_wants(self) -> None:
        schedule = {"idle_minutes": 30, "extend_while_active_minutes": 240}
        fleet = fleet_of("A", schedule=schedule)
        assert asked(fleet, there("InService", fleet, modified_at=ago(LONG))) == [240]

    def test_is_asked_in_the_way_of_an_asynchronous_endpoint(self) -> None:
        fleet = fleet_of("A", inference_type="async", schedule={"idle_minutes": 30})
        (question,) = looks(fleet, there("InService", fleet, modified_at=ago(LONG))).uses
        assert question.is_async

    @pytest.mark.parametrize("schedule", [{}, {"always_on": True}])
    def test_is_nobodys_question_where_it_changes_nothing(self, schedule: dict[str, bool]) -> None:
        fleet = fleet_of("A", schedule=schedule)
        assert asked(fleet, there("InService", fleet, modified_at=ago(LONG))) == []

    @pytest.mark.parametrize("status", ["Creating", "Updating", "Failed", "Dreaming"])
    def test_is_not_asked_of_what_does_not_serve(self, status: str) -> None:
        assert asked(self.idle, there(status, self.idle, modified_at=ago(LONG))) == []


class TestLeftovers:
    fleet = fleet_of("A")
    seen = there("InService", fleet)

    def tidy(self, *observed: Observed) -> Remembered:
        return Remembered(none_left=collection_inputs(self.fleet, observed))

    def test_are_looked_for_at_first(self) -> None:
        assert looks(self.fleet, self.seen).leftovers

    def test_are_not_looked_for_again_while_nothing_moves(self) -> None:
        remembered = self.tidy(self.seen)
        later = replace(self.seen, modified_at=NOW + timedelta(hours=1))
        assert not looks(self.fleet, later, remembered=remembered).leftovers

    @pytest.mark.parametrize(
        "moved", [{"status": "Updating"}, {"config_name": "b"}, {"pending_config": "b"}]
    )
    def test_are_looked_for_when_an_endpoint_has_moved(self, moved: dict[str, str]) -> None:
        later = replace(self.seen, **moved)  # type: ignore[arg-type]
        assert looks(self.fleet, later, remembered=self.tidy(self.seen)).leftovers

    def test_are_looked_for_when_an_endpoint_is_gone(self) -> None:
        assert looks(self.fleet, remembered=self.tidy(self.seen)).leftovers

    def test_are_looked_for_when_a_definition_has_changed(self) -> None:
        changed = fleet_of("A", owner="ana@example.com")
        assert looks(changed, self.seen, remembered=self.tidy(self.seen)).leftovers

    def test_are_not_looked_for_where_the_record_is_new(self) -> None:
        assert not looks(self.fleet, self.seen, record=Record(is_new=True)).leftovers


class TestWhatIsRemembered:
    fleet = fleet_of("A")
    seen = there("InService", fleet)

    def test_is_when_it_was_used_last(self) -> None:
        uses = {NAME: Use(ago(5))}
        assert last_uses({NAME: ago(50)}, uses, self.fleet, [self.seen]) == {NAME: ago(5)}

    @pytest.mark.parametrize("use", [Use(), Use(known=False, problem="LH3022: ?")])
    def test_stays_where_nothing_newer_was_found(self, use: Use) -> None:
        before = {NAME: ago(50)}
        assert last_uses(before, {NAME: use}, self.fleet, [self.seen]) == before

    def test_goes_with_the_endpoint(self) -> None:
        assert last_uses({NAME: ago(50)}, {}, self.fleet, []) == {}
