"""All that changed the files of one folder, newest first, for whoever reads much of the history.

A commit changed a file that none of its parents has like this. What is kept while reading is the
id of each commit, and what the reader makes of it: a history of any length is read in one go.
"""

import heapq
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

import pygit2

from ledger.repository.commits import record
from ledger.repository.graph import Graph
from ledger.repository.raw_commit import RawCommit
from ledger.snapshot import CommitRecord

_DEEPER = 16  # times as deep as what was read, where a clone ends
_KEPT = 256  # folders that are not looked up again


@dataclass(frozen=True, slots=True)
class Journaled:
    """One commit, and the files of the folder that it changed: by name, before and after it.

    None is a file that is not there. `raw_date` is the committer's, in seconds since 1970.
    """

    raw: RawCommit
    files: Mapping[str, tuple[bytes | None, bytes | None]]

    @property
    def raw_date(self) -> int:
        return self.raw.date

    @property
    def record(self) -> CommitRecord:
        return record(self.raw)


Reader = Callable[[Journaled], bool]  # False: it has read enough


def read_journal(graph: Graph, tip: str, folder: str, reader: Reader) -> None:
    """Give a reader what changed a folder, until it has enough. Raises TooShallow."""
    folders = _Folders(graph, folder)
    for commit in _newest_first(graph, tip):
        files = folders.changes(commit)
        if files and not reader(Journaled(commit, files)):
            return


def _newest_first(graph: Graph, tip: str) -> Iterator[RawCommit]:
    """Yield each commit once, no commit before all known ones that are younger."""
    if not graph.has(tip):
        graph.want(1)
        return
    order, looked = 0, 0
    waiting = [(-graph.commit(tip).date, order, tip)]
    known = {bytes.fromhex(tip)}
    while waiting:
        commit = graph.commit(heapq.heappop(waiting)[-1])
        looked += 1
        for parent in graph.parents(commit.name):
            if not graph.has(parent):
                graph.want(looked * _DEEPER)
                continue
            if (name := bytes.fromhex(parent)) not in known:
                known.add(name)
                order += 1
                heapq.heappush(waiting, (-graph.commit(parent).date, order, parent))
        yield commit


class _Folders:
    """Compares a folder of commits; the folders of a few are remembered."""

    def __init__(self, graph: Graph, path: str) -> None:
        self._graph = graph
        self._of = lru_cache(_KEPT)(lambda name: graph.folder(graph.commit(name), path))

    def changes(self, commit: RawCommit) -> Mapping[str, tuple[bytes | None, bytes | None]]:
        graph = self._graph
        after = self._of(commit.name)
        parents = [name for name in graph.parents(commit.name) if graph.has(name)]
        befores = [self._of(name) for name in parents] or [None]
        if any(_id(before) == _id(after) for before in befores):
            return {}
        found = [dict(_differences(before, after)) for before in befores]
        names = set(found[0]).intersection(*found[1:])
        return {
            name: (graph.content(found[0][name][0]), graph.content(found[0][name][1]))
            for name in sorted(names)
        }


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
