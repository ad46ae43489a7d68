"""The meter stands still while an endpoint starts: stories of starts on a chosen clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.lease_changes import request_id
from controller.memory.transitions import refreshed
from controller.plan import plan
from controller.planning.action import Action, Verb
from controller.planning.findings import Findings
from ledger.lease import stamp
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from ledger.tags import LEASE_TAG
from tests.controller.cases import CAPACITY, DEFECT, NAME, NOW, Ticks, fleet_of, there, with_lease

if TYPE_CHECKING:
    from controller.planning.observed import Observed
    from ledger.holdings import Fleet


def at(minutes: float) -> datetime:
    return NOW + timedelta(minutes=minutes)


SOMETHING = Record({EndpointName("demo-B-Endpoint"): Entry("B", "InService", NOW)})


def leased(minutes: float = 60, **schedule: object) -> Fleet:
    return fleet_of("A", expires_at=at(minutes), schedule=schedule)


def seen(
    status: str,
    fleet: Fleet,
    since: float = 0,
    *,
    created: float = 0,
    failure: str | None = None,
    tag: float | None = None,
) -> Observed:
    """The endpoint as SageMaker has it; times are minutes of the story.

    `tag` is the end of the lease that it was started under, if that is not the one it has now.
    """
    lease = fleet.holdings[0].lease
    assert lease is not None
    return there(
        status,
        fleet,
        failure=failure,
        lease=lease.expires_at if tag is None else at(tag),
        modified_at=at(since),
        created_at=at(created),
    )


@pytest.fixture
def ticks() -> Ticks:
    """A controller that has run for a while, and knows nothing of A yet."""
    return Ticks(SOMETHING)


def started(ticks: Ticks, fleet: Fleet, minutes: float = 20) -> Action:
    """Create at once, look once in between, and look again when it is in service."""
    assert ticks.see(fleet, None, at(0)).verb is Verb.CREATE
    assert ticks.see(fleet, seen("Creating", fleet), at(minutes / 2)).verb is Verb.WAIT
    return ticks.see(fleet, seen("InService", fleet, minutes), at(minutes + 0.5))


class TestTheMinutesOfAStart:
    def test_are_given_back_when_it_first_comes_into_service(self, ticks: Ticks) -> None:
        action = started(ticks, leased())
        assert (action.verb, action.target) == (Verb.CREDIT, timedelta(minutes=20))
        assert action.reason == "it took 20 min to start, and they are given back"

    def test_are_given_back_once(self, ticks: Ticks) -> None:
        started(ticks, leased())
        assert ticks.entry.starting_since is None
        credited = leased(80)
        assert ticks.see(credited, seen("InService", credited, 20), at(21)).verb is Verb.KEEP

    def test_are_whole_ones(self, ticks: Ticks) -> None:
        assert started(ticks, leased(), minutes=0.9).verb is Verb.KEEP
        assert ticks.entry.starting_since is None

    def test_count_until_it_was_ready_and_not_until_somebody_looked(self, ticks: Ticks) -> None:
        fleet = leased()
        ticks.see(fleet, None, at(0))
        late = ticks.see(fleet, seen("InService", fleet, 7), at(30))
        assert late.target == timedelta(minutes=7)

    def test_are_no_more_than_a_start_may_take(self, ticks: Ticks) -> None:
        assert started(ticks, leased(max_creating_minutes=15)).target == timedelta(minutes=15)

    def test_are_none_where_the_lease_starts_with_the_request(self, ticks: Ticks) -> None:
        assert started(ticks, leased(lease_starts="request")).verb is Verb.KEEP

    def test_are_none_without_a_lease_to_give_them_to(self, ticks: Ticks) -> None:
        window = {"days": ["mon"], "start": "09:00", "end": "17:00"}
        schedule = {"timezone": "UTC", "windows": [window]}
        fleet = fleet_of("A", expires_at=None, schedule=schedule)
        assert ticks.see(fleet, None, at(0)).verb is Verb.CREATE
        there_now = there("InService", fleet, modified_at=at(20), created_at=at(0))
        assert ticks.see(fleet, there_now, at(21)).verb is Verb.KEEP

    def test_are_none_where_the_ceiling_leaves_no_room(self, ticks: Ticks) -> None:
        """The lease was given under another ceiling, and a tighter one never cuts it."""
        fleet = fleet_of("A", expires_at=at(120), limits={"max_lease_minutes": 70})
        assert started(ticks, fleet).verb is Verb.KEEP

    def test_are_told_while_it_starts_as_a_longer_lease(self, ticks: Ticks) -> None:
        fleet = leased(60)
        ticks.see(fleet, None, at(0))
        action = ticks.see(fleet, seen("Creating", fleet), at(10))
        assert action.reason == f"SageMaker says Creating; leased until {stamp(at(70))}"


class TestALeaseThatEndsWhileItStarts:
    def test_lives_on_by_the_minutes_that_the_start_has_taken(self, ticks: Ticks) -> None:
        fleet = leased(10)
        ticks.see(fleet, None, at(0))
        waiting = ticks.see(fleet, seen("Creating", fleet), at(30))
        assert "pending" not in waiting.reason
        action = ticks.see(fleet, seen("InService", fleet, 30), at(31))
        assert (action.verb, action.target) == (Verb.CREDIT, timedelta(minutes=30))

    def test_is_over_once_the_start_has_taken_what_is_given_back_at_most(
        self, ticks: Ticks
    ) -> None:
        fleet = leased(10, max_creating_minutes=15)
        ticks.see(fleet, None, at(0))
        lives = ticks.see(fleet, seen("Creating", fleet), at(15))
        assert (lives.verb, "pending" in lives.reason) == (Verb.WAIT, False)
        ends = ticks.see(fleet, seen("Creating", fleet), at(25))
        assert ends.verb is Verb.REPORT

    def test_and_is_extended_meanwhile_keeps_the_extension_too(self, ticks: Ticks) -> None:
        ticks.see(leased(60), None, at(0))
        extended = leased(90)
        ticks.see(extended, seen("Creating", extended), at(10))
        action = ticks.see(extended, seen("InService", extended, 20), at(21))
        assert action.target == timedelta(minutes=20)

    def test_had_ended_before_the_start_gets_nothing(self, ticks: Ticks) -> None:
        window = {"days": ["mon"], "start": "09:00", "end": "17:00"}
        fleet = leased(-5, timezone="UTC", windows=[window])
        assert started(ticks, fleet).verb is Verb.KEEP


class TestAReleaseWhileItStarts:
    def test_is_not_undone_by_a_credit(self, ticks: Ticks) -> None:
        fleet = leased(60)
        ticks.see(fleet, None, at(0))
        ticks.see(fleet, seen("Creating", fleet), at(5))
        released = with_lease(fleet, at(6))
        pending = ticks.see(released, seen("Creating", released), at(7))
        assert (pending.verb, "the stop is pending" in pending.reason) == (Verb.WAIT, True)
        action = ticks.see(released, seen("InService", released, 20), at(21))
        assert action.verb is Verb.DELETE

    def test_counts_where_no_tick_came_between_it_and_the_start(self, ticks: Ticks) -> None:
        """The endpoint's tag says which lease it was started under."""
        ticks.see(leased(60), None, at(0))
        released = with_lease(leased(60), at(0.5))
        pending = ticks.see(released, seen("Creating", released, tag=60), at(1))
        assert "the stop is pending" in pending.reason
        ready = seen("InService", released, 9, tag=60)
        assert ticks.see(released, ready, at(10)).verb is Verb.DELETE

    def test_counts_where_no_tick_saw_it_creating(self, ticks: Ticks) -> None:
        ticks.see(leased(60), None, at(0))
        released = with_lease(leased(60), at(6))
        ready = seen("InService", released, 9, tag=60)
        assert ticks.see(released, ready, at(21)).verb is Verb.DELETE

    @pytest.mark.parametrize("tag", ["none", "", "soon", "2026-11-23T11:00:00"])
    def test_is_not_told_from_a_tag_that_is_no_time(self, ticks: Ticks, tag: str) -> None:
        fleet = leased(60)
        ticks.see(fleet, None, at(0))
        ready = seen("InService", fleet, 9)
        ready = replace(ready, tags={**(ready.tags or {}), LEASE_TAG: tag})
        assert ticks.see(fleet, ready, at(10)).verb is Verb.CREDIT

    def test_is_taken_back_by_an_extension(self, ticks: Ticks) -> None:
        fleet = leased(60)
        ticks.see(fleet, None, at(0))
        ticks.see(fleet, seen("Creating", fleet), at(5))
        released = with_lease(fleet, at(6))
        ticks.see(released, seen("Creating", released), at(7))
        extended = with_lease(fleet, at(45))
        dropped = ticks.see(extended, seen("Creating", extended), at(8))
        assert "pending" not in dropped.reason
        assert ticks.see(extended, seen("InService", extended, 20), at(21)).verb is Verb.KEEP


class TestACapacityRetry:
    def test_counts_the_whole_time_from_the_first_try(self, ticks: Ticks) -> None:
        fleet = leased(120)
        ticks.see(fleet, None, at(0))
        failed = seen("Failed", fleet, 5, failure=CAPACITY)
        assert ticks.see(fleet, failed, at(6)).verb is Verb.WAIT
        assert ticks.see(fleet, failed, at(16)).verb is Verb.DELETE
        assert ticks.see(fleet, seen("Deleting", fleet, 16), at(17)).verb is Verb.WAIT
        assert ticks.see(fleet, None, at(18)).verb is Verb.CREATE
        assert ticks.entry.starting_since == at(0)
        action = ticks.see(fleet, seen("InService", fleet, 25, created=18), at(26))
        assert (action.verb, action.target) == (Verb.CREDIT, timedelta(minutes=25))

    def test_is_not_told_as_stuck_while_the_new_try_is_young(self, ticks: Ticks) -> None:
        """What took long are the tries together; SageMaker is at this one for two minutes."""
        fleet = leased(600)
        ticks.see(fleet, None, at(0))
        ticks.see(fleet, seen("Failed", fleet, 70, failure=CAPACITY), at(71))
        ticks.see(fleet, seen("Failed", fleet, 70, failure=CAPACITY), at(90))
        assert ticks.see(fleet, None, at(91)).verb is Verb.CREATE
        again = ticks.see(fleet, seen("Creating", fleet, 91, created=91), at(93))
        assert again.verb is Verb.WAIT


class TestAStartThatNoTickSaw:
    def test_is_credited_all_the_same(self) -> None:
        ticks = Ticks(SOMETHING)
        fleet = leased(60)
        action = ticks.see(fleet, seen("InService", fleet, 10, created=0), at(12))
        assert (action.verb, action.target) == (Verb.CREDIT, timedelta(minutes=10))

    def test_is_not_where_nothing_was_ever_recorded(self) -> None:
        ticks = Ticks(Record(is_new=True))
        fleet = leased(60)
        action = ticks.see(fleet, seen("InService", fleet, 10, created=0), at(12))
        assert action.verb is Verb.KEEP

    def test_is_not_where_it_was_long_ago(self) -> None:
        ticks = Ticks(SOMETHING)
        fleet = leased(60)
        action = ticks.see(fleet, seen("InService", fleet, -115, created=-121), at(0))
        assert action.verb is Verb.KEEP


class TestACreditThatIsHeldBack:
    """Whatever keeps the credit from being written, it is not lost."""

    def test_by_a_clock_that_is_wrong_comes_once_it_is_right(self, ticks: Ticks) -> None:
        fleet = leased()
        ticks.see(fleet, None, at(0))
        ticks.clock_fault = "this machine's clock is 9 min ahead of AWS's"
        held = ticks.see(fleet, seen("InService", fleet, 20), at(21))
        assert held.verb is Verb.REPORT
        assert "so there is no credit now" in held.reason
        ticks.clock_fault = None
        action = ticks.see(fleet, seen("InService", fleet, 20), at(40))
        assert (action.verb, action.target) == (Verb.CREDIT, timedelta(minutes=20))

    def test_by_a_suspension_comes_after_it(self, ticks: Ticks) -> None:
        fleet = leased()
        ticks.see(fleet, None, at(0))
        held = fleet_of("A", expires_at=at(60), suspended={"reason": "Load test"})
        assert ticks.see(held, seen("InService", held, 20), at(21)).verb is Verb.HOLD
        action = ticks.see(fleet, seen("InService", fleet, 20), at(40))
        assert (action.verb, action.target) == (Verb.CREDIT, timedelta(minutes=20))

    def test_counts_no_time_in_service(self, ticks: Ticks) -> None:
        """What SageMaker does to it by itself meanwhile is no start."""
        fleet = leased(600)
        ticks.see(fleet, None, at(0))
        held = fleet_of("A", expires_at=at(600), suspended={"reason": "Load test"})
        ticks.see(held, seen("InService", held, 20), at(21))
        ticks.see(held, seen("SystemUpdating", held, 30), at(31))
        ticks.see(held, seen("InService", held, 50), at(51))
        assert ticks.see(fleet, seen("InService", fleet, 50), at(52)).verb is Verb.KEEP


class TestTheIdOfACredit:
    """A credit is one change, whoever makes it: by its id the ledger takes it once."""

    @staticmethod
    def credit(record: Record, fleet: Fleet) -> str:
        observed = [seen("InService", fleet, 20, created=0.5)]
        after = refreshed(record, fleet, observed, at(21))
        (action,) = plan(fleet, observed, at(21), findings=Findings(after)).actions
        assert action.verb is Verb.CREDIT
        return request_id(action, fleet, after, "commit")

    def test_is_the_same_for_a_process_that_saw_it_later(self) -> None:
        fleet = leased()
        ticks = Ticks(SOMETHING)
        ticks.see(fleet, None, at(0))  # SageMaker notes its own time, half a minute later
        assert self.credit(ticks.record, fleet) == self.credit(SOMETHING, fleet)

    def test_is_another_for_another_start(self) -> None:
        action, fleet = Action(Verb.CREDIT, "A", NAME, "it took long"), leased()
        ids = {
            request_id(action, fleet, Record({NAME: entry}), "commit")
            for entry in (
                Entry("A", "InService", at(9), starting_since=at(0), created_at=at(0)),
                Entry("A", "InService", at(9), starting_since=at(0), created_at=at(5)),
                Entry("A", "InService", at(9), starting_since=at(1)),
            )
        }
        assert len(ids) == 3


class TestAStartThatTakesTooLong:
    def test_is_told_to_a_person_with_where_to_look(self, ticks: Ticks) -> None:
        fleet = leased(600)
        ticks.see(fleet, None, at(0))
        assert ticks.see(fleet, seen("Creating", fleet), at(60)).verb is Verb.WAIT
        action = ticks.see(fleet, seen("Creating", fleet), at(61))
        assert action.verb is Verb.REPORT
        assert action.reason == (
            f"it is Creating since {stamp(at(0))}, longer than max_creating_minutes (60), and"
            " SageMaker lets nobody stop it. Look at its logs in CloudWatch,"
            " /aws/sagemaker/Endpoints/demo-A-Endpoint."
        )

    def test_is_measured_by_the_definitions_own_patience(self, ticks: Ticks) -> None:
        fleet = leased(600, max_creating_minutes=5)
        ticks.see(fleet, None, at(0))
        assert ticks.see(fleet, seen("Creating", fleet), at(6)).verb is Verb.REPORT

    def test_by_an_update_is_nobodys_start(self, ticks: Ticks) -> None:
        fleet = leased(600)
        action = ticks.see(fleet, seen("Updating", fleet, created=-300), at(61))
        assert action.verb is Verb.WAIT


class TestADefect:
    def test_keeps_the_lease_for_as_long_as_a_start_may_take(self, ticks: Ticks) -> None:
        fleet = leased(30)
        ticks.see(fleet, None, at(0))
        failed = seen("Failed", fleet, 5, failure=DEFECT)
        assert ticks.see(fleet, failed, at(89)).verb is Verb.REPORT
        assert ticks.see(fleet, failed, at(90)).verb is Verb.DELETE


moments = st.integers(0, 180)


@given(st.integers(1, 200), st.integers(1, 180), moments, st.booleans())
def test_a_credit_is_what_the_start_took_whenever_somebody_looks(
    minutes: int,
    ready: int,
    later: int,
    seen_creating: bool,  # noqa: FBT001
) -> None:
    fleet, ticks = leased(minutes), Ticks(SOMETHING)
    ticks.see(fleet, None, at(0))
    if seen_creating:
        ticks.see(fleet, seen("Creating", fleet), at(ready / 2))
    action = ticks.see(fleet, seen("InService", fleet, ready), at(ready + later))
    assert (action.verb, action.target) == (Verb.CREDIT, timedelta(minutes=min(ready, 60)))
