"""Requests that the history has: found by every process, however they came into it."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from ledger.committers import GATEWAY
from ledger.errors import Refused
from ledger.remote import Remote
from ledger.repository import Change, Repository, Snapshot, request_index
from ledger.writer import Damaged
from tests.ledger.forge import BEN, LEASE, NOON, Colleague, Forge, add, change, git, opened
from tests.ledger.long_history import grow

if TYPE_CHECKING:
    from pathlib import Path


def found(process: Repository, request_id: str, snapshot: Snapshot | None = None) -> list[str]:
    return [record.commit for record in process.answers(request_id, snapshot)]


def test_a_request_is_found_by_the_process_that_committed_it_and_by_any_other(
    repository: Repository, forge: Forge, tmp_path: Path
) -> None:
    committed = repository.commit(add(1, "r-1"))
    repository.commit(add(1, "r-2"))
    for process in (repository, opened(forge.url, tmp_path / "other")):
        (record,) = process.answers("r-1")
        assert record.commit == committed.commit
        assert record.files == {LEASE}
        assert process.at(record.commit).files[LEASE] == b"1"
        assert found(process, "r-3") == []


def test_what_another_process_commits_later_is_found_up_to_the_snapshot(
    repository: Repository, forge: Forge, tmp_path: Path
) -> None:
    before = repository.read()
    assert found(repository, "r-1", before) == []
    opened(forge.url, tmp_path / "other").commit(add(1, "r-1"))
    assert found(repository, "r-1", before) == []
    assert len(found(repository, "r-1", repository.read())) == 1


def test_a_commit_that_was_never_pushed_is_not_remembered(
    repository: Repository, forge: Forge, colleague: Colleague
) -> None:
    """The first attempt loses its race, and what it would have committed is looked at and gone."""
    repository.read()
    repository.answers("none")
    colleague.commit({"README.md": "new"}, "by hand")
    colleague.push()
    seen: list[bool] = []

    def looking(snapshot: Snapshot) -> Change:
        seen.append(found(repository, "r-1", snapshot) != [])
        return change({LEASE: "7"}, "seven", "r-1")

    repository.commit(looking)
    assert seen[-1] is False
    assert len(seen) > 1, "it was asked again with the newer snapshot"
    assert forge.subjects() == ["begin", "by hand", "seven"]


def test_a_commit_before_it_in_the_same_push_is_seen(repository: Repository) -> None:
    first = repository.read()
    local = repository._clone.commit(first, add(1, "r-1")(first))
    assert found(repository, "r-1", local) == [local.commit]
    assert found(repository, "r-1", first) == []


def test_the_first_commit_of_a_branch_may_answer_a_request(forge: Forge, tmp_path: Path) -> None:
    new = Repository(
        Remote(forge.url, "new"),
        tmp_path / "new",
        may_begin=True,
        committer=GATEWAY,
        clock=lambda: NOON,
    )
    assert found(new, "r-1") == []
    first = new.commit(add(1, "r-1"))
    (record,) = new.answers("r-1")
    assert record.commit == first.commit
    assert record.files == {LEASE}


def test_the_first_commit_that_a_clone_has_is_compared_with_the_one_below_it(
    forge: Forge, tmp_path: Path
) -> None:
    """A fresh clone ends at the very commit that answers the request."""
    grow(forge, 3, begin=NOON - timedelta(days=9), path="README.md")
    opened(forge.url, tmp_path / "first").commit(add(1, "r-1"))
    (record,) = opened(forge.url, tmp_path / "fresh").answers("r-1")
    assert record.files == {LEASE}


def test_an_unknown_snapshot_is_for_the_writer_to_fetch(repository: Repository) -> None:
    unknown = replace(repository.read(), commit="0123456789" * 4)
    with pytest.raises(Damaged, match="does not have 0123"):
        repository.answers("r-1", unknown)


class TestADay:
    """A request's id lives for 24 hours, and the clocks of processes may differ by one."""

    NOW = NOON + timedelta(days=2)

    def opened(self, forge: Forge, cache: Path) -> Repository:
        return opened(forge.url, cache, clock=lambda: self.NOW)

    def test_no_more_of_the_history_is_fetched(self, forge: Forge, tmp_path: Path) -> None:
        """One commit every twelve minutes: a day has 120 of them."""
        grow(forge, 1000, begin=self.NOW - timedelta(minutes=12_000), step=timedelta(minutes=12))
        fresh = self.opened(forge, tmp_path / "fresh")
        assert len(found(fresh, "grow-999")) == 1
        assert len(found(fresh, "grow-882")) == 1
        assert found(fresh, "grow-870") == []
        (clone,) = (tmp_path / "fresh").glob("*.git")
        assert int(git(clone, "rev-list", "--count", "refs/remotes/origin/tip")) < 300

    def test_a_warm_process_forgets_as_a_cold_one_does(self, forge: Forge, tmp_path: Path) -> None:
        now = [NOON]
        warm = opened(forge.url, tmp_path / "warm", clock=lambda: now[0])
        warm.commit(add(1, "r-1"))
        assert len(found(warm, "r-1")) == 1
        now[0] += timedelta(hours=24)
        assert len(found(warm, "r-1")) == 1
        now[0] += timedelta(hours=2)
        assert found(warm, "r-1") == []

    @pytest.mark.parametrize("odd", ["1970-01-02T00:00:00Z", "2099-01-01T00:00:00Z"])
    def test_a_persons_odd_date_hides_nothing_below_it(
        self, forge: Forge, colleague: Colleague, tmp_path: Path, odd: str
    ) -> None:
        committed = self.opened(forge, tmp_path / "gateway").commit(add(1, "r-1"))
        colleague.pull()
        for number in range(10):
            colleague.commit({"README.md": f"{number}"}, "odd", date=odd)
        colleague.push()
        assert found(self.opened(forge, tmp_path / "cold"), "r-1") == [committed.commit]

    def test_old_commits_of_people_are_passed_over_but_not_for_ever(
        self, forge: Forge, tmp_path: Path
    ) -> None:
        committed = self.opened(forge, tmp_path / "gateway").commit(add(1, "r-1"))
        grow(forge, 60, begin=NOON - timedelta(days=900), committer=BEN, path="README.md")
        assert found(self.opened(forge, tmp_path / "cold"), "r-1") == [committed.commit]
        grow(forge, 600, begin=NOON - timedelta(days=900), committer=BEN, path="README.md")
        assert found(self.opened(forge, tmp_path / "colder"), "r-1") == []
        (clone,) = (tmp_path / "colder").glob("*.git")
        assert int(git(clone, "rev-list", "--count", "refs/remotes/origin/tip")) <= 512


class TestARewrittenHistory:
    def test_begins_anew_and_keeps_what_is_still_in_it(
        self, repository: Repository, colleague: Colleague
    ) -> None:
        kept = repository.commit(add(1, "kept"))
        repository.commit(add(1, "dropped"))
        assert len(found(repository, "dropped")) == 1
        colleague.pull()
        git(colleague.home, "reset", "--quiet", "--hard", kept.commit)
        colleague.commit({"README.md": "instead"}, "instead")
        git(colleague.home, "push", "--quiet", "--force", "origin", "HEAD:main")
        newest = repository.read()
        assert found(repository, "dropped", newest) == []
        assert found(repository, "kept", newest) == [kept.commit]

    def test_back_to_an_older_commit_is_one_too(self, repository: Repository, forge: Forge) -> None:
        kept = repository.commit(add(1, "kept"))
        repository.commit(add(1, "dropped"))
        repository.answers("none")
        git(forge.bare, "update-ref", "refs/heads/main", kept.commit)
        newest = repository.read()
        assert found(repository, "dropped", newest) == []
        assert found(repository, "kept", newest) == [kept.commit]

    def test_a_commit_of_the_old_one_is_told_by_a_sentence(
        self, forge: Forge, colleague: Colleague, tmp_path: Path
    ) -> None:
        first = opened(forge.url, tmp_path / "first")
        dropped = first.commit(add(1, "dropped")).commit
        colleague.commit({"README.md": "instead"}, "instead")
        git(colleague.home, "push", "--quiet", "--force", "origin", "HEAD:main")
        fresh = opened(forge.url, tmp_path / "fresh")
        with pytest.raises(Refused, match=f"LH2013.*{dropped} is not in the history"):
            fresh.at(dropped)


def test_a_process_that_lives_long_looks_anew_instead_of_growing(
    repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(request_index, "_MOST_MORE", 2)
    for number in range(7):
        repository.answers("none")
        repository.commit(add(1, f"r-{number}"))
    assert len(repository._requests._found.seen) <= 8
    assert all(found(repository, f"r-{number}") for number in range(7))


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
