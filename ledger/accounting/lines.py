"""What a timeline shows of one endpoint: what it did, and what the ledger says is next. Pure.

Instants are seconds. What is ahead goes by the ledger as it is: nobody knows who will extend.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ledger.accounting.account import Book
from ledger.accounting.spans import Span, clipped, united, without
from ledger.accounting.steps import Step
from ledger.ahead import ahead, lease_of
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
    held: tuple[Span, ...] = ()  # ahead, left as it is: suspended, frozen, without its lease's file
    idle: tuple[int, ...] = ()
    bought: tuple[tuple[int, int, str], ...] = ()
    extended: tuple[Step, ...] = ()

    @property
    def ahead(self) -> list[Span]:
        return united((*self.leased, *self.scheduled, *self.held))


def line_of(book: Book, fleet: Fleet, begin: datetime, now: datetime, end: datetime) -> Line:
    """Return what is shown of an endpoint between two instants."""
    past = second(begin), second(now)
    starting = tuple(clipped((each.span for each in book.life if each.is_starting), *past))
    in_service = tuple(clipped((each.span for each in book.life if each.is_in_service), *past))
    runs = any(stop == past[1] for _, stop in (*starting, *in_service))
    return Line(
        str(book.name),
        starting,
        in_service,
        *_ahead(fleet, str(book.name), Stretch(now, end), runs=runs),
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


def _ahead(
    fleet: Fleet, name: str, time: Stretch, *, runs: bool
) -> tuple[tuple[Span, ...], tuple[Span, ...], tuple[Span, ...]]:
    """Return when it will be on by its lease, by its schedule alone, and as it is left."""
    item = fleet.find(name)
    if item is None:
        return (), (), ()
    found = ahead(fleet, item, *time, runs=runs)
    held = _spans(found.held)
    on = list(without(_spans(found.on), held))
    lease = lease_of(fleet, item, time.begin) if isinstance(item, Holding) else None
    scheduled = tuple(without(on, _spans(on_time(Schedule(), lease, *time))))
    return tuple(without(on, scheduled)), scheduled, tuple(held)


def _spans(stretches: Iterable[Stretch]) -> list[Span]:
    return [(second(each.begin), second(each.end)) for each in stretches]
