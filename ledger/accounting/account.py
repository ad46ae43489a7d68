"""What each endpoint had and cost between two instants, who bought it, and what was saved. Pure.

In service is divided among those who bought it, and the rest among windows, what is always on, and
what ran after its lease's end: the parts add up to the whole, to the second.

    saved                          is
    -----------------------------  -----------------------------------------------------------
    handed back                    leased time that a release, an earlier end or an idle stop gave
                                   back, less what was bought again before the old end, and less
                                   what it ran all the same: until it was gone, or by its schedule;
                                   of each a year at most, for nobody knows more of what would be
    had each stop gone unnoticed   the time off, of each stop 14 days at most: so long AWS's own
    for 14 days                    advisor watches an endpoint before it calls it idle
    had all been left on           the time off since it was first in service, to the end of the
                                   report or of its definition: an upper bound

Without a definition nothing is leased and nothing saved, and no suspended time is saved: then
Leasehold turns nothing off. An owner is who it was at that time.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from heapq import merge
from itertools import dropwhile, pairwise
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ledger.accounting.service import Gap, Piece
from ledger.accounting.spans import Span, clipped, length, overlapping, united, without
from ledger.accounting.steps import (
    AFTER_THE_END,
    ALWAYS_ON,
    WINDOW,
    Bought,
    HandedBack,
    Lease,
    Purchases,
)
from ledger.accounting.tariff import Sum, Tariff
from ledger.budget import asked_for
from ledger.documents import Definition
from ledger.hosts import Hosts
from ledger.lease import Lease as EndedLease
from ledger.names import Name
from ledger.on_time import on_time
from ledger.phases import Phase
from ledger.schedule import Schedule, window_end
from ledger.unread import Unread

UNNOTICED = 14 * 86400
_FORESEEN = 366 * 86400
_EVER = 2**62
_ALWAYS = (-_EVER, _EVER)
_NOBODY = "nobody"
Versions = Sequence[tuple[int, Definition | None]]
_BEGIN = itemgetter(0)
_NO_SCHEDULE = Schedule()


class Key(NamedTuple):
    """What a line is about."""

    endpoint: str
    owner: str
    buyer: str
    day: date


@dataclass
class Line:
    """Seconds that were leased and in service, and what the latter cost."""

    leased: int = 0
    in_service: int = 0
    cost: Sum = field(default_factory=Sum)


@dataclass
class Savings:
    handed_back: Sum = field(default_factory=Sum)
    handed_back_seconds: int = 0
    if_unnoticed: Sum = field(default_factory=Sum)
    if_left_on: Sum = field(default_factory=Sum)


@dataclass
class Account:
    """All that happened between two instants. Days are those of a zone.

    `now` is up to when it is known what ran, where that is later than `until`.
    """

    since: int
    until: int
    zone: ZoneInfo
    now: int = 0
    lines: dict[Key, Line] = field(default_factory=dict)
    savings: Savings = field(default_factory=Savings)
    starting: Sum = field(default_factory=Sum)
    switching: Sum = field(default_factory=Sum)
    starting_seconds: int = 0
    starts: int = 0
    starts_in_vain: int = 0
    idle_stops: int = 0
    unused: Sum = field(default_factory=Sum)  # in service without an invocation, as far as known
    unused_seconds: int = 0
    gaps: list[Gap] = field(default_factory=list)
    noted_at: int | None = None  # what SageMaker did, for the last time
    unread: dict[str, Unread] = field(default_factory=dict)  # by file: versions of it
    undated: Unread = field(default_factory=Unread)

    @cached_property
    def days(self) -> "Days":
        return Days(self.zone)

    def line(self, key: Key) -> Line:
        if (line := self.lines.get(key)) is None:
            line = self.lines[key] = Line()
        return line

    @property
    def in_service(self) -> int:
        return sum(line.in_service for line in self.lines.values())


@dataclass(frozen=True)
class Book:
    """What is known of one endpoint. Definitions are from an instant on, in order.

    Before the first of them it counts as defined: nobody knows.
    """

    name: Name
    life: Sequence[Piece]
    lease: Lease
    definitions: Versions = ()

    def definition(self, at: int) -> Definition | None:
        number = bisect_right(self.definitions, at, key=_BEGIN)
        return self.definitions[number - 1][1] if number else None

    def redefined(self, begin: int, end: int) -> Iterator[int]:
        """Yield the instants between two others from which on it had another definition."""
        first = bisect_right(self.definitions, begin, key=_BEGIN)
        last = bisect_left(self.definitions, end, key=_BEGIN)
        yield from (self.definitions[number][0] for number in range(first, last))

    @cached_property
    def defined(self) -> list[Span]:
        """Return when it had a definition: always, but from a removal to the next one.

        A person's clock may date a definition after what was done by it, so that before the first
        one it counts as defined.
        """
        known = list(dropwhile(lambda each: each[1] is None, self.definitions))
        if not known:
            return [] if self.definitions else [_ALWAYS]
        moments = [-_EVER, *(at for at, _ in known[1:]), _EVER]
        told = zip(pairwise(moments), known, strict=True)
        return united(span for span, (_, definition) in told if definition)

    @cached_property
    def bought(self) -> Sequence[Bought]:
        """Return who bought what of its lease, as long as there was something to lease."""
        if self.defined == [_ALWAYS]:
            return self.lease.bought
        found = Purchases()
        for span, buyer, _ in _within(_as_parts(self.lease.bought), self.defined):
            found.buy(Bought(*span, buyer))
        return found

    @cached_property
    def owners(self) -> list[tuple[Span, str]]:
        """Return whose it was when: what is removed stays its last owner's."""
        moved: list[tuple[int, str]] = []
        for at, each in self.definitions:
            if each and (not moved or moved[-1][1] != (each.owner or _NOBODY)):
                moved.append((at, each.owner or _NOBODY))
        moments = [-_EVER, *(at for at, _ in moved[1:]), _EVER]
        names = [owner for _, owner in moved] or [_NOBODY]
        return list(zip(pairwise(moments), names, strict=True))

    def owned(self, begin: int, end: int) -> Iterator[tuple[Span, str]]:
        """Divide a stretch among its owners."""
        first = bisect_right(self.owners, begin, key=lambda each: each[0][1])
        for number in range(first, len(self.owners)):
            (opens, closes), owner = self.owners[number]
            if opens >= end:
                break
            yield (max(opens, begin), min(closes, end)), owner

    @cached_property
    def ran(self) -> list[Span]:
        """Return when it was paid for."""
        return united(piece.span for piece in self.life if piece.phase.is_billed)

    def last_hosts(self, at: int) -> Hosts | None:
        """Return on what it ran last, up to an instant, or what its definition asks for."""
        number = bisect_right(self._noted, at, key=_BEGIN)
        if number:
            return self._noted[number - 1].hosts
        definition = self.definition(at)
        return asked_for(definition) if definition else None

    @cached_property
    def _noted(self) -> list[Piece]:
        return [piece for piece in self.life if piece.hosts is not None]


def enter(account: Account, book: Book, tariff: Tariff) -> None:
    """Enter what one endpoint had."""
    pieces = [piece for piece in book.life if piece.begin < account.until]
    for piece in pieces:
        _enter_piece(account, book, tariff, piece)
    _enter_starts(account, book)
    served = [piece for piece in pieces if piece.is_in_service]
    spans = [piece.span for piece in served]
    for span, buyer, number in _within(_parts(account, book), spans):
        _enter_service(account, book, tariff, (span, buyer, served[number].hosts))
    since, until = account.since, account.until
    for begin, end, buyer in book.bought:
        within = max(begin, since), min(end, until)
        for key, (first, last) in _shares(account, book, buyer, within):
            account.line(key).leased += last - first
    account.idle_stops += sum(account.since <= at < account.until for at in book.lease.idle_stops)
    _enter_unused(account, book, tariff)
    _save(account, book, tariff)


Part = tuple[Span, str]


def _within(parts: Iterable[Part], spans: Sequence[Span]) -> Iterator[tuple[Span, str, int]]:
    """Yield what of parts lies within spans, and the number of the span; both are in order."""
    at = 0
    for (begin, end), what in parts:
        while at < len(spans) and spans[at][1] <= begin:
            at += 1
        for number in range(at, len(spans)):
            opens, closes = spans[number]
            if opens >= end:
                break
            if closes > begin:
                yield (max(opens, begin), min(closes, end)), what, number


def _as_parts(bought: Iterable[Bought]) -> Iterator[Part]:
    yield from (((begin, end), buyer) for begin, end, buyer in bought)


def _parts(account: Account, book: Book) -> Iterator[Part]:
    """Divide the time in service among those who bought it, and the rest."""
    served = _served(account, book)
    leased = ((span, buyer) for span, buyer, _ in _within(_as_parts(book.bought), served))
    spans = ((begin, end) for begin, end, _ in book.bought)
    rest = (part for span in without(served, spans) for part in sorted(_unbought(book, span)))
    return merge(leased, rest)


def _served(account: Account, book: Book) -> list[Span]:
    spans = united(piece.span for piece in book.life if piece.is_in_service)
    return clipped(spans, account.since, account.until)


def _unbought(book: Book, span: Span) -> Iterator[Part]:
    """Say why something ran that nobody had bought: by the definition of that time."""
    moments = [span[0], *book.redefined(*span), span[1]]
    for begin, end in pairwise(moments):
        definition = book.definition(begin)
        schedule = definition.schedule if definition else _NO_SCHEDULE
        if schedule.always_on:
            yield (begin, end), ALWAYS_ON
            continue
        opened = [
            (_second(each.begin), _second(each.end))
            for each in on_time(schedule, None, _instant(begin), _instant(end))
        ]
        yield from ((each, WINDOW) for each in opened)
        yield from ((each, AFTER_THE_END) for each in without([(begin, end)], opened))


def _enter_piece(account: Account, book: Book, tariff: Tariff, piece: Piece) -> None:
    for begin, end in clipped([piece.span], account.since, account.until):
        cost = tariff.cost(_hosts_of(book, piece), begin, end)
        if piece.is_starting:
            account.starting.take(cost)
            account.starting_seconds += end - begin
        elif piece.phase is Phase.CHANGING:
            account.switching.take(cost)


def _enter_starts(account: Account, book: Book) -> None:
    """Count the starts that began, and those of them that never came to service.

    What it starts on may be noted later than that it starts: that is one start.
    """
    before: Piece | None = None
    for number, piece in enumerate(book.life):
        goes_on = before is not None and before.is_starting and before.end == piece.begin
        if piece.is_starting and not goes_on and account.since <= piece.begin < account.until:
            account.starts += 1
            account.starts_in_vain += _is_in_vain(account, book.life, number)
        before = piece


def _is_in_vain(account: Account, life: Sequence[Piece], number: int) -> bool:
    """Tell whether a start never came to service."""
    end = life[number].end
    for later in range(bisect_left(life, end, key=_BEGIN), len(life)):
        if life[later].begin > end:
            break
        if not life[later].is_starting:
            return not life[later].is_in_service
        end = life[later].end
    return end < max(account.until, account.now)


def _enter_service(
    account: Account, book: Book, tariff: Tariff, what: tuple[Span, str, Hosts | None]
) -> None:
    span, buyer, hosts = what
    for key, (begin, end) in _shares(account, book, buyer, span):
        line = account.line(key)
        line.in_service += end - begin
        line.cost.take(tariff.cost(hosts, begin, end))


def _enter_unused(account: Account, book: Book, tariff: Tariff) -> None:
    """Enter what idle stops prove: nobody asked it anything for idle_minutes before."""
    served = [piece for piece in book.life if piece.is_in_service]
    unused = clipped(united(_unused(book)), account.since, account.until)
    parts = ((span, "") for span in unused)
    for span, _, number in _within(parts, [piece.span for piece in served]):
        account.unused_seconds += length([span])
        account.unused.take(tariff.cost(served[number].hosts, *span))


def _unused(book: Book) -> Iterator[Span]:
    for at in book.lease.idle_stops:
        definition = book.definition(at)
        minutes = definition.schedule.idle_minutes if definition else None
        yield at - 60 * (minutes or 0), at


def _shares(account: Account, book: Book, buyer: str, span: Span) -> Iterator[tuple[Key, Span]]:
    """Divide a span among owners, and the days of the zone."""
    for part, owner in book.owned(*span):
        for day, within in account.days.divide(part):
            yield Key(str(book.name), owner, buyer, day), within


class Days:
    """The days of a zone; the last one that was asked for is not worked out again."""

    def __init__(self, zone: ZoneInfo) -> None:
        self._zone = zone
        self._begin = self._end = 0
        self._day = date.min

    def divide(self, span: Span) -> Iterator[tuple[date, Span]]:
        """Divide a span among the days."""
        begin, end = span
        while begin < end:
            if not self._begin <= begin < self._end:
                self._find(begin)
            yield self._day, (begin, min(self._end, end))
            begin = self._end

    def _find(self, instant: int) -> None:
        self._day = _instant(instant).astimezone(self._zone).date()
        midnight = datetime.combine(self._day + timedelta(days=1), datetime.min.time(), self._zone)
        self._begin, self._end = instant, max(int(midnight.timestamp()), instant + 1)


def _save(account: Account, book: Book, tariff: Tariff) -> None:
    savings, period = account.savings, (account.since, account.until)
    for given in book.lease.handed:
        is_within = account.since <= given.at < account.until
        if is_within and (seconds := _saved_by(account, book, given)):
            prices = Tariff.fixed(tariff.at(given.at))
            savings.handed_back_seconds += seconds
            savings.handed_back.take(prices.cost(book.last_hosts(given.at), 0, seconds))
    held = united(piece.span for piece in book.life if piece.is_suspended)
    for begin, end in _off(book):
        hosts, suspended = book.last_hosts(begin), overlapping(held, begin, end)
        for span in clipped(without([(begin, end)], suspended), *period):
            savings.if_left_on.take(tariff.cost(hosts, *span))
        noticed = min(end, begin + UNNOTICED)
        for span in clipped(without([(begin, noticed)], suspended), *period):
            savings.if_unnoticed.take(tariff.cost(hosts, *span))


def _saved_by(account: Account, book: Book, given: HandedBack) -> int:
    """Return for how many seconds it did not run, and will not, for its time was given back."""
    foreseen = given._replace(end=min(given.end, given.at + _FORESEEN))
    spans = [(foreseen.begin, foreseen.end)]
    return length(without(spans, _runs_anyway(account, book, foreseen)))


def _runs_anyway(account: Account, book: Book, given: HandedBack) -> Sequence[Span]:
    """Return when it ran though its time was given back, and when it will by its schedule."""
    now = max(account.until, account.now)
    ran, definition = overlapping(book.ran, given.begin, given.end), book.definition(now)
    if given.end <= max(now, given.begin) or definition is None:
        return ran
    at = _instant(given.at)
    # A release holds it off for the rest of its window; an end that lies ahead does not.
    off_until = window_end(definition.schedule, at) if given.begin == given.at else None
    lease = EndedLease(at, off_until=off_until)
    begin, end = _instant(max(now, given.begin)), _instant(given.end)
    ahead = on_time(definition.schedule, lease, begin, end)
    return united([*ran, *((_second(each.begin), _second(each.end)) for each in ahead)])


def _off(book: Book) -> Iterator[Span]:
    """Yield each time off since it was first in service, as long as it is defined."""
    served = united(piece.span for piece in book.life if piece.is_in_service or piece.has_served)
    for begin, end in book.defined:
        if there := overlapping(served, begin, end):
            since = max(there[0][0], begin), end
            yield from without([since], overlapping(book.ran, *since))


def _hosts_of(book: Book, piece: Piece) -> Hosts | None:
    """Return what runs; while it starts, what is asked for stands in for what nobody noted."""
    if piece.hosts is not None or not piece.is_starting:
        return piece.hosts
    definition = book.definition(piece.begin)
    return asked_for(definition) if definition else None


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _second(moment: datetime) -> int:
    return int(moment.timestamp())


def books(
    lives: Mapping[Name, list[Piece]],
    leases: Mapping[Name, Lease],
    definitions: Mapping[Name, Versions],
) -> Iterator[Book]:
    """Yield a book for each name that anything is known of."""
    undefined: Versions = ((-_EVER, None),)
    for name in sorted({*lives, *leases, *definitions}, key=str):
        told = definitions.get(name, undefined)
        yield Book(name, lives.get(name, []), leases.get(name, Lease()), told)
