"""The graph of commits: every parent is followed, and never further than somebody wants to know.

A clone may end before the history does. Whoever gets to its end raises `TooShallow`, and is asked
again once the clone is deeper. A handle of pygit2 belongs to one thread at a time: whoever calls
this holds the clone's lock.
"""

import re
from collections import deque
from contextlib import suppress
from functools import lru_cache
from pathlib import Path

import pygit2
from pygit2.enums import ObjectType

from ledger.raw_commit import RawCommit
from ledger.repository.raw_commit import is_there, read_commit
from ledger.repository.transport import FOREIGN
from ledger.repository.trees import entry

MOST_BETWEEN = 8192  # commits that are looked at between a commit and its ancestor
_ID = re.compile("[0-9a-f]{40}")
_KEPT = 1024  # commits that are not read again


class TooShallow(Exception):  # noqa: N818 - it is what a clone is, and no bug
    """The clone ends where the history goes on; so many commits deep might be enough."""

    def __init__(self, depth: int) -> None:
        super().__init__(depth)
        self.depth = depth


class Graph:
    """The commits of a clone; `ends` are those whose parents it has not fetched.

    A final one is all that there will be, and its ends count as the beginning of the history.
    """

    def __init__(
        self, repository: pygit2.Repository, ends: frozenset[str], *, is_final: bool
    ) -> None:
        self._repository = repository
        self.ends = ends
        self._is_final = is_final
        self._entries: dict[tuple[str, str], pygit2.Oid | None] = {}
        self._read = lru_cache(_KEPT)(self._read_commit)
        self._content = lru_cache(_KEPT)(self._read_content)

    def want(self, depth: int) -> None:
        """Ask for a deeper clone, if there will be one."""
        if not self._is_final:
            raise TooShallow(depth)

    def has(self, commit: str) -> bool:
        return self._read(commit) is not None

    def commit(self, name: str) -> RawCommit:
        found = self._read(name)
        if found is None:
            raise KeyError(name)
        return found

    def parents(self, name: str) -> tuple[str, ...]:
        """Return the parents of a commit, also those that an end of the clone has and it not."""
        return () if self._is_final and name in self.ends else self.commit(name).parents

    def named(self, prefix: str) -> str | None:
        """Return the commit whose id begins so, if there is one and nothing else does."""
        try:
            found = self._repository.expand_id(prefix)
        except FOREIGN:  # none or several begin so, or it is too short to tell
            return None
        return str(found) if self.has(str(found)) else None

    def tree(self, commit: RawCommit) -> pygit2.Tree:
        return self._repository[commit.tree].peel(pygit2.Tree)

    def tree_of(self, tree: pygit2.Oid) -> pygit2.Tree:
        return self._repository[tree].peel(pygit2.Tree)

    def folder(self, commit: RawCommit, path: str) -> pygit2.Oid | None:
        """Return the id of the folder that a commit has at a path; the empty path is its root."""
        found: pygit2.Object = self.tree(commit)
        for part in _parts(path):
            if not isinstance(found, pygit2.Tree) or part not in found:
                return None
            found = found[part]
        return found.id if isinstance(found, pygit2.Tree) else None

    def content(self, blob: pygit2.Oid | None) -> bytes | None:
        """Return the content of a file; None for what is none, such as a folder or a submodule."""
        return self._content(blob) if blob else None

    def _read_commit(self, name: str) -> RawCommit | None:
        return read_commit(self._repository, name) if _ID.fullmatch(name) else None

    def _read_content(self, blob: pygit2.Oid) -> bytes | None:
        try:
            kind, raw = self._repository.odb.read(blob)
        except KeyError:
            return None
        return raw if kind == ObjectType.BLOB else None

    def raw(self, tree: pygit2.Oid) -> bytes:
        """Return a folder as git stores it."""
        return self._repository.odb.read(tree)[1]

    def let_go(self) -> None:
        """Close the files that are read from, and free what was read ahead; reading opens them."""
        self._repository.free()

    def entry(self, commit: RawCommit, path: str) -> pygit2.Oid | None:
        """Return the id of what a commit has at a path, or None; each is looked up once."""
        key = commit.tree, path
        if key not in self._entries:
            self._entries[key] = entry(self.tree(commit), path) if commit.tree else None
        return self._entries[key]


@lru_cache(_KEPT)
def _parts(path: str) -> tuple[str, ...]:
    """Split a path once: pygit2 never frees a name by which it was asked for what a folder has."""
    return tuple(filter(None, path.split("/")))


def descends(graph: Graph, commit: str, ancestor: str) -> bool:
    """Tell whether `ancestor` is among the nearest commits that `commit` is made of, by any parent.

    Raises TooShallow where the clone ends before that is known.
    """
    if commit == ancestor:
        return graph.has(commit)
    if not graph.has(commit):
        graph.want(1)
        return False
    waiting, known, looked = deque([commit]), {commit}, 0
    is_cut = False
    while waiting and looked < MOST_BETWEEN:
        looked += 1
        name = waiting.popleft()
        for parent in graph.parents(name):
            if parent == ancestor:
                return True
            is_cut = is_cut or not graph.has(parent)
            if parent not in known and graph.has(parent):
                known.add(parent)
                waiting.append(parent)
    if is_cut and looked < MOST_BETWEEN:
        graph.want(looked * 8)
    return False


def read_ends(clone: Path) -> frozenset[str]:
    """Return the commits at which a clone was cut off."""
    with suppress(FileNotFoundError):
        return frozenset((clone / "shallow").read_text(encoding="ascii").split())
    return frozenset()


def mend_ends(repository: pygit2.Repository, clone: Path) -> None:
    """Take off the list of ends what is none: a shallow fetch cuts also where a clone is deeper."""
    ends = read_ends(clone)
    kept = sorted(end for end in ends if not _is_joined(repository, end))
    if len(kept) == len(ends):
        return
    file = clone / "shallow"
    if not kept:
        file.unlink()
        return
    new = clone / "shallow.new"
    new.write_text("".join(f"{end}\n" for end in kept), encoding="ascii")
    new.replace(file)


def _is_joined(repository: pygit2.Repository, commit: str) -> bool:
    found = read_commit(repository, commit)
    return found is not None and all(is_there(repository, each) for each in found.parents)
