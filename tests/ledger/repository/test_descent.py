"""Whether one commit was made from another, along any parents, also in a clone one commit deep."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.errors import Unavailable
from ledger.repository import graph
from tests.ledger.forge import LEASE, Colleague, Forge, git, opened
from tests.ledger.long_history import grow

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.repository import Repository

NOBODYS = "0123456789" * 4


def counted(forge: Forge, revision: str) -> str:
    return git(forge.bare, "rev-parse", revision)


def depth(cache: Path) -> int:
    (clone,) = cache.glob("*.git")
    return int(git(clone, "rev-list", "--count", "refs/remotes/origin/tip"))


class TestDescent:
    def test_equal_commits_cost_nothing(self, tmp_path: Path) -> None:
        nowhere = opened("http://127.0.0.1:9/none.git", tmp_path / "cache")
        assert nowhere.descends(NOBODYS, NOBODYS)
        assert not nowhere.descends("", "")

    @pytest.mark.parametrize("back", [1, 63, 64, 65, 511, 512, 600])
    def test_an_ancestor_is_found_however_shallow_the_clone_is(
        self, forge: Forge, tmp_path: Path, back: int
    ) -> None:
        grow(forge, 600)
        fresh = opened(forge.url, tmp_path / "fresh")
        assert fresh.descends(forge.tip, counted(forge, f"main~{back}"))
        assert not fresh.descends(counted(forge, f"main~{back}"), forge.tip)

    def test_no_more_is_fetched_than_it_takes(self, forge: Forge, tmp_path: Path) -> None:
        grow(forge, 600)
        fresh = opened(forge.url, tmp_path / "fresh")
        fresh.read()
        assert depth(tmp_path / "fresh") == 1
        fresh.descends(forge.tip, counted(forge, "main~5"))
        assert depth(tmp_path / "fresh") == 64
        fresh.descends(forge.tip, counted(forge, "main~500"))
        assert depth(tmp_path / "fresh") == 512

    def test_every_parent_of_a_merge_counts(
        self, repository: Repository, forge: Forge, colleague: Colleague
    ) -> None:
        side = _merge(colleague, "main", "topic")
        assert repository.descends(forge.tip, side)
        side = _merge(colleague, "topic2", "main")  # main is the second parent
        assert repository.descends(forge.tip, counted(forge, "main^2"))
        assert repository.descends(forge.tip, side)

    @pytest.mark.parametrize("unknown", [NOBODYS, "", "main", "0" * 7, "é" * 40, "A" * 40])
    def test_what_nobody_knows_is_no_ancestor_and_no_descendant(
        self, repository: Repository, forge: Forge, unknown: str
    ) -> None:
        assert not repository.descends(forge.tip, unknown)
        assert not repository.descends(unknown, forge.tip)

    def test_a_file_is_no_ancestor(self, repository: Repository, forge: Forge) -> None:
        blob = git(forge.bare, "rev-parse", f"main:{LEASE}")
        assert not repository.descends(forge.tip, blob)
        assert not repository.descends(blob, forge.tip)

    def test_a_commit_that_was_taken_back_is_none_of_what_came_instead(
        self, repository: Repository, forge: Forge, colleague: Colleague
    ) -> None:
        dropped = colleague.commit({LEASE: "1"}, "dropped")
        colleague.push()
        repository.read()
        git(colleague.home, "reset", "--quiet", "--hard", "HEAD~1")
        colleague.commit({LEASE: "2"}, "instead")
        git(colleague.home, "push", "--quiet", "--force", "origin", "HEAD:main")
        assert not repository.descends(repository.read().commit, dropped)
        assert repository.descends(forge.tip, counted(forge, "main~1"))

    def test_a_history_is_searched_to_a_bound_and_not_beyond(
        self, forge: Forge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        grow(forge, 300)
        monkeypatch.setattr(graph, "MOST_BETWEEN", 100)
        monkeypatch.setattr("ledger.repository.clone.MOST_BETWEEN", 100)
        fresh = opened(forge.url, tmp_path / "fresh")
        assert fresh.descends(forge.tip, counted(forge, "main~100"))
        assert not fresh.descends(forge.tip, counted(forge, "main~101"))
        assert not fresh.descends(forge.tip, NOBODYS)
        assert depth(tmp_path / "fresh") == 101

    def test_a_server_that_cannot_be_read_is_no_answer(self, forge: Forge, tmp_path: Path) -> None:
        nowhere = opened("http://127.0.0.1:9/none.git", tmp_path / "cache")
        with pytest.raises(Unavailable, match="LH2003"):
            nowhere.descends(forge.tip, NOBODYS)

    def test_a_broken_clone_is_made_anew(self, forge: Forge, tmp_path: Path) -> None:
        grow(forge, 10)
        fresh = opened(forge.url, tmp_path / "fresh")
        fresh.read()
        for pack in (tmp_path / "fresh").rglob("*.pack"):
            pack.unlink()
        assert fresh.descends(forge.tip, counted(forge, "main~5"))


class TestACloneThatIsDeepAlready:
    def test_stays_so_when_a_shallower_step_is_fetched(self, forge: Forge, tmp_path: Path) -> None:
        grow(forge, 600)
        fresh = opened(forge.url, tmp_path / "fresh")
        fresh.descends(forge.tip, counted(forge, "main~500"))
        fresh.descends(forge.tip, NOBODYS[::-1])
        assert depth(tmp_path / "fresh") == 601
        grow(forge, 10)
        assert fresh.descends(forge.tip, counted(forge, "main~605"))


def _merge(colleague: Colleague, into: str, of: str) -> str:
    """Push a merge of two branches that each have a commit of their own; return the side's."""
    git(colleague.home, "fetch", "--quiet", "origin", "main")
    for branch in {into, of} - {"main"}:
        git(colleague.home, "checkout", "--quiet", "-B", branch, "origin/main")
        side = colleague.commit({f"{branch}.md": branch}, branch)
    git(colleague.home, "checkout", "--quiet", "-B", "main", "origin/main")
    colleague.commit({"main.md": f"{into} {of}"}, "main")
    git(colleague.home, "checkout", "--quiet", into)
    git(colleague.home, "merge", "--quiet", "--no-ff", "-m", "merge", of)
    colleague.push()
    return side
