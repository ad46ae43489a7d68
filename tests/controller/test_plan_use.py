"""What its use does to an endpoint's lease: an idle one ends, one in use is carried on."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.plan import plan
from controller.planning.action import Action, Verb
from controller.planning.findings import Findings
from controller.planning.idleness import LAG, Use
from ledger.lease import stamp
from tests.controller.cases import LIVE, NAME, NOW, ago, fleet_of, remembering, there

HALF_HOUR = 30
UNKNOWN = Use(known=False, problem="LH3022: CloudWatch does not say.")
OFFICE: dict[str, Any] = {
    "timezone": "UTC",
    "windows": [{"days": ["mon"], "start": "09:00", "end": "17:00"}],
}


def decided(
    use: Use | None,
    *,
    left: float | None = 30,
    in_service: float = 600,
    findings: Findings | None = None,
    ceiling: int = 10080,
    **schedule: object,
) -> Action:
    """Plan for A: in service for some minutes, with some minutes of its lease left."""
    ends = None if left is None else NOW + timedelta(minutes=left)
    limits: dict[str, object] = {"max_lease_minutes": ceiling}
    fleet = fleet_of("A", expires_at=ends, limits=limits, schedule=schedule)
    findings = findings or Findings(uses={NAME: use} if use else {})
    observed = there("InService", fleet, modified_at=ago(in_service))
    (action,) = plan(fleet, [observed], NOW, findings=findings).actions
    return action


class TestAnIdleEndpoint:
    def test_is_stopped_with_a_reason_that_its_user_can_read(self) -> None:
        action = decided(Use(ago(45)), idle_minutes=HALF_HOUR)
        assert (action.verb, action.reason) == (
            Verb.IDLE,
            f"no invocation since {stamp(ago(45))}, longer than 30 min",
        )

    def test_that_was_never_used_has_its_whole_period_in_service_first(self) -> None:
        long_enough = HALF_HOUR + LAG.total_seconds() / 60
        wanted = {long_enough - 1: Verb.KEEP, long_enough: Verb.IDLE}
        assert {
            minutes: decided(Use(), in_service=minutes, idle_minutes=HALF_HOUR).verb
            for minutes in wanted
        } == wanted

    @pytest.mark.parametrize(
        "use",
        [
            pytest.param(UNKNOWN, id="nobody knows"),
            pytest.param(None, id="nobody asked"),
            pytest.param(Use(ago(90), backlog=True), id="requests wait"),
            pytest.param(Use(ago(5)), id="used"),
        ],
    )
    def test_is_none_while(self, use: Use | None) -> None:
        assert decided(use, idle_minutes=HALF_HOUR).verb is Verb.KEEP

    def test_is_stopped_inside_a_window_too(self) -> None:
        assert decided(Use(), left=None, idle_minutes=HALF_HOUR, **OFFICE).verb is Verb.IDLE

    def test_gets_its_start_back_before_it_is_found_idle(self) -> None:
        record = remembering(starting_since=ago(100), since=ago(50)).record
        findings = Findings(record, {NAME: Use()})
        assert decided(None, findings=findings, idle_minutes=HALF_HOUR).verb is Verb.CREDIT

    def test_is_not_stopped_twice(self) -> None:
        """The first stop ended the lease; what is left to do is to delete it."""
        action = decided(Use(), left=-1, idle_minutes=HALF_HOUR)
        assert action.verb is Verb.DELETE

    def test_is_not_stopped_by_a_clock_that_is_wrong(self) -> None:
        fault = "this machine's clock is 9 min ahead of AWS's"
        action = decided(
            None, findings=Findings(uses={NAME: Use()}, clock_fault=fault), idle_minutes=HALF_HOUR
        )
        assert action.verb is Verb.REPORT
        assert action.reason.startswith(f"{fault}, so there is no idle now (no invocation since")


class TestAnEndpointInUse:
    def test_is_kept_for_its_minutes_after_the_last_use(self) -> None:
        action = decided(Use(ago(2)), left=10, extend_while_active_minutes=60)
        until = NOW + timedelta(minutes=58)
        assert (action.verb, action.target) == (Verb.EXTEND, until)
        assert action.reason == f"it is in use, and kept until {stamp(until)}"

    def test_is_not_extended_for_less_than_half_of_its_minutes(self) -> None:
        assert decided(Use(ago(2)), left=28, extend_while_active_minutes=60).verb is Verb.KEEP
        assert decided(Use(ago(2)), left=27, extend_while_active_minutes=60).verb is Verb.EXTEND

    def test_is_extended_up_to_the_ceiling(self) -> None:
        action = decided(Use(ago(2)), left=10, ceiling=45, extend_while_active_minutes=60)
        assert action.target == NOW + timedelta(minutes=45)

    def test_is_not_extended_minute_by_minute_along_a_near_ceiling(self) -> None:
        """What the ceiling leaves has to be worth a commit too."""
        action = decided(Use(ago(0)), left=29, ceiling=30, extend_while_active_minutes=60)
        assert action.verb is Verb.KEEP

    def test_is_never_cut_by_a_ceiling_that_was_tightened(self) -> None:
        action = decided(Use(ago(0)), left=20, ceiling=5, extend_while_active_minutes=60)
        assert action.verb is Verb.KEEP

    def test_is_never_revived(self) -> None:
        assert decided(Use(ago(0)), left=0, extend_while_active_minutes=60).verb is Verb.DELETE

    def test_is_carried_past_the_end_of_its_window(self) -> None:
        schedule: dict[str, Any] = {
            "timezone": "UTC",
            "windows": [{"days": ["mon"], "start": "09:00", "end": "10:10"}],
        }
        action = decided(Use(ago(0)), left=None, extend_while_active_minutes=60, **schedule)
        assert (action.verb, action.target) == (Verb.EXTEND, NOW + timedelta(minutes=60))

    def test_is_not_extended_while_its_window_keeps_it(self) -> None:
        action = decided(Use(ago(0)), left=5, extend_while_active_minutes=60, **OFFICE)
        assert action.verb is Verb.KEEP

    @pytest.mark.parametrize(
        "use", [pytest.param(UNKNOWN, id="unknown"), pytest.param(Use(), id="never used")]
    )
    def test_is_one_that_is_known_to_be(self, use: Use) -> None:
        assert decided(use, left=5, extend_while_active_minutes=60).verb is Verb.KEEP

    def test_by_a_backlog_is_kept_from_now_on(self) -> None:
        action = decided(Use(ago(90), backlog=True), left=5, extend_while_active_minutes=60)
        assert action.target == NOW + timedelta(minutes=60)


minutes = st.integers(5, 600)


@given(minutes, minutes, st.integers(1, 600), st.integers(0, 700), st.booleans())
def test_use_alone_never_shortens_nor_deletes(
    idle: int,
    active: int,
    left: int,
    used: int,
    backlog: bool,  # noqa: FBT001
) -> None:
    use = Use(ago(used), backlog)
    action = decided(use, left=left, idle_minutes=idle, extend_while_active_minutes=active)
    assert action.verb in {Verb.KEEP, Verb.IDLE, Verb.EXTEND}
    if action.verb is Verb.EXTEND:
        assert isinstance(action.target, type(LIVE))
        gained = action.target - (NOW + timedelta(minutes=left))
        assert gained * 2 >= timedelta(minutes=active)
    if action.verb is Verb.IDLE:
        assert used >= idle
        assert not backlog
