"""Points in time as people write them: "18:00", "tomorrow", "friday 18:00", "2026-11-27". Pure.

They are read on the clock of a zone, and come out in UTC.

    a time of day       the next one: that of tomorrow where today's is past
    a weekday           the next one, today included
    a day alone         the end of it, as in a report or a forecast
    an ISO 8601 time    with an offset or Z it is that instant, without on the zone's clock

What the clock jumps over is the end of the gap; of what comes twice it is the second.
"""

import re
from datetime import UTC, date, datetime, time, timedelta, tzinfo

from ledger.errors import Refused
from ledger.instants import from_clock, in_zone

_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_LONGEST, _LEAST_OF_A_NAME = 40, 3
_NOON = 12
_ISO = re.compile(
    r"\d{4}-\d{2}-\d{2}[t ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?(z|[+-]\d{2}:?\d{2})?", re.ASCII
)
_PARTS = re.compile(r"(?P<day>[a-z]{3,}|\d{4}-\d{2}-\d{2})?(?:\s+at)?\s*(?P<time>.*)", re.ASCII)
_CLOCK = re.compile(r"(\d{1,2}):(\d{2})(?::(\d{2}))?", re.ASCII)
_HALF_DAYS = re.compile(r"(\d{1,2})(?::(\d{2}))?\s*([ap])\.?m\.?", re.ASCII)
_UTC = re.compile(r"\s*(?:utc|z)$")
_WORDS = {"noon": time(_NOON), "midnight": None, "24:00": None}
_EXAMPLES = "18:00, tomorrow, friday 18:00, 2026-11-27, or 2026-11-27T18:00:00+01:00"

_Time = time | None  # None is 24:00


def moment_from(text: str, now: datetime, zone: tzinfo) -> datetime:
    """Read a point in time. Raises Refused LH5200 with examples where it is none."""
    plain = " ".join(text.split()).lower()
    if len(plain) <= _LONGEST:
        try:
            found = _read(plain, now, zone)
        except (ValueError, OverflowError):
            found = None
        if found is not None:
            return found
    shown = ascii(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
    raise Refused("LH5200", f"{shown} is no point in time: write {_EXAMPLES}.")


def _read(plain: str, now: datetime, zone: tzinfo) -> datetime | None:
    if _ISO.fullmatch(plain):
        found = datetime.fromisoformat(plain.upper().replace(",", "."))
        return found.astimezone(UTC) if found.tzinfo else from_clock(found, zone, fold=1)
    if suffix := _UTC.search(plain):
        plain, zone = plain[: suffix.start()], UTC
    parts = _PARTS.fullmatch(plain)
    if not plain or parts is None:
        return None
    word, rest = parts["day"], parts["time"]
    if word in _WORDS:
        word, rest = None, plain
    if word is None:
        return _next(_time(rest), now, zone, _DAY)
    day, repeats = _day(word, in_zone(now, zone).date())
    at = _time(rest) if rest else None
    found = _at(day, at, zone)
    return _at(day + _WEEK, at, zone) if repeats and found <= now else found


def _next(at: _Time, now: datetime, zone: tzinfo, step: timedelta) -> datetime:
    today = in_zone(now, zone).date()
    found = _at(today, at, zone)
    return found if found > now else _at(today + step, at, zone)


def _day(word: str, today: date) -> tuple[date, bool]:
    """Return a day, and whether its name comes again in a week."""
    if word == "today":
        return today, False
    if word == "tomorrow":
        return today + _DAY, False
    for index, name in enumerate(_DAYS):
        if name.startswith(word) and len(word) >= _LEAST_OF_A_NAME:
            return today + timedelta(days=(index - today.weekday()) % len(_DAYS)), True
    return date.fromisoformat(word), False


def _time(text: str) -> _Time:
    """Read a time of day. Raises ValueError."""
    if text in _WORDS:
        return _WORDS[text]
    if clock := _CLOCK.fullmatch(text):
        return time(int(clock[1]), int(clock[2]), int(clock[3] or 0))
    half = _HALF_DAYS.fullmatch(text)
    if half is None or not 1 <= int(half[1]) <= _NOON:
        raise ValueError(text)
    hour = int(half[1]) % _NOON + (_NOON if half[3] == "p" else 0)
    return time(hour, int(half[2] or 0))


def _at(day: date, at: _Time, zone: tzinfo) -> datetime:
    wall = datetime.combine(day + _DAY if at is None else day, at or time())
    return from_clock(wall, zone, fold=1)
