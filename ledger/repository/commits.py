"""Commits read as values: what one says, and which files it changed.

A commit changed a file that none of its parents has like this: a merge that takes one side's file
changed nothing. A handle of pygit2 belongs to one thread at a time: whoever calls this holds the
clone's lock.
"""

from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import cast

import pygit2

from ledger.raw_commit import RawCommit, committed_at, signed, text
from ledger.repository.graph import Graph
from ledger.snapshot import CommitRecord, Person, SignedCommit


def changed(graph: Graph, commit: RawCommit, path: str) -> bool:
    """Tell whether the commit changed what is at `path`. Raises TooShallow."""
    befores = [graph.entry(before, path) for before in _before(graph, commit)]
    return graph.entry(commit, path) not in (befores or [None])


def changed_files(graph: Graph, commit: RawCommit) -> frozenset[str]:
    """Return the paths of all files that the commit changed. Raises TooShallow."""
    befores = _before(graph, commit)
    if not befores:
        return _paths(graph.tree(commit).diff_to_tree(swap=True))
    after = graph.tree(commit)
    differences = (graph.tree(before).diff_to_tree(after) for before in befores)
    return frozenset.intersection(*map(_paths, differences))


def record(commit: RawCommit, files: Collection[str] = ()) -> CommitRecord:
    author, message = Person(*map(text, commit.author)), text(commit.message)
    return CommitRecord(commit.name, author, committed_at(commit), message, frozenset(files))


def signature(person: Person, at: datetime) -> pygit2.Signature:
    return pygit2.Signature(person.name, person.email, int(at.timestamp()), 0)


def watching(graph: Graph, commit: RawCommit, paths: Sequence[str]) -> SignedCommit:
    """Return a commit with the ids of what it has at some paths."""
    found = (graph.entry(commit, path) for path in paths)
    return replace(signed(commit), watched=tuple(str(each or "") for each in found))


def make_commit(
    repository: pygit2.Repository,
    what: tuple[pygit2.Signature, pygit2.Signature, str, pygit2.Oid, list[pygit2.Oid]],
    sign: Callable[[bytes], str | None] | None,
) -> pygit2.Oid:
    """Make a commit, with a signature of all that it says if there is one."""
    author, committer, message, tree, parents = what
    if sign:
        made = repository.create_commit_string(author, committer, message, tree, [*parents])
        unsigned = cast("str", made)
        if signature := sign(unsigned.encode()):
            return repository.create_commit_with_signature(unsigned, signature)
    return repository.create_commit(None, author, committer, message, tree, [*parents])


def _before(graph: Graph, commit: RawCommit) -> list[RawCommit]:
    names = graph.parents(commit.name)
    if not all(map(graph.has, names)):
        graph.want(1)
    return [graph.commit(name) for name in names if graph.has(name)]


def _paths(diff: pygit2.Diff) -> frozenset[str]:
    return frozenset(delta.new_file.path for delta in diff.deltas)
