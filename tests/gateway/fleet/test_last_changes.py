"""How far the list looks for who changed a lease last."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gateway.fleet import last_changes
from gateway.fleet.last_changes import _Newest

if TYPE_CHECKING:
    from ledger.repository import Journaled


class Commit:
    """A commit of a journal, by what it changed."""

    def __init__(self, *files: str) -> None:
        self.files = dict.fromkeys(files, (None, b"{}"))
        self.record = files


def commit(*files: str) -> Journaled:
    found: Any = Commit(*files)
    return found  # type: ignore[no-any-return]


def test_it_ends_when_all_is_found() -> None:
    newest = _Newest(frozenset({"A", "B"}), frozenset({"A"}))
    assert newest(commit("A", "other"))
    assert not newest(commit("A", "B"))
    assert {file: str(found) for file, found in newest.found.items()} == {
        "A": "('A', 'other')",
        "B": "('A', 'B')",
    }


@pytest.mark.parametrize(("wanted", "goes_on"), [({"A"}, True), (set(), False)])
def test_for_what_is_not_wanted_it_looks_at_a_few(
    wanted: set[str],
    goes_on: bool,  # noqa: FBT001
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(last_changes, "_AT_LEAST", 3)
    newest = _Newest(frozenset({"A"}), frozenset(wanted))
    assert [newest(commit("other")) for _ in range(3)] == [True, True, goes_on]
