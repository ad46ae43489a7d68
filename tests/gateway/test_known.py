"""What is known besides the documents is read where it is needed, and else not."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from gateway.known import known_of, settled
from ledger.claims import NOTHING
from ledger.errors import Unavailable
from tests.controller.cases import LIVE, NOW, fleet_of

if TYPE_CHECKING:
    from ledger.repository import Repository, Snapshot


class OutOfReach:
    """A branch that cannot be read; it counts who tries."""

    def __init__(self) -> None:
        self.asked = 0

    def read(self) -> Snapshot:
        self.asked += 1
        raise Unavailable("LH2003", "nobody answers.")


def test_a_record_that_cannot_be_read_says_nothing() -> None:
    known = known_of(cast("Repository", OutOfReach()), "dev")
    assert (known.record.entries, known.tagged) == ({}, {})
    assert known_of(None, "dev").record.entries == NOTHING.record.entries


def test_it_is_read_only_where_documents_leave_something_open() -> None:
    branch = OutOfReach()
    leased, unleased = fleet_of("A", expires_at=LIVE), fleet_of("A", expires_at=None)
    for fleet, asked in ((leased, 0), (unleased, 1)):
        assert settled(fleet, "A", cast("Repository", branch), NOW) is fleet
        assert branch.asked == asked
