"""What each endpoint had and cost between two instants, who bought it, and what was saved. Pure.

In service is divided among those who bought it, and the rest among windows, what is always on, and
what ran after its lease's end: the parts add up to the whole, to the second.

    saved                          is
    -----------------------------  -----------------------------------------------------------
    handed back                    leased time that a release or an idle stop gave back, less
                                   what was bought again before the old end, and less what it
                                   took to stop. Nothing is assumed.
    had each stop gone unnoticed   the time off, of each stop 14 days at most: so long AWS's own
    for 14 days                    advisor watches an endpoint before it calls it idle
    had all been left on           the time off since it was first in service, to the end of the
                                   report or of its definition: an upper bound
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from heapq import merge
from itertools import pairwise
from operator import itemgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ledger.accounting.service import Gap, Piece
from ledger.accounting.spans import Span, clipped, length, near, united, without
from ledger.accounting.steps import AFTER_THE_END, ALWAYS_ON, WINDOW, Bought, Lease
from ledger.accounting.tariff import Sum, Tariff
from ledger.budget import asked_for
from ledger.documents import Definition
from ledger.hosts import Hosts
from ledger.names import Name
from ledger.on_time import on_time
from ledger.phases import Phase
from ledger.schedule import Schedule
from ledger.unread import Unread

UNNOTICED = 14 * 86400
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
    """All that happened between two instants. Days are those of a zone."""

    since: int
    until: int
    zone: ZoneInfo
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
    unread: dict[str, Unread] = field(default_factory=dict)  # by file: versions of it
    undated: Unread = field(default_factory=Unread)

    @cached_property
    def days(self) -> "Days":
        return Days(self.zone)

    @property
    def in_service(self) -> int:
        return sum(line.in_service for line in self.lines.values())


@dataclass(frozen=True)
class Book:
    """What is known of one endpoint. Definitions are from an instant on, in order."""

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
    def owner(self) -> str:
        """Return who owns it, as the last definition that says so has it."""
        told = (each.owner for _, each in reversed(self.definitions) if each and each.owner)
        return next(told, "nobody")

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
        return [piece for piece in self.life if piece.hosts]


def enter(account: Account, book: Book, tariff: Tariff) -> None:
    """Enter what one endpoint had."""
    pieces = [piece for piece in book.life if piece.begin < account.until]
    for number, piece in enumerate(pieces):
        _enter_piece(account, book, tariff, piece)
        if piece.is_starting and account.since <= piece.begin:
            account.starts += 1
            account.starts_in_vain += _is_in_vain(book.life, number)
    served = [piece for piece in pieces if piece.is_in_service]
    for (here, buyer), piece in _meeting(_parts(account, book), served):
        cut = max(piece.begin, here[0]), min(piece.end, here[1])
        _enter_service(account, book, tariff, (cut, buyer, piece.hosts))
    days, since, until = account.days, account.since, account.until
    for begin, end, buyer in book.lease.bought:
        for day, (first, last) in days.divide((max(begin, since), min(end, until))):
            _line(account, book, buyer, day).leased += last - first
    account.idle_stops += sum(account.since <= at < account.until for at in book.lease.idle_stops)
    _enter_unused(account, book, tariff)
    _save(account, book, tariff)


Part = tuple[Span, str]


def _meeting(parts: Iterable[Part], pieces: Sequence[Piece]) -> Iterator[tuple[Part, Piece]]:
    """Yield each part with each piece that it meets; both are in the order of their beginnings."""
    at = 0
    for part in parts:
        begin, end = part[0]
        while at < len(pieces) and pieces[at].end <= begin:
            at += 1
        for number in range(at, len(pieces)):
            if pieces[number].begin >= end:
                break
            if pieces[number].end > begin:
                yield part, pieces[number]


def _parts(account: Account, book: Book) -> Iterator[Part]:
    """Divide the time in service among those who bought it, and the rest."""
    served = _served(account, book)
    spans = ((begin, end) for begin, end, _ in book.lease.bought)
    rest = (part for span in without(served, spans) for part in sorted(_unbought(book, span)))
    return merge(_among(served, book.lease.bought), rest)


def _served(account: Account, book: Book) -> list[Span]:
    spans = united(piece.span for piece in book.life if piece.is_in_service)
    return clipped(spans, account.since, account.until)


def _among(served: Sequence[Span], bought: Sequence[Bought]) -> Iterator[Part]:
    at = 0
    for begin, end in served:
        while at < len(bought) and bought[at].end <= begin:
            at += 1
        further = at
        while further < len(bought) and bought[further].begin < end:
            piece = bought[further]
            yield (max(begin, piece.begin), min(end, piece.end)), piece.buyer
            further += 1


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
            (int(each.begin.timestamp()), int(each.end.timestamp()))
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


def _is_in_vain(life: Sequence[Piece], number: int) -> bool:
    """Tell whether a start never came to service."""
    end = life[number].end
    after = (life[each] for each in range(number + 1, len(life)))
    piece = next((each for each in after if each.begin >= end and not each.is_starting), None)
    return piece is not None and not piece.is_in_service


def _enter_service(
    account: Account, book: Book, tariff: Tariff, what: tuple[Span, str, Hosts | None]
) -> None:
    span, buyer, hosts = what
    for day, (begin, end) in account.days.divide(span):
        line = _line(account, book, buyer, day)
        line.in_service += end - begin
        line.cost.take(tariff.cost(hosts, begin, end))


def _enter_unused(account: Account, book: Book, tariff: Tariff) -> None:
    """Enter what an idle stop proves: nobody asked it anything for idle_minutes before."""
    served = [piece for piece in book.life if piece.is_in_service]
    for ((begin, end), _), piece in _meeting(sorted(_idle(account, book)), served):
        span = max(piece.begin, begin), min(piece.end, end)
        account.unused_seconds += length([span])
        account.unused.take(tariff.cost(piece.hosts, *span))


def _idle(account: Account, book: Book) -> Iterator[Part]:
    for at in book.lease.idle_stops:
        definition = book.definition(at)
        minutes = definition.schedule.idle_minutes if definition else None
        begin, end = max(at - 60 * (minutes or 0), account.since), min(at, account.until)
        if begin < end:
            yield (begin, end), ""


def _line(account: Account, book: Book, buyer: str, day: date) -> Line:
    key = Key(str(book.name), book.owner, buyer, day)
    if (line := account.lines.get(key)) is None:
        line = account.lines[key] = Line()
    return line


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
    savings = account.savings
    for at, begin, end in book.lease.handed:
        if account.since <= at < account.until:
            prices = Tariff.fixed(tariff.at(at))
            for span in without([(begin, end)], near(book.ran, begin)):
                savings.handed_back_seconds += length([span])
                savings.handed_back.take(prices.cost(book.last_hosts(at), *span))
    for begin, end in _off(account, book):
        hosts = book.last_hosts(begin)
        for span in clipped([(begin, end)], account.since, account.until):
            savings.if_left_on.take(tariff.cost(hosts, *span))
        for span in clipped([(begin, min(end, begin + UNNOTICED))], account.since, account.until):
            savings.if_unnoticed.take(tariff.cost(hosts, *span))


def _off(account: Account, book: Book) -> Iterator[Span]:
    """Yield the time off since it was first in service, as long as it is defined and not held."""
    first = next((piece.begin for piece in book.life if piece.is_in_service), None)
    if first is None:
        return
    end = min(_removed(book, first), account.until)
    held = united(piece.span for piece in book.life if piece.is_suspended)
    if first < end:
        yield from without(without([(first, end)], book.ran), held)


def _removed(book: Book, first: int) -> int:
    """Return when its definition was taken away for the last time."""
    if book.definitions and book.definitions[-1][1] is None:
        return book.definitions[-1][0]
    return 2**62 if book.definitions else first


def _hosts_of(book: Book, piece: Piece) -> Hosts | None:
    """Return what runs; while it starts, what is asked for stands in for what nobody noted."""
    if piece.hosts is not None or not piece.is_starting:
        return piece.hosts
    definition = book.definition(piece.begin)
    return asked_for(definition) if definition else None


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def books(
    lives: Mapping[Name, list[Piece]],
    leases: Mapping[Name, Lease],
    definitions: Mapping[Name, Versions],
) -> Iterator[Book]:
    """Yield a book for each name that anything is known of."""
    for name in sorted({*lives, *leases, *definitions}, key=str):
        yield Book(name, lives.get(name, []), leases.get(name, Lease()), definitions.get(name, ()))
