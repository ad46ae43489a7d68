"""Times as people say them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from leasehold.times import on_day, utc, with_weekday
from ledger.lease import duration, relative

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "now"),
        (59, "in 59 s"),
        (60, "in 1 min"),
        (24 * 60 + 10, "in 24 min"),
        (119 * 60, "in 119 min"),
        (3 * 3600 + 60, "in 3 h"),
        (47 * 3600, "in 47 h"),
        (7 * 86400, "in 7 days"),
        (-30, "30 s ago"),
        (-3 * 3600, "3 h ago"),
    ],
)
def test_a_moment_is_told_by_its_distance_from_now(seconds: int, said: str) -> None:
    assert relative(NOON + timedelta(seconds=seconds), NOON) == said


def test_a_length_is_rounded_to_the_nearest_unit() -> None:
    assert duration(timedelta(minutes=29, seconds=59)) == "30 min"


def test_a_moment_of_any_zone_is_written_in_utc() -> None:
    berlin = timezone(timedelta(hours=1))
    assert utc(datetime(2026, 11, 23, 13, 5, tzinfo=berlin)) == "2026-11-23 12:05 UTC"


def test_a_moment_beside_another_has_its_date_only_when_that_differs() -> None:
    assert on_day(NOON + timedelta(hours=1), NOON) == "13:00"
    assert on_day(NOON + timedelta(hours=13), NOON) == "2026-11-24 01:00"


@pytest.mark.parametrize(
    ("days", "said"),
    [
        (0, "Mon 11-23 13:00"),
        (-15, "Sun 11-08 13:00"),
        (-30, "Sat 10-24 14:00 CEST"),
        (60, "Fri 2027-01-22 13:00"),
        (-365, "Sun 2025-11-23 13:00"),
    ],
)
def test_a_day_has_its_year_and_its_zone_where_they_are_others(days: int, said: str) -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert with_weekday(NOON + timedelta(days=days), NOON, berlin) == said
