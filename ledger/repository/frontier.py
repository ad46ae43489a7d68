"""Commits from a tip on, newest first, each once: what was met and not given out waits.

A clock may be wrong, and git takes any number for a date. No commit is younger than what was made
of it, nor older by days than what it was made of: where a date says so, it is none.
"""

import heapq

from ledger.raw_commit import RawCommit
from ledger.repository.graph import Graph
from ledger.repository.passed import Passed

_FIRST_DATE, _LAST_DATE = 0, 2**35  # a thousand years
_CLOCKS_DIFFER = 86400  # seconds
_BELOW = 64  # commits that say whether one above them can be as old as it says
_DEEPER = 16  # times as deep as what was given out, where a clone ends
_MOST_AT_ONCE = 16384  # commits more than that, for what is fetched at once has to fit into memory
_PART = 4  # or a quarter of them


class Frontier:
    """A walk that keeps what waits, and what may be met again.

    `now` is the date of a newest commit that has none, in seconds since 1970; a clone that has to
    be deepened is so by as many commits as are `likely` needed.
    """

    def __init__(self, tip: str, now: int, likely: int = 1) -> None:
        self._tip, self._now, self._likely = tip, now, likely
        self._waiting: list[tuple[int, int, str, bool]] = []
        self._passed = Passed()
        self._order = 0
        self.given = 0

    @property
    def kept(self) -> int:
        """Return of how many commits something is kept."""
        return len(self._waiting) + len(self._passed)

    def next(self, graph: Graph) -> tuple[int, bool, RawCommit] | None:
        """Return the next commit, its date, and whether that is its own; None at the end.

        Raises TooShallow, after which it is asked again with a deeper clone.
        """
        if not self._order and not self._begun(graph):
            return None
        if not self._waiting:
            return None
        minus, _, name, is_dated = self._waiting[0]
        parents = [parent for parent in graph.parents(name) if self._is_there(graph, parent)]
        if len(self._waiting) == 1:
            self._passed.narrow()
        fresh = self._passed.fresh(parents)
        dates = [self._date(graph, parent, -minus) for parent in fresh]
        heapq.heappop(self._waiting)
        self.given += 1
        if self._waiting or len(fresh) != 1:  # else that one is alone, and all is forgotten
            self._passed.meet(parents, fresh)
        for parent, dated in zip(fresh, dates, strict=True):
            self._push(parent, *dated)
        return -minus, is_dated, graph.commit(name)

    def _begun(self, graph: Graph) -> bool:
        if not graph.has(self._tip):
            graph.want(1)
            return False
        self._push(self._tip, *self._date(graph, self._tip, self._now))
        return True

    def _is_there(self, graph: Graph, parent: str) -> bool:
        if graph.has(parent):
            return True
        given = self.given + 1
        deeper = min(given * _DEEPER, given + max(_MOST_AT_ONCE, given // _PART))
        graph.want(max(deeper, self._likely))
        return False

    def _push(self, name: str, at: int, is_dated: bool) -> None:  # noqa: FBT001 - as it is read
        self._order += 1
        heapq.heappush(self._waiting, (-at, self._order, name, is_dated))

    def _date(self, graph: Graph, name: str, above: int) -> tuple[int, bool]:
        """Return when a commit was made, and whether it says so itself."""
        date = graph.commit(name).date
        if not is_date(date) or date - above > _CLOCKS_DIFFER:
            return above, False
        if above - date > _CLOCKS_DIFFER and self._is_refuted(graph, name, (date, above)):
            return above, False
        return min(date, above), True

    def _is_refuted(self, graph: Graph, name: str, between: tuple[int, int]) -> bool:
        """Tell whether most of what a commit was made of is younger, and not too young to be."""
        date, above = between
        below: list[int] = []
        while len(below) < _BELOW and (name := next(iter(graph.parents(name)), "")):
            if not graph.has(name):
                graph.want(self.given + 2 * _BELOW)
                break
            below.append(graph.commit(name).date)
        younger = sum(date + _CLOCKS_DIFFER < each <= above for each in below)
        return 2 * younger > len(below)


def is_date(seconds: int) -> bool:
    return _FIRST_DATE < seconds < _LAST_DATE
