"""A git secret that changes: against real git servers, over HTTP and SSH."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from ledger.access.source import READ_AGAIN_SECONDS, SecretSource
from ledger.errors import Refused, Unavailable
from ledger.remote import Access, SshKey, Token
from sandbox.git.server import GitServer
from tests.ledger.forge import LEASE, NOON, add, opened, seeded
from tests.ledger.ssh import ssh_server, write_known_hosts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.ledger.ssh import SshServer


BROKEN = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"


def token(text: str) -> str:
    return json.dumps({"username": "ana", "token": text})


@dataclass
class Vault:
    """Secrets Manager, and the clock on the wall."""

    folder: Path
    text: str
    seconds: float = 0.0
    reads: int = 0
    is_shut: bool = False
    source: SecretSource = field(init=False)

    def __post_init__(self) -> None:
        self.source = SecretSource(self.fetch, self.folder, lambda: NOON, lambda: self.seconds)

    def fetch(self) -> str:
        self.reads += 1
        if self.is_shut:
            raise Unavailable("LH2025", "the vault is shut")
        return self.text


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    return Vault(tmp_path / "access", token("one"))


class TestTheSecret:
    def test_is_read_when_it_is_needed_and_then_kept(self, vault: Vault) -> None:
        assert vault.reads == 0
        vault.text = token("two")
        for _ in range(3):
            assert vault.source.access() == Access(Token("ana", "two"))
        assert vault.reads == 1

    def test_is_read_again_after_a_doubt_but_not_too_often(self, vault: Vault) -> None:
        vault.source.access()
        vault.text = token("two")
        vault.source.doubt()
        assert vault.source.access() == Access(Token("ana", "one"))  # it was read just now
        vault.seconds += READ_AGAIN_SECONDS
        assert vault.source.access() == Access(Token("ana", "two"))
        for _ in range(9):
            vault.source.doubt()
            vault.source.access()
        assert vault.reads == 2

    def test_stays_as_it_was_while_it_cannot_be_read(self, vault: Vault) -> None:
        vault.source.access()
        vault.is_shut, vault.seconds = True, 60.0
        vault.source.doubt()
        assert vault.source.access() == Access(Token("ana", "one"))

    def test_that_was_never_read_is_missed(self, vault: Vault) -> None:
        vault.is_shut = True
        for _ in range(5):  # whoever asks meanwhile is told the same, and the vault is spared
            with pytest.raises(Unavailable, match="the vault is shut"):
                vault.source.access()
        assert vault.reads == 1
        vault.is_shut, vault.seconds = False, READ_AGAIN_SECONDS
        assert vault.source.access() == Access(Token("ana", "one"))

    def test_that_has_become_nonsense_is_refused_until_it_is_mended(self, vault: Vault) -> None:
        vault.source.access()
        vault.text, vault.seconds = "oops", 60.0
        vault.source.doubt()
        with pytest.raises(Refused, match="not understood"):
            vault.source.access()

    def test_that_is_a_key_is_written_for_this_process_alone(self, vault: Vault) -> None:
        vault.text = json.dumps({"private_key": "k", "known_hosts": "h", "passphrase": "p"})
        key = vault.source.access().credentials
        assert isinstance(key, SshKey)
        assert (key.username, key.passphrase) == ("git", "p")
        assert key.private_key.read_text() == "k"
        assert key.private_key.stat().st_mode & 0o77 == 0
        assert key.private_key.parent.stat().st_mode & 0o77 == 0
        vault.seconds = 60.0
        vault.source.doubt()
        assert vault.source.access().credentials == key  # the same secret is the same key


@pytest.fixture
def users() -> dict[str, str]:
    return {"ana": "one"}


@pytest.fixture
def locked(tmp_path: Path, users: dict[str, str]) -> Iterator[GitServer]:
    (tmp_path / "hosted").mkdir()
    with GitServer(tmp_path / "hosted", credentials=users) as server:
        yield server


class TestATokenOverHttp:
    def test_that_is_rotated_fails_nothing(
        self, vault: Vault, locked: GitServer, users: dict[str, str], tmp_path: Path
    ) -> None:
        forge = seeded(tmp_path / "hosted", "fleet.git", locked.repository_url("fleet.git"))
        repository = opened(forge.url, tmp_path / "cache", credentials=vault.source)
        repository.read()
        users["ana"], vault.text, vault.seconds = "two", token("two"), 60.0
        repository.read()
        users["ana"], vault.text, vault.seconds = "three", token("three"), 120.0
        repository.commit(add(1, "r-1"))
        assert vault.reads == 3

    def test_that_is_rotated_twice_in_a_moment_costs_one_failure(
        self, vault: Vault, locked: GitServer, users: dict[str, str], tmp_path: Path
    ) -> None:
        forge = seeded(tmp_path / "hosted", "fleet.git", locked.repository_url("fleet.git"))
        repository = opened(forge.url, tmp_path / "cache", credentials=vault.source)
        repository.read()
        users["ana"], vault.text = "two", token("two")
        with pytest.raises(Refused, match="does not accept the credentials"):
            repository.read()
        vault.seconds += READ_AGAIN_SECONDS
        assert repository.head() == forge.tip

    def test_that_stays_wrong_is_not_read_for_each_caller(
        self, vault: Vault, locked: GitServer, tmp_path: Path
    ) -> None:
        forge = seeded(tmp_path / "hosted", "fleet.git", locked.repository_url("fleet.git"))
        vault.text = token("wr0ng")
        repository = opened(forge.url, tmp_path / "cache", credentials=vault.source)
        for _ in range(5):
            with pytest.raises(Refused) as caught:
                repository.head()
            assert caught.value.code == "LH2006"
            assert "wr0ng" not in str(caught.value)
        assert vault.reads == 1

    @pytest.mark.parametrize(
        ("wrong", "because"),
        [
            ({"private_key": "k", "known_hosts": "h"}, "An SSH key is for ssh"),
            ({"username": "ana", "token": "one", "ca_bundle": BROKEN}, "cannot be read as PEM"),
        ],
        ids=["of another kind", "with certificates that are none"],
    )
    def test_that_no_server_was_asked_with_is_read_again_too(
        self,
        vault: Vault,
        locked: GitServer,
        tmp_path: Path,
        wrong: dict[str, str],
        because: str,
    ) -> None:
        forge = seeded(tmp_path / "hosted", "fleet.git", locked.repository_url("fleet.git"))
        vault.text = json.dumps(wrong)
        repository = opened(forge.url, tmp_path / "cache", credentials=vault.source)
        with pytest.raises(Refused, match=because):
            repository.head()
        vault.text, vault.seconds = token("one"), READ_AGAIN_SECONDS
        assert repository.head() == forge.tip

    def test_that_was_mended_after_a_broken_one_opens(
        self, vault: Vault, locked: GitServer, users: dict[str, str], tmp_path: Path
    ) -> None:
        forge = seeded(tmp_path / "hosted", "fleet.git", locked.repository_url("fleet.git"))
        repository = opened(forge.url, tmp_path / "cache", credentials=vault.source)
        repository.read()
        users["ana"], vault.text, vault.seconds = "two", "oops", 60.0
        with pytest.raises(Refused, match="not understood"):
            repository.head()
        vault.text, vault.seconds = token("two"), 120.0
        assert repository.head() == forge.tip

    @pytest.mark.parametrize("user", ["", "a b", "ä"])
    def test_with_any_name_and_any_token_is_sent_as_it_is(
        self, vault: Vault, locked: GitServer, users: dict[str, str], tmp_path: Path, user: str
    ) -> None:
        forge = seeded(tmp_path / "hosted", "fleet.git", locked.repository_url("fleet.git"))
        users.clear()
        users[user] = "pä:s/%2F+ =@w"
        vault.text = json.dumps({"username": user, "token": users[user]})
        repository = opened(forge.url, tmp_path / "cache", credentials=vault.source)
        repository.commit(add(1, "r-1"))
        assert forge.file(LEASE) == "1"

    def test_for_an_address_of_another_kind_is_refused(self, vault: Vault, tmp_path: Path) -> None:
        repository = opened("git@git.example.com:f.git", tmp_path, credentials=vault.source)
        with pytest.raises(Refused, match="A token is for https"):
            repository.head()


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server(tmp_path_factory.mktemp("sshd")) as server:
        yield server


class TestAKeyOverSsh:
    def secret(self, sshd: SshServer, key: str) -> str:
        write_known_hosts(sshd, "host_key")
        return json.dumps(
            {
                "username": sshd.key().username,
                "private_key": (sshd.home / key).read_text(),
                "known_hosts": (sshd.home / "known_hosts").read_text(),
            }
        )

    def test_that_is_rotated_fails_once_at_the_most(
        self, vault: Vault, sshd: SshServer, tmp_path: Path
    ) -> None:
        forge = seeded(tmp_path, "fleet.git", sshd.url(tmp_path / "fleet.git"))
        vault.text = self.secret(sshd, "id_stranger")
        repository = opened(forge.url, tmp_path / "cache", credentials=vault.source)
        with pytest.raises(Refused, match="does not accept the credentials"):
            repository.read()
        vault.text = self.secret(sshd, "id_ed25519")
        vault.seconds += READ_AGAIN_SECONDS
        assert repository.read().commit == forge.tip

    def test_of_a_host_that_has_changed_fails_once(
        self, vault: Vault, sshd: SshServer, tmp_path: Path
    ) -> None:
        forge = seeded(tmp_path, "fleet.git", sshd.url(tmp_path / "fleet.git"))
        right = self.secret(sshd, "id_ed25519")
        vault.text = json.dumps(json.loads(right) | {"known_hosts": ""})
        repository = opened(forge.url, tmp_path / "cache", credentials=vault.source)
        with pytest.raises(Refused, match="cannot prove that it is"):
            repository.read()
        vault.text = right
        vault.seconds += READ_AGAIN_SECONDS
        assert repository.read().commit == forge.tip


def test_a_text_is_read_again_where_it_is_too_old(tmp_path: Path) -> None:
    texts, now = ['{"username": "a", "token": "1"}'], [0.0]
    asked: list[float] = []

    def fetch() -> str:
        asked.append(now[0])
        if not texts:
            raise Unavailable("LH2025", "gone")
        return texts[0]

    source = SecretSource(fetch, tmp_path, lambda: NOON, lambda: now[0])
    source.access()
    assert source.text(60) == texts[0]
    assert asked == [0.0]
    now[0], texts[0] = 60.0, '{"username": "a", "token": "2"}'
    assert source.text(60) == texts[0]
    assert source.access().credentials == Token("a", "2")
    assert asked == [0.0, 60.0]
    now[0] = 120.0
    known = texts.pop()
    assert source.text(60) == known
    assert asked == [0.0, 60.0, 120.0]


def test_a_text_that_has_become_nonsense_is_what_it_was(tmp_path: Path) -> None:
    texts, now = [token("one"), "oops"], [0.0]
    source = SecretSource(lambda: texts[0], tmp_path, lambda: NOON, lambda: now[0])
    first = source.text(60)
    texts.pop(0)
    now[0] = 60.0
    assert source.text(60) == first
    assert source.access().credentials == Token("ana", "one")
