"""Commits read as values: what one says, and which of them changed a path.

A handle of pygit2 belongs to one thread at a time: whoever calls this holds the clone's lock.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import takewhile

import pygit2

from ledger.repository.trees import entry
from ledger.snapshot import CommitRecord, Person, is_requested

_LAST_SECOND = int(datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC).timestamp())


def history(
    repository: pygit2.Repository, tip: str, path: str, limit: int
) -> Iterator[CommitRecord]:
    """Return the commits that changed `path`, newest first, along first parents."""
    commit: pygit2.Commit | None = repository[tip].peel(pygit2.Commit)
    while commit is not None and limit > 0:
        if differs(commit, path):
            limit -= 1
            yield record(commit)
        commit = commit.parents[0] if commit.parents else None


def latest(repository: pygit2.Repository, tip: str, limit: int) -> Iterator[CommitRecord]:
    """Return the newest commits, along first parents."""
    commit: pygit2.Commit | None = repository[tip].peel(pygit2.Commit)
    for _ in range(limit):
        if commit is None:
            return
        yield record(commit)
        commit = commit.parents[0] if commit.parents else None


def after(repository: pygit2.Repository, base: str, tip: str) -> Iterator[CommitRecord]:
    """Return the commits up to `tip` that `base` does not have, newest first; "" has none."""
    walker = repository.walk(tip)
    if base and base in repository:
        walker.hide(base)
    return map(record, walker)


def ages(newest_first: Iterator[CommitRecord], now: datetime, longest: float) -> list[float]:
    """Tell how many seconds ago requests were committed, the longest ago first."""
    aged = (((now - each.committed_at).total_seconds(), each) for each in newest_first)
    recent = takewhile(lambda pair: pair[0] <= longest, aged)
    return [max(0.0, age) for age, each in recent if is_requested(each)][::-1]


def descended(repository: pygit2.Repository, tip: str, prefix: str) -> Iterator[CommitRecord]:
    """Return the commit whose id begins so, if it is `tip` or in its history, and no other does."""
    try:
        ends: tuple[object, object] = (repository.get(prefix), repository.get(tip))
    except (pygit2.GitError, ValueError):  # several objects begin so, or it is too short to tell
        return
    found, end = ends
    if not isinstance(found, pygit2.Commit) or not isinstance(end, pygit2.Commit):
        return
    if found.id == end.id or repository.descendant_of(end.id, found.id):
        yield record(found)


def differs(commit: pygit2.Commit, path: str) -> bool:
    """Tell whether the commit changed `path`."""
    before = entry(commit.parents[0].tree, path) if commit.parents else None
    return entry(commit.tree, path) != before


def record(commit: pygit2.Commit) -> CommitRecord:
    author = Person(_text(commit.author.raw_name), _text(commit.author.raw_email))
    return CommitRecord(str(commit.id), author, committed_at(commit), _text(commit.raw_message))


def committed_at(commit: pygit2.Commit) -> datetime:
    """Return the committer's date. git takes any number for it, and the calendar ends somewhere."""
    return datetime.fromtimestamp(min(commit.commit_time, _LAST_SECOND), UTC)


def signature(person: Person, at: datetime) -> pygit2.Signature:
    return pygit2.Signature(person.name, person.email, int(at.timestamp()), 0)


def _text(raw: bytes) -> str:
    return raw.decode(errors="replace")
