"""All that changed the files of one folder, newest first, for whoever reads much of the history.

A commit changed a file that none of its parents has like this. What is kept while reading is the
id of each commit, and what the reader makes of it: a history of any length is read in one go.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice

import pygit2

from ledger.raw_commit import RawCommit
from ledger.repository.commits import record
from ledger.repository.graph import Graph
from ledger.snapshot import CommitRecord

_DEEPER = 16  # times as deep as what was read, where a clone ends
_KEPT = 256  # folders that are not looked up again
_FIRST_DATE, _LAST_DATE = 0, 2**35  # a thousand years; git takes any number for a date
_FILE, _LEASE, _ID = b"100644 ", b".lease.json\0", 20


@dataclass(frozen=True, slots=True)
class Journaled:
    """One commit, and the files of the folder that it changed: by name, before and after it.

    None is a file that is not there. `at` is the committer's date, in seconds since 1970. A commit
    whose date cannot be one counts as made when the next one was, the newest as made now.
    """

    raw: RawCommit
    files: Mapping[str, tuple[bytes | None, bytes | None]]
    at: int
    is_dated: bool = True

    @property
    def record(self) -> CommitRecord:
        return record(self.raw)


Reader = Callable[[Journaled], bool]  # False: it has read enough


@dataclass(frozen=True, slots=True)
class Reading:
    """What to read: a folder, from a commit or else the remote's tip on, `most` commits of it.

    So many are `likely` needed: a clone that has to be deepened is so by as many at once.
    """

    folder: str
    up_to: str | None = None
    most: int | None = None
    likely: int = 1


def read_journal(graph: Graph, tip: str, reading: Reading, reader: Reader, now: int) -> None:
    """Give a reader what changed a folder, until it has enough. Raises TooShallow.

    `now` is the date of a newest commit that has none, in seconds since 1970.
    """
    folders = _Folders(graph, reading.folder)
    for at, commit in islice(_newest_first(graph, tip, reading.likely, now), reading.most):
        files = folders.changes(commit)
        if files and not reader(Journaled(commit, files, at, _is_date(commit.date))):
            return


def _newest_first(graph: Graph, tip: str, likely: int, now: int) -> Iterator[tuple[int, RawCommit]]:
    """Yield each commit once with its date, no commit before all known ones that are younger."""
    if not graph.has(tip):
        graph.want(1)
        return
    order, looked = 0, 0
    date = graph.commit(tip).date
    waiting = [(-date if _is_date(date) else -now, order, tip)]
    known = {bytes.fromhex(tip)}
    while waiting:
        minus, _, name = heapq.heappop(waiting)
        at, commit = -minus, graph.commit(name)
        looked += 1
        for parent in graph.parents(commit.name):
            if not graph.has(parent):
                graph.want(max(looked * _DEEPER, likely))
                continue
            if (key := bytes.fromhex(parent)) not in known:
                known.add(key)
                order += 1
                date = graph.commit(parent).date
                heapq.heappush(waiting, (-date if _is_date(date) else -at, order, parent))
        yield at, commit


def _is_date(seconds: int) -> bool:
    return _FIRST_DATE < seconds < _LAST_DATE


class _Folders:
    """Compares a folder of commits; the folders of a few are remembered."""

    def __init__(self, graph: Graph, path: str) -> None:
        self._graph = graph
        self._of = lru_cache(_KEPT)(lambda name: graph.folder(graph.commit(name), path))
        self._raw = lru_cache(_KEPT)(graph.raw)

    def changes(self, commit: RawCommit) -> Mapping[str, tuple[bytes | None, bytes | None]]:
        graph = self._graph
        after = self._of(commit.name)
        parents = [name for name in graph.parents(commit.name) if graph.has(name)]
        befores = [self._of(name) for name in parents] or [None]
        if any(_id(before) == _id(after) for before in befores):
            return {}
        found = [self._differences(before, after) for before in befores]
        names = set(found[0]).intersection(*found[1:])
        return {
            name: (graph.content(found[0][name][0]), graph.content(found[0][name][1]))
            for name in sorted(names)
        }

    def _differences(
        self, before: pygit2.Tree | None, after: pygit2.Tree | None
    ) -> dict[str, "_Pair"]:
        if before is not None and after is not None:
            told = one_difference(self._raw(before.id), self._raw(after.id))
            if told is not None:
                name, old, new = told
                return {name: (pygit2.Oid(raw=old), pygit2.Oid(raw=new))}
        return dict(_differences(before, after))


def one_difference(before: bytes, after: bytes) -> tuple[str, bytes, bytes] | None:
    """Return the one lease by which two stored folders differ, with its ids; None: look closer.

    Nearly every commit of a long history changes the content of one lease, and a folder is stored
    as `mode name NUL id` in a row. So both are as long, and differ in those twenty bytes alone.
    """
    if len(before) != len(after) or before == after:
        return None
    place = _first_difference(before, after)
    ends = before.rfind(_LEASE, 0, place + 1) + len(_LEASE)
    begins = before.rfind(_FILE, 0, ends)
    if begins < 0 or not ends <= place < ends + _ID or before[ends + _ID :] != after[ends + _ID :]:
        return None
    if begins and before[begins - _ID - 1] != 0:  # it is within a name
        return None
    name = before[begins + len(_FILE) : ends - 1]
    if not name.isascii() or b"\0" in name:
        return None
    return name.decode(), before[ends : ends + _ID], after[ends : ends + _ID]


def _first_difference(before: bytes, after: bytes) -> int:
    """Find the first byte in which two texts of one length differ, by halves."""
    low, high = 0, len(before)
    while high - low > 1:
        middle = (low + high) // 2
        if before[low:middle] == after[low:middle]:
            low = middle
        else:
            high = middle
    return low


def _id(tree: pygit2.Tree | None) -> pygit2.Oid | None:
    return tree.id if tree is not None else None


_Pair = tuple[pygit2.Oid | None, pygit2.Oid | None]


def _differences(
    before: pygit2.Tree | None, after: pygit2.Tree | None
) -> Iterator[tuple[str, _Pair]]:
    """Yield the files that two folders do not have alike, each with its ids."""
    if before is None and after is None:
        return
    if before is None or after is None:
        there = before if after is None else after
        for entry in there or ():
            if isinstance(entry, pygit2.Blob) and entry.name:
                yield entry.name, ((entry.id, None) if after is None else (None, entry.id))
        return
    for delta in before.diff_to_tree(after).deltas:
        old, new = delta.old_file, delta.new_file
        pair = (_present(old.id), _present(new.id))
        yield new.path or old.path, pair


def _present(found: pygit2.Oid) -> pygit2.Oid | None:
    return None if not any(found.raw) else found
