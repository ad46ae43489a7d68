"""Requests that the history has: found by every process, however they came into it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.ledger.forge import LEASE, Colleague, Forge, add, change, opened

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

from ledger.repository import Change, Repository, Snapshot, request_index


def test_a_request_is_found_by_the_process_that_committed_it_and_by_any_other(
    repository: Repository, forge: Forge, tmp_path: Path
) -> None:
    committed = repository.commit(add(1, "r-1"))
    repository.commit(add(1, "r-2"))
    for process in (repository, opened(forge.url, tmp_path / "other")):
        found = process.answer_to("r-1")
        assert found is not None
        assert found.commit == committed.commit
        assert process.at(found.commit).files[LEASE] == b"1"
        assert process.answer_to("r-3") is None


def test_what_another_process_commits_later_is_found_up_to_the_snapshot(
    repository: Repository, forge: Forge, tmp_path: Path
) -> None:
    before = repository.read()
    assert repository.answer_to("r-1", before) is None
    opened(forge.url, tmp_path / "other").commit(add(1, "r-1"))
    assert repository.answer_to("r-1", before) is None
    assert repository.answer_to("r-1", repository.read()) is not None


def test_a_commit_that_was_never_pushed_is_not_remembered(
    repository: Repository, forge: Forge, colleague: Colleague
) -> None:
    """The first attempt loses its race, and what it would have committed is looked at and gone."""
    repository.read()
    repository.answer_to("none")
    colleague.commit({"README.md": "new"}, "by hand")
    colleague.push()
    seen: list[bool] = []

    def looking(snapshot: Snapshot) -> Change:
        seen.append(repository.answer_to("r-1", snapshot) is not None)
        return change({LEASE: "7"}, "seven", "r-1")

    repository.commit(looking)
    assert seen[-1] is False
    assert len(seen) > 1, "it was asked again with the newer snapshot"
    assert forge.subjects() == ["begin", "by hand", "seven"]


def test_the_oldest_are_forgotten(repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(request_index, "REMEMBERED", 2)
    repository.answer_to("none")
    for number in range(4):
        repository.commit(add(1, f"r-{number}"))
    known = [repository.answer_to(f"r-{number}") is not None for number in range(4)]
    assert known == [False, False, True, True]


def test_a_clone_that_was_thrown_away_is_no_hindrance(
    repository: Repository, forge: Forge, tmp_path: Path
) -> None:
    committed = repository.commit(add(1, "r-1"))
    for clone in (tmp_path / "cache").glob("*.git"):
        for pack in (clone / "objects").rglob("*"):
            if pack.is_file():
                pack.unlink()
    assert repository.at(committed.commit).files[LEASE] == b"1"
    assert forge.tip == committed.commit
