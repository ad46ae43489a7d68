"""A commit as git stores it, read by what stands there and nothing else. Pure.

The header `encoding` is not gone by: git would show by it a name that nobody else reads.
"""

import re
from datetime import UTC, datetime
from typing import NamedTuple

from ledger.snapshot import Person, SignedCommit

_FIRST_SECOND = 0
_LAST_SECOND = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
_HEADER = re.compile(rb"^(tree|parent|author|committer) (.*)$", re.MULTILINE)
# Longer numbers are no date, and Python takes its time to read one.
_SIGNATURE = re.compile(rb"^(.*?) ?<([^>]*)>? ?(-?\d{1,19}(?!\d))?")


class RawCommit(NamedTuple):
    """What a commit says, in bytes as it stands there; `date` is the committer's."""

    name: str
    tree: str
    parents: tuple[str, ...]
    raw: bytes
    author: tuple[bytes, bytes]
    committer_name: bytes
    committer_email: bytes
    date: int
    message: bytes


def parsed(name: str, raw: bytes) -> RawCommit:
    """Read a commit's text. A part that is not readable is empty."""
    head, _, message = raw.partition(b"\n\n")
    found: dict[bytes, list[bytes]] = {}
    for field, value in _HEADER.findall(head):
        found.setdefault(field, []).append(value)
    author, email, _ = _signature(found.get(b"author", []))
    name_of, committer, date = _signature(found.get(b"committer", []))
    tree = found.get(b"tree", [b""])[0].decode("ascii", "replace")
    parents = tuple(parent.decode("ascii", "replace") for parent in found.get(b"parent", []))
    by = author, email
    return RawCommit(name, tree, parents, raw, by, name_of, committer, date, message)


def committed_at(commit: RawCommit) -> datetime:
    """Return the committer's date. git takes any number for it, and the calendar has two ends."""
    seconds = max(_FIRST_SECOND, min(commit.date, _LAST_SECOND))
    return datetime.fromtimestamp(seconds, UTC)


def signed(commit: RawCommit) -> SignedCommit:
    return SignedCommit(
        commit.name,
        commit.raw,
        Person(text(commit.committer_name), text(commit.committer_email)),
        Person(*map(text, commit.author)),
        committed_at(commit),
        commit.parents,
        text(commit.message),
    )


def text(raw: bytes) -> str:
    return raw.decode(errors="replace")


def _signature(found: list[bytes]) -> tuple[bytes, bytes, int]:
    match = _SIGNATURE.match(found[0]) if found else None
    return (match[1], match[2], int(match[3] or 0)) if match else (b"", b"", 0)
