"""Times for people: "in 24 min", "3 h ago", "18:00 CET (17:00 UTC)". Pure.

The command line's tables and answers use it. Machines get `ledger.lease.stamp` instead. The zone is
the person's own; where that is UTC, nothing is said twice.
"""

import re
from datetime import UTC, datetime, timedelta, tzinfo

from ledger.instants import in_utc, in_zone

_WEEK_DAYS = 7
_HOUR, _DAY = 60, 1440
_STAMP = re.compile(r"\b[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z")


def utc(moment: datetime) -> str:
    """Write a moment to the minute; always in UTC, and says so."""
    return in_utc(moment).strftime("%Y-%m-%d %H:%M UTC")


def as_of(environment: str, commit: str, now: datetime, zone: tzinfo = UTC) -> str:
    """Say of which environment, commit and moment a table is; its times are in that zone."""
    return f"{environment} at {commit[:8]}, {both(now, now, zone, with_date=True)}"


def both(moment: datetime, now: datetime, zone: tzinfo, *, with_date: bool = False) -> str:
    """Write a moment in a zone, with UTC beside it; the date where it is another than now's."""
    here, there = in_zone(moment, zone), in_utc(moment)
    is_far = with_date or here.date() != in_zone(now, zone).date()
    text = f"{here:%Y-%m-%d %H:%M}" if is_far else f"{here:%H:%M}"
    if here.utcoffset() == there.utcoffset():
        return f"{text} UTC"
    beside = f"{there:%H:%M}" if here.date() == there.date() else f"{there:%Y-%m-%d %H:%M}"
    return f"{text} {zone_name(here)} ({beside} UTC)"


def at_a_glance(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """Write a moment for a narrow column: "18:00", "Fri 18:00" within six days, else its date."""
    here, today = in_zone(moment, zone), in_zone(now, zone)
    days = (here.date() - today.date()).days
    if days == 0:
        text = f"{here:%H:%M}"
    elif abs(days) < _WEEK_DAYS:
        text = f"{here:%a %H:%M}"
    else:
        text = f"{here:%Y-%m-%d}"
    same = here.utcoffset() == today.utcoffset()
    return text if same else f"{text} {zone_name(here)}"


def with_weekday(moment: datetime, now: datetime, zone: tzinfo) -> str:
    """Write a moment for a column of days: "Fri 11-27 18:00".

    With its year where that is another than now's, and with its zone where clocks have been moved.
    """
    here, today = in_zone(moment, zone), in_zone(now, zone)
    text = f"{here:%a %m-%d %H:%M}" if here.year == today.year else f"{here:%a %Y-%m-%d %H:%M}"
    return text if here.utcoffset() == today.utcoffset() else f"{text} {zone_name(here)}"


def in_full(moment: datetime, zone: tzinfo) -> str:
    """Write a moment whole, for what is searched or kept."""
    here = in_zone(moment, zone)
    return f"{here:%Y-%m-%d %H:%M} {zone_name(here)}"


def zone_name(here: datetime) -> str:
    """Name the zone of a moment as its clocks do; one without letters by its offset from UTC."""
    name = here.tzname() or ""
    if name.isalpha():
        return name
    offset = f"{here:%z}"
    return f"UTC{offset[:3]}:{offset[3:5]}" if here.utcoffset() else "UTC"


def on_day(moment: datetime, day: datetime, zone: tzinfo = UTC) -> str:
    """Write a moment in a zone beside another one, without the date where that is the same."""
    moment = in_zone(moment, zone)
    same = moment.date() == in_zone(day, zone).date()
    return moment.strftime("%H:%M" if same else "%Y-%m-%d %H:%M")


def clock_face(moment: datetime) -> str:
    """Write the time of day to the second, for a log of which each line is of today."""
    return in_utc(moment).strftime("%H:%M:%S")


def length(span: timedelta) -> str:
    """Write a length whole, to the minute: "2 h 30 min", "1 day 3 h"."""
    minutes = (int(span.total_seconds()) + 30) // 60
    days, hours = minutes // _DAY, minutes % _DAY // _HOUR
    parts = [f"{days} day{'s' if days > 1 else ''}"] if days else []
    parts += [f"{hours} h"] if hours else []
    parts += [f"{minutes % _HOUR} min"] if minutes % _HOUR or not parts else []
    return " ".join(parts)


def localized(sentence: str, now: datetime | None, zone: tzinfo) -> str:
    """Write the instants of a sentence, which have the form of documents, for people.

    Without `now` each has its date.
    """
    return _STAMP.sub(lambda found: _for_people(found[0], now, zone), sentence)


def _for_people(stamped: str, now: datetime | None, zone: tzinfo) -> str:
    try:
        moment = datetime.fromisoformat(stamped)
    except ValueError:
        return stamped
    return both(moment, now or moment, zone, with_date=now is None)
