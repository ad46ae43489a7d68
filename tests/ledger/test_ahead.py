"""When an endpoint will be on: each row of the table of `ledger.ahead`."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.ahead import ahead
from ledger.holdings import Holding, read_fleet
from ledger.json_files import dump_json
from ledger.lease import Lease, stamp
from tests.scene import NOON, definition, environment, lease, path

if TYPE_CHECKING:
    from ledger.holdings import Broken, Fleet
    from tests.scene import Json

ALWAYS: Json = {"schedule": {"always_on": True}}
END = 48.0
Hours = list[tuple[float, float]]


def at(hours: float) -> datetime:
    return NOON + timedelta(hours=hours)


def fleet_of(leased: float | None = None, **fields: object) -> Fleet:
    limits = {"max_lease_cost": {"amount": "4", "currency": "USD"}}
    files: dict[str, Json] = {
        "environments/dev/environment.json": environment(limits=limits),
        "environments/dev/prices.json": {
            "region_name": "us-east-1",
            "currency": "USD",
            "unit": "hour",
            "source": "a test",
            "read_at": stamp(NOON),
            "prices": {"Hosting": {"ml.g5.xlarge": "2"}},
        },
        path("A"): definition("A", **fields),
    }
    if leased is not None:
        files[path("A", "lease")] = lease(at(leased))
    return read_fleet({name: dump_json(each) for name, each in files.items()}, "dev")


def hours(fleet: Fleet, item: Holding | Broken, *, runs: bool) -> tuple[Hours, Hours]:
    found = ahead(fleet, item, NOON, at(END), runs=runs)
    on, held = (
        [tuple((each - NOON) / timedelta(hours=1) for each in stretch) for stretch in stretches]
        for stretches in (found.on, found.held)
    )
    return on, held  # type: ignore[return-value]  # pairs of hours


def suspended(until: float | None = None) -> Json:
    end = {} if until is None else {"until": stamp(at(until))}
    return {"suspended": {"reason": "an audit", **end}}


@pytest.mark.parametrize(
    ("leased", "fields", "off", "on"),
    [
        (3, {}, [(0, 3)], [(0, 3)]),
        (-1, {}, [], []),
        (None, ALWAYS, [(0, END)], [(0, END)]),
        (None, {"schedule": {"initial_provision_minutes": 60}}, [(0, 1)], [(0, 1)]),
        # Suspended, it is left as it is, and then its documents count again.
        (None, {**ALWAYS, **suspended()}, [], [(0, END)]),
        (None, {**ALWAYS, **suspended(99)}, [], [(0, END)]),
        (None, {**ALWAYS, **suspended(5)}, [(5, END)], [(0, END)]),
        (None, {**ALWAYS, **suspended(-1)}, [(0, END)], [(0, END)]),
        (3, suspended(5), [], [(0, 5)]),
        (9, suspended(5), [(5, 9)], [(0, 9)]),
        (None, {"inference_type": "sometimes"}, [], [(0, END)]),
    ],
)
def test_it_is_on_as_the_table_says(
    leased: float | None, fields: Json, off: Hours, on: Hours
) -> None:
    fleet = fleet_of(leased, **fields)
    (item,) = fleet.items
    assert hours(fleet, item, runs=False)[0] == off
    assert hours(fleet, item, runs=True)[0] == on


def test_what_is_left_as_it_is_is_told_apart() -> None:
    fleet = fleet_of(9, **suspended(5))
    assert hours(fleet, fleet.items[0], runs=True)[1] == [(0, 5)]
    assert hours(fleet, fleet.items[0], runs=False)[1] == []


def test_a_lease_whose_file_is_lost_runs_to_the_end_that_was_noted() -> None:
    window = {"days": ["mon"], "start": "20:00", "end": "21:00"}
    fleet = fleet_of(schedule={"timezone": "UTC", "windows": [window]})
    (item,) = fleet.items
    assert isinstance(item, Holding)
    lost = replace(item, lost_lease=Lease(at(4)))
    assert hours(fleet, lost, runs=True) == ([(0, 4), (8, 9)], [(0, 4)])
    assert hours(fleet, lost, runs=False) == ([(8, 9)], [])


def test_a_first_lease_is_as_long_as_the_limits_let_it_be() -> None:
    fleet = fleet_of(schedule={"initial_provision_minutes": 600})
    # It would be refused; where it is granted all the same, the ceiling counts.
    holding = fleet_of(schedule={"initial_provision_minutes": 60}).holdings[0]
    schedule = replace(holding.definition.schedule, initial_provision_minutes=600)
    longer = replace(holding, definition=replace(holding.definition, schedule=schedule))
    assert hours(fleet, longer, runs=False)[0] == [(0, 2)]
