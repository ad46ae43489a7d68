"""What a timeline shows of one endpoint: what it did, and what the ledger says is next. Pure.

Instants are seconds. What is ahead goes by the ledger as it is: nobody knows who will extend.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ledger.accounting.account import Book
from ledger.accounting.spans import Span, clipped, united, without
from ledger.accounting.steps import Step
from ledger.holdings import Fleet, Holding
from ledger.on_time import Stretch, on_time
from ledger.schedule import Schedule


@dataclass(frozen=True, slots=True)
class Line:
    """One endpoint: stretches by what they are, and the instants of what happened to its lease."""

    name: str
    starting: tuple[Span, ...] = ()
    in_service: tuple[Span, ...] = ()
    leased: tuple[Span, ...] = ()  # ahead, by its lease
    scheduled: tuple[Span, ...] = ()  # ahead, by windows or for it is always on
    idle: tuple[int, ...] = ()
    bought: tuple[tuple[int, int, str], ...] = ()
    extended: tuple[Step, ...] = ()

    @property
    def ahead(self) -> list[Span]:
        return united((*self.leased, *self.scheduled))


def line_of(book: Book, fleet: Fleet, begin: datetime, now: datetime, end: datetime) -> Line:
    """Return what is shown of an endpoint between two instants."""
    past = second(begin), second(now)
    leased, scheduled = _ahead(fleet.find(str(book.name)), Stretch(now, end))
    return Line(
        str(book.name),
        tuple(clipped((each.span for each in book.life if each.is_starting), *past)),
        tuple(clipped((each.span for each in book.life if each.is_in_service), *past)),
        leased,
        scheduled,
        tuple(at for at in book.lease.idle_stops if past[0] <= at < past[1]),
        tuple(
            (max(each.begin, past[0]), each.end, each.buyer)
            for each in book.bought
            if each.end > past[0]
        ),
        tuple(book.lease.extended(*past)),
    )


def second(moment: datetime) -> int:
    return int(moment.timestamp())


def _ahead(item: object, time: Stretch) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """Return when it will be on by its lease, and when by its schedule alone."""
    if not isinstance(item, Holding):
        return (), ()
    definition = item.definition
    if definition.suspended is not None and definition.suspended.holds(time.begin):
        return (), ()
    leased = _spans(on_time(Schedule(), item.lease, *time))
    both = _spans(on_time(definition.schedule, item.lease, *time))
    return tuple(leased), tuple(without(both, leased))


def _spans(stretches: Iterable[Stretch]) -> list[Span]:
    return [(second(each.begin), second(each.end)) for each in stretches]
