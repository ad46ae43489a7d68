"""What comes next: leases and windows on chosen clocks, each change with its reason."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.forecast import describe, forecast
from ledger.lease import Lease, is_on, release
from ledger.schedule import DAYS, Schedule, Window
from ledger.zones import known
from tests.ledger.windows import at, schedule, window

WORKDAYS = DAYS[:5]
MONDAY = datetime(2026, 11, 23, tzinfo=UTC)
SECOND = timedelta(seconds=1)


OFFICE = schedule("Europe/Berlin", window("09:00-17:00", *WORKDAYS))
OFFICE_OPENS = "on: window mon-fri 09:00-17:00 Europe/Berlin opens"
OFFICE_CLOSES = "off: window mon-fri 09:00-17:00 Europe/Berlin closes"


def told(a_schedule: Schedule, lease: Lease | None, now: str, count: int = 3) -> list[str]:
    return [
        f"{each.at:%a %d %H:%M} {'on' if each.turns_on else 'off'}: {each.reason}"
        for each in forecast(a_schedule, lease, at(now), count)
    ]


def test_a_lease_ends_and_nothing_comes_after_it() -> None:
    lease = Lease(at("2026-11-23 10:30"))
    assert told(Schedule(), lease, "2026-11-23 10:00") == ["Mon 23 10:30 off: lease ends"]


def test_an_ended_lease_is_no_news() -> None:
    lease = Lease(at("2026-11-23 10:30"))
    assert told(Schedule(), lease, "2026-11-23 10:30") == []


def test_what_is_always_on_or_never_leased_has_nothing_ahead() -> None:
    assert told(Schedule(), None, "2026-11-23 10:00") == []
    assert told(Schedule(always_on=True), None, "2026-11-23 10:00") == []
    assert told(Schedule(always_on=True), Lease(at("2026-11-23 12:00")), "2026-11-23 10:00") == []


def test_windows_open_and_close_in_utc_with_their_own_words() -> None:
    assert told(OFFICE, None, "2026-11-27 09:00", 4) == [
        f"Fri 27 16:00 {OFFICE_CLOSES}",
        f"Mon 30 08:00 {OFFICE_OPENS}",
        f"Mon 30 16:00 {OFFICE_CLOSES}",
        f"Tue 01 08:00 {OFFICE_OPENS}",
    ]


def test_as_many_are_told_as_are_asked_for() -> None:
    assert [len(forecast(OFFICE, None, MONDAY, count)) for count in (0, 1, 5)] == [0, 1, 5]


def test_the_windows_of_nine_days_are_told_and_no_more() -> None:
    monday = schedule("UTC", window("09:00-10:00", "mon"))
    assert len(forecast(monday, None, MONDAY, 100)) == 4


def test_a_transition_that_is_due_just_now_has_happened() -> None:
    assert told(OFFICE, None, "2026-11-27 16:00", 1) == [f"Mon 30 08:00 {OFFICE_OPENS}"]


def test_a_seam_between_lease_and_window_turns_nothing_off() -> None:
    lease = Lease(at("2026-11-23 08:00"))
    assert told(OFFICE, lease, "2026-11-23 07:00", 1) == [f"Mon 23 16:00 {OFFICE_CLOSES}"]


def test_a_lease_longer_than_the_window_ends_later() -> None:
    lease = Lease(at("2026-11-23 19:00"))
    assert told(OFFICE, lease, "2026-11-23 10:00", 2) == [
        "Mon 23 19:00 off: lease ends",
        f"Tue 24 08:00 {OFFICE_OPENS}",
    ]


def test_a_lease_and_a_window_that_end_together_are_told_together() -> None:
    lease = Lease(at("2026-11-23 16:00"))
    assert told(OFFICE, lease, "2026-11-23 10:00", 1) == [
        "Mon 23 16:00 off: lease ends and window mon-fri 09:00-17:00 Europe/Berlin closes"
    ]


def test_after_a_release_inside_a_window_the_next_window_opens() -> None:
    now = "2026-11-23 10:00"
    released = release(Lease(at("2026-11-23 19:00")), OFFICE, at(now))
    assert told(OFFICE, released, now, 1) == [f"Tue 24 08:00 {OFFICE_OPENS}"]


@pytest.mark.parametrize(
    ("a_schedule", "expires_at", "reason"),
    [
        (OFFICE, "2026-11-23 08:00", "inside the window mon-fri 09:00-17:00 Europe/Berlin"),
        (Schedule(), "2026-11-23 20:00", "inside the lease"),
    ],
    ids=["window", "lease"],
)
def test_off_until_may_end_inside_of_what_keeps_it_on(
    a_schedule: Schedule, expires_at: str, reason: str
) -> None:
    held_off = Lease(at(expires_at), off_until=at("2026-11-23 12:00"))
    assert told(a_schedule, held_off, "2026-11-23 10:00", 1) == [
        f"Mon 23 12:00 on: off_until ends {reason}"
    ]


def test_off_until_holds_back_even_what_is_always_on() -> None:
    held_off = Lease(at("2026-11-23 08:00"), off_until=at("2026-11-23 12:00"))
    assert told(Schedule(always_on=True), held_off, "2026-11-23 10:00") == [
        "Mon 23 12:00 on: off_until ends; it is always on"
    ]


def test_windows_that_touch_close_once() -> None:
    both = schedule("UTC", window("09:00-12:00", "mon"), window("12:00-18:00", "mon"))
    assert told(both, None, "2026-11-23 10:00", 1) == [
        "Mon 23 18:00 off: window mon 12:00-18:00 UTC closes"
    ]


def test_a_week_full_of_windows_never_closes() -> None:
    assert told(schedule("UTC", window("00:00-24:00")), None, "2026-11-23 10:00") == []


def test_a_lease_that_is_far_away_is_told_and_so_are_the_windows_after_it() -> None:
    lease = Lease(at("2027-06-01 12:00"))
    tuesdays = schedule("UTC", window("18:00-19:00", "tue"))
    assert told(tuesdays, lease, "2026-11-23 10:00", 2) == [
        "Tue 01 12:00 off: lease ends",
        "Tue 01 18:00 on: window tue 18:00-19:00 UTC opens",
    ]


def test_a_lease_at_the_end_of_the_calendar_does_not_end() -> None:
    assert told(OFFICE, Lease(at("9999-12-31 23:59:59")), "2026-11-23 10:00") == []


def test_a_window_in_a_gap_of_the_clock_is_passed_over() -> None:
    lost = schedule("America/New_York", window("02:10-02:50", "sun"))
    assert told(lost, None, "2027-03-13 12:00", 1) == [
        "Sun 21 06:10 on: window sun 02:10-02:50 America/New_York opens"
    ]


@pytest.mark.parametrize(
    ("one", "words"),
    [
        (window("09:00-17:00"), "mon-sun 09:00-17:00 UTC"),
        (window("22:00-24:00", "mon", "tue"), "mon, tue 22:00-24:00 UTC"),
        (window("22:00-06:00", "sun", "mon", "tue", "wed"), "mon-wed, sun 22:00-06:00 UTC"),
        (window("22:00-06:00", "fri", "mon"), "mon, fri 22:00-06:00 UTC"),
    ],
)
def test_a_window_is_described_as_people_read_it(one: Window, words: str) -> None:
    assert describe(schedule("UTC", one), one) == words


# The promise: between two transitions nothing changes, and at each of them everything does.

zones = st.sampled_from(sorted(known()))
times = st.times().map(lambda moment: moment.replace(second=0, microsecond=0, fold=0))
windows = st.builds(
    Window,
    st.sets(st.sampled_from(DAYS), min_size=1).map(frozenset),
    times,
    st.none() | times,
).filter(lambda one: one.start != one.end)
schedules = st.builds(
    Schedule,
    zone=zones.map(ZoneInfo),
    windows=st.lists(windows, max_size=3).map(tuple),
    always_on=st.sampled_from([False, False, False, True]),
)
nows = st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1)).map(  # noqa: DTZ001  (bounds are naive)
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)


@st.composite
def cases(draw: st.DrawFn) -> tuple[Schedule, Lease | None, datetime]:
    now = draw(nows)
    near = st.integers(-86_400, 5 * 86_400).map(lambda seconds: now + timedelta(seconds=seconds))
    leases = st.none() | st.builds(Lease, near, st.none() | near)
    return draw(schedules), draw(leases), now


@settings(deadline=None)
@given(cases(), st.data())
def test_nothing_changes_between_transitions_and_each_is_a_change(
    case: tuple[Schedule, Lease | None, datetime], data: st.DataObject
) -> None:
    a_schedule, lease, now = case
    transitions = forecast(a_schedule, lease, now, 1000)
    state = is_on(a_schedule, lease, now)
    edges = [now, *(each.at for each in transitions), now + timedelta(days=9)]
    for before, after in itertools.pairwise(edges):
        if after <= before:
            continue
        length = int((after - before).total_seconds())
        inside = data.draw(st.integers(0, length - 1))
        assert is_on(a_schedule, lease, before) is state
        assert is_on(a_schedule, lease, before + timedelta(seconds=inside)) is state
        assert is_on(a_schedule, lease, after - SECOND) is state
        state = not state
    for each in transitions:
        assert is_on(a_schedule, lease, each.at) is each.turns_on
        assert each.reason.isprintable()
        assert each.reason


@settings(deadline=None, max_examples=25)
@given(cases())
def test_no_quarter_of_an_hour_hides_a_change(
    case: tuple[Schedule, Lease | None, datetime],
) -> None:
    """Walk up to the ninth day's end: the changes met are the transitions, no more and no less."""
    a_schedule, lease, now = case
    quarter = timedelta(minutes=15)
    foretold = [each.at for each in forecast(a_schedule, lease, now, 1000)]
    for before in (now + step * quarter for step in range(9 * 96 - 1)):
        after = before + quarter
        changed = is_on(a_schedule, lease, before) is not is_on(a_schedule, lease, after)
        inside = [moment for moment in foretold if before < moment <= after]
        assert changed is (len(inside) % 2 == 1)
