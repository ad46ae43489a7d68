"""Lengths of time as people and programs write them: "2h30m", "90 min", "1.5 h", "PT2H30M". Pure.

The one place that reads them, for the command line and for the API. They come out as whole minutes,
which is what a lease counts in. A number alone is minutes. What could be meant in two ways (a
month, "2:30", a fraction without a unit) is refused with an example.
"""

import re
from collections.abc import Mapping
from decimal import Decimal

from ledger.errors import Refused

MOST_MINUTES = 10**9  # about 1,900 years: past every ceiling
_EXAMPLES = "2h30m, 90m, 1.5h, PT2H30M, or minutes alone, such as 90"
_LONGEST = 40  # what has more characters is no length of time
_SECOND, _MINUTE, _HOUR, _DAY, _WEEK = 1, 60, 3600, 86400, 604800
_UNITS = {
    **dict.fromkeys(("w", "wk", "wks", "week", "weeks"), _WEEK),
    **dict.fromkeys(("d", "day", "days"), _DAY),
    **dict.fromkeys(("h", "hr", "hrs", "hour", "hours"), _HOUR),
    **dict.fromkeys(("m", "min", "mins", "minute", "minutes"), _MINUTE),
    **dict.fromkeys(("s", "sec", "secs", "second", "seconds"), _SECOND),
}
_NUMBER = r"[0-9]+(?:[.,][0-9]+)?"
_PART = re.compile(rf"\s*({_NUMBER})\s*([a-z]+)\s*")
_ISO_PART = re.compile(rf"({_NUMBER})([a-z])")
_ISO_EACH = re.compile(r"[0-9.,]+[a-z]")
_ISO = re.compile(r"p(?P<days>(?:[0-9.,]+[a-z])*)(?:t(?P<time>(?:[0-9.,]+[a-z])+))?")
_ISO_DAYS = {"w": _WEEK, "d": _DAY}
_ISO_TIME = {"h": _HOUR, "m": _MINUTE, "s": _SECOND}
_NO_LENGTH = {"y": "a year", "year": "a year", "mo": "a month", "month": "a month"}

_Parts = list[tuple[Decimal, int]]


def minutes_from(text: str) -> int:
    """Read a length of time as whole minutes from 1. Raises Refused LH4101 with an example."""
    seconds = _seconds(text)
    if seconds % _MINUTE:
        raise _refused(text, "leases count in whole minutes")
    minutes = int(seconds // _MINUTE)
    if not 1 <= minutes <= MOST_MINUTES:
        raise _refused(text, f"it must be from 1 min to {MOST_MINUTES} min")
    return minutes


def _seconds(text: str) -> Decimal:
    plain = text.strip().lower()
    if not plain or len(plain) > _LONGEST:
        raise _refused(text, "it is empty" if not plain else "it is too long")
    if plain.startswith("-"):
        raise _refused(text, "it is negative, and time is only added; `release` ends a lease now")
    plain = plain.removeprefix("+").lstrip()
    if not plain:
        raise _refused(text, "it is empty")
    if re.fullmatch("[0-9]+", plain):
        return Decimal(plain) * _MINUTE
    if re.fullmatch(_NUMBER, plain):
        raise _refused(text, "a fraction needs its unit")
    if re.fullmatch("[0-9]+:[0-9:]+", plain):
        raise _refused(text, "it reads like a time of day, for which there is until")
    return _sum(text, _iso(text, plain) if plain[0] == "p" else _parts(text, plain))


def _parts(text: str, plain: str) -> _Parts:
    """Read numbers with units; a number behind hours may leave out that it is minutes."""
    if short := re.fullmatch(r"([0-9]+)\s*h\s*([0-5][0-9])", plain):
        return [(Decimal(short[1]), _HOUR), (Decimal(short[2]), _MINUTE)]
    found: _Parts = []
    place = 0
    while place < len(plain):
        match = _PART.match(plain, place)
        if match is None:
            raise _refused(text, "it is no length that can be read")
        found.append((_number(match[1]), _unit(text, match[2])))
        place = match.end()
    return found


def _unit(text: str, written: str) -> int:
    if written in _UNITS:
        return _UNITS[written]
    for word, meant in _NO_LENGTH.items():
        if written.removesuffix("s") == word:
            raise _refused(text, f"{meant} has no fixed length: write days")
    raise _refused(text, f"{written!r} is no unit of time")


def _iso(text: str, plain: str) -> _Parts:
    """Read an ISO 8601 duration without years and months, which have no fixed length."""
    match = _ISO.fullmatch(plain)
    if match is None or plain in ("p", "pt"):
        raise _refused(text, "it is no ISO 8601 duration")
    return [
        *_iso_parts(text, match["days"], _ISO_DAYS),
        *_iso_parts(text, match["time"] or "", _ISO_TIME),
    ]


def _iso_parts(text: str, written: str, units: Mapping[str, int]) -> _Parts:
    found: _Parts = []
    for each in _ISO_EACH.findall(written):
        part = _ISO_PART.fullmatch(each)
        if part is None:
            raise _refused(text, "it is no ISO 8601 duration")
        if part[2] in "ym" and part[2] not in units:
            raise _refused(text, "a year or a month has no fixed length: write days")
        if part[2] not in units:
            raise _refused(text, "days come before T, and hours behind it")
        found.append((_number(part[1]), units[part[2]]))
    return found


def _sum(text: str, parts: _Parts) -> Decimal:
    units = [unit for _, unit in parts]
    if sorted(set(units), reverse=True) != units:
        raise _refused(text, "each unit comes once, the largest first")
    if any(number % 1 for number, _ in parts[:-1]):
        raise _refused(text, "only the last number may have a fraction")
    return sum((number * unit for number, unit in parts), Decimal())


def _number(written: str) -> Decimal:
    return Decimal(written.replace(",", "."))


def _refused(text: str, why: str) -> Refused:
    shown = ascii(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}...")
    return Refused("LH4101", f"{shown} is no length of time here: {why}. Write {_EXAMPLES}.")
