"""Weekly windows on the local clock, turned into instants.

Pure; it must not know leases. Windows are half-open, [start, end), and belong to the day they
start. Where the clock jumps, an edge that does not exist moves to the end of the gap; of an edge
that comes twice, a start means its first pass and an end its second (PEP 495).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from operator import attrgetter
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from ledger.instants import EARLIEST, LATEST, from_clock

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_opening = attrgetter("opens")
_DAY = timedelta(days=1)
_LOOK_BACK = 2  # days: a night, and a clock that is put back over midnight
_FIRST, _LAST = EARLIEST + 100 * _DAY, LATEST - 100 * _DAY
_LOOK_AHEAD = 9  # days: today, a merged week of windows, and one day more


@dataclass(frozen=True, slots=True)
class Window:
    """One weekly window. `end` None is midnight at the day's end (24:00)."""

    days: frozenset[str]
    start: time
    end: time | None

    @property
    def is_overnight(self) -> bool:
        return self.end is None or self.end <= self.start


@dataclass(frozen=True, slots=True)
class Schedule:
    """When an endpoint runs besides its lease. The zone is the one of its windows."""

    initial_provision_minutes: int = 0
    zone: ZoneInfo | None = None
    windows: tuple[Window, ...] = ()
    idle_minutes: int | None = None
    always_on: bool = False
    extend_while_active_minutes: int | None = None
    lease_starts: Literal["ready", "request"] = "ready"
    max_creating_minutes: int = 60


class Span(NamedTuple):
    """One run of a window, from `opens` until just before `closes`; instants in UTC."""

    opens: datetime
    closes: datetime
    window: Window


def window_end(schedule: Schedule, now: datetime) -> datetime | None:
    """Return when the running window ends, in UTC; None outside of all windows.

    Windows that touch or overlap are one: it is the end of the last of them. Where they fill the
    week there is no end, and this is one of the midnights to come.
    """
    end: datetime | None = None
    for opens, closes, _ in _spans(schedule, now, _LOOK_AHEAD):
        if opens > (end or now):
            break
        if closes > now:
            end = max(end or closes, closes)
    return end


def windows_between(
    schedule: Schedule, start: datetime, end: datetime
) -> Iterator[tuple[datetime, datetime]]:
    """Yield when windows run, in UTC and in order, cut to [start, end); touching ones are one."""
    running: tuple[datetime, datetime] | None = None
    for span in spans_between(schedule, start, end):
        opens, closes = max(span.opens, start), min(span.closes, end)
        if running and opens <= running[1]:
            running = running[0], max(running[1], closes)
            continue
        if running:
            yield running
        running = opens, closes
    if running:
        yield running


def spans_between(schedule: Schedule, start: datetime, end: datetime) -> Iterator[Span]:
    """Yield each run of each window that has a part in [start, end), by its opening, uncut."""
    days = (end - start).days + 3  # the first and the last in part, and a jump over the date line
    for span in _spans(schedule, start, days):
        if max(span.opens, start) < min(span.closes, end):
            yield span


def _spans(schedule: Schedule, start: datetime, days: int) -> Iterator[Span]:
    """Yield, by its opening, each run of the local days around; one that lies in a gap is empty.

    In the first and the last days of the calendar there is none: some zone would leave it there.
    """
    if schedule.zone is None or not _FIRST <= start <= _LAST:
        return
    day = start.astimezone(schedule.zone).date() - _LOOK_BACK * _DAY
    for _ in range(_LOOK_BACK + days):
        name = DAYS[day.weekday()]
        spans = [_span(each, day, schedule.zone) for each in schedule.windows if name in each.days]
        if len(spans) > 1:
            spans.sort(key=_opening)
        yield from spans
        day += _DAY


def _span(window: Window, day: date, zone: ZoneInfo) -> Span:
    return Span(_opens(window, day, zone), _closes(window, day, zone), window)


def _opens(window: Window, day: date, zone: ZoneInfo) -> datetime:
    return from_clock(datetime.combine(day, window.start), zone, fold=0)


def _closes(window: Window, day: date, zone: ZoneInfo) -> datetime:
    last = day + _DAY if window.is_overnight else day
    return from_clock(datetime.combine(last, window.end or time()), zone, fold=1)
