"""Arithmetic with instants that ends where the calendar does, and never raises. Pure.

People write "for ever" as 9999-12-31, and no zone, no credit and no window may stumble over it. All
arithmetic with an instant that a person or AWS can choose goes through here. Instants are aware.
"""

from datetime import MAXYEAR, MINYEAR, UTC, datetime, timedelta, tzinfo

EARLIEST = datetime.min.replace(tzinfo=UTC)
LATEST = datetime.max.replace(microsecond=0, tzinfo=UTC)
NEVER = datetime(MAXYEAR, 1, 1, tzinfo=UTC)  # what lies behind it is meant to have no end
LONG_AGO = datetime(MINYEAR + 1, 1, 1, tzinfo=UTC)


def later(moment: datetime, length: timedelta) -> datetime:
    """Return an instant plus a length, which may be negative, or an end of the calendar."""
    try:
        return moment + length
    except OverflowError:
        return LATEST if length > timedelta() else EARLIEST


def earlier(moment: datetime, length: timedelta) -> datetime:
    """Return an instant minus a length, or an end of the calendar."""
    return later(moment, -length)


def whole_second(moment: datetime) -> datetime:
    """Return an instant without its fraction of a second, as the record and leases have it."""
    return moment.replace(microsecond=0)


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return an instant on the clock of a zone, or that clock's first or last date."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return (LATEST if moment > NEVER else EARLIEST).replace(tzinfo=zone)


def in_utc(moment: datetime) -> datetime:
    """Return an instant in UTC, or an end of the calendar."""
    return in_zone(moment, UTC)


def from_clock(wall: datetime, zone: tzinfo, *, fold: int) -> datetime:
    """Turn a naive time on the clock of a zone into an instant in UTC.

    A time that the clock jumps over is the end of the gap; of one that comes twice, fold 0 is the
    first pass and fold 1 the second (PEP 495).
    """
    instant = wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    if instant.astimezone(zone).replace(tzinfo=None) == wall:
        return instant
    return _gap_end(wall, zone)


def _gap_end(wall: datetime, zone: tzinfo) -> datetime:
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


def stamp(instant: datetime) -> str:
    """Write an instant the way every document and commit has it: UTC, whole seconds, Z."""
    return in_utc(instant).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
