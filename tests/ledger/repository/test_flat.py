"""What a long history leaves in memory while it is read: nothing of a commit, a row of a change."""

from __future__ import annotations

import gc
import json
import tracemalloc
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from ledger.accounting.account import Account, books, enter
from ledger.accounting.reading import LedgerReader
from ledger.accounting.tariff import Tariff
from ledger.documents import Definition, parse_definition
from ledger.json_files import dump_json
from ledger.lease import stamp
from ledger.names import Name
from ledger.snapshot import CommitRecord, Person
from tests.ledger.forge import NOON, opened
from tests.ledger.long_history import grow
from tests.scene import definition

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.repository import Journaled
    from tests.ledger.forge import Forge

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
ANA, BEN = Person("Ana", "ana@example.com"), Person("Ben", "ben@example.com")
ROW = 48  # bytes: four numbers and a flag, and the room that an array takes in advance
WARM, MORE = 8000, 2000  # the ends of so many leases are not read again


@pytest.fixture
def traced() -> Iterator[None]:
    gc.collect()
    tracemalloc.start()
    yield
    tracemalloc.stop()


def used() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


@pytest.mark.usefixtures("traced")
def test_a_reading_keeps_nothing_of_a_commit(forge: Forge, tmp_path: Path) -> None:
    grow(forge, 2 * MORE, step=timedelta(seconds=1))
    repository = opened(str(forge.bare), tmp_path / "cache", clock=lambda: NOON + timedelta(days=1))
    read, memory = 0, dict[int, int]()

    def reader(_: Journaled) -> bool:
        nonlocal read
        read += 1
        if read in (MORE - 500, 2 * MORE - 500):
            memory[read] = used()
        return True

    repository.journal("environments/dev", lambda: reader)
    assert read == 2 * MORE + 1
    before, after = memory.values()
    assert (after - before) / MORE < 8


def lease(at: datetime) -> bytes:
    return dump_json({"expires_at": stamp(at)})


def extensions(reader: LedgerReader, number: int, count: int) -> None:
    """Read changes of one lease, newest first: an hour each, every two hours."""
    for back in range(number, number + count):
        at = BEGIN - timedelta(hours=2 * back)
        before, after = lease(at - timedelta(hours=1)), lease(at + timedelta(hours=1))
        who = (ANA, BEN)[back % 2]
        reader(int(at.timestamp()), {"A.lease.json": (before, after)}, partial(_told, who, at))


def _told(who: Person, at: datetime) -> CommitRecord:
    return CommitRecord("0" * 40, who, at, f"extend\n\nLease-Action: extend\nX: {at}\n")


def versions(removed: int) -> list[tuple[int, Definition | None]]:
    """Return a definition that was away for as many of the extensions."""
    found = parse_definition("", json.dumps(definition("A")).encode())
    assert isinstance(found, Definition)
    away = int((BEGIN - timedelta(hours=2 * WARM)).timestamp())
    return [(0, found), *([(away, None), (away + 7200, found)] if removed else [])]


@pytest.mark.usefixtures("traced")
@pytest.mark.parametrize("removed", [0, 1])
def test_a_report_keeps_a_row_of_each_change_of_a_lease(removed: int) -> None:
    since = int((BEGIN - timedelta(days=9999)).timestamp())
    reader = LedgerReader(since, {})
    extensions(reader, 0, WARM)
    before = used()
    extensions(reader, WARM, MORE)
    assert (used() - before) / MORE < ROW

    # What is made of them is made for one endpoint, in columns too, and is gone after it.
    before = used()
    account = Account(since, int(BEGIN.timestamp()), ZoneInfo("UTC"))
    definitions = {Name("A"): versions(removed)}
    tracemalloc.reset_peak()
    for book in books({}, reader.leases, definitions):
        assert len(book.bought) == WARM + MORE - removed
        assert (tracemalloc.get_traced_memory()[1] - before) / (WARM + MORE) < ROW
        enter(account, book, Tariff())
    del book
    leased = sum(line.leased for line in account.lines.values())
    assert leased == 3600 * (WARM + MORE - 1 - removed)
    assert used() - before < 1000 * len(account.lines)  # of persons and days
