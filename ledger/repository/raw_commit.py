"""A commit as git stores it.

libgit2 hides the parents of a commit at which a clone was cut off, and here they are all there.
"""

import re
from typing import NamedTuple

import pygit2
from pygit2.enums import ObjectType

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


def is_there(repository: pygit2.Repository, name: str | pygit2.Oid) -> bool:
    """Tell whether there is an object of this id; libgit2 says no to one that it cannot parse."""
    return name in repository.odb


def read_commit(repository: pygit2.Repository, name: str) -> RawCommit | None:
    """Read a commit; None where there is none of this id. A part that is not readable is empty."""
    try:
        kind, raw = repository.odb.read(name)
    except KeyError:
        return None
    if kind != ObjectType.COMMIT:
        return None
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


def _signature(found: list[bytes]) -> tuple[bytes, bytes, int]:
    match = _SIGNATURE.match(found[0]) if found else None
    return (match[1], match[2], int(match[3] or 0)) if match else (b"", b"", 0)
