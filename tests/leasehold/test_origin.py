"""In a clone, its remote is the ledger: nothing has to be named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner

from leasehold.cli import main
from leasehold.context import connect
from leasehold.origin import Origin, origin_of
from ledger.errors import Refused
from tests.ledger.forge import git
from tests.scene import definition, environment, path

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scene import Scene

URL = "https://git.example.com/team/ledger.git"


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A clone of a ledger as far as git tells it, with a folder below its environment."""
    for name in ("LEASEHOLD_REPOSITORY", "LEASEHOLD_ENVIRONMENT", "LEASEHOLD_BRANCH"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "clone"
    (home / "environments" / "prod" / "deeper").mkdir(parents=True)
    git(home, "init", "--quiet", "--initial-branch=main", ".")
    monkeypatch.chdir(home)
    return home


def test_origin_is_the_ledger(clone: Path) -> None:
    git(clone, "remote", "add", "origin", URL)
    assert origin_of(clone) == Origin(URL)
    git(clone, "remote", "add", "fork", "https://git.example.com/ana/ledger.git")
    assert origin_of(clone) == Origin(URL)


def test_so_is_the_only_remote_whatever_it_is_called(clone: Path) -> None:
    git(clone, "remote", "add", "upstream", URL)
    assert origin_of(clone) == Origin(URL)


def test_of_several_without_an_origin_a_setting_says_which(clone: Path) -> None:
    git(clone, "remote", "add", "fork", "https://git.example.com/ana/ledger.git")
    git(clone, "remote", "add", "upstream", URL)
    with pytest.raises(Refused, match=r"fork, upstream, and none of them is origin") as refused:
        origin_of(clone)
    assert refused.value.code == "LH5203"
    git(clone, "config", "leasehold.remote", "upstream")
    assert origin_of(clone) == Origin(URL)


def test_the_remotes_own_branch_is_the_ledgers(clone: Path) -> None:
    git(clone, "remote", "add", "origin", URL)
    git(clone, "symbolic-ref", "refs/remotes/origin/HEAD", "refs/remotes/origin/trunk")
    assert origin_of(clone) == Origin(URL, "trunk")
    context = connect(None, None, None, None)
    assert (context.remote.url, context.remote.branch) == (URL, "trunk")
    assert connect(None, None, "other", None).remote.branch == "other"


def test_a_folder_below_belongs_to_the_clone_and_to_its_environment(clone: Path) -> None:
    git(clone, "remote", "add", "origin", URL)
    assert origin_of(clone / "environments") == Origin(URL)
    deeper = clone / "environments" / "prod" / "deeper"
    assert origin_of(deeper) == Origin(URL, environment="prod")


def test_a_worktree_is_of_the_clone(clone: Path, tmp_path: Path) -> None:
    git(clone, "remote", "add", "origin", URL)
    (clone / path("A")).parent.mkdir(exist_ok=True)
    (clone / path("A")).write_text("{}")
    git(clone, "add", ".")
    git(clone, "commit", "--quiet", "--message", "begin")
    git(clone, "worktree", "add", "--quiet", str(tmp_path / "tree"), "-b", "other")
    assert origin_of(tmp_path / "tree") == Origin(URL)


def test_a_hook_knows_its_clone_by_its_folder_too(
    clone: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    git(clone, "remote", "add", "origin", URL)
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    assert origin_of(clone) == Origin(URL)


def test_a_path_is_seen_from_the_clone(clone: Path) -> None:
    git(clone.parent, "init", "--quiet", "--bare", "there.git")
    git(clone, "remote", "add", "origin", "../there.git")
    found = origin_of(clone / "environments")
    assert found == Origin(str(clone.parent / "there.git"))


def test_what_is_no_clone_of_a_ledger_names_none(
    clone: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert origin_of(clone) is None  # no remote
    assert origin_of(tmp_path) is None  # no clone
    other = tmp_path / "other"
    other.mkdir()
    git(other, "init", "--quiet", ".")
    git(other, "remote", "add", "origin", URL)
    assert origin_of(other) is None  # no ledger
    monkeypatch.setenv("PATH", str(tmp_path))
    assert origin_of(clone) is None  # no git
    monkeypatch.chdir(other)
    with pytest.raises(Refused, match="this is no clone of a ledger") as refused:
        connect(None, None, None, None)
    assert refused.value.code == "LH5001"


def test_a_verb_needs_no_option_in_a_clone(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEASEHOLD_REPOSITORY", raising=False)
    scene.push(
        {
            "environments/prod/environment.json": environment(),
            "environments/prod/B.endpoint.json": definition("B"),
        }
    )
    git(tmp_path, "clone", "--quiet", scene.forge.url, "mine")
    monkeypatch.chdir(tmp_path / "mine" / "environments" / "prod")
    result = CliRunner().invoke(main, ["next"])
    assert result.exit_code == 0, result.output
    assert result.stdout.splitlines()[-1].startswith("demo-B-Endpoint")
    monkeypatch.chdir(tmp_path / "mine")
    misspelt = CliRunner().invoke(main, ["next", "-e", "porod"])
    assert "Did you mean prod? [LH5002]" in misspelt.stderr
    named = CliRunner().invoke(main, ["next", "--home", str(tmp_path), "-e", "dev"])
    assert "[LH5001]" in named.stderr  # what is named counts
