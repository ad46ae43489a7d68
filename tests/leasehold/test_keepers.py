"""Who keeps an endpoint on, by the last change of its lease."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from leasehold.keepers import Keepers, keeper
from ledger.committers import CONTROLLER
from ledger.history import LeaseAction, LeaseChange, write_message
from ledger.snapshot import CommitRecord, Person
from tests.scene import NOON

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.repository import Journaled

ANA = Person("Ana", "ana@example.com")


def change(action: LeaseAction, by: Person, reason: str | None = None) -> CommitRecord:
    told = LeaseChange(action, "demo-A-Endpoint", NOON, None, by, "r1", reason)
    return CommitRecord("c", by, NOON, write_message("dev", "A", told))


@dataclass
class Commit:
    """One commit of the journal, with the files that it changed."""

    record: CommitRecord
    names: tuple[str, ...] = ("A.lease.json",)
    files: Mapping[str, tuple[None, None]] = field(init=False)

    def __post_init__(self) -> None:
        self.files = dict.fromkeys(self.names, (None, None))


@pytest.mark.parametrize(
    ("record", "who"),
    [
        (change(LeaseAction.EXTEND, ANA, "demo at noon"), "Ana: demo at noon"),
        (change(LeaseAction.EXTEND, ANA), "Ana"),
        (CommitRecord("c", ANA, NOON, "Keep it for the weekend"), "Ana"),
        (change(LeaseAction.GRANT, CONTROLLER), "first lease"),
        (change(LeaseAction.EXTEND, CONTROLLER), "kept in use"),
        (change(LeaseAction.CREDIT, CONTROLLER), None),
        (CommitRecord("c", CONTROLLER, NOON, "odd"), None),
    ],
)
def test_it_is_who_changed_the_lease_last_and_why(record: CommitRecord, who: str | None) -> None:
    assert keeper(record) == who


def read(reader: Keepers, *commits: Commit) -> int:
    """Give commits to a reader, newest first, until it has enough; return how many it took."""
    took = 0
    for each in commits:
        took += 1
        if not reader(cast("Journaled", each)):
            break
    return took


def test_the_newest_change_counts_and_minutes_of_a_start_are_nobodys() -> None:
    reader = Keepers(["A", "B"])
    ben = Person("Ben", "ben@example.com")
    commits = (
        Commit(change(LeaseAction.CREDIT, CONTROLLER)),
        Commit(change(LeaseAction.EXTEND, ben), ("A.endpoint.json", "C.lease.json")),
        Commit(change(LeaseAction.EXTEND, ANA, "demo")),
        Commit(change(LeaseAction.EXTEND, ben), ("A.lease.json", "B.lease.json")),
        Commit(change(LeaseAction.GRANT, CONTROLLER)),
    )
    assert read(reader, *commits) == 4
    assert reader.found == {"A": "Ana: demo", "B": "Ben"}
    assert read(reader.begin(), commits[3]) == 1
    assert reader.found == {"A": "Ben", "B": "Ben"}


def test_what_is_long_ago_is_not_looked_for() -> None:
    reader = Keepers(["A"], most=3)
    other = Commit(change(LeaseAction.EXTEND, ANA), ("B.lease.json",))
    assert read(reader, *[other] * 9) == 3
    assert reader.found == {}
