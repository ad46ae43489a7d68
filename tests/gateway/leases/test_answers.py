"""The predecessor's answers, key by key, and what stands beside them. Pure."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from gateway.leases.answers import about
from ledger.holdings import read_fleet
from ledger.json_files import dump_json
from tests.scene import NOON, definition, environment, lease, path

if TYPE_CHECKING:
    from tests.scene import Json

MONDAY = {"timezone": "UTC", "windows": [{"days": ["mon"], "start": "11:00", "end": "13:00"}]}


def answer(now: datetime = NOON, granted: Json | None = None, **fields: object) -> Json:
    files = {
        "environments/dev/environment.json": dump_json(environment()),
        path("A"): dump_json(definition("A", **fields)),
    }
    if granted is not None:
        files[path("A", "lease")] = dump_json(granted)
    fleet = read_fleet(files, "dev")
    (item,) = fleet.items
    return about(item, now, "c0ffee")


def test_the_predecessors_example_letter_by_letter() -> None:
    now = datetime(2023, 6, 22, 8, 0, 6, 842569, tzinfo=UTC)
    assert answer(now, {"expires_at": "2023-06-22T08:24:12Z"}) == {
        "EndpointName": "demo-A-Endpoint",
        "EndpointExpiry ": "22-06-2023-08-24-12",
        "TimeLeft": "0:24:05.157431",
        "ExpiresAt": "2023-06-22T08:24:12Z",
        "SecondsLeft": 1445,
        "Status": "live",
        "Why": "leased until 2023-06-22T08:24:12Z",
        "Commit": "c0ffee",
    }


def test_time_since_the_end_is_negative_as_python_writes_it() -> None:
    ended = answer(granted=lease(NOON - timedelta(minutes=10)))
    assert ended["TimeLeft"] == "-1 day, 23:50:00"
    assert ended["SecondsLeft"] == 0
    assert ended["Status"] == "ended"


def test_an_endpoint_that_was_never_leased_has_no_times() -> None:
    never = answer()
    assert never["Status"] == "never_leased"
    assert {key for key, value in never.items() if value is None} == {
        "EndpointExpiry ",
        "TimeLeft",
        "ExpiresAt",
        "SecondsLeft",
    }


@pytest.mark.parametrize(
    ("schedule", "granted", "status"),
    [
        ({"always_on": True}, None, "always_on"),
        (MONDAY, None, "scheduled"),
        (MONDAY, lease(NOON, off_until="2026-11-23T13:00:00Z"), "off"),
        (MONDAY, lease(NOON + timedelta(hours=9)), "live"),
        ({}, lease(NOON), "ended"),
    ],
)
def test_the_status_says_why(schedule: Json, granted: Json | None, status: str) -> None:
    assert answer(granted=granted, schedule=schedule)["Status"] == status


def test_a_suspended_endpoint_says_so_and_shows_its_lease() -> None:
    held = answer(granted=lease(NOON + timedelta(hours=1)), suspended={"reason": "audit"})
    assert (held["Status"], held["Why"]) == ("suspended", "suspended: audit")
    assert held["SecondsLeft"] == 3600


def test_what_is_always_on_shows_no_meter() -> None:
    always = answer(granted=lease(NOON + timedelta(hours=1)), schedule={"always_on": True})
    assert always["TimeLeft"] is None


def test_a_frozen_endpoint_says_so_and_shows_no_times() -> None:
    frozen = answer(granted={"expires_at": "tomorrow"})
    assert frozen["Status"] == "frozen"
    assert frozen["ExpiresAt"] is None
