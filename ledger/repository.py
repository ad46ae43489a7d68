"""The ledger's git repository: read a snapshot, commit by compare-and-swap, read history.

The controller, the gateway and the command line hold one `Repository` each. This is the only
module that imports pygit2, and foreign errors end here. It must not know what the files mean.

The clone is bare, one commit deep and disposable: whatever is wrong with it, a new one is made.
Objects and references are touched under a lock. A push uses a second handle on the same clone and
holds no lock, so that a reader never waits for a push's network time.
"""

import hashlib
import shutil
import threading
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType

import pygit2
from pygit2.enums import CredentialType, FileMode

from ledger.errors import Refused, Unavailable
from ledger.remote import Credentials, Remote, SshKey, Timeouts, Token
from ledger.snapshot import (
    Change,
    CommitRecord,
    Committed,
    Person,
    Proposal,
    Snapshot,
    check,
)
from ledger.writer import Damaged, PushFailed, Writer

__all__ = [
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

_FOREIGN = (pygit2.GitError, KeyError, ValueError, OSError)
_WHOLE_HISTORY = 2**31 - 1
_MOST_PACKS = 100
_MOST_LOOSE_OF_256 = 32
_MOST_WORDS = 500
_ssh_home = threading.Lock()


class Repository:
    """One branch of one remote repository, and a cache directory that nobody else uses."""

    def __init__(
        self,
        remote: Remote,
        cache: Path,
        *,
        under: str = "environments/",
        committer: Person,
        clock: Callable[[], datetime],
        timeouts: Timeouts = Timeouts(),
    ) -> None:
        self._remote = remote
        self._under = under
        self._clone = _Clone(_Server(remote, cache, timeouts), cache, under, _Pen(committer, clock))
        self._writer = Writer(self._clone)

    def read(self) -> Snapshot:
        """Give the remote's tip; costs one round trip when nothing changed. Raises `Failure`."""
        return self._clone.fetch()

    def head(self) -> str:
        """Ask for the remote's tip and nothing else."""
        return self._clone.head()

    def commit(self, proposal: Proposal, *, deadline_seconds: float = 20.0) -> Committed:
        """Commit what `proposal` makes of the newest snapshot; returns once the remote has it.

        May be called from many threads: they share a push, with a commit for each. `proposal` is
        called again with a newer snapshot after a conflict, and must be pure. An attempt that is
        under way at the deadline is finished.
        """
        self._remote.check_writable()

        def checked(snapshot: Snapshot) -> Change:
            change = proposal(snapshot)
            check(change, self._under)
            return change

        return self._writer.commit(checked, deadline_seconds)

    def changes(self, path: str, limit: int) -> Iterator[CommitRecord]:
        """Give the commits that changed one path, newest first, along first parents."""
        return iter(self._clone.changes(path, limit))
