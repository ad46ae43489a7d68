"""A push that an extension has overtaken: why, what to type, and that it is safe.

The commands are those of docs/faq.md.
"""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from leasehold.overtaken import ADVICE, is_overtaken
from leasehold.state_dir import Running
from leasehold.tour_shell import TourShell
from ledger.errors import Unavailable
from tests.ledger.forge import git
from tests.scene import definition, lease, path

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tests.scene import Scene


@pytest.fixture
def shell(scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> TourShell:
    """A clone with a commit of its own, which somebody's extension overtakes."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    for role in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{role}_NAME", "Ana")
        monkeypatch.setenv(f"GIT_{role}_EMAIL", "ana@example.com")
    scene.define("A")
    git(tmp_path, "clone", "--quiet", scene.forge.url, "ledger")
    (tmp_path / "ledger" / path("B")).write_text(str(definition("B")))
    git(tmp_path / "ledger", "add", ".")
    git(tmp_path / "ledger", "commit", "--quiet", "--message", "Add B")
    scene.push({path("A", "lease"): lease(scene.now)}, "lease(dev): extend A")
    return TourShell(tmp_path, Running("", "", "", "", "dev"))


def test_it_is_told_and_pushed_on_top(
    shell: TourShell, scene: Scene, capsys: pytest.CaptureFixture[str]
) -> None:
    shell.push()
    assert scene.forge.subjects()[-2:] == ["lease(dev): extend A", "Add B"]
    said = capsys.readouterr().out
    assert "A lease has changed meanwhile" in said
    assert "$ git pull --quiet --rebase" in said


def test_git_says_so_in_the_words_that_are_known(shell: TourShell) -> None:
    done = subprocess.run(
        ["git", "-C", str(shell.clone), "push"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert is_overtaken(done.stderr)
    assert not is_overtaken("remote: GH006: Protected branch update failed")
    assert "`git pull --rebase`" in ADVICE


def test_another_refusal_is_told_as_it_is(shell: TourShell, scene: Scene) -> None:
    git(shell.clone, "pull", "--quiet", "--rebase")
    scene.forge.hook("pre-receive", "echo no >&2; exit 1")
    with pytest.raises(Unavailable) as refused:
        shell.push()
    assert refused.value.code == "LH5030"


def test_it_ends_with_what_to_type(shell: TourShell, monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_shell: TourShell, command: Sequence[str]) -> str:
        if "push" in command:
            raise Unavailable("LH5030", "! [rejected] main -> main (fetch first)")
        return ""

    monkeypatch.setattr(TourShell, "run", run)
    with pytest.raises(Unavailable, match="git pull --rebase") as refused:
        shell.push()
    assert refused.value.code == "LH5207"
