"""The ledger's git repository: read a snapshot, commit by compare-and-swap, read history.

A process holds one `Repository` for each branch. Nothing but this package imports pygit2, and
pygit2's errors end here. It must not know what the files mean.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from pathlib import Path

from ledger.deadline import left
from ledger.remote import Credentials, Remote, SshKey, Timeouts, Token
from ledger.repository import certificates as certificates  # before pygit2 is imported
from ledger.repository.clone import Clone, CommitIdentity, Sign
from ledger.repository.graph import MOST_BETWEEN
from ledger.repository.journal import Journaled, Reader, Reading
from ledger.repository.pages import Page, Place
from ledger.repository.request_index import RequestIndex
from ledger.repository.transport import Server
from ledger.snapshot import (
    UNBORN,
    Change,
    CommitRecord,
    Committed,
    Person,
    Proposal,
    SignedCommit,
    Snapshot,
    check,
)
from ledger.writer import Stopwatch, Writer

__all__ = [
    "MOST_BETWEEN",
    "UNBORN",
    "Change",
    "CommitRecord",
    "Committed",
    "Credentials",
    "Journaled",
    "Page",
    "Person",
    "Place",
    "Proposal",
    "Remote",
    "Repository",
    "Sign",
    "Snapshot",
    "SshKey",
    "Timeouts",
    "Token",
]

_PATIENT = Timeouts()
_LAST_ATTEMPT = 2.0  # seconds of a caller's time in which none begins
_REAL_TIME = Stopwatch()


class Repository:
    """One branch of one remote repository.

    Repositories of one process may share a cache directory, each branch with a clone of its own.
    No other process and no second `Repository` of the same branch may use it.
    """

    def __init__(  # noqa: PLR0913 - the last seven are named, and an entry point sets them once
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
        sign: Sign | None = None,
    ) -> None:
        """Open what is `under` a folder of the branch; the empty string is its root.

        With `may_begin`, a branch that does not exist reads as `UNBORN`, and the first commit
        begins it, without a parent. Without it, such a branch is refused. `sign` makes a
        signature of what a commit says, or none.
        """
        self._remote = remote
        self._under = under
        server = Server(remote, cache / "home", timeouts, may_begin=may_begin)
        self._clone = Clone(server, cache, under, CommitIdentity(committer, clock, sign))
        self._requests = RequestIndex(self._clone, clock)
        self._writer = Writer(self._clone, stopwatch)

    @property
    def url(self) -> str:
        """Return the remote's address, as git has it."""
        return self._remote.url

    def close(self) -> None:
        """Close the files that are open; what is asked later opens them again."""
        self._clone.close()

    def __del__(self) -> None:
        self.close()

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
        under way at the deadline is finished, unless the caller's own comes before that. Raises
        `Failure`, and whatever `proposal` raises.
        """
        self._remote.check_writable()

        def checked(snapshot: Snapshot) -> Change:
            change = proposal(snapshot)
            check(change, self._under)
            return change

        seconds = left(deadline_seconds + _LAST_ATTEMPT) - _LAST_ATTEMPT
        return self._writer.commit(checked, max(seconds, 0.0))

    def try_push(self) -> None:
        """Push the branch's head onto itself: whoever may write may do that, and nothing moves.

        The server asks all that it asks of a push, hooks and protections included. Raises
        `Failure`; Refused LH2007 where the server says no.
        """
        self._remote.check_writable()
        self._clone.surely(self._clone.try_push)

    def signed(self, commit: str) -> SignedCommit:
        """Return a commit that this repository has told of, as git stores it. Raises `Failure`."""
        return self._clone.surely(lambda: self._clone.signed(commit))

    def since(
        self, base: str, tip: str, watched: Sequence[str] = ()
    ) -> Sequence[SignedCommit] | None:
        """Return what `tip` was made of and `base` was not, along all parents, in no order.

        Each says what it has at the paths that are `watched`. None for more than 8192 commits.
        Raises `Failure`.
        """
        return self._clone.surely(lambda: self._clone.since(base, tip, watched))

    def parents(self, commit: str) -> tuple[str, ...]:
        """Return the parents of a commit that this repository has told of. Raises `Failure`."""
        return self._clone.surely(lambda: self._clone.parents(commit))

    def expect(self, callers: int) -> None:
        """Let the next push wait a little for so many calls of `commit`, so that they share it."""
        self._writer.expect(callers)

    def excuse(self) -> None:
        """Expect one caller less. Whoever was expected says so at its end, in any case."""
        self._writer.excuse()

    def at(self, commit: str) -> Snapshot:
        """Return the files as of a commit that this repository has told of.

        Raises `Failure`; Refused LH2013 where somebody has rewritten the history without it.
        """
        return self._clone.surely(lambda: self._clone.recall(commit))

    def descends(self, commit: str, ancestor: str) -> bool:
        """Tell whether `commit` is `ancestor`, or was made from it along any parents.

        The clone is deepened as far as that takes: 64 commits, then each time eight times as many.
        An ancestor that is not among the nearest 8192 commits counts as none, and so does a commit
        that the branch does not have. Raises `Failure`.
        """
        return self._clone.surely(lambda: self._clone.descends(commit, ancestor))

    def answers(self, request_id: str, snapshot: Snapshot | None = None) -> Sequence[CommitRecord]:
        """Return the commits of the last 24 hours that carry a request's id, newest first.

        They are looked for along all parents, up to a snapshot or else to the remote's tip as last
        seen. The first call of a process reads that much of the history. With a snapshot that a
        proposal was given, it may be called from there. Raises `Failure`.
        """
        if snapshot is not None:  # what is wrong with the clone then is for the writer to know
            return self._requests.find(request_id, snapshot)
        return self._clone.surely(lambda: self._requests.find(request_id, None))

    def last_change(self, path: str, snapshot: Snapshot) -> CommitRecord | None:
        """Return the commit that changed a file last, up to a snapshot; None if it is far back."""
        return self._clone.surely(lambda: self._clone.last_change(path, snapshot.commit))

    def page(self, path: str, limit: int, begin: Place | None = None) -> Page:
        """Return the newest commits that changed one path, or those from a place on.

        A commit changed a path that none of its parents has like this; all parents are followed.
        Raises `Failure`; Refused LH2013 for a place in a history that was rewritten.
        """
        return self._clone.surely(lambda: self._clone.page(path, limit, begin))

    def changes(self, path: str, limit: int) -> Iterator[CommitRecord]:
        """Return the commits that changed one path, newest first, page by page."""
        begin: Place | None = None
        while limit > 0:
            page = self.page(path, limit, begin)
            yield from page.records
            limit -= len(page.records)
            if (begin := page.rest) is None:
                return

    def journal(
        self,
        folder: str,
        begin: Callable[[], Reader],
        *,
        up_to: Snapshot | None = None,
        most: int | None = None,
        likely: int = 1,
    ) -> None:
        """Give all that changed the files of a folder to a reader, newest first.

        It begins at a snapshot, or else at the remote's tip, and looks at `most` commits. The clone
        is deepened until the reader has enough, at once by as many as are `likely` needed; where
        that takes a new start, `begin` makes a new reader. Raises `Failure`.
        """
        reading = Reading(folder, up_to.commit if up_to else None, most, likely)
        self._clone.surely(lambda: self._clone.journal(reading, begin))

    def find(self, prefix: str) -> CommitRecord | None:
        """Find a commit by how its id begins, among the nearest 8192 of the branch.

        None where there is none, or where the beginning fits several objects. Raises `Failure`.
        """
        return self._clone.surely(lambda: self._clone.find(prefix))
