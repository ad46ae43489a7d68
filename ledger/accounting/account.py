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

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ledger.accounting.service import Gap, Piece
from ledger.accounting.spans import Span, clipped, length, united, without
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
        found = None
        for begin, definition in self.definitions:
            if begin > at:
                break
            found = definition
        return found

    @property
    def owner(self) -> str:
        """Return who owns it, as the last definition that says so has it."""
        told = [each.owner for _, each in self.definitions if each and each.owner]
        return told[-1] if told else "nobody"


def enter(account: Account, book: Book, tariff: Tariff) -> None:
    """Enter what one endpoint had."""
    pieces = [piece for piece in book.life if piece.begin < account.until]
    parts = sorted(_parts(account, book))
    for piece in pieces:
        _enter_piece(account, book, tariff, piece)
    for here, buyer, hosts in _on_hosts(parts, [each for each in pieces if each.is_in_service]):
        _enter_service(account, book, tariff, (here, buyer, hosts))
    for bought in book.lease.bought:
        for span in clipped([(bought.begin, bought.end)], account.since, account.until):
            for day, (begin, end) in _days(account.zone, span):
                _line(account, book, bought.buyer, day).leased += end - begin
    account.idle_stops += sum(account.since <= at < account.until for at in book.lease.idle_stops)
    _enter_unused(account, book, tariff)
    _save(account, book, tariff)


def _on_hosts(
    parts: Sequence[tuple[Span, str]], pieces: Sequence[Piece]
) -> Iterator[tuple[Span, str, Hosts | None]]:
    """Divide parts further, where what they ran on changed."""
    at = 0
    for (begin, end), buyer in parts:
        while at < len(pieces) and pieces[at].end <= begin:
            at += 1
        for piece in pieces[at:]:
            if piece.begin >= end:
                break
            if piece.end > begin:
                yield (max(piece.begin, begin), min(piece.end, end)), buyer, piece.hosts


def _parts(account: Account, book: Book) -> Iterator[tuple[Span, str]]:
    """Divide the time in service among those who bought it, and the rest."""
    served = _served(account, book)
    bought = book.lease.bought
    spans = [(each.begin, each.end) for each in bought]
    yield from _among(served, bought)
    for span in without(served, spans):
        yield from _unbought(book, span)


def _served(account: Account, book: Book) -> list[Span]:
    spans = united(piece.span for piece in book.life if piece.is_in_service)
    return clipped(spans, account.since, account.until)


def _among(served: Sequence[Span], bought: Sequence[Bought]) -> Iterator[tuple[Span, str]]:
    at = 0
    for begin, end in served:
        while at < len(bought) and bought[at].end <= begin:
            at += 1
        further = at
        while further < len(bought) and bought[further].begin < end:
            piece = bought[further]
            yield (max(begin, piece.begin), min(end, piece.end)), piece.buyer
            further += 1


def _unbought(book: Book, span: Span) -> Iterator[tuple[Span, str]]:
    """Say why something ran that nobody had bought: by the definition of that time."""
    moments = [span[0], *(at for at, _ in book.definitions if span[0] < at < span[1]), span[1]]
    for begin, end in pairwise(moments):
        definition = book.definition(begin)
        schedule = definition.schedule if definition else Schedule()
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
    if piece.is_starting and account.since <= piece.begin < account.until:
        account.starts += 1
        account.starts_in_vain += _failed_after(book, piece)


def _failed_after(book: Book, start: Piece) -> bool:
    """Tell whether a start never came to service."""
    for piece in book.life:
        if piece.begin >= start.end and not piece.is_starting:
            return not piece.is_in_service
    return False


def _enter_service(
    account: Account, book: Book, tariff: Tariff, what: tuple[Span, str, Hosts | None]
) -> None:
    span, buyer, hosts = what
    for day, (begin, end) in _days(account.zone, span):
        line = _line(account, book, buyer, day)
        line.in_service += end - begin
        line.cost.take(tariff.cost(hosts, begin, end))


def _enter_unused(account: Account, book: Book, tariff: Tariff) -> None:
    """Enter what an idle stop proves: nobody asked it anything for idle_minutes before."""
    for at in book.lease.idle_stops:
        definition = book.definition(at)
        minutes = definition.schedule.idle_minutes if definition else None
        begin, end = max(at - 60 * (minutes or 0), account.since), min(at, account.until)
        for piece in book.life:
            if piece.is_in_service and piece.begin < end and piece.end > begin:
                span = max(piece.begin, begin), min(piece.end, end)
                account.unused_seconds += length([span])
                account.unused.take(tariff.cost(piece.hosts, *span))


def _line(account: Account, book: Book, buyer: str, day: date) -> Line:
    key = Key(str(book.name), book.owner, buyer, day)
    return account.lines.setdefault(key, Line())


def _days(zone: ZoneInfo, span: Span) -> Iterator[tuple[date, Span]]:
    """Divide a span among the days of a zone."""
    begin, end = span
    while begin < end:
        local = _instant(begin).astimezone(zone)
        midnight = datetime.combine(local.date() + timedelta(days=1), datetime.min.time(), zone)
        there = max(int(midnight.timestamp()), begin + 1)
        yield local.date(), (begin, min(there, end))
        begin = there


def _save(account: Account, book: Book, tariff: Tariff) -> None:
    savings = account.savings
    ran = united(piece.span for piece in book.life if piece.phase.is_billed)
    for given in book.lease.handed:
        if account.since <= given.at < account.until:
            left = list(without(list(given.spans), ran))
            savings.handed_back_seconds += length(left)
            for begin, end in left:
                prices = Tariff.fixed(tariff.at(given.at))
                savings.handed_back.take(prices.cost(_last_hosts(book, given.at), begin, end))
    for begin, end in _off(account, book):
        hosts = _last_hosts(book, begin)
        for span in clipped([(begin, end)], account.since, account.until):
            savings.if_left_on.take(tariff.cost(hosts, *span))
        for span in clipped([(begin, min(end, begin + UNNOTICED))], account.since, account.until):
            savings.if_unnoticed.take(tariff.cost(hosts, *span))


def _off(account: Account, book: Book) -> Iterator[Span]:
    """Yield the time off since it was first in service, as long as it is defined and not held."""
    served = [piece.span for piece in book.life if piece.is_in_service]
    if not served:
        return
    first, end = served[0][0], min(_removed(book, served[0][0]), account.until)
    ran = united(piece.span for piece in book.life if piece.phase.is_billed)
    held = united(piece.span for piece in book.life if piece.is_suspended)
    off = list(without([(first, end)], ran)) if first < end else []
    yield from without(off, held)


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


def _last_hosts(book: Book, at: int) -> Hosts | None:
    """Return on what it ran last, up to an instant, or what its definition asks for."""
    found: Hosts | None = None
    for piece in book.life:
        if piece.begin > at:
            break
        found = piece.hosts or found
    if found is None and (definition := book.definition(at)):
        return asked_for(definition)
    return found


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
