"""Commits read from a clone.

libgit2 hides the parents of a commit at which a clone was cut off, and here they are all there.
"""

import pygit2
from pygit2.enums import ObjectType

from ledger.raw_commit import RawCommit, parsed


def is_there(repository: pygit2.Repository, name: str | pygit2.Oid) -> bool:
    """Tell whether there is an object of this id; libgit2 says no to one that it cannot parse."""
    return name in repository.odb


def read_commit(repository: pygit2.Repository, name: str) -> RawCommit | None:
    """Read a commit; None where there is none of this id. A part that is not readable is empty."""
    try:
        kind, raw = repository.odb.read(name)
    except KeyError:
        return None
    return parsed(name, raw) if kind == ObjectType.COMMIT else None
