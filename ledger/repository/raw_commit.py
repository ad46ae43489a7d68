"""A commit as git stores it.

libgit2 hides the parents of a commit at which a clone was cut off, and here they are all there.
"""

import re
from dataclasses import dataclass

import pygit2
from pygit2.enums import ObjectType

_HEADER = re.compile(rb"^(tree|parent|author|committer) (.*)$", re.MULTILINE)
_SIGNATURE = re.compile(rb"^(.*?) ?<([^>]*)>? ?(-?\d+)?")


@dataclass(frozen=True, slots=True)
class RawCommit:
    """What a commit says, in bytes as it stands there; `date` is the committer's."""

    name: str
    tree: str
    parents: tuple[str, ...]
    author: tuple[bytes, bytes]
    committer_email: bytes
    date: int
    message: bytes


def read_commit(repository: pygit2.Repository, name: str) -> RawCommit | None:
    """Read a commit; None where there is none of this id. A part that is not readable is empty."""
    try:
        kind, raw = repository.read(name)
    except KeyError:
        return None
    if kind != ObjectType.COMMIT:
        return None
    head, _, message = raw.partition(b"\n\n")
    found: dict[bytes, list[bytes]] = {}
    for field, value in _HEADER.findall(head):
        found.setdefault(field, []).append(value)
    author, email, _ = _signature(found.get(b"author", []))
    _, committer, date = _signature(found.get(b"committer", []))
    tree = next(iter(found[b"tree"])).decode("ascii")
    parents = tuple(parent.decode("ascii") for parent in found.get(b"parent", []))
    return RawCommit(name, tree, parents, (author, email), committer, date, message)


def _signature(found: list[bytes]) -> tuple[bytes, bytes, int]:
    match = _SIGNATURE.match(found[0]) if found else None
    return (match[1], match[2], int(match[3] or 0)) if match else (b"", b"", 0)
