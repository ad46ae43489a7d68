"""A snapshot remembers what was read of it, and nothing else does."""

from __future__ import annotations

import gc
import weakref
from dataclasses import replace
from typing import TYPE_CHECKING

from ledger import holdings
from ledger.holdings import fleet_of, read_fleet
from ledger.json_files import dump_json
from ledger.preconditions import unless_changed
from ledger.proposals import Request, extension
from ledger.snapshot import Person, Snapshot
from tests.scene import NOON, definition, environment, lease, path

if TYPE_CHECKING:
    import pytest

ANA = Person("Ana", "ana@example.com")


def snapshot(*names: str) -> Snapshot:
    documents = {"environments/dev/environment.json": environment()}
    for name in names:
        documents |= {path(name): definition(name), path(name, "lease"): lease(NOON)}
    return Snapshot("0" * 40, {name: dump_json(data) for name, data in documents.items()}, NOON)


def test_the_fleet_is_put_together_once_for_each_environment() -> None:
    head = snapshot("A")
    assert fleet_of(head, "dev") == read_fleet(head.files, "dev")
    assert fleet_of(head, "dev") is fleet_of(head, "dev")
    assert fleet_of(head, "prod").environment is None


def test_a_proposal_with_its_conditions_reads_a_snapshot_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    read: list[str] = []

    def counted(files: object, environment: str) -> holdings.Fleet:
        read.append(environment)
        return read_fleet(head.files, environment)

    head = snapshot("A")
    monkeypatch.setattr(holdings, "read_fleet", counted)
    request = Request("dev", "A", ANA, "r-1", NOON)
    unless_changed(extension(request, 10), request, [head])(head)
    assert read == ["dev"]


def test_a_copy_with_other_files_is_read_anew() -> None:
    head = snapshot("A")
    before = fleet_of(head, "dev")
    after = replace(head, files=snapshot("A", "B").files)
    assert [holding.name for holding in fleet_of(after, "dev").holdings] == ["A", "B"]
    assert fleet_of(head, "dev") is before


def test_what_was_read_makes_no_difference_between_two_snapshots() -> None:
    one, other = snapshot("A"), snapshot("A")
    fleet_of(one, "dev")
    assert one == other
    assert repr(one) == repr(other)


def test_what_was_read_goes_with_its_snapshot() -> None:
    head = snapshot("A")
    fleet = weakref.ref(fleet_of(head, "dev"))
    assert fleet() is not None
    del head
    gc.collect()
    assert fleet() is None
