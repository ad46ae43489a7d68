"""Arithmetic with stretches of time: half-open, sorted, and apart from each other. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence

Span = tuple[int, int]


def clipped(spans: Iterable[Span], begin: int, end: int) -> list[Span]:
    """Return what lies between two instants."""
    found = ((max(a, begin), min(b, end)) for a, b in spans)
    return [(a, b) for a, b in found if a < b]


def overlapping(spans: Sequence[Span], begin: int, end: int) -> list[Span]:
    """Return those of sorted spans that are apart from each other which are partly within."""
    first = bisect_right(spans, begin, key=lambda span: span[1])
    return list(spans[first : bisect_left(spans, end, key=lambda span: span[0])])


def united(spans: Iterable[Span]) -> list[Span]:
    """Return spans sorted, those that touch or overlap as one."""
    found: list[Span] = []
    for begin, end in sorted(span for span in spans if span[0] < span[1]):
        if found and begin <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((begin, end))
    return found


def without(spans: Sequence[Span], cuts: Sequence[Span]) -> Iterator[Span]:
    """Yield what lies in the first and not in the second."""
    at = 0
    for begin, end in spans:
        here = begin
        while at < len(cuts) and cuts[at][1] <= here:
            at += 1
        further = at
        while further < len(cuts) and cuts[further][0] < end:
            if here < cuts[further][0]:
                yield here, cuts[further][0]
            here = max(here, cuts[further][1])
            further += 1
        if here < end:
            yield here, end


def length(spans: Iterable[Span]) -> int:
    """Return how many seconds they are together."""
    return sum(end - begin for begin, end in spans)
