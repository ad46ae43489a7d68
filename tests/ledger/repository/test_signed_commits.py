"""Commits that are signed: plain git verifies them, and what it signs counts here."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

from ledger.committers import GATEWAY
from ledger.proof import Signers, is_author_proven, unproven
from ledger.remote import Remote
from ledger.repository import Repository
from ledger.signatures import read_signers, signing_key
from tests.ledger.forge import LEASE, NOON, Colleague, Forge, add, git, opened, write
from tests.ledger.signing import keygen, public

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return keygen(tmp_path, "bot")


@pytest.fixture
def gateway(forge: Forge, tmp_path: Path, key: Path) -> Repository:
    return Repository(
        Remote(forge.url),
        tmp_path / "gateway",
        committer=GATEWAY,
        clock=lambda: NOON,
        sign=signing_key(key.read_text()).sign,
    )


def signers(people: str = "", bots: str = "") -> Signers:
    return Signers(read_signers(people), read_signers(bots))


def test_git_verifies_what_the_gateway_commits(
    forge: Forge, gateway: Repository, tmp_path: Path, key: Path
) -> None:
    gateway.commit(add(1, "r-1"))
    commit = gateway.commit(write("environments/dev/Größe.lease.json", "ä", "r-ö")).commit
    allowed = tmp_path / "allowed"
    allowed.write_text(f"{GATEWAY.email} {public(key)}\n")
    for each in (commit, f"{commit}^"):
        git(forge.bare, "-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", each)
    allowed.write_text(f"{GATEWAY.email} {public(keygen(tmp_path, 'other'))}\n")
    with pytest.raises(subprocess.CalledProcessError):
        git(forge.bare, "-c", f"gpg.ssh.allowedSignersFile={allowed}", "verify-commit", commit)
    git(forge.bare, "fsck", "--strict")


def test_what_the_gateway_commits_is_proven_with_its_author(
    gateway: Repository, tmp_path: Path, key: Path
) -> None:
    commit = gateway.signed(gateway.commit(add(1, "r-1")).commit)
    bots = f"*@leasehold.invalid {public(key)}"
    assert unproven(commit, signers(bots=bots)) == ""
    assert is_author_proven(commit, signers(bots=bots))
    assert "in no line of bots" in unproven(commit, signers(people=f"* {public(key)}"))
    other = f"*@leasehold.invalid {public(keygen(tmp_path, 'other'))}"
    assert "in no line of bots" in unproven(commit, signers(bots=other))
    assert "not one of gateway@" in unproven(commit, signers(bots=f"ana@x.com {public(key)}"))
    late = f'* valid-after="20270101" {public(key)}'
    assert "at that time" in unproven(commit, signers(bots=late))


def test_what_git_signs_is_proven(forge: Forge, tmp_path: Path) -> None:
    key, ben = keygen(tmp_path, "ben"), Colleague(tmp_path / "work", forge.url)
    for name, value in (
        ("gpg.format", "ssh"),
        ("user.signingkey", str(key)),
        ("commit.gpgsign", "true"),
    ):
        git(ben.home, "config", name, value)
    ben.pull()
    by_ben = ben.commit({LEASE: "1"}, "sign\n\nof > all # sorts")
    ben.push()
    repository = opened(forge.url, tmp_path / "cache")
    repository.read()
    commit, people = repository.signed(by_ben), signers(people=f"ben@example.com {public(key)}")
    assert unproven(commit, people) == ""
    assert is_author_proven(commit, people)
    assert not is_author_proven(commit, signers())
    git(ben.home, "commit", "--quiet", "--amend", "--no-edit", "--author", "Ana <ana@example.com>")
    ana = git(ben.home, "rev-parse", "HEAD")
    git(ben.home, "push", "--quiet", "--force", "origin", "HEAD:main")
    repository.read()
    commit = repository.signed(ana)
    assert unproven(commit, people) == ""
    assert not is_author_proven(commit, people), "Ben may commit for Ana, and proves himself alone"


def test_what_is_changed_after_it_was_signed_is_not_proven(
    forge: Forge, gateway: Repository, tmp_path: Path, key: Path
) -> None:
    commit = gateway.commit(add(1, "r-1")).commit
    raw = git(forge.bare, "cat-file", "commit", commit)
    for old, new in (("Ana", "Eva"), ("add 1", "add 9"), ("gpgsig ", "gpgsig-sha256 x\ngpgsig ")):
        forged = git(
            forge.bare,
            *("hash-object", "-t", "commit", "-w", "--stdin", "--literally"),
            given=raw.replace(old, new) + "\n",
        )
        git(forge.bare, "update-ref", "refs/heads/main", forged)
        repository = opened(forge.url, tmp_path / f"cache-{forged}")
        repository.read()
        assert unproven(repository.signed(forged), signers(bots=f"* {public(key)}"))


def test_what_nobody_signed_is_said_to_be_that(forge: Forge, tmp_path: Path) -> None:
    repository = opened(forge.url, tmp_path / "cache")
    commit = repository.signed(repository.read().commit)
    assert unproven(commit, signers()) == "it is not signed"
