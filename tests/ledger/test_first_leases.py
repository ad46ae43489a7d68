"""First leases on a clock that runs ahead."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.first_leases import granted
from ledger.holdings import read_fleet
from ledger.json_files import dump_json
from ledger.lease import Lease, stamp
from ledger.names import Name
from tests.scene import NOON, definition, environment, lease, path

if TYPE_CHECKING:
    from ledger.holdings import Fleet
    from tests.scene import Json

END = NOON + timedelta(hours=24)
HOUR = timedelta(hours=1)


def fleet_of(limit: str | None, *, priced: bool = True) -> Fleet:
    """Return one with a lease of three hours at $2, and two first leases of an hour at $2 each."""
    limits = {"max_hourly": {"amount": limit, "currency": "USD"}} if limit else {}
    first = {"initial_provision_minutes": 60}
    files: dict[str, Json] = {
        "environments/dev/environment.json": environment(limits=limits),
        path("Now"): definition("Now"),
        path("Now", "lease"): lease(NOON + 3 * HOUR),
        path("B"): definition("B", schedule=first),
        path("A"): definition("A", schedule=first),
    }
    if priced:
        files["environments/dev/prices.json"] = {
            "region_name": "us-east-1",
            "currency": "USD",
            "unit": "hour",
            "source": "a test",
            "read_at": stamp(NOON),
            "prices": {"Hosting": {"ml.g5.xlarge": "2"}},
        }
    return read_fleet({name: dump_json(each) for name, each in files.items()}, "dev")


@pytest.mark.parametrize(
    ("limit", "leases"),
    [
        (None, {"A": (0, 1), "B": (0, 1)}),
        ("6", {"A": (0, 1), "B": (0, 1)}),
        ("4", {"A": (0, 1), "B": (1, 2)}),
        ("2", {"A": (3, 4), "B": (4, 5)}),
    ],
)
def test_each_is_granted_as_soon_as_there_is_room(
    limit: str | None, leases: dict[str, tuple[int, int]]
) -> None:
    fleet, waiting = granted(fleet_of(limit), NOON, END)
    assert not waiting
    for name, (begin, end) in leases.items():
        lease = fleet.holding(Name(name)).lease
        assert lease == Lease(NOON + end * HOUR, NOON + begin * HOUR if begin else None)


def test_what_finds_no_room_in_that_time_waits() -> None:
    fleet, waiting = granted(fleet_of("2"), NOON, NOON + 4 * HOUR)
    assert waiting == {Name("B")}
    assert fleet.holding(Name("B")).lease is None


def test_without_prices_nothing_is_held_back() -> None:
    fleet, waiting = granted(fleet_of(None, priced=False), NOON, END)
    assert not waiting
    assert fleet.holding(Name("A")).lease == Lease(NOON + HOUR)
