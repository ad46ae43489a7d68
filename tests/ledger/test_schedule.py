"""Windows on the local clock: their edges, what is one window, and the days when clocks jump."""

from __future__ import annotations

import itertools
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.schedule import DAYS, Schedule, Window, spans_between, window_end
from tests.ledger.machine_clock import machine_in
from tests.ledger.windows import at, schedule, window

# Whole and half hours, no daylight saving, jumps at midnight, by half an hour and by two hours.
ZONES = (
    "UTC",
    "America/New_York",
    "America/Havana",
    "America/Santiago",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Antarctica/Troll",
    "Asia/Beirut",
    "Asia/Kathmandu",
    "Asia/Tokyo",
    "Australia/Lord_Howe",
    "Europe/Berlin",
    "Europe/London",
    "Pacific/Chatham",
    "Pacific/Kiritimati",
)


def ends(a_schedule: Schedule, now: str) -> str | None:
    end = window_end(a_schedule, at(now))
    return end.strftime("%Y-%m-%d %H:%M") if end else None


# Monday is 2026-11-23.


def test_without_windows_there_is_no_end() -> None:
    assert window_end(Schedule(), at("2026-11-23 12:00")) is None
    assert window_end(schedule("UTC"), at("2026-11-23 12:00")) is None


@pytest.mark.parametrize(
    ("now", "inside"),
    [
        ("2026-11-23 08:59:59", False),
        ("2026-11-23 09:00:00", True),
        ("2026-11-23 16:59:59", True),
        ("2026-11-23 17:00:00", False),
    ],
)
def test_the_start_belongs_to_a_window_and_the_end_does_not(now: str, inside: bool) -> None:  # noqa: FBT001
    assert (ends(schedule("UTC", window("09:00-17:00", "mon")), now) is not None) is inside


def test_a_run_of_a_window_says_which_one_it_is() -> None:
    early, late = window("06:00-08:00"), window("09:00-17:00")
    runs = spans_between(schedule("UTC", late, early), at("2026-11-23"), at("2026-11-24"))
    assert [run.window for run in runs] == [early, late]


@pytest.mark.parametrize("hours", ["00:00-01:00", "00:00-02:00", "00:00-02:07", "00:00-04:00"])
def test_an_end_is_in_utc_wherever_the_machine_is(hours: str) -> None:
    """Berlin's clock jumps from two to three, so the ends from 02:00 to 02:59 are the jump."""
    night = schedule("Europe/Berlin", window(hours, "sun"))
    with machine_in("Asia/Kathmandu"):
        found = window_end(night, at("2026-03-28 23:30"))
        assert found is not None
        assert found.isoformat().endswith(":00:00+00:00")


def test_a_window_of_yesterday_is_found_on_a_machine_whose_date_is_two_days_ahead() -> None:
    long = schedule("Pacific/Pago_Pago", window("23:50-23:45", "sat"))
    with machine_in("Pacific/Kiritimati"):  # Tuesday has begun there, Sunday ends in Pago Pago
        assert ends(long, "2026-11-23 10:30") == "2026-11-23 10:45"


def test_a_window_is_of_its_days_only() -> None:
    office = schedule("UTC", window("09:00-17:00", "mon", "fri"))
    assert ends(office, "2026-11-23 12:00") == "2026-11-23 17:00"
    assert ends(office, "2026-11-24 12:00") is None


def test_days_are_counted_on_the_local_calendar() -> None:
    monday = schedule("Pacific/Kiritimati", window("00:00-24:00", "mon"))
    assert ends(monday, "2026-11-22 09:59") is None
    assert ends(monday, "2026-11-22 10:00") == "2026-11-23 10:00"


def test_an_overnight_window_belongs_to_the_day_it_starts() -> None:
    night = schedule("UTC", window("22:00-06:00", "fri"))
    assert ends(night, "2026-11-28 05:59") == "2026-11-28 06:00"  # Saturday morning
    assert ends(night, "2026-11-27 05:59") is None  # Friday morning is Thursday's night
    assert ends(night, "2026-11-28 22:00") is None


def test_twenty_four_hundred_is_midnight_at_the_days_end() -> None:
    late = schedule("UTC", window("18:00-24:00", "mon"))
    assert ends(late, "2026-11-23 23:59:59") == "2026-11-24 00:00"
    assert ends(late, "2026-11-24 00:00") is None


def test_a_full_day_lasts_a_day() -> None:
    monday = schedule("UTC", window("00:00-24:00", "mon"))
    assert ends(monday, "2026-11-23 00:00") == "2026-11-24 00:00"
    assert ends(monday, "2026-11-22 23:59") is None


def test_windows_that_touch_are_one() -> None:
    both = schedule("UTC", window("09:00-12:00"), window("12:00-17:00"))
    assert ends(both, "2026-11-23 10:00") == "2026-11-23 17:00"


def test_windows_that_overlap_are_one() -> None:
    three = schedule("UTC", window("16:00-20:00"), window("09:00-17:00"), window("10:00-11:00"))
    assert ends(three, "2026-11-23 10:00") == "2026-11-23 20:00"


def test_windows_with_a_minute_between_them_are_two() -> None:
    both = schedule("UTC", window("09:00-12:00"), window("12:01-17:00"))
    assert ends(both, "2026-11-23 10:00") == "2026-11-23 12:00"
    assert ends(both, "2026-11-23 12:00") is None


def test_full_days_in_a_row_end_when_the_last_of_them_ends() -> None:
    week = schedule("UTC", window("00:00-24:00", "mon", "tue", "wed", "thu", "fri"))
    assert ends(week, "2026-11-23 00:00") == "2026-11-28 00:00"


# The days when clocks jump. The end is told in UTC.


@pytest.mark.parametrize(
    ("zone", "hours", "day", "opens", "closes"),
    [
        pytest.param(
            "America/New_York", "02:30-04:00", "sun", "2027-03-14 07:00", "2027-03-14 08:00",
            id="a start in the New York gap moves to the gap's end, 03:00 EDT",
        ),
        pytest.param(
            "America/New_York", "01:00-02:30", "sun", "2027-03-14 06:00", "2027-03-14 07:00",
            id="an end in the New York gap moves to the gap's end",
        ),
        pytest.param(
            "America/New_York", "01:30-03:00", "sun", "2027-11-07 05:30", "2027-11-07 08:00",
            id="a repeated start in New York means the first pass, EDT",
        ),
        pytest.param(
            "America/New_York", "00:00-01:30", "sun", "2027-11-07 04:00", "2027-11-07 06:30",
            id="a repeated end in New York means the second pass, EST",
        ),
        pytest.param(
            "America/New_York", "22:00-06:00", "sat", "2027-03-14 03:00", "2027-03-14 10:00",
            id="a night over the New York gap has seven hours",
        ),
        pytest.param(
            "America/New_York", "22:00-06:00", "sat", "2027-11-07 02:00", "2027-11-07 11:00",
            id="a night over the New York fold has nine hours",
        ),
        pytest.param(
            "Australia/Lord_Howe", "02:15-04:00", "sun", "2026-10-03 15:30", "2026-10-03 17:00",
            id="Lord Howe jumps over half an hour only",
        ),
        pytest.param(
            "Australia/Lord_Howe", "01:45-01:50", "sun", "2027-04-03 14:45", "2027-04-03 15:20",
            id="Lord Howe repeats half an hour only",
        ),
        pytest.param(
            "Asia/Kathmandu", "09:00-17:00", "mon", "2026-11-23 03:15", "2026-11-23 11:15",
            id="Kathmandu is 5:45 ahead",
        ),
        pytest.param(
            "Africa/Cairo", "00:00-02:00", "fri", "2026-04-23 22:00", "2026-04-23 23:00",
            id="in Cairo midnight itself does not exist when summer starts",
        ),
        pytest.param(
            "Africa/Cairo", "20:00-24:00", "thu", "2026-04-23 18:00", "2026-04-23 22:00",
            id="an end at the missing midnight of Cairo is the gap's end",
        ),
        pytest.param(
            "America/Havana", "00:00-02:00", "sun", "2027-03-14 05:00", "2027-03-14 06:00",
            id="in Havana midnight itself does not exist when summer starts",
        ),
        pytest.param(
            "America/Havana", "20:00-24:00", "sat", "2027-11-07 00:00", "2027-11-07 05:00",
            id="an end at the repeated midnight of Havana is the second",
        ),
        pytest.param(
            "Antarctica/Troll", "01:30-04:00", "sun", "2027-03-28 01:00", "2027-03-28 02:00",
            id="Troll jumps over two hours",
        ),
        pytest.param(
            "Europe/Berlin", "00:00-02:07", "sun", "2026-03-28 23:00", "2026-03-29 01:00",
            id="the jump is found to the second, wherever in the gap an edge lies",
        ),
    ],
)  # fmt: skip
def test_on_a_day_when_clocks_jump(
    zone: str, hours: str, day: str, opens: str, closes: str
) -> None:
    one = schedule(zone, window(hours, day))
    second = timedelta(seconds=1)
    assert window_end(one, at(opens) - second) is None
    assert ends(one, opens) == closes
    assert window_end(one, at(closes) - second) == at(closes)
    assert window_end(one, at(closes)) is None


def test_a_window_that_lies_in_a_gap_does_not_open() -> None:
    lost = schedule("America/New_York", window("02:10-02:50", "sun"))
    gap = at("2027-03-14 06:00")
    assert all(window_end(lost, gap + timedelta(minutes=n)) is None for n in range(180))


times = st.times().map(lambda moment: moment.replace(second=0, microsecond=0))
windows = st.builds(
    Window,
    st.sets(st.sampled_from(DAYS), min_size=1, max_size=1).map(frozenset),
    times,
    st.none() | times,
).filter(lambda one: one.start != one.end)
any_day = st.dates(date(2027, 1, 4), date(2027, 12, 20))


@st.composite
def zones_and_days(draw: st.DrawFn) -> tuple[str, date]:
    """A zone of the sample with a day of the year: mostly one around a jump of its clock."""
    zone = draw(st.sampled_from(ZONES))
    jumps = [day + timedelta(days=n) for day in jump_days(zone) for n in (-1, 0, 1)]
    near_a_jump = st.sampled_from(jumps) if jumps else any_day
    return zone, draw(st.one_of(near_a_jump, near_a_jump, near_a_jump, any_day))


@cache
def jump_days(zone: str) -> list[date]:
    noons = [
        datetime(2027, 1, 4, 12, tzinfo=ZoneInfo(zone)) + timedelta(days=n) for n in range(350)
    ]
    return [b.date() for a, b in itertools.pairwise(noons) if a.utcoffset() != b.utcoffset()]


def test_the_sample_of_zones_has_jumps_to_try() -> None:
    assert jump_days("America/New_York") == [date(2027, 3, 14), date(2027, 11, 7)]
    assert sum(bool(jump_days(zone)) for zone in ZONES) >= 10


@given(zones_and_days(), windows)
def test_each_edge_of_a_window_is_crossed_once(where: tuple[str, date], one: Window) -> None:
    """No flapping: in the five days around its day, a weekly window opens once and closes once."""
    zone, day = where
    first = datetime.combine(day, time(), UTC) - timedelta(days=2)
    a_schedule = schedule(zone, one)
    states = [
        window_end(a_schedule, first + timedelta(minutes=15 * step)) is not None
        for step in range(4 * 24 * 5)
    ]
    crossed = [now for before, now in itertools.pairwise(states) if before != now]
    assert crossed in ([], [True], [False], [True, False], [False, True])


@given(zones_and_days(), st.lists(windows, min_size=1, max_size=4), times)
def test_a_window_lasts_until_its_end_and_is_over_then(
    where: tuple[str, date], several: list[Window], moment: time
) -> None:
    zone, day = where
    a_schedule = schedule(zone, *several)
    now = datetime.combine(day, moment, UTC)
    end = window_end(a_schedule, now)
    if end is not None:
        assert end > now
        assert window_end(a_schedule, end) is None
        assert window_end(a_schedule, end - timedelta(seconds=1)) == end
        assert window_end(a_schedule, now + (end - now) / 2) == end
