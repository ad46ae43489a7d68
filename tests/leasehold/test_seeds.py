"""`leasehold up` begins with the examples once, never over a ledger that got lost or damaged."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from leasehold import seeds
from leasehold.state_dir import StateDir
from ledger.errors import Refused
from tests.ledger.forge import git

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.leasehold.running import Up


@pytest.fixture
def home(tmp_path: Path) -> StateDir:
    """A home that an `up` has served from."""
    home = StateDir(tmp_path / "home")
    with home.occupied():
        seeds.ledger_of(home)
    home.account.touch()
    return home


def bare(home: StateDir) -> Path:
    return home.repositories / seeds.LEDGER


def contents(folder: Path) -> dict[str, bytes]:
    files = (file for file in sorted(folder.rglob("*")) if file.is_file())
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


def test_a_new_home_begins_with_the_examples(home: StateDir) -> None:
    assert git(bare(home), "log", "--format=%s", "main") == "Begin with the examples"
    assert git(bare(home), "cat-file", "-t", "main:environments/dev/environment.json") == "blob"
    assert sorted(each.name for each in home.path.iterdir()) == ["account", "git", "lock"]


def test_a_ledger_that_is_in_order_stays_as_it_is(home: StateDir) -> None:
    before = contents(home.path)
    assert seeds.ledger_of(home) == bare(home)
    assert contents(home.path) == before


def test_a_beginning_that_was_cut_short_is_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = StateDir(tmp_path / "home")
    with home.occupied(), monkeypatch.context() as patch:
        patch.setattr(seeds, "ROOT", tmp_path / "nowhere")
        with pytest.raises(Refused, match="LH5014"):
            seeds.ledger_of(home)
    before = home.is_new
    seeds.ledger_of(home)
    assert (before, home.is_new) == (True, False)
    assert git(bare(home), "rev-list", "--count", "main") == "1"


def lose_the_repository(repository: Path) -> None:
    shutil.rmtree(repository)


def lose_all_repositories(repository: Path) -> None:
    shutil.rmtree(repository.parent)


def lose_the_branch(repository: Path) -> None:
    git(repository, "update-ref", "-d", "refs/heads/main")


def rename_the_branch(repository: Path) -> None:
    git(repository, "branch", "-m", "main", "trunk")


def lose_the_commit(repository: Path) -> None:
    (repository / "refs/heads/main").write_text(f"{7:040}\n")


def lose_the_folder(repository: Path) -> None:
    tree = git(repository, "hash-object", "-t", "tree", "-w", "/dev/null")
    commit = git(repository, "commit-tree", "-m", "empty", "-p", "main", tree)
    git(repository, "update-ref", "refs/heads/main", commit)


def link_the_folder(repository: Path) -> None:
    blob = git(repository, "rev-parse", "main:environments/dev/environment.json")
    clone = repository.parent.parent / "clone"
    git(repository, "clone", "--quiet", ".", str(clone))
    git(clone, "rm", "-r", "--quiet", "environments")
    git(clone, "update-index", "--add", "--cacheinfo", f"120000,{blob},environments")
    git(clone, "commit", "--quiet", "--message", "link it")
    git(clone, "push", "--quiet", "origin", "main")


def lose_the_head(repository: Path) -> None:
    (repository / "HEAD").unlink()


def spoil_the_head(repository: Path) -> None:
    (repository / "HEAD").write_text("nonsense\n")


def put_a_file(repository: Path) -> None:
    shutil.rmtree(repository)
    repository.write_text("text")


def empty_it(repository: Path) -> None:
    shutil.rmtree(repository)
    repository.mkdir()


DAMAGES: dict[Callable[[Path], None], tuple[str, str]] = {
    lose_the_repository: ("LH2004", "is gone, and an account is left"),
    lose_all_repositories: ("LH2004", "is gone, and an account is left"),
    lose_the_branch: ("LH2004", "has no branch main any more"),
    rename_the_branch: ("LH2004", "has no branch main any more"),
    lose_the_commit: ("LH2004", "has no branch main any more"),
    lose_the_folder: ("LH5004", "has no folder environments/ any more"),
    link_the_folder: ("LH5004", "has no folder environments/ any more"),
    lose_the_head: ("LH2003", "cannot be read as a git repository"),
    spoil_the_head: ("LH2003", "cannot be read as a git repository"),
    put_a_file: ("LH2003", "cannot be read as a git repository"),
    empty_it: ("LH2003", "cannot be read as a git repository"),
}


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_ledger_is_not_begun_anew(home: StateDir, damage: Callable[[Path], None]) -> None:
    damage(bare(home))
    before = contents(home.path)
    code, words = DAMAGES[damage]
    with pytest.raises(Refused, match=words) as refused:
        seeds.ledger_of(home)
    assert refused.value.code == code
    assert refused.value.message.endswith(
        f", or delete {home.path} to begin anew with an empty account."
    )
    assert contents(home.path) == before


@pytest.mark.parametrize("kept", ["account", "token", "ports.json", "cache"])
def test_whatever_an_earlier_one_left_behind_tells_that_there_was_a_ledger(
    tmp_path: Path, kept: str
) -> None:
    home = StateDir(tmp_path)
    (tmp_path / kept).touch()
    with pytest.raises(Refused, match="is gone, and an account is left"):
        seeds.ledger_of(home)


def test_up_starts_nothing_beside_a_damaged_ledger(start: Callable[..., Up]) -> None:
    up = start()
    home = up.folder / ".leasehold"
    up.stop()
    lose_the_branch(home / "git" / seeds.LEDGER)
    before = contents(home / "git"), (home / "account").read_bytes()
    done = up.leasehold("up", "--port", "0")
    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert done.stderr.endswith("to begin anew with an empty account. [LH2004]\n")
    assert (contents(home / "git"), (home / "account").read_bytes()) == before
