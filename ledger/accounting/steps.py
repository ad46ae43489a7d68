"""Changes of one lease, and who bought which of its time. Pure.

An extension from E to E' at an instant buys [max(E, instant), E') for its author. A release, or an
end that is set earlier, takes back from what was bought last; what is past nobody can give back.
Thousands of changes are kept as numbers in columns, so that a long history stays small.
"""

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ledger.accounting.spans import Span, without

FIRST_LEASE, START_CREDIT, IN_USE = "first lease", "start credit", "kept in use"
WINDOW, ALWAYS_ON, AFTER_THE_END = "window", "always on", "after the end"
_NONE = -1


class Step(NamedTuple):
    """One change: when, by whom, the end after it, and the one before, if there was any."""

    at: int
    previous: int | None
    expires: int
    buyer: str
    is_idle: bool = False


@dataclass
class Steps:
    """The changes of one lease; they are added newest first, as history is read."""

    _at: "array[int]" = field(default_factory=lambda: array("q"))
    _previous: "array[int]" = field(default_factory=lambda: array("q"))
    _expires: "array[int]" = field(default_factory=lambda: array("q"))
    _who: "array[int]" = field(default_factory=lambda: array("l"))
    _idle: bytearray = field(default_factory=bytearray)
    _buyers: dict[str, int] = field(default_factory=dict)

    def add(self, step: Step) -> int:
        """Add one, and return its number."""
        self._at.append(step.at)
        self._previous.append(_NONE if step.previous is None else step.previous)
        self._expires.append(step.expires)
        self._who.append(self._buyers.setdefault(step.buyer, len(self._buyers)))
        self._idle.append(step.is_idle)
        return len(self._at) - 1

    def credit(self, number: int, buyer: str) -> None:
        """Say who bought what one of them did, where that is found out later."""
        self._who[number] = self._buyers.setdefault(buyer, len(self._buyers))

    def __len__(self) -> int:
        return len(self._at)

    def __iter__(self) -> Iterator[Step]:
        """Yield them in the order in which they were made."""
        buyers = list(self._buyers)
        for number in range(len(self._at) - 1, -1, -1):
            previous = self._previous[number]
            yield Step(
                self._at[number],
                None if previous == _NONE else previous,
                self._expires[number],
                buyers[self._who[number]],
                bool(self._idle[number]),
            )


class Bought(NamedTuple):
    """A stretch of a lease, and who bought it."""

    begin: int
    end: int
    buyer: str


@dataclass(frozen=True, slots=True)
class HandedBack:
    """Leased time that was given back at an instant, and not bought again before its old end."""

    at: int
    spans: tuple[Span, ...]
    is_idle: bool


@dataclass
class Lease:
    """What became of a lease: its changes, who bought what of it, and what was handed back."""

    bought: list[Bought] = field(default_factory=list)
    handed: list[HandedBack] = field(default_factory=list)
    idle_stops: list[int] = field(default_factory=list)
    changes: Steps = field(default_factory=Steps)

    def extended(self, begin: int, end: int) -> Iterator[Step]:
        """Yield the changes between two instants that made it last longer."""
        for step in self.changes:
            if begin <= step.at < end and step.expires > max(step.previous or 0, step.at):
                yield step


def played(steps: Steps) -> Lease:
    """Make one change after the other."""
    found, end = Lease(changes=steps), None
    reaching: list[int] = []  # those handed back of which some is still to come
    for step in steps:
        before = step.previous if step.previous is not None else end
        begin = step.at if before is None else max(before, step.at)
        if step.expires > begin:
            _buy(found, Bought(begin, step.expires, step.buyer))
            reaching = _take_again(found, reaching, Bought(begin, step.expires, step.buyer))
        elif before is not None and before > step.at and step.expires < before:
            reaching.append(len(found.handed))
            _hand_back(found, step, (max(step.expires, step.at), before))
        if step.is_idle:
            found.idle_stops.append(step.at)
        end = step.expires
    return found


def _buy(lease: Lease, piece: Bought) -> None:
    last = lease.bought[-1] if lease.bought else None
    if last and last.end == piece.begin and last.buyer == piece.buyer:
        lease.bought[-1] = Bought(last.begin, piece.end, last.buyer)
    elif last is None or last.end <= piece.begin:
        lease.bought.append(piece)
    else:  # two changes that did not know of each other: what is bought twice is the first one's
        begin = max(piece.begin, last.end)
        if begin < piece.end:
            lease.bought.append(Bought(begin, piece.end, piece.buyer))


def _take_again(lease: Lease, reaching: list[int], piece: Bought) -> list[int]:
    """Take what is bought again out of what was handed back; return what still reaches further."""
    reaching = [number for number in reaching if _end(lease.handed[number]) > piece.begin]
    for number in reaching:
        given = lease.handed[number]
        left = tuple(without(given.spans, [(piece.begin, piece.end)]))
        lease.handed[number] = HandedBack(given.at, left, given.is_idle)
    return reaching


def _end(given: HandedBack) -> int:
    return given.spans[-1][1] if given.spans else _NONE


def _hand_back(lease: Lease, step: Step, span: Span) -> None:
    cut, _ = span
    while lease.bought and lease.bought[-1].begin >= cut:
        lease.bought.pop()
    if lease.bought and lease.bought[-1].end > cut:
        last = lease.bought[-1]
        lease.bought[-1] = Bought(last.begin, cut, last.buyer)
    lease.handed.append(HandedBack(step.at, (span,), step.is_idle))
