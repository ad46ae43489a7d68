"""What `leasehold top` shows: which columns, in which order, and in which words. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any

from rich.text import Text

from controller.cost import hourly
from controller.tick import Tick
from leasehold.columns import fitted
from leasehold.fleet_rows import Row, in_order
from leasehold.status_table import WORDS
from leasehold.times import at_a_glance, clock_face
from ledger.documents import Prices
from ledger.instants import LATEST, later
from ledger.money import NOTHING, cents, money, priced, rate

HEADERS = ("", "ENDPOINT", "INSTANCES", "STATE", "LEFT", "ENDS", "$/H", "SO FAR", "WHO", "WHY")
SPARE = ("WHY", "SO FAR", "INSTANCES")
"""What a narrow screen does without, in this order."""
SORTS = ("need", "ends", "cost", "name")
_SOON, _NOW = timedelta(hours=1), timedelta(minutes=15)
_HOUR, _TWO_DAYS = timedelta(hours=1), timedelta(hours=48)
_AMOUNTS = frozenset({"$/H", "SO FAR"})
_MARK = 2
_UNKNOWN = "?"
_NONE = "-"


@dataclass(frozen=True, slots=True)
class Seen:
    """One look at the fleet."""

    tick: Tick
    rows: tuple[Row, ...]

    @property
    def prices(self) -> Prices | None:
        return self.tick.fleet.prices

    def row(self, endpoint_name: str) -> Row | None:
        return next((row for row in self.rows if row.endpoint_name == endpoint_name), None)


@dataclass(frozen=True, slots=True)
class Board:
    """How somebody looks at it: whose clock, which rows, in which order, what is marked."""

    zone: tzinfo
    sort: str = "need"
    wanted: str = ""
    marked: frozenset[str] = field(default_factory=frozenset)
    changed: frozenset[str] = field(default_factory=frozenset)

    def chosen(self, seen: Seen) -> list[Row]:
        """Return the rows that are shown, in their order."""
        text = self.wanted.casefold()
        found = [row for row in seen.rows if text in _searched(row)]
        if self.sort == "need":
            return sorted(found, key=_need)
        return in_order(found, self.sort)

    def cells(self, row: Row, now: datetime) -> list[Text]:
        """Return one row, whole."""
        who, why = _kept(row)
        return [
            Text(self._mark(row)),
            Text(row.name or row.endpoint_name),
            Text(_instances(row)),
            Text(_state(row), style=WORDS[row.word]),
            left(row, now),
            Text(at_a_glance(row.ends, now, self.zone) if row.ends else _NONE, style=""),
            Text(_per_hour(row)),
            Text(_NONE if row.so_far is None else f"{cents(row.so_far):,f}"),
            Text(who),
            Text(why, style="red" if row.is_trouble else ""),
        ]

    def _mark(self, row: Row) -> str:
        if str(row.endpoint_name) in self.marked:
            return "x"
        if row.is_trouble:
            return "!"
        return "*" if str(row.endpoint_name) in self.changed else ""


def fit(cells: Sequence[Sequence[Text]], width: int) -> tuple[list[str], list[list[Text]]]:
    """Leave out and cut what a screen has no room for. The mark stays."""
    kept, lines = fitted(HEADERS[1:], [line[1:] for line in cells], width - _MARK, SPARE)
    for header in _AMOUNTS.intersection(kept):
        place = kept.index(header)
        longest = max([len(header), *(line[place].cell_len for line in lines)])
        kept[place] = header.rjust(longest)
        for line in lines:
            line[place] = Text(line[place].plain.rjust(longest), style=line[place].style)
    return ["", *kept], [[line[0], *rest] for line, rest in zip(cells, lines, strict=True)]


def left(row: Row, now: datetime) -> Text:
    """Say how long it still runs; what runs on past its end says how long that is."""
    if row.ends is None or row.state != "on":
        return Text(_NONE)
    rest = row.ends - now
    style = "red" if rest < _NOW else "yellow" if rest < _SOON else ""
    return Text(countdown(rest), style=style)


def countdown(rest: timedelta) -> str:
    """Write a length of time as a clock that runs down: by the second in the last hour."""
    sign = "-" if rest < timedelta() else ""
    seconds = int(abs(rest).total_seconds())
    minutes, hours = seconds // 60, seconds // 3600
    if abs(rest) >= _TWO_DAYS:
        return f"{sign}{hours // 24}d {hours % 24}h"
    if abs(rest) >= _HOUR:
        return f"{sign}{hours}h {minutes % 60:02}m"
    return f"{sign}{minutes}m {seconds % 60:02}s"


def headline(seen: Seen, now: datetime) -> str:
    """Say of which environment this is, what runs, what it costs, and what needs somebody."""
    rows, prices = seen.rows, seen.prices
    said = [seen.tick.fleet.name, f"{sum(row.is_on for row in rows)} on"]
    if prices is not None:
        found = hourly(seen.tick.findings.record, prices)
        said.append(priced(found, prices.currency, "/h"))
    soon = sum(1 for row in rows if row.ends and now < row.ends <= later(now, _SOON))
    said.append(f"{soon} {'ends' if soon == 1 else 'end'} within 1 h")
    needy = sum(row.is_trouble for row in rows)
    said.append(f"{needy} {'needs' if needy == 1 else 'need'} a person")
    return "  ".join(said)


def provenance(seen: Seen) -> str:
    """Say what the figures were read from, and when."""
    said = [seen.tick.plan.commit[:8], f"{clock_face(seen.tick.now)} UTC"]
    if seen.prices is not None:
        kind = "example prices" if seen.prices.is_example else "prices"
        said.append(f"{kind} {seen.prices.read_at:%Y-%m-%d}")
    return "  ".join(said)


def total_of(rows: Iterable[Row], prices: Prices | None) -> str:
    """Say what some rows cost an hour together."""
    known = [row.hourly for row in rows if row.hourly is not None]
    return money(sum(known, NOTHING), prices.currency) + "/h" if prices and known else ""


def _searched(row: Row) -> str:
    parts = (row.name, row.endpoint_name, row.owner, row.kept_by, row.word)
    return " ".join(part for part in parts if part).casefold()


def _need(row: Row) -> tuple[Any, ...]:
    """Put first what needs a person, then what ends soonest, then what costs most."""
    name = (row.name or row.endpoint_name).casefold()
    if row.is_trouble or row.word in ("failed", "stuck", "stopping"):
        return 0, LATEST, NOTHING, name
    if row.word in _RUNNING and row.ends:
        return 1, row.ends, NOTHING, name
    if row.word in _RUNNING:
        return 2, LATEST, -(row.hourly or NOTHING), name
    return (3 if row.is_on else 4), LATEST, NOTHING, name


_RUNNING = ("on", "asleep", "updating")


def _per_hour(row: Row) -> str:
    if row.hosts == ():
        return _NONE
    return _UNKNOWN if row.hourly is None else rate(row.hourly)


def _instances(row: Row) -> str:
    if row.hosts is None:
        return _UNKNOWN
    return " and ".join(f"{each.count} {each.instance_type}" for each in row.hosts) or _NONE


def _state(row: Row) -> str:
    if row.word != "on":
        return row.word
    if row.ends is None:
        return "on always"
    return "on lease" if row.ends == row.expires_at else "on window"


def _kept(row: Row) -> tuple[str, str]:
    """Return who keeps it on, and why; or nobody, and what there is to say."""
    if row.is_trouble or row.kept_by is None:
        return "", row.why
    who, _, why = row.kept_by.partition(": ")
    return who, why


KEYS: Mapping[str, str] = {
    "e": "extend by 30 min",
    "E": "extend by 2 h",
    "u": "keep until ...",
    "r": "release",
    "space": "mark",
    "/": "filter",
    "s": "sort",
    "enter": "explain",
    "l": "log",
    "c": "curl",
    "?": "keys",
    "q": "quit",
}
