"""What is read from the ledger's repository and what is written to it, as values.

It must not know git: a snapshot is files at a commit, a change is files and a message.
"""

import hashlib
import re
from collections.abc import Callable, Collection, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, TypeVar

from ledger.errors import Refused

_NOT_IN_A_NAME = re.compile(r"[\x00-\x1f\x7f\x85\u2028\u2029<>]")
_PATH = re.compile(r"[^/\x00-\x1f\x7f\\]+(?:/[^/\x00-\x1f\x7f\\]+)*")
_UNSAFE_PARTS = frozenset({".", "..", ".git"})
_Read = TypeVar("_Read")


class NotAFile(StrEnum):
    """What git may have at a path besides a file whose content can be read."""

    LINK = "a symbolic link"
    SUBMODULE = "a submodule"
    DEEP_FOLDER = "a folder too deep to be read"
    HUGE_FOLDER = "a folder of too many files to be read"
    HUGE_FILE = "a file too large to be read"
    ODD_NAME = "named in bytes that are not UTF-8"


Entries = Mapping[str, bytes | NotAFile]


@dataclass(frozen=True)
class Snapshot:
    """The files below the repository's prefix, as one commit has them.

    `not_files` is what the commit has besides them; the prefix itself may be there, without its
    slash. A branch that nobody has begun reads as `UNBORN`, whose commit is the empty string.
    """

    commit: str
    files: Mapping[str, bytes]
    committed_at: datetime
    not_files: Mapping[str, NotAFile] = field(default_factory=lambda: MappingProxyType({}))
    _remembered: dict[Hashable, Any] = field(
        default_factory=dict, init=False, repr=False, compare=False
    )
    _before: "_Before | None" = field(default=None, init=False, repr=False, compare=False)

    def after(self, commit: str, changed: Mapping[str, bytes | None], at: datetime) -> "Snapshot":
        """Return the snapshot of a commit that was made from this one; None deletes a file.

        What was made of this one's files may be brought up to date there, instead of made anew.
        """
        kept = {**self.files, **changed}
        made = Snapshot(
            commit,
            MappingProxyType({path: each for path, each in kept.items() if each is not None}),
            at,
            MappingProxyType({k: v for k, v in self.not_files.items() if k not in changed}),
        )
        object.__setattr__(made, "_before", _Before(self._remembered, frozenset(changed)))
        return made

    @property
    def entries(self) -> Entries:
        """All that the commit has at its paths, whether or not it can be read."""
        return {**self.files, **self.not_files} if self.not_files else self.files

    def remember(
        self,
        key: Hashable,
        read: Callable[[], _Read],
        renew: Callable[[_Read, Collection[str]], _Read | None] | None = None,
    ) -> _Read:
        """Return what `read` makes of the files, made once for as long as this snapshot is kept.

        `renew` gets what was made of the commit before, and the paths that have changed since; None
        where that does not tell. A copy with other files begins anew.
        """
        if key not in self._remembered:
            before = self._before
            known = before.remembered.get(key) if before and renew else None
            renewed = renew(known, before.changed) if before and renew and known else None
            self._remembered[key] = read() if renewed is None else renewed
        found: _Read = self._remembered[key]
        return found


@dataclass(frozen=True, slots=True)
class _Before:
    """What was made of the commit before, and which paths have changed since."""

    remembered: Mapping[Hashable, Any]
    changed: frozenset[str]


# Two reads of nothing are equal, so it is dated before everything and not by a clock.
UNBORN = Snapshot("", MappingProxyType({}), datetime.fromtimestamp(0, UTC))


@dataclass(frozen=True)
class Person:
    name: str
    email: str


@dataclass(frozen=True)
class Change:
    """Files to write (None deletes), and the commit that says why.

    `request_id` stands in the message as the trailer `Request-Id`: by it, and by the files, a
    change is recognised whose push was applied although its answer got lost. `most_pushes` is how
    many pushes a minute the settings allow, as the proposal read them.
    """

    files: Mapping[str, bytes | None]
    message: str
    author: Person
    request_id: str
    most_pushes: int | None = None


@dataclass(frozen=True)
class Committed:
    """A change that the remote has accepted, and the files as of its commit."""

    commit: str
    snapshot: Snapshot
    change: Change


@dataclass(frozen=True)
class CommitRecord:
    """What one commit says.

    Where a request was looked for, `files` are the paths that the commit changed, and `reverted_by`
    is the commit that took it back; "" is none.
    """

    commit: str
    author: Person
    committed_at: datetime
    message: str
    files: frozenset[str] = frozenset()
    reverted_by: str = ""


@dataclass(frozen=True, slots=True)
class SignedCommit:
    """A commit as git stores it, and who it says has made it.

    `watched` are the ids of what it has at the paths that were asked about; "" is nothing.
    """

    commit: str
    raw: bytes
    committer: Person
    author: Person
    committed_at: datetime
    parents: tuple[str, ...] = ()
    message: str = ""
    watched: tuple[str, ...] = ()


Proposal = Callable[[Snapshot], Change]


def blob_id(content: bytes) -> str:
    """Return the id by which git knows what a file has."""
    return hashlib.sha1(b"blob %d\0%b" % (len(content), content), usedforsecurity=False).hexdigest()


def check(change: Change, under: str) -> None:
    """Raise `Refused` for what git would take, but would mislead whoever reads it."""
    if not all(map(_is_name, (change.author.name, change.author.email))):
        raise Refused(
            "LH2011",
            f"The author {change.author.name!r} {change.author.email!r} cannot be written into a"
            " commit: it needs a name and an e-mail, without < > and control characters.",
        )
    if not change.message.strip() or "\0" in change.message:
        raise Refused("LH2011", "The commit message is empty or holds a NUL character.")
    for path in change.files:
        if not _is_path_below(under, path):
            below = f" below {under!r}" if under else ""
            raise Refused("LH2011", f"{path!r} is not the path of a file{below}.")


def is_unchanged(change: Change, snapshot: Snapshot) -> bool:
    return all(snapshot.files.get(path) == content for path, content in change.files.items())


def answers(record: CommitRecord, change: Change) -> bool:
    """Tell whether the commit carries the change's request id, and the digest if that has one."""
    told, asked = _trailers(record.message), _trailers(change.message)
    same_digest = _named("Request-Digest", told) == _named("Request-Digest", asked)
    return bool(change.request_id) and f"Request-Id: {change.request_id}" in told and same_digest


def is_requested(record: CommitRecord) -> bool:
    """Tell whether somebody's request made the commit: it names one among its trailers."""
    return bool(_named("Request-Id", _trailers(record.message)))


def _trailers(message: str) -> list[str]:
    return message.rstrip().rpartition("\n\n")[2].split("\n")


def _named(name: str, trailers: list[str]) -> list[str]:
    return [line for line in trailers if line.startswith(f"{name}: ")]


def _is_name(text: str) -> bool:
    # git drops these characters from both ends, and a name of nothing else has no letters left.
    return not _NOT_IN_A_NAME.search(text) and bool(text.strip(" .,:;\"'\\"))


def _is_path_below(under: str, path: str) -> bool:
    parts = {part.lower() for part in path.split("/")}
    return path.startswith(under) and bool(_PATH.fullmatch(path)) and not parts & _UNSAFE_PARTS
