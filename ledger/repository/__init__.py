"""The ledger's git repository: read a snapshot, commit by compare-and-swap, read history.

A process holds one `Repository` for each branch. Nothing but this package imports pygit2, and
pygit2's errors end here. It must not know what the files mean.
"""

from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path

from ledger.remote import Credentials, Remote, SshKey, Timeouts, Token
from ledger.repository.clone import Clone, CommitIdentity
from ledger.repository.request_index import RequestIndex
from ledger.repository.transport import Server
from ledger.snapshot import (
    UNBORN,
    Change,
    CommitRecord,
    Committed,
    Person,
    Proposal,
    Snapshot,
    check,
)
from ledger.writer import Damaged, Stopwatch, Writer

__all__ = [
    "UNBORN",
    "Change",
    "CommitRecord",
    "Committed",
    "Credentials",
    "Person",
    "Proposal",
    "Remote",
    "Repository",
    "Snapshot",
    "SshKey",
    "Timeouts",
    "Token",
]

_PATIENT = Timeouts()
_REAL_TIME = Stopwatch()


class Repository:
    """One branch of one remote repository.

    Repositories of one process may share a cache directory, each branch with a clone of its own.
    No other process and no second `Repository` of the same branch may use it.
    """

    def __init__(  # noqa: PLR0913 - the last six are named, and an entry point sets them once
        self,
        remote: Remote,
        cache: Path,
        *,
        under: str = "environments/",
        may_begin: bool = False,
        committer: Person,
        clock: Callable[[], datetime],
        timeouts: Timeouts = _PATIENT,
        stopwatch: Stopwatch = _REAL_TIME,
    ) -> None:
        """Open what is `under` a folder of the branch; the empty string is its root.

        With `may_begin`, a branch that does not exist reads as `UNBORN`, and the first commit
        begins it, without a parent. Without it, such a branch is refused.
        """
        self._remote = remote
        self._under = under
        server = Server(remote, cache / "home", timeouts, may_begin=may_begin)
        self._clone = Clone(server, cache, under, CommitIdentity(committer, clock))
        self._requests = RequestIndex(self._clone)
        self._writer = Writer(self._clone, stopwatch)

    def read(self) -> Snapshot:
        """Return the remote's tip; costs one round trip when nothing changed. Raises `Failure`."""
        return self._clone.fetch()

    def head(self) -> str:
        """Ask for the remote's tip and nothing else; "" is a branch to begin. Raises `Failure`."""
        return self._clone.head()

    def commit(self, proposal: Proposal, *, deadline_seconds: float = 20.0) -> Committed:
        """Commit what `proposal` makes of the newest snapshot; returns once the remote has it.

        May be called from many threads: they share a push, with a commit for each. `proposal` is
        called again with a newer snapshot after a conflict, and must be pure. An attempt that is
        under way at the deadline is finished. Raises `Failure`, and whatever `proposal` raises.
        """
        self._remote.check_writable()

        def checked(snapshot: Snapshot) -> Change:
            change = proposal(snapshot)
            check(change, self._under)
            return change

        committed = self._writer.commit(checked, deadline_seconds)
        self._requests.learn(committed.commit)
        return committed

    def at(self, commit: str) -> Snapshot:
        """Return the files as of a commit that this repository has told of. Raises `Failure`."""
        try:
            return self._clone.at(commit)
        except Damaged:  # the clone was thrown away meanwhile
            self._clone.latest(1)
            return self._clone.at(commit)

    def descends(self, commit: str, ancestor: str) -> bool:
        """Tell whether `commit` is `ancestor`, or was made from it along any parents.

        The clone is deepened as far as that takes: 64 commits, then each time eight times as many.
        An ancestor that is not among the nearest 8192 commits counts as none, and so does a commit
        that the branch does not have. Raises `Failure`.
        """
        return self._clone.descends(commit, ancestor)

    def answer_to(self, request_id: str, snapshot: Snapshot | None = None) -> CommitRecord | None:
        """Find the commit that answers a request, among the newest up to a snapshot.

        The first call of a process reads the history. With a snapshot that a proposal was given, it
        may be called from there. Raises `Failure`.
        """
        return self._requests.find(request_id, snapshot)

    def changes(self, path: str, limit: int) -> Iterator[CommitRecord]:
        """Return the commits that changed one path, newest first, along first parents."""
        return iter(self._clone.changes(path, limit))

    def latest(self, limit: int) -> Iterator[CommitRecord]:
        """Return the newest commits of the branch, newest first, along first parents."""
        return iter(self._clone.latest(limit))

    def find(self, prefix: str, *, of: str | None = None) -> CommitRecord | None:
        """Find a commit by the beginning of its id, in the branch's history or in that `of` one.

        None where there is none, or where the beginning fits several objects. Raises `Failure`.
        """
        return next(iter(self._clone.find(prefix, of)), None)
