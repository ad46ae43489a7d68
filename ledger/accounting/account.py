"""What each endpoint had and cost between two instants, who bought it, and what was saved. Pure.

In service is divided among those who bought it, and the rest among windows, what is always on, and
what ran after its lease's end: the parts add up to the whole, to the second.

    saved                          is
    -----------------------------  -----------------------------------------------------------
    handed back                    leased time that a release, an earlier end or an idle stop gave
                                   back, less what was bought again before the old end, and less
                                   what it ran all the same: until it was gone, or by its schedule
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
from itertools import dropwhile, pairwise
from operator import attrgetter
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ledger.accounting.service import Gap, Piece
from ledger.accounting.spans import Span, clipped, length, overlapping, united, without
from ledger.accounting.steps import AFTER_THE_END, ALWAYS_ON, WINDOW, Bought, HandedBack, Lease
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
_EVER = 2**62
_NOBODY = "nobody"
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

    def line(self, key: Key) -> Line:
        return self.lines.setdefault(key, Line())

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

    @cached_property
    def defined(self) -> list[Span]:
        """Return when it had a definition: always, but from a removal to the next one.

        A person's clock may date a definition after what was done by it, so that before the first
        one it counts as defined.
        """
        known = list(dropwhile(lambda each: each[1] is None, self.definitions))
        if not known:
            return [] if self.definitions else [(-_EVER, _EVER)]
        moments = [-_EVER, *(at for at, _ in known[1:]), _EVER]
        told = zip(pairwise(moments), known, strict=True)
        return united(span for span, (_, definition) in told if definition)

    @cached_property
    def owners(self) -> list[tuple[Span, str]]:
        """Return whose it was when: what is removed stays its last owner's."""
        told = [(at, each.owner or _NOBODY) for at, each in self.definitions if each]
        moved = [
            (at, owner)
            for number, (at, owner) in enumerate(told)
            if not number or told[number - 1][1] != owner
        ]
        moments = [-_EVER, *(at for at, _ in moved[1:]), _EVER]
        names = [owner for _, owner in moved] or [_NOBODY]
        return list(zip(pairwise(moments), names, strict=True))

    @cached_property
    def bought(self) -> list[Bought]:
        """Return who bought what of its lease, as long as there was something to lease."""
        return [
            Bought(begin, end, buyer)
            for (begin, end), buyer in _cut(
                (((each.begin, each.end), each.buyer) for each in self.lease.bought), self.defined
            )
        ]

    @cached_property
    def ran_on(self) -> list[tuple[int, Hosts]]:
        """Return what it ran on from when on, as far as somebody noted it."""
        return [(piece.begin, piece.hosts) for piece in self.life if piece.hosts is not None]

    @cached_property
    def ran(self) -> list[Span]:
        return united(piece.span for piece in self.life if piece.phase.is_billed)


def enter(account: Account, book: Book, tariff: Tariff) -> None:
    """Enter what one endpoint had."""
    pieces = [piece for piece in book.life if piece.begin < account.until]
    parts = sorted(_parts(account, book))
    for piece in pieces:
        _enter_piece(account, book, tariff, piece)
    _enter_starts(account, book)
    for here, buyer, hosts in _on_hosts(parts, [each for each in pieces if each.is_in_service]):
        _enter_service(account, book, tariff, (here, buyer, hosts))
    for bought in book.bought:
        for span in clipped([(bought.begin, bought.end)], account.since, account.until):
            for key, (begin, end) in _shares(account, book, bought.buyer, span):
                account.line(key).leased += end - begin
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
    bought = book.bought
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


def _enter_starts(account: Account, book: Book) -> None:
    """Count the starts that began, and those of them that never came to service.

    What it starts on may be noted later than that it starts: that is one start.
    """
    for before, start in pairwise([None, *book.life]):
        if (
            start is None
            or not start.is_starting
            or not account.since <= start.begin < account.until
        ):
            continue
        if before and before.is_starting and before.end == start.begin:
            continue
        account.starts += 1
        account.starts_in_vain += _failed_after(account, book, start)


def _failed_after(account: Account, book: Book, start: Piece) -> bool:
    """Tell whether a start never came to service."""
    end = start.end
    for piece in book.life[bisect_left(book.life, end, key=attrgetter("begin")) :]:
        if piece.begin > end:
            break
        if not piece.is_starting:
            return not piece.is_in_service
        end = piece.end
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
    unused = united(_unused(book))
    for piece in book.life:
        within = max(piece.begin, account.since), min(piece.end, account.until)
        for span in clipped(overlapping(unused, *within), *within):
            if piece.is_in_service:
                account.unused_seconds += length([span])
                account.unused.take(tariff.cost(piece.hosts, *span))


def _unused(book: Book) -> Iterator[Span]:
    for at in book.lease.idle_stops:
        definition = book.definition(at)
        minutes = definition.schedule.idle_minutes if definition else None
        yield at - 60 * (minutes or 0), at


def _shares(account: Account, book: Book, buyer: str, span: Span) -> Iterator[tuple[Key, Span]]:
    """Divide a span among owners, and the days of the zone."""
    for owned, owner in book.owners:
        for part in clipped([span], *owned):
            for day, within in _days(account.zone, part):
                yield Key(str(book.name), owner, buyer, day), within


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
    savings, period = account.savings, (account.since, account.until)
    for given in book.lease.handed:
        if account.since <= given.at < account.until:
            prices, hosts = Tariff.fixed(tariff.at(given.at)), _last_hosts(book, given.at)
            for span in without(list(given.spans), _runs_anyway(account, book, given)):
                savings.handed_back_seconds += length([span])
                savings.handed_back.take(prices.cost(hosts, *span))
    held = united(piece.span for piece in book.life if piece.is_suspended)
    for begin, end in _off(book):
        hosts = _last_hosts(book, begin)
        for span in clipped(without([(begin, end)], held), *period):
            savings.if_left_on.take(tariff.cost(hosts, *span))
        noticed = min(end, begin + UNNOTICED)
        for span in clipped(without([(begin, noticed)], held), *period):
            savings.if_unnoticed.take(tariff.cost(hosts, *span))


def _runs_anyway(account: Account, book: Book, given: HandedBack) -> list[Span]:
    """Return when it ran though its time was given back, and when it will by its schedule."""
    if not given.spans:
        return []
    now, (begin, end) = max(account.until, account.now), (given.spans[0][0], given.spans[-1][1])
    ran, definition = overlapping(book.ran, begin, end), book.definition(now)
    if end <= now or definition is None:
        return ran
    at = _instant(given.at)
    # A release holds it off for the rest of its window; an end that lies ahead does not.
    off_until = window_end(definition.schedule, at) if begin == given.at else None
    lease = EndedLease(at, off_until=off_until)
    ahead = on_time(definition.schedule, lease, _instant(now), _instant(end))
    return united([*ran, *((_second(each.begin), _second(each.end)) for each in ahead)])


def _off(book: Book) -> Iterator[Span]:
    """Yield each time off since it was first in service, as long as it is defined."""
    for begin, end in book.defined:
        served = (
            max(piece.begin, begin)
            for piece in book.life
            if piece.end > begin and (piece.is_in_service or piece.has_served)
        )
        if (first := next(served, end)) < end:
            yield from without([(first, end)], book.ran)


def _hosts_of(book: Book, piece: Piece) -> Hosts | None:
    """Return what runs; while it starts, what is asked for stands in for what nobody noted."""
    if piece.hosts is not None or not piece.is_starting:
        return piece.hosts
    definition = book.definition(piece.begin)
    return asked_for(definition) if definition else None


def _last_hosts(book: Book, at: int) -> Hosts | None:
    """Return on what it ran last, up to an instant, or what its definition asks for."""
    number = bisect_right(book.ran_on, at, key=lambda each: each[0])
    if number:
        return book.ran_on[number - 1][1]
    definition = book.definition(at)
    return asked_for(definition) if definition else None


def _cut(parts: Iterable[tuple[Span, str]], within: Sequence[Span]) -> Iterator[tuple[Span, str]]:
    """Yield what of parts lies within spans; both are sorted."""
    at = 0
    for part, what in parts:
        while at < len(within) and within[at][1] <= part[0]:
            at += 1
        for begin, end in within[at:]:
            if begin >= part[1]:
                break
            yield (max(part[0], begin), min(part[1], end)), what


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
