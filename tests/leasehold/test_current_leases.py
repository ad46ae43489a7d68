"""Leases of a commit that is planned, where the ledger's branch tells and where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from leasehold.current_leases import with_current_leases
from ledger.errors import Refused
from ledger.snapshot import Snapshot
from tests.scene import NOON, path

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.repository import Repository

OLD, NEW, OWN = b"old", b"new", b"own"
DEFINED = {path("A"): b"{}"}


class Entry:
    """A commit of the ledger's branch, by what it changed."""

    def __init__(self, before: bytes | None, after: bytes | None) -> None:
        self.files = {"A.lease.json": (before, after)}


class Ledger:
    """A branch whose history is given, newest first; the first reader finds a clone too shallow."""

    def __init__(self, files: Mapping[str, bytes], *history: Entry) -> None:
        self.head, self.history = Snapshot("head", files, NOON), history
        self.was_read = False

    def read(self) -> Snapshot:
        return self.head

    def journal(
        self, _folder: str, begin: Callable[[], Callable[[Any], bool]], **_: object
    ) -> None:
        self.was_read = True
        begin()(Entry(None, NEW))
        reader = begin()
        any(not reader(each) for each in self.history)


class Unreadable(Ledger):
    def read(self) -> Snapshot:
        raise Refused("LH2001", "nobody answers")


def lease_of(ledger: Ledger, files: Mapping[str, bytes]) -> bytes | None:
    planned = Snapshot("planned", files, NOON)
    found = with_current_leases(cast("Repository", ledger), "dev", planned)
    assert found.commit == "planned"
    return found.files.get(path("A", "lease"))


@pytest.mark.parametrize(
    ("own", "counts"),
    [(OLD, NEW), (None, NEW), (OWN, OWN), (NEW, NEW)],
)
def test_a_lease_that_has_moved_on_counts_as_it_is_now(own: bytes | None, counts: bytes) -> None:
    ledger = Ledger({path("A", "lease"): NEW}, Entry(OLD, NEW), Entry(None, OLD))
    files = DEFINED if own is None else {**DEFINED, path("A", "lease"): own}
    assert lease_of(ledger, files) == counts
    assert ledger.was_read is (own in (OLD, OWN))


def test_a_lease_without_a_definition_is_not_brought_back() -> None:
    ledger = Ledger({path("A", "lease"): NEW}, Entry(OLD, NEW))
    assert lease_of(ledger, {}) is None


def test_where_the_branch_cannot_be_read_a_commit_has_its_own() -> None:
    assert lease_of(Unreadable({}), {path("A", "lease"): OLD}) == OLD
