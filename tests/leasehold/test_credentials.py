"""What lets a person into a repository is what their git and their SSH use already."""

from pathlib import Path

import pytest

from leasehold.credentials import for_address
from ledger.remote import SshKey, Token


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The settings of a person's git, empty at first."""
    config = tmp_path / "gitconfig"
    config.touch()
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    return config


def test_https_asks_gits_credential_helper(git: Path, tmp_path: Path) -> None:
    helper = "!f() { echo username=ana; echo password=p4ss; }; f"
    git.write_text(f'[credential "https://git.example.com"]\n\thelper = "{helper}"\n')
    assert for_address("https://git.example.com/x.git", tmp_path) == Token("ana", "p4ss")


def test_https_without_a_helper_goes_without_and_prompts_nobody(git: Path, tmp_path: Path) -> None:
    assert for_address("https://git.example.com/x.git", tmp_path) is None


@pytest.mark.parametrize("url", ["ssh://ana@host/x.git", "ana@host:x.git"])
def test_ssh_takes_the_persons_own_key_and_known_hosts(url: str, tmp_path: Path) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "id_rsa").touch()
    found = for_address(url, tmp_path)
    assert found == SshKey(
        "ana", tmp_path / ".ssh" / "id_rsa", None, tmp_path / ".ssh" / "known_hosts"
    )


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x.git", "/srv/x.git", "ssh://host/x.git"])
def test_other_addresses_and_people_without_keys_need_none(url: str, tmp_path: Path) -> None:
    assert for_address(url, tmp_path) is None
