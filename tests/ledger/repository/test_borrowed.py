"""A remote that is a path is read where it is, whatever kind of repository it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.repository.borrowed import borrow
from tests.ledger.forge import LEASE, git, opened

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from ledger.repository import Repository
    from tests.ledger.forge import Colleague, Forge


def bare(forge: Forge, _: Path) -> str:
    return str(forge.bare)


def checkout(forge: Forge, folder: Path) -> str:
    git(folder, "clone", "--quiet", str(forge.bare), "work tree")
    return (folder / "work tree").as_uri()  # with a %20


def worktree(forge: Forge, folder: Path) -> str:
    git(folder, "clone", "--quiet", str(forge.bare), "first")
    git(folder / "first", "worktree", "add", "--quiet", "--detach", "../second", "main")
    return str(folder / "second")


def borrower(forge: Forge, folder: Path) -> str:
    git(folder, "clone", "--quiet", "--bare", "--shared", str(forge.bare), "shared.git")
    return str(folder / "shared.git")


def odd_name(forge: Forge, folder: Path) -> str:
    """git's file of such paths has one a line."""
    git(folder, "clone", "--quiet", "--bare", str(forge.bare), "a\nb.git")
    return str(folder / "a\nb.git")


@pytest.fixture
def grown(forge: Forge, colleague: Colleague) -> Forge:
    for number in range(3):
        colleague.commit({LEASE: f"{number + 1}"}, f"change {number}")
    colleague.push()
    return forge


def subjects(repository: Repository) -> list[str]:
    return [each.message.strip() for each in repository.changes(LEASE, 99)]


@pytest.mark.parametrize("kind", [bare, checkout, worktree, borrower, odd_name])
def test_all_of_its_history_is_read(
    grown: Forge, tmp_path: Path, kind: Callable[[Forge, Path], str]
) -> None:
    url, cache = kind(grown, tmp_path), tmp_path / "cache"
    repository = opened(url, cache)
    assert repository.read().commit == grown.tip
    assert repository.read().files[LEASE] == b"3"
    assert subjects(repository) == ["change 2", "change 1", "change 0", "begin"]
    copied = [each for each in cache.glob("*.git/objects/**/*") if each.suffix == ".pack"]
    assert bool(copied) is (kind is odd_name)


def test_it_is_read_anew_after_it_was_packed_anew(
    grown: Forge, colleague: Colleague, tmp_path: Path
) -> None:
    repository = opened(str(grown.bare), tmp_path / "cache")
    repository.read()
    colleague.commit({LEASE: "4"}, "later")
    colleague.push()
    git(grown.bare, "repack", "-a", "-d", "--quiet")
    assert repository.read().commit == grown.tip
    assert subjects(repository)[:2] == ["later", "change 2"]


def test_a_shallow_one_ends_where_it_ends_until_it_is_deeper(grown: Forge, tmp_path: Path) -> None:
    origin = grown.bare.as_uri()
    git(tmp_path, "clone", "--quiet", "--depth=2", origin, "shallow")
    repository = opened(str(tmp_path / "shallow"), tmp_path / "cache")
    repository.read()
    assert subjects(repository) == ["change 2", "change 1"]
    git(tmp_path / "shallow", "fetch", "--quiet", "--unshallow")
    again = opened(str(tmp_path / "shallow"), tmp_path / "cache2")
    again.read()
    assert subjects(again) == ["change 2", "change 1", "change 0", "begin"]


def test_nothing_is_borrowed_where_there_is_no_repository(tmp_path: Path) -> None:
    assert not borrow(tmp_path, str(tmp_path / "nowhere"))
    assert not list(tmp_path.iterdir())
