"""Ways through the graph of commits, all no further than they are asked to go.

`Walk` is for readers: newest first, and no commit before one that was made from it, as `git log
--date-order` has it. To know that, it looks a little ahead and not through the whole history, and
it takes no single date for the truth: a commit counts as young as what lies shortly below it.

`Since` is for what has to be found: all that was committed after an instant, in no promised order.
`between` is for what has to be judged: all that one commit has and another has not.
"""

import heapq
from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from ledger.committers import CONTROLLER, GATEWAY, READER
from ledger.raw_commit import RawCommit
from ledger.repository.graph import Graph

MOST_SEARCHED = 16384  # commits
_AHEAD = 64  # commits that are looked at before the first of them is given out
_BELOW = 16  # commits whose dates make a commit as young as the youngest of them
_LARGEST_STEP = 64  # times as deep as the clone was
_A_LITTLE_MORE = 1.1  # than what is guessed, for commits come at no even rate
_SLOP = 64  # commits of people, one below the other, that may be old before their line ends
_OURS = frozenset(person.email.encode() for person in (CONTROLLER, GATEWAY, READER))


class Walk:
    """The commits that some have come from, themselves included.

    `deep` is how many commits above these there are, `most` how many will be asked for.
    """

    def __init__(self, graph: Graph, begin: Collection[str], *, most: int, deep: int = 0) -> None:
        self.looked = 0
        self._graph = graph
        self._enough = deep + most + 1
        self._deep = deep
        self._above: Counter[str] = Counter()  # commits made from one that are not given out yet
        self._known = set(begin)
        self._ahead: dict[str, RawCommit] = {}
        self._ready: list[tuple[int, int, str]] = []
        self._unseen: list[tuple[int, int, str]] = []
        self._order = 0
        self._dates: dict[str, tuple[int, str]] = {}
        self._absent: set[str] = set()
        for name in begin:
            if not graph.has(name):
                graph.want(self._enough)
            self._push(self._unseen, name, self._youth(name))

    def __iter__(self) -> Iterator[RawCommit]:
        while (commit := self._next()) is not None:
            yield commit

    def rest(self) -> tuple[str, ...]:
        """Return the commits from which another walk goes on; none where this one is through."""
        waiting = {name for *_, name in self._unseen} | self._ahead.keys() | self._absent
        return tuple(sorted(name for name in waiting if not self._above[name]))

    def _next(self) -> RawCommit | None:
        while self._unseen and len(self._ahead) < _AHEAD:
            self._look(heapq.heappop(self._unseen)[-1])
        while self._ready:
            name = heapq.heappop(self._ready)[-1]
            if name in self._ahead and not self._above[name]:  # else one above it was met later
                return self._given(name)
        return None

    def _given(self, name: str) -> RawCommit:
        commit = self._ahead.pop(name)
        self.looked += 1
        for parent in self._graph.parents(name):
            if not self._graph.has(parent):
                self._graph.want(min(self._enough, (self._deep + self.looked) * _LARGEST_STEP))
            self._above[parent] -= 1
            if not self._above[parent]:
                del self._above[parent]
                if parent in self._ahead:
                    self._push(self._ready, parent, self._ahead[parent].date)
        return commit

    def _look(self, name: str) -> None:
        if not self._graph.has(name):
            self._absent.add(name)
            return
        commit = self._ahead[name] = self._graph.commit(name)
        if not self._above[name]:
            self._push(self._ready, name, commit.date)
        below = self._graph.parents(name)
        is_alone = len(below) == 1 and not self._unseen
        for parent in below:
            self._above[parent] += 1
            if parent not in self._known:
                self._known.add(parent)
                self._push(self._unseen, parent, 0 if is_alone else self._youth(parent))

    def _push(self, heap: list[tuple[int, int, str]], name: str, date: int) -> None:
        self._order += 1
        heapq.heappush(heap, (-date, self._order, name))

    def _youth(self, name: str) -> int:
        """Return the youngest date among a commit and those below it."""
        youngest = None
        for _ in range(_BELOW):
            if name not in self._dates:
                if not self._graph.has(name):
                    break
                commit = self._graph.commit(name)
                self._dates[name] = commit.date, next(iter(commit.parents), "")
            date, name = self._dates[name]
            youngest = date if youngest is None else max(youngest, date)
        return youngest or 0


@dataclass(frozen=True)
class Since:
    """What was committed after an instant, in seconds since 1970; `most` commits of it.

    What is `known` is left out, and so is what lies below it.
    """

    instant: float
    most: int
    known: Collection[str] = ()

    def commits(self, graph: Graph, tip: str) -> Iterator[RawCommit]:
        """Find them.

        A commit of ours that is older ends its line. A person's clock may be wrong: below a few
        such commits there may be younger ones.
        """
        waiting, old_above, looked = [(0, tip)], {tip: 0}, 0
        found: set[str] = set()
        while waiting and looked < self.most:
            name = heapq.heappop(waiting)[-1]
            if name in self.known or not (commit := self._read(graph, name)):
                continue
            is_old = commit.date < self.instant
            streak = old_above[name] + 1 if is_old else 0
            if is_old and (streak > _SLOP or is_ours(commit)):
                continue
            if name not in found:
                found.add(name)
                looked += 1
                yield commit
            if name in graph.ends:
                graph.want(self._guess(looked, newest=_date(graph, tip), date=commit.date))
                continue
            for parent in commit.parents:
                if streak < old_above.get(parent, _SLOP + 1):
                    old_above[parent] = streak
                    heapq.heappush(waiting, (-_date(graph, parent), parent))

    def _read(self, graph: Graph, name: str) -> RawCommit | None:
        if graph.has(name):
            return graph.commit(name)
        graph.want(1)
        return None

    def _guess(self, looked: int, *, newest: int, date: int) -> int:
        """Guess how deep a clone reaches the instant, by how far back it reaches now."""
        reached = max(newest - date, 1)
        times = _A_LITTLE_MORE * max(newest - self.instant, 0) / reached
        return min(int(looked * min(max(times, 2), _LARGEST_STEP)) + 1, self.most + 1)


def between(graph: Graph, base: str, tip: str, most: int) -> list[RawCommit] | None:
    """Return what `tip` was made of and `base` was not, in no promised order; None for too much.

    Where dates are wrong, it may have commits that `base` has as well, and it lacks none.
    """
    if not graph.has(base):
        graph.want(1)
    waiting = [(-_date(graph, name), name) for name in {base, tip} if graph.has(name)]
    heapq.heapify(waiting)
    known, fresh, found = {base}, {tip} - {base}, dict[str, RawCommit]()
    looked = 0
    while waiting and looked < most and (fresh or _may_be_known(found, -waiting[0][0])):
        looked += 1
        name = heapq.heappop(waiting)[-1]
        fresh.discard(name)
        if name not in known:
            found[name] = graph.commit(name)
        for parent in graph.parents(name):
            if not graph.has(parent):
                graph.want((looked + 1) * _LARGEST_STEP)
                continue
            if parent in known or (name not in known and (parent in found or parent in fresh)):
                continue
            if name in known:
                known.add(parent)
                fresh.discard(parent)
                found.pop(parent, None)
            else:
                fresh.add(parent)
            heapq.heappush(waiting, (-_date(graph, parent), parent))
    return None if fresh else list(found.values())


def _may_be_known(found: dict[str, RawCommit], youngest: int) -> bool:
    """Tell whether what is left to look at may lead to a commit that was found."""
    return any(each.date <= youngest for each in found.values())


def is_ours(commit: RawCommit) -> bool:
    return commit.committer_email in _OURS


def _date(graph: Graph, name: str) -> int:
    return graph.commit(name).date if graph.has(name) else 0
