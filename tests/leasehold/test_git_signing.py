"""`leasehold extend` and `release` sign as the person's git does."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from leasehold import git_signing
from leasehold.cli import main
from tests.ledger.forge import git
from tests.ledger.signing import keygen, public

if TYPE_CHECKING:
    from pathlib import Path

    from tests.scene import Scene


def configure(folder: Path, monkeypatch: pytest.MonkeyPatch, **settings: str) -> None:
    lines = ["[user]", "name = Ana", "email = ana@example.com"]
    if "signingkey" in settings:
        lines.append(f"signingkey = {settings['signingkey']}")
    lines += ["[commit]", "gpgsign = yes", "[gpg]", f"format = {settings.get('format', 'ssh')}"]
    if "program" in settings:
        lines += ['[gpg "ssh"]', f"program = {settings['program']}"]
    (folder / "gitconfig").write_text("\n".join(lines))
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(folder / "gitconfig"))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(folder)


def extend(scene: Scene) -> Result:
    scene.at(datetime.now(UTC))
    scene.define("Chat", 60)
    return CliRunner().invoke(main, ["extend", "--repository", scene.forge.url, "Chat", "5"])


def test_an_extension_is_signed(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = keygen(tmp_path, "my key")
    configure(tmp_path, monkeypatch, signingkey=str(key))
    done = extend(scene)
    assert done.exit_code == 0, done.output
    (tmp_path / "allowed").write_text(f"ana@example.com {public(key)}\n")
    allowed = f"gpg.ssh.allowedSignersFile={tmp_path / 'allowed'}"
    git(scene.forge.bare, "-c", allowed, "verify-commit", "main")


def test_a_key_that_an_agent_has_is_named_by_its_public_half(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key, program = keygen(tmp_path), tmp_path / "agent"
    program.write_text(
        f'#!/bin/sh\ntest "$6" = "$(dirname "$8")/key.pub" && test "$7" = -U || exit 9\n'
        f'exec ssh-keygen -Y sign -n git -f {key} "$8"\n'
    )
    program.chmod(0o755)
    for literal in (public(key), f"key::{public(key)}"):
        configure(tmp_path, monkeypatch, signingkey=literal, program=str(program))
        sign = git_signing.signer()
        assert sign is not None
        assert sign(b"x").startswith("-----BEGIN SSH SIGNATURE-----\n")


def test_who_signs_otherwise_or_not_at_all_commits_as_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    configure(tmp_path, monkeypatch, format="openpgp", signingkey="ABCDEF")
    assert git_signing.signer() is None
    monkeypatch.setenv("PATH", str(tmp_path))
    assert git_signing.signer() is None


@pytest.mark.parametrize(
    "settings",
    [{}, {"signingkey": "/nowhere/key"}, {"signingkey": "/nowhere/key", "program": "/nowhere/x"}],
)
def test_a_key_that_does_not_sign_is_told(
    scene: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, settings: dict[str, str]
) -> None:
    configure(tmp_path, monkeypatch, **settings)
    done = extend(scene)
    assert done.exit_code == 1
    assert done.stderr.endswith("[LH2043]\n")
    assert scene.forge.subjects()[-1] == "define Chat"
