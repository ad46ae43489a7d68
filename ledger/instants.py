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


def in_zone(moment: datetime, zone: tzinfo) -> datetime:
    """Return an instant on the clock of a zone, or that clock's first or last date."""
    try:
        return moment.astimezone(zone)
    except OverflowError:
        return (LATEST if moment > NEVER else EARLIEST).replace(tzinfo=zone)


def in_utc(moment: datetime) -> datetime:
    """Return an instant in UTC, or an end of the calendar."""
    return in_zone(moment, UTC)


def stamp(instant: datetime) -> str:
    """Write an instant the way every document and commit has it: UTC, whole seconds, Z."""
    return in_utc(instant).replace(tzinfo=None).isoformat(timespec="seconds") + "Z"
