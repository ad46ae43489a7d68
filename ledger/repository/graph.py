"""The graph of commits: every parent is followed, and never further than somebody wants to know.

A clone may end before the history does. Whoever gets to its end raises `TooShallow`, and is asked
again once the clone is deeper. A handle of pygit2 belongs to one thread at a time: whoever calls
this holds the clone's lock.
"""

import re
from collections import deque
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pygit2

MOST_BETWEEN = 8192  # commits that are looked at between a commit and its ancestor
_ID = re.compile("[0-9a-f]{40}")
_PARENT = re.compile(rb"^parent ([0-9a-f]{40})$", re.MULTILINE)


class TooShallow(Exception):  # noqa: N818 - it is what a clone is, and no bug
    """The clone ends where the history goes on; so many commits deep might be enough."""

    def __init__(self, depth: int) -> None:
        super().__init__(depth)
        self.depth = depth


@dataclass(frozen=True)
class Graph:
    """The commits of a clone; `ends` are those whose parents it has not fetched.

    A final one is all that there will be, and its ends count as the beginning of the history.
    """

    repository: pygit2.Repository
    ends: frozenset[str]
    is_final: bool

    def want(self, depth: int) -> None:
        """Ask for a deeper clone, if there will be one."""
        if not self.is_final:
            raise TooShallow(depth)

    def has(self, commit: str) -> bool:
        return bool(_ID.fullmatch(commit)) and isinstance(
            self.repository.get(commit), pygit2.Commit
        )

    def commit(self, oid: pygit2.Oid | str) -> pygit2.Commit:
        return self.repository[oid].peel(pygit2.Commit)


def descends(graph: Graph, commit: str, ancestor: str) -> bool:
    """Tell whether `ancestor` is among the nearest commits that `commit` is made of, by any parent.

    Raises TooShallow where the clone ends before that is known.
    """
    if not graph.has(commit):
        graph.want(1)
        return False
    waiting, known, looked = deque([commit]), {commit}, 0
    is_cut = False
    while waiting and looked < MOST_BETWEEN:
        looked += 1
        name = waiting.popleft()
        is_cut = is_cut or name in graph.ends
        for parent in map(str, graph.commit(name).parent_ids):
            if parent == ancestor:
                return True
            if parent not in known:
                known.add(parent)
                waiting.append(parent)
    if is_cut and looked < MOST_BETWEEN:
        graph.want(looked)
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
    return commit in repository and _all_there(repository, _real_parents(repository, commit))


def _all_there(repository: pygit2.Repository, commits: Iterable[str]) -> bool:
    return all(commit in repository for commit in commits)


def _real_parents(repository: pygit2.Repository, commit: str) -> list[str]:
    """Return the parents that the commit itself names; libgit2 hides those of an end."""
    _, raw = repository.read(commit)
    return [parent.decode() for parent in _PARENT.findall(raw.partition(b"\n\n")[0])]
