"""Time zone keys: which ones a schedule may name, and what to write instead of the others.

Pure: it reads only the IANA database that ships with the code. Accepted are Region/City keys, old
names among them too, and UTC: everything else is an alias, an abbreviation or a fixed offset, and
most of those do not follow the clocks of any place.
"""

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from importlib.resources import files
from zoneinfo import available_timezones

_REGIONS = (
    "Africa/",
    "America/",
    "Antarctica/",
    "Arctic/",
    "Asia/",
    "Atlantic/",
    "Australia/",
    "Europe/",
    "Indian/",
    "Pacific/",
)
_COPIES = ("posix/", "right/", "SystemV/")  # folders that hold the database once more
_UNIVERSAL = frozenset({"Etc/UTC", "Etc/GMT"})
_OFFSET = re.compile(r"(?:etc/)?(?:utc|gmt|z)?[+-]\d{1,2}(?::?\d{2}){0,2}", re.IGNORECASE)
_LONGEST = 60  # twice the longest key there is: past it nothing is compared
_ALIKE = 0.8
_ICELAND = {"Iceland": "Atlantic/Reykjavik"}  # the database says Abidjan, where clocks agree
_LETTERS: Mapping[str, tuple[str, ...]] = {
    "ACDT": ("Australia/Adelaide",),
    "ACST": ("Australia/Adelaide", "Australia/Darwin"),
    "AEDT": ("Australia/Sydney",),
    "AEST": ("Australia/Sydney", "Australia/Brisbane"),
    "AKDT": ("America/Anchorage",),
    "AKST": ("America/Anchorage",),
    "AST": ("America/Halifax", "America/Puerto_Rico", "Asia/Riyadh"),
    "AWST": ("Australia/Perth",),
    "BRT": ("America/Sao_Paulo",),
    "BST": ("Europe/London", "Asia/Dhaka"),
    "CDT": ("America/Chicago", "America/Havana"),
    "CEST": ("Europe/Berlin", "Europe/Paris", "Europe/Madrid"),
    "CET": ("Europe/Berlin", "Europe/Paris", "Europe/Madrid"),
    "CST": ("America/Chicago", "America/Mexico_City", "Asia/Shanghai"),
    "CST6CDT": ("America/Chicago",),
    "EAT": ("Africa/Nairobi",),
    "EDT": ("America/New_York",),
    "EEST": ("Europe/Athens", "Europe/Helsinki", "Europe/Kyiv"),
    "EET": ("Europe/Athens", "Europe/Helsinki", "Europe/Kyiv"),
    "EST": ("America/New_York", "America/Panama"),
    "EST5EDT": ("America/New_York",),
    "GMT": ("UTC", "Europe/London"),
    "HKT": ("Asia/Hong_Kong",),
    "HST": ("Pacific/Honolulu",),
    "IST": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "JST": ("Asia/Tokyo",),
    "KST": ("Asia/Seoul",),
    "MDT": ("America/Denver",),
    "MET": ("Europe/Berlin", "Europe/Paris", "Europe/Madrid"),
    "MSK": ("Europe/Moscow",),
    "MST": ("America/Denver", "America/Phoenix"),
    "MST7MDT": ("America/Denver",),
    "NZDT": ("Pacific/Auckland",),
    "NZST": ("Pacific/Auckland",),
    "PDT": ("America/Los_Angeles",),
    "PKT": ("Asia/Karachi",),
    "PST": ("America/Los_Angeles", "Asia/Manila"),
    "PST8PDT": ("America/Los_Angeles",),
    "SAST": ("Africa/Johannesburg",),
    "SGT": ("Asia/Singapore",),
    "WAT": ("Africa/Lagos",),
    "WEST": ("Europe/Lisbon",),
    "WET": ("Europe/Lisbon",),
    "Z": ("UTC",),
}


def is_accepted(key: str) -> bool:
    return key in known()


@cache
def known() -> frozenset[str]:
    """Return every key that a schedule may name."""
    return frozenset(key for key in _all() if key == "UTC" or key.startswith(_REGIONS))


def suggestion(key: str) -> str | None:
    """Name what to write instead: a key, or several as "A, B or C" where only a person knows.

    None for a current name, for a fixed offset, and where nothing comes near.
    """
    for copy in _COPIES:
        if key.startswith(copy):
            tail = key.removeprefix(copy)
            return tail if is_accepted(tail) else suggestion(tail)
    if key in known() and key not in _renamed():
        return None
    if places := _LETTERS.get(key.strip().upper()):
        return _listed(places)
    return _renamed().get(key) or _by_spelling(key)


def refusal(key: str) -> str:
    """Say in a sentence what is wrong with a key that is not accepted, and what to write."""
    instead = suggestion(key)
    shown = repr(key if len(key) <= _LONGEST else f"{key[:_LONGEST]}...")
    if _OFFSET.fullmatch(key):
        return (
            f"{shown} is a fixed offset, which has no daylight saving; write the Region/City key of"
            " the place, such as Europe/Berlin, or UTC."
        )
    if instead is None:
        return f"{shown} is no IANA time zone; write one such as Europe/Berlin or UTC."
    if key.strip().upper() in _LETTERS:
        return f"{shown} is an abbreviation and names no place; write {instead}."
    if key in _all() or key.startswith(_COPIES):
        return f"{shown} is an alias; write {instead}."
    return f"{shown} is no IANA time zone; write {instead}."


@cache
def _all() -> frozenset[str]:
    return frozenset(available_timezones())


def _by_spelling(key: str) -> str | None:
    """Find the key that was meant: in another case, a city without its region, a typo."""
    wanted = key.strip().replace(" ", "_").casefold()
    if len(wanted) > _LONGEST or _OFFSET.fullmatch(key):
        return None
    found = _spellings().get(wanted) or _spellings().get(wanted.rpartition("/")[2])
    if found is None:
        near = get_close_matches(wanted, _spellings(), n=1, cutoff=_ALIKE)
        found = _spellings()[near[0]] if near else None
    return found


@cache
def _spellings() -> Mapping[str, str]:
    """Map what people write, in lower case, to a key: cities, aliases, keys, the surest last."""
    keys = sorted(known())
    cities = {key.rpartition("/")[2].casefold(): key for key in reversed(keys)}
    aliases = {alias.casefold(): key for alias, key in _renamed().items()}
    return {**cities, **aliases, **{key.casefold(): key for key in keys}}


@cache
def _renamed() -> Mapping[str, str]:
    """Map each alias and each old name to the name of today.

    Names that a country has of its own are current, even where the database keeps them as links
    because their clocks agree with a neighbour's.
    """
    database = files("tzdata") / "zoneinfo"
    lines = (database / "zone.tab").read_text("utf-8").splitlines()
    current = {line.split("\t")[2] for line in lines if not line.startswith("#")} | {"UTC"}
    links = (line.split() for line in (database / "tzdata.zi").read_text("utf-8").splitlines())
    renamed = {link[2]: link[1] for link in links if link[0] == "L" and link[2] not in current}
    renamed |= {key: key for key in _UNIVERSAL} | _ICELAND
    return {old: "UTC" if new in _UNIVERSAL else new for old, new in renamed.items()}


def _listed(places: tuple[str, ...]) -> str:
    *others, last = places
    return f"{', '.join(others)} or {last}" if others else last
