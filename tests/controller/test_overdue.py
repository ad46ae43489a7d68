"""What runs past its lease is counted, whatever keeps it; what cannot be stopped is too. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from controller.overdue import frozen_running, overdue
from controller.plan import plan
from controller.planning.findings import Findings
from controller.tick import Tick
from ledger.fleet import Fleet
from ledger.holdings import read_fleet
from ledger.lease import Lease, stamp
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from ledger.tags import LEDGER_TAG, ON_REMOVE_TAG, RECORD_TAG
from tests.controller.cases import (
    ENDED,
    LEDGER_ID,
    LIVE,
    NAME,
    NOW,
    broken_fleet,
    fleet_of,
    retagged,
    there,
)

if TYPE_CHECKING:
    from controller.planning.observed import Observed

OFF = fleet_of("A", expires_at=ENDED)
NONE = fleet_of()


def tick_of(fleet: Fleet, *observed: Observed, **findings: Any) -> Tick:  # noqa: ANN401
    found = Findings(**findings)
    return Tick(NOW, fleet, observed, plan(fleet, observed, NOW, findings=found), findings=found)


def remembered(status: str = "InService", **fields: Any) -> Record:  # noqa: ANN401
    return Record({NAME: Entry("A", status, NOW, **fields)})


def orphan(name: str = "Gone", **fields: Any) -> Observed:  # noqa: ANN401
    return there("InService", NONE, name=name, endpoint_name=f"demo-{name}-Endpoint", **fields)


class TestWithADefinition:
    def test_a_delete_that_is_held_back_is_overdue(self) -> None:
        tick = tick_of(OFF, there("InService", OFF), clock_fault="the clock is 7 h behind AWS's")
        assert overdue(tick) == {NAME}
        assert frozen_running(tick) == frozenset()

    def test_a_live_one_is_not(self) -> None:
        live = fleet_of("A")
        assert overdue(tick_of(live, there("InService", live))) == frozenset()

    def test_lost_tags_make_it_no_less_so(self) -> None:
        assert overdue(tick_of(OFF, replace(there("InService", OFF), tags={}))) == {NAME}

    @pytest.mark.parametrize("config", ["by-hand", "demo-B-Endpoint-0123456789", None])
    def test_what_somebody_else_made_is_not(self, config: str | None) -> None:
        theirs = replace(there("InService", OFF), tags={"team": "x"}, config_name=config)
        assert overdue(tick_of(OFF, theirs)) == frozenset()

    def test_what_nobody_has_claimed_yet_is(self) -> None:
        unclaimed = retagged(there("InService", OFF), **{RECORD_TAG: "another"})
        assert overdue(tick_of(OFF, unclaimed)) == {NAME}

    def test_what_another_ledger_has_is_not(self) -> None:
        theirs = retagged(there("InService", OFF), **{LEDGER_TAG: LEDGER_ID[::-1]})
        assert overdue(tick_of(OFF, theirs)) == frozenset()

    def test_what_is_kept_on_purpose_is_not(self) -> None:
        suspended = fleet_of("A", expires_at=ENDED, suspended={"reason": "a demo"})
        lost = replace(OFF.holdings[0], lease=None, lost_lease=Lease(LIVE))
        due = fleet_of("A", expires_at=None, schedule={"initial_provision_minutes": 30})
        for fleet in (suspended, replace(OFF, holdings=(lost,)), due):
            assert overdue(tick_of(fleet, there("InService", OFF))) == frozenset()


class TestFrozen:
    @pytest.mark.parametrize(("lease_end", "count"), [(ENDED, 1), (LIVE, 0), (None, 0)])
    def test_it_is_overdue_once_its_lease_has_ended(self, lease_end: Any, count: int) -> None:  # noqa: ANN401
        observed = there("InService", NONE, lease=LIVE)
        tick = tick_of(broken_fleet(), observed, record=remembered(lease_end=lease_end))
        assert len(overdue(tick)) == count
        assert frozen_running(tick) == {NAME}

    def test_its_tag_tells_the_lease_where_no_record_does(self) -> None:
        tick = tick_of(broken_fleet(), there("InService", NONE, lease=ENDED))
        assert overdue(tick) == {NAME}

    def test_one_that_was_suspended_is_left_out(self) -> None:
        record = remembered(lease_end=ENDED, suspended_since=NOW)
        assert overdue(tick_of(broken_fleet(), there("InService", NONE), record=record)) == set()

    def test_what_is_gone_or_somebody_elses_does_not_run_frozen(self) -> None:
        going = there("Deleting", NONE, lease=ENDED)
        theirs = replace(there("InService", NONE), tags={}, config_name="by-hand")
        for observed in (going, theirs):
            tick = tick_of(broken_fleet(), observed)
            assert (overdue(tick), frozen_running(tick)) == (frozenset(), frozenset())

    def test_the_endpoint_of_a_broken_definition_has_any_name(self) -> None:
        observed = there("InService", NONE, endpoint_name="painter", lease=ENDED)
        tick = tick_of(broken_fleet(), observed)
        assert overdue(tick) == frozen_running(tick) == {EndpointName("painter")}

    def test_without_settings_the_record_says_what_runs(self) -> None:
        fleet = Fleet("dev", None)
        assert frozen_running(tick_of(fleet, record=remembered(lease_end=ENDED))) == {NAME}
        assert overdue(tick_of(fleet, record=remembered(lease_end=ENDED))) == {NAME}
        assert overdue(tick_of(fleet, record=remembered(lease_end=LIVE))) == frozenset()
        for record in (remembered("absent"), remembered(foreign=True, lease_end=ENDED)):
            assert frozen_running(tick_of(fleet, record=record)) == frozenset()


class TestWithoutADefinition:
    def test_the_brake_makes_them_no_less_overdue(self) -> None:
        tick = tick_of(NONE, *(orphan(name) for name in "XYZ"))
        assert {str(action.verb) for action in tick.plan.actions} == {"report"}
        assert len(overdue(tick)) == 3

    def test_one_that_was_kept_is_not(self) -> None:
        kept = retagged(orphan(), **{ON_REMOVE_TAG: "retain"})
        assert overdue(tick_of(NONE, kept)) == frozenset()

    @pytest.mark.parametrize(("lease", "count"), [(ENDED, 1), (LIVE, 0)])
    def test_in_doubt_its_lease_decides(self, lease: Any, count: int) -> None:  # noqa: ANN401
        files = {
            "environments/dev/environment.json": b'{"ledger_id": "0123456789abcdef",'
            b' "project_prefix": "demo", "region_name": "us-east-1",'
            b' "execution_role_arn": "arn:aws:iam::123456789012:role/demo"}',
            "environments/dev/x.endpoint.jsn": b"{",
            "environments/dev/B.endpoint.json": b"{",
        }
        fleet = read_fleet(files, "dev")
        assert fleet.unreadable
        assert len(overdue(tick_of(fleet, orphan(lease=lease)))) == count

    @pytest.mark.parametrize(("lease", "count"), [(ENDED, 1), (LIVE, 0)])
    def test_of_one_that_is_unclaimed_too(self, lease: Any, count: int) -> None:  # noqa: ANN401
        unclaimed = retagged(orphan(lease=lease), **{RECORD_TAG: "another"})
        assert len(overdue(tick_of(NONE, unclaimed))) == count

    def test_a_mark_that_is_none_says_nothing(self) -> None:
        odd = retagged(orphan(), **{RECORD_TAG: "another", "leasehold:lease": "none"})
        assert overdue(tick_of(NONE, odd)) == frozenset()
        assert stamp(ENDED) not in str(odd.tags)
