"""Weekly windows on the clocks of the whole world, above all on the days when these jump.

The stories are read off a calendar. The properties have a judge of their own: the face of the local
clock, minute by minute. A window runs from the first minute that shows its start or later, until
the clock shows its end, or is past it, for the last time.
"""

from __future__ import annotations

import bisect
import itertools
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.schedule import DAYS, Schedule, Window, window_end, windows_between
from ledger.zones import known
from tests.ledger.windows import at, window

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
WEEK = 7 * DAY
FIRST_YEAR, LAST_YEAR = 2010, 2030
NOTHING = ""
Runs = list[tuple[datetime, datetime]]


def runs(zone: str, day: str, *texts: str) -> str:
    """Tell when windows of one local day run, in UTC: "07:00-08:00"; a date where it is another."""
    the_day = date.fromisoformat(day)
    name = DAYS[the_day.weekday()]
    a_schedule = Schedule(zone=ZoneInfo(zone), windows=tuple(window(text, name) for text in texts))
    start = datetime.combine(the_day, time(), UTC) - 2 * DAY
    found = windows_between(a_schedule, start, start + 5 * DAY)
    return ", ".join(f"{_told(opens, the_day)}-{_told(closes, the_day)}" for opens, closes in found)


def _told(moment: datetime, day: date) -> str:
    return f"{moment:%H:%M}" if moment.date() == day else f"{moment:%d %H:%M}"


STORIES = [
    # New York: 02:00 EST is 03:00 EDT on 2027-03-14; 02:00 EDT is 01:00 EST on 2027-11-07.
    ("America/New_York", "2027-03-14", ["02:30-04:00"], "07:00-08:00", "starts at the gap's end"),
    ("America/New_York", "2027-03-14", ["01:00-02:30"], "06:00-07:00", "ends at the gap's end"),
    ("America/New_York", "2027-03-14", ["02:10-02:50"], NOTHING, "lies in the gap and is lost"),
    ("America/New_York", "2027-03-14", ["02:00-03:00"], NOTHING, "is the gap and is lost"),
    ("America/New_York", "2027-03-14", ["01:00-02:10", "02:50-04:00"], "06:00-08:00",
     "two windows that the gap joins are one"),
    ("America/New_York", "2027-03-14", ["00:00-24:00"], "05:00-15 04:00", "a day of 23 hours"),
    ("America/New_York", "2027-11-07", ["01:30-03:00"], "05:30-08:00", "starts in the first pass"),
    ("America/New_York", "2027-11-07", ["00:00-01:30"], "04:00-06:30", "ends in the second pass"),
    ("America/New_York", "2027-11-07", ["01:10-01:20"], "05:10-06:20", "runs once, not twice"),
    ("America/New_York", "2027-11-07", ["01:10-01:20", "01:40-01:50"], "05:10-06:50",
     "two windows that the fold laps over are one"),
    ("America/New_York", "2027-11-07", ["00:00-24:00"], "04:00-08 05:00", "a day of 25 hours"),
    ("America/New_York", "2027-11-06", ["22:00-06:00"], "07 02:00-07 11:00", "a night of 9 hours"),
    # Cairo: Thursday 24:00 is Friday 01:00 on 2026-04-24; Thursday 24:00 is 23:00 on 2026-10-29.
    ("Africa/Cairo", "2026-04-24", ["00:00-02:00"], "23 22:00-23 23:00", "no midnight to start at"),
    ("Africa/Cairo", "2026-04-23", ["20:00-24:00"], "18:00-22:00", "no midnight to end at"),
    ("Africa/Cairo", "2026-04-23", ["22:00-00:30"], "20:00-22:00", "ends in the lost hour"),
    ("Africa/Cairo", "2026-04-24", ["00:00-01:00"], NOTHING, "the day's first hour is lost"),
    ("Africa/Cairo", "2026-10-29", ["20:00-24:00"], "17:00-22:00", "the last hour comes twice"),
    ("Africa/Cairo", "2026-10-29", ["23:00-23:30"], "20:00-21:30", "from first pass to second"),
    # Havana: 00:00 is 01:00 on 2027-03-14; 01:00 is 00:00 on 2027-11-07.
    ("America/Havana", "2027-03-14", ["00:00-02:00"], "05:00-06:00", "no midnight to start at"),
    ("America/Havana", "2027-03-13", ["00:00-24:00"], "05:00-14 05:00", "no midnight to end at"),
    ("America/Havana", "2027-11-06", ["20:00-24:00"], "07 00:00-07 05:00", "the second midnight"),
    ("America/Havana", "2027-11-07", ["00:00-00:30"], "04:00-05:30", "from the first midnight"),
    # Lord Howe jumps by half an hour, Troll by two.
    ("Australia/Lord_Howe", "2027-10-03", ["02:00-02:30"], NOTHING, "half an hour is lost"),
    ("Australia/Lord_Howe", "2027-10-03", ["02:15-03:00"], "02 15:30-02 16:00", "cut by the gap"),
    ("Australia/Lord_Howe", "2027-04-04", ["01:15-01:45"], "03 14:15-03 15:15", "a fold of 30 min"),
    ("Antarctica/Troll", "2027-03-28", ["01:30-02:30"], NOTHING, "two hours are lost"),
    ("Antarctica/Troll", "2027-03-28", ["00:30-01:30"], "00:30-01:00", "ends at the gap of 2 h"),
    ("Antarctica/Troll", "2027-10-31", ["01:30-02:00"], "30 23:30-02:00", "a fold of two hours"),
    # Casablanca puts its clocks back in winter for Ramadan; Dublin's winter time is the exception.
    ("Africa/Casablanca", "2025-02-23", ["01:30-02:30"], "00:30-02:30", "Ramadan comes"),
    ("Africa/Casablanca", "2025-03-10", ["09:00-17:00"], "09:00-17:00", "it is Ramadan"),
    ("Africa/Casablanca", "2025-04-06", ["01:30-02:30"], "01:30-02:00", "Ramadan is over"),
    ("Africa/Casablanca", "2025-04-07", ["09:00-17:00"], "08:00-16:00", "summer and winter"),
    ("Europe/Dublin", "2027-03-28", ["00:30-01:30"], "00:30-01:00", "Irish standard time comes"),
    ("Europe/Dublin", "2027-10-31", ["01:15-01:45"], "00:15-01:45", "and goes"),
    ("Asia/Kathmandu", "2027-03-14", ["09:00-17:00"], "03:15-11:15", "5:45 ahead, and no jumps"),
    # Samoa crossed the date line: Thursday 2011-12-29 was followed by Saturday.
    ("Pacific/Apia", "2011-12-30", ["00:00-24:00"], NOTHING, "a whole day is lost"),
    ("Pacific/Apia", "2011-12-29", ["22:00-06:00"], "30 08:00-30 10:00", "a night into a lost day"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("zone", "day", "texts", "expected"),
    [pytest.param(*story[:4], id=f"{story[0]} {story[1]}: {story[4]}") for story in STORIES],
)
def test_on_this_day_it_runs(zone: str, day: str, texts: list[str], expected: str) -> None:
    assert runs(zone, day, *texts) == expected


def test_nights_over_both_jumps_of_a_year_keep_their_local_hours() -> None:
    night = Schedule(zone=ZoneInfo("Europe/Berlin"), windows=(window("22:00-06:00", "sat"),))
    found = windows_between(night, at("2027-03-20"), at("2027-11-10"))
    hours = [(closes - opens) / HOUR for opens, closes in found]
    assert (hours.count(7), hours.count(8), hours.count(9)) == (1, 32, 1)


def test_a_clock_that_is_put_back_over_midnight_ends_no_night_before_its_time() -> None:
    """At 00:01 on Sunday it was 23:01 on Saturday again: Friday's window met a Sunday meanwhile."""
    night = Schedule(zone=ZoneInfo("America/St_Johns"), windows=(window("23:50-23:30", "fri"),))
    sunday = at("2010-11-07 02:30")
    assert f"{sunday.astimezone(night.zone):%a %H:%M}" == "Sun 00:00"
    assert window_end(night, sunday) == at("2010-11-07 03:00")


def test_full_days_over_a_jump_are_one_run() -> None:
    week = ["fri", "sat", "sun", "mon"]
    days = Schedule(zone=ZoneInfo("America/Havana"), windows=(window("00:00-24:00", *week),))
    for weekend in (at("2027-03-10"), at("2027-11-03")):
        assert len(list(windows_between(days, weekend, weekend + WEEK))) == 1


def test_a_week_of_touching_windows_never_closes() -> None:
    halves = (window("00:00-12:00"), window("12:00-24:00"))
    always = Schedule(zone=ZoneInfo("America/Havana"), windows=halves)
    start, end = at("2027-01-01"), at("2028-01-01")
    assert list(windows_between(always, start, end)) == [(start, end)]
    for day in range(365):
        ends = window_end(always, start + day * DAY)
        assert ends is not None
        assert ends > start + (day + 7) * DAY


def test_runs_are_cut_to_the_time_that_is_asked_for() -> None:
    office = Schedule(zone=ZoneInfo("UTC"), windows=(window("09:00-17:00"),))
    noon = at("2027-01-04 12:00")
    assert list(windows_between(office, noon, noon + DAY)) == [
        (noon, at("2027-01-04 17:00")),
        (at("2027-01-05 09:00"), noon + DAY),
    ]
    assert list(windows_between(office, at("2027-01-04 17:00"), at("2027-01-05 09:00"))) == []


# The judge, and the jumps that it is called for.


@cache
def jumps(zone: str) -> tuple[datetime, ...]:
    """Find the minutes at which a zone's clock has jumped, in UTC; no two lie in one week."""
    info, start = ZoneInfo(zone), datetime(FIRST_YEAR, 1, 1, tzinfo=UTC)
    weeks = [start + n * WEEK for n in range(52 * (LAST_YEAR - FIRST_YEAR))]
    offsets = [week.astimezone(info).utcoffset() for week in weeks]
    changes = zip(weeks, itertools.pairwise(offsets), strict=False)
    return tuple(_jump(info, week) for week, (before, after) in changes if before != after)


def _jump(info: ZoneInfo, week: datetime) -> datetime:
    """Find the first minute of a week with another offset than the week began with."""
    old = week.astimezone(info).utcoffset()
    return week + MINUTE * bisect.bisect_left(
        range(WEEK // MINUTE),
        True,  # noqa: FBT003  (what is looked for)
        key=lambda n: (week + n * MINUTE).astimezone(info).utcoffset() != old,
    )


def face(info: ZoneInfo, moment: datetime) -> datetime:
    """Read the wall clock: what it shows, and nothing of offsets and folds."""
    return moment.astimezone(info).replace(tzinfo=None, fold=0)


def judged(a_schedule: Schedule, start: datetime, end: datetime) -> Runs:
    """Tell the runs in [start, end), which are whole minutes, from the clock's face alone."""
    assert a_schedule.zone is not None
    margin = 50 * HOUR  # so that windows that began before, and end after, are seen whole
    length = int((end - start + 2 * margin) / MINUTE)
    minutes = [start - margin + n * MINUTE for n in range(length)]
    faces = [face(a_schedule.zone, minute) for minute in minutes]
    latest = list(itertools.accumulate(faces, max))
    to_come = list(itertools.accumulate(reversed(faces), min))[::-1]
    open_at = set()
    for opens, closes in _bounds(a_schedule, faces):
        for n in range(length - 1):
            if latest[n] >= opens and (to_come[n] < closes or to_come[n + 1] <= closes):
                open_at.add(minutes[n])
    return _joined([minute for minute in minutes if minute in open_at and start <= minute < end])


def _bounds(a_schedule: Schedule, faces: Sequence[datetime]) -> Iterator[tuple[datetime, datetime]]:
    for n in range((faces[-1].date() - faces[0].date()).days + 1):
        day = faces[0].date() + n * DAY
        for one in a_schedule.windows:
            if DAYS[day.weekday()] in one.days:
                last = day + DAY if one.end is None or one.end <= one.start else day
                yield datetime.combine(day, one.start), datetime.combine(last, one.end or time())


def _joined(minutes: Sequence[datetime]) -> Runs:
    found: Runs = []
    for minute in minutes:
        if found and found[-1][1] == minute:
            found[-1] = found[-1][0], minute + MINUTE
        else:
            found.append((minute, minute + MINUTE))
    return found


@st.composite
def days_of_jumps(draw: st.DrawFn) -> tuple[Schedule, datetime]:
    """Any zone there is, a jump of its clock if it has one, and windows with edges around it."""
    zone = draw(st.sampled_from(sorted(known())))
    jump = draw(st.sampled_from(jumps(zone) or (at("2027-06-01 00:00"),)))
    shown = face(ZoneInfo(zone), jump)
    near = st.integers(-240, 240).map(lambda minutes: (shown + minutes * MINUTE).time())
    anywhere = st.times().map(lambda moment: moment.replace(second=0, microsecond=0, fold=0))
    day = st.integers(-2, 1).map(lambda n: DAYS[(shown.date() + n * DAY).weekday()])
    windows = st.builds(
        Window, st.sets(day, min_size=1).map(frozenset), near, near | near | st.none() | anywhere
    ).filter(lambda one: one.start != one.end)
    several = tuple(draw(st.lists(windows, min_size=1, max_size=3)))
    return Schedule(zone=ZoneInfo(zone), windows=several), jump


def test_the_world_has_jumps_to_try() -> None:
    assert at("2027-03-14 07:00") in jumps("America/New_York")
    assert at("2011-12-30 10:00") in jumps("Pacific/Apia")
    assert len(known()) > 400
    assert sum(bool(jumps(zone)) for zone in known()) > 200


@settings(deadline=None, max_examples=60)
@given(days_of_jumps())
def test_windows_run_when_the_face_of_the_clock_says_so(case: tuple[Schedule, datetime]) -> None:
    a_schedule, jump = case
    start, end = jump - 26 * HOUR, jump + 26 * HOUR
    assert list(windows_between(a_schedule, start, end)) == judged(a_schedule, start, end)


@settings(deadline=None, max_examples=30)
@given(days_of_jumps())
def test_each_edge_is_crossed_once_and_the_end_is_known_in_every_minute_before_it(
    case: tuple[Schedule, datetime],
) -> None:
    """Walk six hours around a jump: on is on until the end that was told, and off is off."""
    a_schedule, jump = case
    start, end = jump - 3 * HOUR, jump + 3 * HOUR
    minutes = [start + n * MINUTE for n in range(6 * 60)]
    ends = [window_end(a_schedule, minute) for minute in minutes]
    for minute, told in zip(minutes, ends, strict=True):
        if told is not None:
            assert told > minute
            assert window_end(a_schedule, told - MINUTE) == told
            assert window_end(a_schedule, told) is None
    running = [minute for minute, told in zip(minutes, ends, strict=True) if told is not None]
    assert _joined(running) == judged(a_schedule, start, end)


def _rules(years: set[int]) -> Iterator[tuple[ZoneInfo, list[datetime]]]:
    """One zone for each way in which clocks jump in these years, and when: many zones share one."""
    seen = set()
    for info in (ZoneInfo(zone) for zone in sorted(known())):
        instants = [each for each in jumps(info.key) if each.year in years]
        rule = tuple((face(info, each - MINUTE), face(info, each)) for each in instants)
        if rule and rule not in seen:
            seen.add(rule)
            yield info, instants


def test_over_every_jump_of_the_world_each_window_runs_once_or_is_lost_in_the_gap() -> None:
    """Twelve windows a day, of 20 minutes each: as many runs as the clock shows a minute of."""
    hours = range(0, 24, 2)
    for info, instants in _rules({2026, 2027}):
        for jump in instants:
            day = face(info, jump).date()
            windows = tuple(
                window(f"{hour:02}:00-{hour:02}:20", DAYS[day.weekday()]) for hour in hours
            )
            found = list(
                windows_between(
                    Schedule(zone=info, windows=windows), jump - 30 * HOUR, jump + 30 * HOUR
                )
            )
            minutes = (jump + n * MINUTE for n in range(-26 * 60, 26 * 60))
            faces = {face(info, minute) for minute in minutes}
            shown = {moment.hour for moment in faces if moment.date() == day and moment.minute < 20}
            assert len(found) == len(shown & set(hours)), (info, jump)
            assert all(closes - opens <= 2 * HOUR + 20 * MINUTE for opens, closes in found)
