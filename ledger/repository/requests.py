"""What commits tell those who look for a request: its id, and whether it was taken back.

A handle of pygit2 belongs to one thread at a time: whoever calls this holds the clone's lock.
"""

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from ledger.history import trailers
from ledger.raw_commit import RawCommit
from ledger.repository.commits import changed_files, record
from ledger.repository.graph import Graph, descends
from ledger.repository.walk import is_ours
from ledger.snapshot import CommitRecord

_ID, _REVERTS = b"Request-Id: ", b"This reverts commit "
_REVERT = re.compile(
    r"This reverts commit ([0-9a-f]{7,40})(?:, reversing\s+changes made to ([0-9a-f]{7,40}))?"
)


@dataclass(frozen=True, slots=True)
class Revert:
    """A commit that says that it takes another one back.

    Of a merge, `kept` is the parent to whose files it goes back.
    """

    commit: str
    taken_back: str
    kept: str


@dataclass(frozen=True, slots=True)
class Noted:
    """What is of interest in a commit; the ids of others are as the message has them."""

    commit: str
    parents: tuple[str, ...]
    request_id: str
    reverts: tuple[Revert, ...]


@dataclass(frozen=True, slots=True)
class Wanted:
    """Some commits, all reverts that may be about them, and since when ours are of interest."""

    commits: Collection[str]
    reverts: Collection[Revert]
    oldest: float  # seconds since 1970


def noted(commit: RawCommit) -> Noted:
    name, raw = commit.name, commit.message
    message = raw.decode(errors="replace") if _ID in raw or _REVERTS in raw else ""
    reverts = (Revert(name, *found) for found in _REVERT.findall(message))
    request_id = trailers(message).get("Request-Id", "")
    return Noted(name, commit.parents, request_id, tuple(reverts))


def read_wanted(graph: Graph, wanted: Wanted) -> Sequence[CommitRecord]:
    """Read the commits, newest first, with their files and with what took them back.

    One that the history has no more is left out. Raises TooShallow.
    """
    if not all(map(graph.has, wanted.commits)):
        graph.want(1)
    found = [graph.commit(name) for name in wanted.commits if graph.has(name)]
    young = [each for each in found if each.date >= wanted.oldest or not is_ours(each)]
    young.sort(key=lambda commit: -commit.date)
    return [_with_revert(graph, each, wanted.reverts) for each in young]


def _with_revert(graph: Graph, commit: RawCommit, reverts: Collection[Revert]) -> CommitRecord:
    told = record(commit, changed_files(graph, commit))
    return replace(told, reverted_by=_taken_back_by(graph, told, reverts))


def _taken_back_by(graph: Graph, told: CommitRecord, reverts: Collection[Revert]) -> str:
    """Return the commit that took a file of this one back, and was not taken back itself."""
    for revert in reverts:
        if graph.has(revert.commit) and _is_about(graph, revert, told.commit):
            by = graph.commit(revert.commit)
            files = changed_files(graph, by)
            if files & told.files and not _taken_back_by(graph, record(by, files), reverts):
                return revert.commit
    return ""


def _is_about(graph: Graph, revert: Revert, commit: str) -> bool:
    """Tell whether a revert names a commit, or a merge that brought it."""
    if commit.startswith(revert.taken_back):
        return True
    merge = graph.named(revert.taken_back) if revert.kept else None
    if merge is None:
        return False
    kept = [parent for parent in graph.parents(merge) if parent.startswith(revert.kept)]
    return descends(graph, merge, commit) and not any(descends(graph, k, commit) for k in kept)
