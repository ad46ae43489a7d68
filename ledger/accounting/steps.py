"""Changes of one lease, and who bought which of its time. Pure.

An extension from E to E' at an instant buys [max(E, instant), E') for its author. A release, or an
end that is set earlier, takes back from what was bought last; what is past nobody can give back.
What there is of each change is kept as numbers in columns, so that a long history stays small.
"""

from array import array
from bisect import insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, overload

from ledger.accounting.spans import without
from ledger.names import Name

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
    _who: "array[int]" = field(default_factory=lambda: array("i"))
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


class Purchases(Sequence[Bought]):
    """Stretches in order, none of which overlaps another."""

    def __init__(self) -> None:
        self._begin, self._end, self._who = array("q"), array("q"), array("i")
        self._number: dict[str, int] = {}
        self._buyers: list[str] = []

    def __len__(self) -> int:
        return len(self._begin)

    @overload
    def __getitem__(self, number: int) -> Bought: ...
    @overload
    def __getitem__(self, number: slice) -> list[Bought]: ...
    def __getitem__(self, number: int | slice) -> Bought | list[Bought]:
        if isinstance(number, slice):
            return [self[each] for each in range(*number.indices(len(self)))]
        buyer = self._buyers[self._who[number]]
        return Bought(self._begin[number], self._end[number], buyer)

    def __iter__(self) -> Iterator[Bought]:
        buyers = self._buyers
        for begin, end, who in zip(self._begin, self._end, self._who, strict=True):
            yield Bought(begin, end, buyers[who])

    def buy(self, piece: Bought) -> None:
        """Add a piece, or what of it comes after all others: what is there was bought before."""
        last = self._end[-1] if self._end else piece.begin
        begin = max(piece.begin, last)
        if begin >= piece.end:
            return
        who = self._number.setdefault(piece.buyer, len(self._buyers))
        if who == len(self._buyers):
            self._buyers.append(piece.buyer)
        if self._end and begin == last and self._who[-1] == who:
            self._end[-1] = piece.end
            return
        self._begin.append(begin)
        self._end.append(piece.end)
        self._who.append(who)

    def cut(self, end: int) -> None:
        """Take back all that comes after an instant."""
        while self._begin and self._begin[-1] >= end:
            for column in (self._begin, self._end, self._who):
                column.pop()
        if self._end and self._end[-1] > end:
            self._end[-1] = end


class HandedBack(NamedTuple):
    """Leased time that was given back at an instant, and not bought again."""

    at: int
    begin: int
    end: int


class Handed:
    """Stretches that were handed back, none of which overlaps another."""

    def __init__(self) -> None:
        self._at, self._begin, self._end = array("q"), array("q"), array("q")
        self._ahead: list[HandedBack] = []  # what may be bought again, the next one last

    def give(self, given: HandedBack) -> None:
        insort(self._ahead, given, key=_from_the_end)

    def buy(self, at: int, begin: int, end: int) -> None:
        """Say that somebody buys a stretch at an instant, and nobody any more what is past."""
        left: list[HandedBack] = []
        while self._ahead and self._ahead[-1].begin < end:
            given = self._ahead.pop()
            spans = without([(given.begin, given.end)], [(begin, end)])
            left += (HandedBack(given.at, *span) for span in spans)
        for given in left:
            if given.end <= at:
                self._keep(given)
            else:
                self.give(given)

    def __iter__(self) -> Iterator[HandedBack]:
        yield from map(HandedBack, self._at, self._begin, self._end)
        yield from self._ahead

    def _keep(self, given: HandedBack) -> None:
        for column, number in zip((self._at, self._begin, self._end), given, strict=True):
            column.append(number)


def _from_the_end(given: HandedBack) -> int:
    return -given.begin


@dataclass
class Lease:
    """What became of a lease: its changes, who bought what of it, and what was handed back."""

    bought: Sequence[Bought] = ()
    handed: Iterable[HandedBack] = ()
    idle_stops: Sequence[int] = ()
    changes: Steps = field(default_factory=Steps)

    def extended(self, begin: int, end: int) -> Iterator[Step]:
        """Yield the changes between two instants that made it last longer."""
        for step in self.changes:
            if begin <= step.at < end and step.expires > max(step.previous or 0, step.at):
                yield step


class Leases(Mapping[Name, Lease]):
    """Leases by name. Each is played when it is asked for, and is not kept."""

    def __init__(self, steps: Mapping[Name, Steps]) -> None:
        self._steps = steps

    def __getitem__(self, name: Name) -> Lease:
        return played(self._steps[name])

    def __contains__(self, name: object) -> bool:
        return name in self._steps

    def __iter__(self) -> Iterator[Name]:
        return iter(self._steps)

    def __len__(self) -> int:
        return len(self._steps)


def played(steps: Steps) -> Lease:
    """Make one change after the other."""
    bought, handed, idle_stops, end = Purchases(), Handed(), array("q"), None
    for step in steps:
        before = step.previous if step.previous is not None else end
        begin = step.at if before is None else max(before, step.at)
        if step.expires > begin:
            bought.buy(Bought(begin, step.expires, step.buyer))
            handed.buy(step.at, begin, step.expires)
        elif before is not None and before > step.at and step.expires < before:
            cut = max(step.expires, step.at)
            bought.cut(cut)
            handed.give(HandedBack(step.at, cut, before))
        if step.is_idle:
            idle_stops.append(step.at)
        end = step.expires
    return Lease(bought, handed, idle_stops, steps)
