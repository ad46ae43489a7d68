"""A start that would be refused is not tried, and whatever else is planned goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from controller.plan import plan
from controller.planning.findings import Findings
from controller.planning.objections import before_a_start
from ledger.holdings import Fleet, read_fleet
from ledger.json_files import Violation
from tests.controller.cases import ENDED, NOW, fleet_of, there

if TYPE_CHECKING:
    from controller.planning.desired import Desired
    from controller.planning.fields import Documents
    from controller.planning.objections import Limits
    from controller.planning.observed import Observed

FILE = "environments/dev/A.endpoint.json"


def refuses(level: Literal["error", "warning"] = "error") -> Limits:
    def limits(_documents: Documents, _target: Desired) -> tuple[Violation, ...]:
        return (Violation("LH1025", FILE, "/model/image", "AWS says no.", level),)

    return limits


def decided(fleet: Fleet, *observed: Observed, limits: Limits) -> list[tuple[str, str]]:
    planned = before_a_start(plan(fleet, observed, NOW), fleet, Findings(), limits, NOW)
    return [(str(each.verb), each.reason) for each in planned.actions]


def test_a_create_is_reported_with_the_field() -> None:
    [(verb, reason)] = decided(fleet_of("A"), limits=refuses())
    assert verb == "report"
    assert reason == (
        f"no create is tried, for it would be refused: {FILE}: /model/image: AWS says no. [LH1025]"
    )


def test_no_first_lease_runs_down_meanwhile() -> None:
    fleet = fleet_of("A", expires_at=None, schedule={"initial_provision_minutes": 30})
    [(verb, reason)] = decided(fleet, limits=refuses())
    assert verb == "report"
    assert reason.startswith("no grant is tried")


def test_so_is_an_update() -> None:
    fleet = fleet_of("A")
    [(verb, _)] = decided(fleet, there("InService", fleet, config="old-0"), limits=refuses())
    assert verb == "report"


def test_a_warning_stops_nothing() -> None:
    [(verb, _)] = decided(fleet_of("A"), limits=refuses("warning"))
    assert verb == "create"


def test_what_runs_ends_with_its_lease_all_the_same() -> None:
    fleet = fleet_of("A", expires_at=ENDED)
    [(verb, _)] = decided(fleet, there("InService", fleet, lease=ENDED), limits=refuses())
    assert verb == "delete"


def test_without_settings_nothing_is_looked_at() -> None:
    fleet = read_fleet({}, "dev")
    [(verb, _)] = decided(fleet, limits=refuses())
    assert verb == "report"
