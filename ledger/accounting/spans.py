"""Arithmetic with stretches of time: half-open, sorted, and apart from each other. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from operator import itemgetter

Span = tuple[int, int]


def clipped(spans: Iterable[Span], begin: int, end: int) -> list[Span]:
    """Return what lies between two instants."""
    found = ((max(a, begin), min(b, end)) for a, b in spans)
    return [(a, b) for a, b in found if a < b]


def united(spans: Iterable[Span]) -> list[Span]:
    """Return spans sorted, those that touch or overlap as one."""
    found: list[Span] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def without(spans: Iterable[Span], cuts: Iterable[Span]) -> Iterator[Span]:
    """Yield what lies in the first and not in the second; both are read once, and side by side."""
    waiting = iter(cuts)
    cut = next(waiting, None)
    for begin, end in spans:
        here = begin
        while cut is not None and cut[0] < end:
            if here < cut[0]:
                yield here, cut[0]
            here = max(here, cut[1])
            if cut[1] > end:  # it may reach into the next one
                break
            cut = next(waiting, None)
        if here < end:
            yield here, end


def overlapping(spans: Sequence[Span], begin: int, end: int) -> Sequence[Span]:
    """Return those that are partly between two instants."""
    first = bisect_right(spans, begin, key=itemgetter(1))
    return spans[first : bisect_left(spans, end, key=itemgetter(0))]


def length(spans: Iterable[Span]) -> int:
    """Return how many seconds they are together."""
    return sum(end - begin for begin, end in spans)
