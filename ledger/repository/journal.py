"""All that changed the files of one folder, newest first, for whoever reads much of the history.

A commit changed a file that none of its parents has like this. While reading, nothing is kept of a
commit but what may be met again, and what the reader makes of it: a history of any length is read
in one go.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

import pygit2

from ledger.raw_commit import RawCommit
from ledger.repository.commits import record
from ledger.repository.frontier import Frontier
from ledger.repository.graph import Graph
from ledger.snapshot import CommitRecord

_USES = 1024  # commits, after which files are closed that were read from
_KEPT = 256  # folders that are not looked up again
_FILE, _LEASE, _ID = b"100644 ", b".lease.json\0", 20


class Journaled(NamedTuple):
    """One commit, and the files of the folder that it changed: by name, before and after it.

    None is a file that is not there. `at` is the committer's date, in seconds since 1970. A commit
    whose date cannot be one, or cannot be true beside those around it, counts as made when the next
    one was, the newest as made now.
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


class Journal:
    """Reads from the tip on, newest first; where a clone ends, it goes on from a deeper one.

    `now` is the date of a newest commit that has none, in seconds since 1970.
    """

    def __init__(self, tip: str, reading: Reading, reader: Reader, now: int) -> None:
        self._reading, self._reader = reading, reader
        self._frontier = Frontier(tip, now, reading.likely)

    def read(self, graph: Graph) -> None:
        """Read until the reader has enough. Raises TooShallow, after which it is called again."""
        folders, frontier = _Folders(graph, self._reading.folder), self._frontier
        most = self._reading.most
        while most is None or frontier.given < most:
            found = frontier.next(graph)
            if found is None:
                return
            at, is_dated, commit = found
            files = folders.changes(commit)
            if files and not self._reader(Journaled(commit, files, at, is_dated)):
                return
            if frontier.given % _USES == 0:
                graph.let_go()


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
        if after in befores:
            return {}
        first, *others = (self._differences(before, after) for before in befores)
        names = set(first).intersection(*others) if others else first
        return {
            name: (graph.content(first[name][0]), graph.content(first[name][1]))
            for name in sorted(names)
        }

    def _differences(
        self, before: pygit2.Oid | None, after: pygit2.Oid | None
    ) -> dict[str, "_Pair"]:
        if before is not None and after is not None:
            told = one_difference(self._raw(before), self._raw(after))
            if told is not None:
                name, old, new = told
                return {name: (pygit2.Oid(raw=old), pygit2.Oid(raw=new))}
        return dict(_differences(self._tree(before), self._tree(after)))

    def _tree(self, folder: pygit2.Oid | None) -> pygit2.Tree | None:
        return self._graph.tree_of(folder) if folder is not None else None


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
