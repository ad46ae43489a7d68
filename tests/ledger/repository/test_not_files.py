"""What git has that is no file is seen as what it is: never dropped, never read as content."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.repository import trees
from ledger.snapshot import NotAFile
from tests.ledger.forge import DEFINITION, LEASE, git, write

if TYPE_CHECKING:
    from pathlib import Path

    from ledger.repository import Repository
    from tests.ledger.forge import Colleague

FOLDER = "environments/dev/nlp"


@pytest.fixture
def clone(colleague: Colleague) -> Path:
    colleague.pull()
    return colleague.home


def push(clone: Path) -> None:
    git(clone, "commit", "--quiet", "--message", "change")
    git(clone, "push", "--quiet", "origin", "HEAD:main")


def put_link(clone: Path, path: str) -> None:
    (clone / path).parent.mkdir(parents=True, exist_ok=True)
    (clone / path).symlink_to("elsewhere")
    git(clone, "add", "--all", ".")


def put_submodule(clone: Path, path: str) -> None:
    head = git(clone, "rev-parse", "HEAD")
    git(clone, "update-index", "--add", "--cacheinfo", f"160000,{head},{path}")


def test_a_link_is_no_file(repository: Repository, clone: Path) -> None:
    put_link(clone, f"{FOLDER}/X.endpoint.json")
    push(clone)
    snapshot = repository.read()
    assert snapshot.not_files == {f"{FOLDER}/X.endpoint.json": NotAFile.LINK}
    assert set(snapshot.files) == {DEFINITION, LEASE}
    assert snapshot.entries == {**snapshot.files, **snapshot.not_files}


def test_a_submodule_in_place_of_a_file_is_none(repository: Repository, clone: Path) -> None:
    git(clone, "rm", "--quiet", "--cached", DEFINITION)
    put_submodule(clone, DEFINITION)
    push(clone)
    snapshot = repository.read()
    assert snapshot.not_files == {DEFINITION: NotAFile.SUBMODULE}
    assert set(snapshot.files) == {LEASE}


@pytest.mark.parametrize(("put", "what"), [(put_link, "LINK"), (put_submodule, "SUBMODULE")])
def test_the_folder_itself_may_be_something_else(
    repository: Repository, clone: Path, put: type[object], what: str
) -> None:
    git(clone, "rm", "-r", "--quiet", "environments")
    put(clone, "environments")  # type: ignore[call-arg]
    push(clone)
    snapshot = repository.read()
    assert (snapshot.files, snapshot.not_files) == ({}, {"environments": NotAFile[what]})


def test_a_file_in_place_of_the_folder_is_nothing(repository: Repository, clone: Path) -> None:
    git(clone, "rm", "-r", "--quiet", "environments")
    (clone / "environments").write_text("text")
    git(clone, "add", ".")
    push(clone)
    assert repository.read().entries == {}


def test_a_name_that_is_not_utf_8_stops_nothing_else(repository: Repository, clone: Path) -> None:
    blob = git(clone, "rev-parse", f"HEAD:{DEFINITION}")
    odd = clone.parent / "tree"
    folder = git(clone, "ls-tree", "HEAD:environments/dev")
    odd.write_bytes(f"{folder}\n100644 blob {blob}\t".encode() + b"X\xff.endpoint.json\n")
    dev = git_input(clone, odd, "mktree")
    odd.write_text(f"040000 tree {dev}\tdev\n")
    environments = git_input(clone, odd, "mktree")
    odd.write_text(f"040000 tree {environments}\tenvironments\n")
    commit = git(clone, "commit-tree", "-m", "odd", "-p", "HEAD", git_input(clone, odd, "mktree"))
    git(clone, "push", "--quiet", "origin", f"{commit}:refs/heads/main")
    snapshot = repository.read()
    assert snapshot.not_files == {"environments/dev/X\\xff.endpoint.json": NotAFile.ODD_NAME}
    assert set(snapshot.files) == {DEFINITION, LEASE}


def git_input(clone: Path, file: Path, command: str) -> str:
    """Run a git command that reads a file as its input, whatever its bytes are."""
    return git(clone, "-c", f"alias.fed=!git {command} < {file}", "fed")


def test_a_folder_too_deep_is_not_gone_into(repository: Repository, clone: Path) -> None:
    deep = clone / FOLDER / "/".join("d" for _ in range(40))
    deep.mkdir(parents=True)
    (deep / "X.endpoint.json").write_text("{}")
    git(clone, "add", ".")
    push(clone)
    [(path, what)] = repository.read().not_files.items()
    assert (path.rstrip("d/"), what) == (FOLDER, NotAFile.DEEP_FOLDER)


def test_a_file_too_large_is_not_read(repository: Repository, clone: Path) -> None:
    (clone / DEFINITION).write_bytes(b" " * (16 * 1024 * 1024 + 1))
    git(clone, "add", ".")
    push(clone)
    snapshot = repository.read()
    assert snapshot.not_files == {DEFINITION: NotAFile.HUGE_FILE}


def test_a_commit_of_ours_leaves_them_where_they_are(repository: Repository, clone: Path) -> None:
    put_link(clone, f"{FOLDER}/X.endpoint.json")
    put_link(clone, f"{FOLDER}/Y.endpoint.json")
    push(clone)
    committed = repository.commit(write(LEASE, "1"))
    assert committed.snapshot.not_files == repository.read().not_files
    assert len(committed.snapshot.not_files) == 2
    mended = repository.commit(write(f"{FOLDER}/X.endpoint.json", "{}", "r-2"))
    assert set(mended.snapshot.not_files) == {f"{FOLDER}/Y.endpoint.json"}
    assert repository.at(mended.commit).entries == mended.snapshot.entries


def nested(clone: Path, blob: str, times: int) -> str:
    """Make a tree of ten times the same tree, so many times over, with ten files at the end."""
    listing = clone.parent / "nested"
    tree, kind = blob, "100644 blob"
    for _ in range(times):
        listing.write_text("".join(f"{kind} {tree}\td{n}\n" for n in range(10)))
        tree, kind = git_input(clone, listing, "mktree"), "040000 tree"
    return tree


def push_beside(clone: Path, bomb: str, where: str) -> None:
    """Push a commit with a tree below the dev environment, or instead of all environments."""
    listing = clone.parent / "listing"
    tree = bomb
    names: tuple[str, ...] = ("environments",)
    if where == "below":
        dev = git(clone, "ls-tree", "HEAD:environments/dev")
        listing.write_text(f"{dev}\n040000 tree {bomb}\tnlp\n")
        names, tree = ("dev", "environments"), git_input(clone, listing, "mktree")
    for name in names:
        listing.write_text(f"040000 tree {tree}\t{name}\n")
        tree = git_input(clone, listing, "mktree")
    commit = git(clone, "commit-tree", "-m", "bomb", "-p", "HEAD", tree)
    git(clone, "push", "--quiet", "origin", f"{commit}:refs/heads/main")


def test_a_folder_in_itself_again_and_again_hides_nothing_beside_it(
    repository: Repository, clone: Path
) -> None:
    blob = git(clone, "rev-parse", f"HEAD:{DEFINITION}")
    push_beside(clone, nested(clone, blob, 12), "below")
    snapshot = repository.read()
    assert snapshot.not_files == {"environments/dev/nlp": NotAFile.HUGE_FOLDER}
    assert set(snapshot.files) == {DEFINITION, LEASE}


def test_in_place_of_environments_it_is_none_of_them(repository: Repository, clone: Path) -> None:
    blob = git(clone, "rev-parse", f"HEAD:{DEFINITION}")
    push_beside(clone, nested(clone, blob, 12), "instead")
    snapshot = repository.read()
    assert snapshot.files == {}
    assert set(snapshot.not_files.values()) == {NotAFile.HUGE_FOLDER}
    assert len(snapshot.not_files) == 100


def test_far_too_many_environments_are_none(
    repository: Repository, clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(trees, "_MOST", 50)
    blob = git(clone, "rev-parse", f"HEAD:{DEFINITION}")
    push_beside(clone, nested(clone, blob, 2), "instead")
    snapshot = repository.read()
    assert (snapshot.files, snapshot.not_files) == ({}, {"environments": NotAFile.HUGE_FOLDER})
