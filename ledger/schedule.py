"""Weekly windows on the local clock, turned into instants.

Called by the lease algebra and the documents. Pure. Windows are half-open, [start, end), and belong
to the day they start. Where the clock jumps, an edge that does not exist moves to the end of the
gap; of an edge that comes twice, a start means its first pass and an end its second (PEP 495).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_LOOK_BACK = timedelta(days=2)
_LOOK_AHEAD = timedelta(days=9)  # a merged week of windows and one day more


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


def window_end(schedule: Schedule, now: datetime) -> datetime | None:
    """Return when the running window ends, in UTC; None outside of all windows.

    Windows that touch or overlap are one: it is the end of the last of them.
    """
    end: datetime | None = None
    for opens, closes in sorted(_intervals(schedule, now)):
        if opens <= now < closes or (end is not None and opens <= end):
            end = closes if end is None else max(end, closes)
    return end


def _intervals(schedule: Schedule, now: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Yield the windows around now as UTC instants."""
    if schedule.zone is None:
        return
    local = now.astimezone(schedule.zone).date()
    first, last = local - _LOOK_BACK, local + _LOOK_AHEAD
    for offset in range((last - first).days):
        day = first + timedelta(days=offset)
        for window in schedule.windows:
            if DAYS[day.weekday()] in window.days:
                yield _opens(window, day, schedule.zone), _closes(window, day, schedule.zone)


def _opens(window: Window, day: date, zone: ZoneInfo) -> datetime:
    return _edge(datetime.combine(day, window.start), zone, fold=0)


def _closes(window: Window, day: date, zone: ZoneInfo) -> datetime:
    last = day + timedelta(days=1) if window.is_overnight else day
    return _edge(datetime.combine(last, window.end or time()), zone, fold=1)


def _edge(wall: datetime, zone: ZoneInfo, *, fold: int) -> datetime:
    """Turn a wall-clock time into an instant in UTC, by the rules in the module's docstring."""
    instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _gap_end(wall, zone)


def _gap_end(wall: datetime, zone: ZoneInfo) -> datetime:
    """Find the instant at which the clock jumped over a wall-clock time, to the second.

    PEP 495: in a gap, fold 1 uses the offset after the jump and falls before it, fold 0 after it.
    """
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    old_offset = before.astimezone(zone).utcoffset()
    while after - before > timedelta(seconds=1):
        middle = (before + (after - before) / 2).replace(microsecond=0)
        if middle.astimezone(zone).utcoffset() == old_offset:
            before = middle
        else:
            after = middle
    return after
