"""The same promises over every way to a server, and each way's own locks."""

from __future__ import annotations

import socket
import subprocess
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from pygit2.enums import CredentialType

from ledger.committers import GATEWAY
from ledger.errors import Refused, Unavailable
from ledger.remote import Remote, SshKey, Timeouts, Token
from ledger.repository import Repository
from ledger.repository.transport import _Callbacks
from sandbox.git.server import GitServer
from tests.ledger.forge import LEASE, NOON, Forge, add, git, opened, seeded, write
from tests.ledger.ssh import PASSPHRASE, SshServer, ssh_server, write_known_hosts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from ledger.remote import Credentials

ANA = Token("ana", "s3cret-token")


@pytest.fixture(scope="module")
def sshd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    with ssh_server(tmp_path_factory.mktemp("sshd")) as server:
        yield server


@pytest.fixture
def known(sshd: SshServer) -> SshServer:
    write_known_hosts(sshd, "host_key")
    return sshd


@pytest.fixture
def locked(tmp_path: Path) -> Iterator[Forge]:
    with GitServer(tmp_path, credentials={"ana": "s3cret-token"}) as server:
        yield seeded(tmp_path, "fleet.git", server.repository_url("fleet.git"))


@pytest.fixture
def daemon(tmp_path: Path) -> Iterator[Forge]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    forge = seeded(tmp_path, "fleet.git", f"git://127.0.0.1:{port}/fleet.git")
    # The program itself: `git daemon` would leave it running when its own process is ended.
    program = Path(git(tmp_path, "--exec-path")) / "git-daemon"
    options = ["--export-all", "--enable=receive-pack", "--listen=127.0.0.1", f"--port={port}"]
    with subprocess.Popen(
        [program, *options, f"--base-path={tmp_path}"], stderr=subprocess.DEVNULL
    ) as running:
        _await(port)
        yield forge
        running.terminate()


@pytest.fixture(params=["http", "http with a token", "git", "ssh"])
def way(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Forge, Credentials | None]:
    match request.param:
        case "http":
            return request.getfixturevalue("forge"), None
        case "http with a token":
            return request.getfixturevalue("locked"), ANA
        case "git":
            return request.getfixturevalue("daemon"), None
        case _:
            server: SshServer = request.getfixturevalue("known")
            forge = seeded(tmp_path, "ssh.git", server.url(tmp_path / "ssh.git"))
            return forge, server.key()


class TestEveryWay:
    def test_reads_commits_and_shows_history(
        self, way: tuple[Forge, Credentials | None], tmp_path: Path
    ) -> None:
        forge, credentials = way
        repository = opened(forge.url, tmp_path / "cache", credentials=credentials)

        assert repository.read().files[LEASE] == b"0"
        committed = repository.commit(add(10, "r-1"))

        assert repository.head() == committed.commit == forge.tip
        assert [r.message[:6] for r in repository.changes(LEASE, 9)] == ["add 10", "begin\n"]

    def test_two_writers_with_stale_clones_both_count(
        self, way: tuple[Forge, Credentials | None], tmp_path: Path
    ) -> None:
        forge, credentials = way
        first, second = (
            opened(forge.url, tmp_path / name, credentials=credentials) for name in "ab"
        )
        first.read(), second.read()

        first.commit(add(1, "r-1"))
        second.commit(add(1, "r-2"))
        first.commit(add(1, "r-3"))

        assert forge.file(LEASE) == "3"

    def test_a_refusing_hook_is_heard(
        self, way: tuple[Forge, Credentials | None], tmp_path: Path
    ) -> None:
        forge, credentials = way
        forge.hook("pre-receive", "echo frozen; exit 1")
        repository = opened(forge.url, tmp_path / "cache", credentials=credentials)

        with pytest.raises(Refused, match="frozen"):
            repository.commit(write(LEASE, "1"))

    def test_a_killed_receiver_does_not_double_the_change(
        self, way: tuple[Forge, Credentials | None], tmp_path: Path
    ) -> None:
        forge, credentials = way
        forge.hook("post-receive", "test -e cut && exit 0; touch cut; kill -9 $PPID")
        repository = opened(forge.url, tmp_path / "cache", credentials=credentials)

        repository.commit(add(10, "r-1"))

        assert forge.subjects() == ["begin", "add 10 for r-1"]

    def test_a_branch_is_begun_and_begun_anew(
        self, way: tuple[Forge, Credentials | None], tmp_path: Path
    ) -> None:
        forge, credentials = way
        status = _status(forge.url, tmp_path / "cache", credentials)

        assert status.read().commit == ""
        status.commit(add(1, "r-1", "dev.json"))
        git(forge.bare, "update-ref", "-d", "refs/heads/leasehold/status")
        status.commit(add(5, "r-2", "dev.json"))

        assert git(forge.bare, "log", "--format=%s", "leasehold/status") == "add 5 for r-2"


class TestATokenOverHttp:
    @pytest.mark.parametrize(
        ("credentials", "because"),
        [(None, "asks for credentials"), (Token("ana", "wr0ng"), "does not accept")],
    )
    def test_a_stranger_is_refused_without_naming_the_secret(
        self, locked: Forge, tmp_path: Path, credentials: Token | None, because: str
    ) -> None:
        repository = opened(locked.url, tmp_path / "cache", credentials=credentials)

        for ask in (repository.read, repository.head, lambda: repository.commit(add(1, "r"))):
            with pytest.raises(Refused, match=because) as refusal:
                ask()
            assert refusal.value.code == "LH2006"
            assert "wr0ng" not in str(refusal.value)

    def test_the_secret_is_not_written_into_the_cache(self, locked: Forge, tmp_path: Path) -> None:
        opened(locked.url, tmp_path / "cache", credentials=ANA).commit(add(1, "r-1"))

        kept = [file for file in (tmp_path / "cache").rglob("*") if file.is_file()]
        assert kept
        assert [file for file in kept if b"s3cret" in file.read_bytes()] == []


Reply = tuple[int, dict[str, str]]


@contextmanager
def answering(reply: Callable[[str], Reply]) -> Iterator[tuple[str, list[str]]]:
    """Serve one answer, by the credentials that come along, and note these."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.headers.get("Authorization", ""))
            status, headers = reply(self.path)
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/fleet.git", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


ASKS: Reply = (401, {"WWW-Authenticate": 'Basic realm="git"'})


class TestWhoAsks:
    @pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
    def test_whoever_the_server_leads_to_gets_no_credentials(
        self, tmp_path: Path, host: str
    ) -> None:
        with answering(lambda _: ASKS) as (other, seen):
            there = other.removesuffix("/fleet.git").replace("127.0.0.1", host)
            with answering(lambda path: (302, {"Location": there + path})) as (url, _):
                repository = opened(url, tmp_path / "cache", credentials=ANA)
                for ask in (repository.read, lambda: repository.commit(add(1, "r"))):
                    with pytest.raises(Refused, match=f"leads to http://{host}, ") as refusal:
                        ask()
                    assert refusal.value.code == "LH2046"
        assert set(seen) == {""}

    def test_the_same_server_may_lead_to_another_path(self, tmp_path: Path) -> None:
        moved = "/moved.git/info/refs?service=git-upload-pack"

        def reply(path: str) -> Reply:
            return ASKS if "moved" in path else (301, {"Location": moved})

        with answering(reply) as (url, seen), pytest.raises(Refused, match="does not accept"):
            opened(url, tmp_path / "cache", credentials=ANA).read()
        assert any(each.startswith("Basic ") for each in seen)

    @pytest.mark.parametrize("way", ["Bearer", "Negotiate"])
    def test_another_way_to_be_let_in_needs_a_person(self, tmp_path: Path, way: str) -> None:
        with (
            answering(lambda _: (401, {"WWW-Authenticate": way})) as (url, _),
            pytest.raises(Refused, match="Basic authentication") as refusal,
        ):
            opened(url, tmp_path / "cache", credentials=ANA).read()
        assert refusal.value.code == "LH2006"

    def test_a_key_is_for_servers_that_take_keys(self, tmp_path: Path) -> None:
        key = SshKey("git", tmp_path / "key", None, tmp_path / "known_hosts")
        remote = Remote("ssh://git@git.example.com/f.git", credentials=key)
        with pytest.raises(Refused, match="lets nobody in by a key") as refusal:
            _Callbacks(remote).credentials(remote.url, "git", CredentialType.USERPASS_PLAINTEXT)
        assert refusal.value.code == "LH2006"

    @pytest.mark.parametrize("status", [403, 404])
    def test_what_may_not_be_read_is_perhaps_not_there(self, tmp_path: Path, status: int) -> None:
        with (
            answering(lambda _: (status, {})) as (url, _),
            pytest.raises(Unavailable, match=r"the credentials may not read it\)$"),
        ):
            opened(url, tmp_path / "cache", credentials=ANA).read()


class TestSsh:
    @pytest.mark.parametrize(("key", "phrase"), [("id_rsa", ""), ("id_locked", PASSPHRASE)])
    def test_other_keys_open_too(
        self, known: SshServer, forge: Forge, tmp_path: Path, key: str, phrase: str
    ) -> None:
        url, credentials = known.url(forge.bare), known.key(key, phrase)

        opened(url, tmp_path / "cache", credentials=credentials).commit(add(1, "r-1"))

        assert forge.file(LEASE) == "1"

    def test_the_user_name_may_come_from_the_credentials(
        self, known: SshServer, forge: Forge, tmp_path: Path
    ) -> None:
        url = f"ssh://127.0.0.1:{known.port}{forge.bare}"

        assert opened(url, tmp_path / "cache", credentials=known.key()).head() == forge.tip

    def test_a_hashed_file_of_known_hosts_is_understood(
        self, sshd: SshServer, forge: Forge, tmp_path: Path
    ) -> None:
        write_known_hosts(sshd, "host_key", hashed=True)
        assert "127.0.0.1" not in (sshd.home / "known_hosts").read_text()

        repository = opened(sshd.url(forge.bare), tmp_path / "cache", credentials=sshd.key())

        assert repository.head() == forge.tip

    def test_a_host_with_another_key_is_refused(
        self, sshd: SshServer, forge: Forge, tmp_path: Path
    ) -> None:
        write_known_hosts(sshd, "other_host_key")
        repository = opened(sshd.url(forge.bare), tmp_path / "cache", credentials=sshd.key())

        for ask in (repository.read, repository.head, lambda: repository.commit(add(1, "r"))):
            with pytest.raises(Refused, match="cannot prove") as refusal:
                ask()
            assert refusal.value.code == "LH2005"

    def test_an_unknown_host_is_refused(
        self, sshd: SshServer, forge: Forge, tmp_path: Path
    ) -> None:
        (sshd.home / "known_hosts").write_text("")

        with pytest.raises(Refused, match=r"127\.0\.0\.1 cannot prove that it is"):
            opened(sshd.url(forge.bare), tmp_path / "cache", credentials=sshd.key()).read()

    def test_a_missing_file_of_known_hosts_is_refused(
        self, sshd: SshServer, forge: Forge, tmp_path: Path
    ) -> None:
        key = SshKey("ana", sshd.home / "id_ed25519", None, tmp_path / "nowhere")

        with pytest.raises(Refused, match="known hosts cannot be read"):
            opened(sshd.url(forge.bare), tmp_path / "cache", credentials=key).read()

    def test_one_repository_s_known_hosts_are_not_another_s(
        self, known: SshServer, forge: Forge, tmp_path: Path
    ) -> None:
        url = known.url(forge.bare)
        trusting = opened(url, tmp_path / "a", credentials=known.key())
        empty = tmp_path / "empty"
        empty.touch()
        wary_key = SshKey(known.key().username, known.key().private_key, None, empty)
        wary = opened(url, tmp_path / "b", credentials=wary_key)

        trusting.read()
        with pytest.raises(Refused, match="cannot prove"):
            wary.read()

    def test_two_branches_in_one_cache_keep_their_known_hosts_apart(
        self, known: SshServer, forge: Forge, tmp_path: Path
    ) -> None:
        url, key = known.url(forge.bare), known.key()
        (tmp_path / "empty").touch()
        nobody = SshKey(key.username, key.private_key, None, tmp_path / "empty")
        trusting = opened(url, tmp_path / "cache", credentials=key)
        wary = _status(url, tmp_path / "cache", nobody)
        outcomes: dict[str, set[str]] = {"trusting": set(), "wary": set()}

        def asking(name: str, repository: Repository) -> None:
            for _ in range(15):
                try:
                    outcomes[name].add(repository.head())
                except Refused as refusal:
                    outcomes[name].add(refusal.code)

        threads = [
            threading.Thread(target=asking, args=entry)
            for entry in (("trusting", trusting), ("wary", wary))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)

        assert outcomes == {"trusting": {forge.tip}, "wary": {"LH2005"}}

    def test_a_key_that_the_server_does_not_know_is_refused(
        self, known: SshServer, forge: Forge, tmp_path: Path
    ) -> None:
        stranger = known.key("id_stranger")

        with pytest.raises(Refused, match="does not accept the credentials") as refusal:
            opened(known.url(forge.bare), tmp_path / "cache", credentials=stranger).read()
        assert refusal.value.code == "LH2006"

    @pytest.mark.parametrize(
        ("name", "phrase"),
        [("id_locked", ""), ("id_locked", "wr0ng"), ("id_ed25519.pub", ""), ("known_hosts", "")],
    )
    def test_a_key_that_cannot_be_opened_needs_a_person(
        self, known: SshServer, forge: Forge, tmp_path: Path, name: str, phrase: str
    ) -> None:
        repository = opened(
            known.url(forge.bare), tmp_path / "cache", credentials=known.key(name, phrase)
        )
        for ask in (repository.read, lambda: repository.commit(add(1, "r"))):
            with pytest.raises(Refused, match="passphrase") as refusal:
                ask()
            assert refusal.value.code == "LH2045"
            assert "wr0ng" not in str(refusal.value)

    @pytest.mark.parametrize(
        "change",
        [
            lambda line: line.replace("\n", "\r\n"),
            lambda line: f"oops\n# {line}\n\n{line}",
            lambda line: (
                f"@cert-authority * {' '.join(line.split()[1:])}\n{line.strip()} a comment"
            ),
        ],
        ids=["of Windows", "with lines that are none", "with an authority"],
    )
    def test_known_hosts_are_read_as_openssh_reads_them(
        self, known: SshServer, forge: Forge, tmp_path: Path, change: Callable[[str], str]
    ) -> None:
        hosts = tmp_path / "known_hosts"
        hosts.write_bytes(change((known.home / "known_hosts").read_text()).encode())
        key = replace(known.key(), known_hosts=hosts)

        assert opened(known.url(forge.bare), tmp_path / "c", credentials=key).head() == forge.tip

    @pytest.mark.parametrize("first", [True, False])
    def test_a_revoked_host_key_is_refused(
        self, known: SshServer, forge: Forge, tmp_path: Path, *, first: bool
    ) -> None:
        line = (known.home / "known_hosts").read_text()
        lines = [f"@revoked * {' '.join(line.split()[1:])}\n", line]
        (tmp_path / "known_hosts").write_text("".join(lines if first else lines[::-1]))
        key = replace(known.key(), known_hosts=tmp_path / "known_hosts")

        with pytest.raises(Refused, match="cannot prove") as refusal:
            opened(known.url(forge.bare), tmp_path / "c", credentials=key).head()
        assert refusal.value.code == "LH2005"

    def test_a_host_of_another_kind_of_key_is_refused(
        self, known: SshServer, forge: Forge, tmp_path: Path
    ) -> None:
        host = (known.home / "known_hosts").read_text().split()[0]
        (tmp_path / "hosts").write_text(f"{host} {(known.home / 'id_rsa.pub').read_text()}")
        key = replace(known.key(), known_hosts=tmp_path / "hosts")

        with pytest.raises(Refused, match="no host key of a kind") as refusal:
            opened(known.url(forge.bare), tmp_path / "c", credentials=key).head()
        assert refusal.value.code == "LH2005"

    def test_ten_callers_share_a_clone_over_ssh(
        self, known: SshServer, forge: Forge, tmp_path: Path
    ) -> None:
        repository = opened(known.url(forge.bare), tmp_path / "cache", credentials=known.key())

        def writer(number: int) -> None:
            repository.commit(add(1, f"r-{number}"))

        threads = [threading.Thread(target=writer, args=(number,)) for number in range(10)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)

        assert forge.file(LEASE) == "10"

    def test_a_mute_host_is_given_up_after_the_timeout(
        self, known: SshServer, mute_port: int, tmp_path: Path
    ) -> None:
        repository = opened(
            f"ssh://ana@127.0.0.1:{mute_port}/fleet.git",
            tmp_path / "cache",
            credentials=known.key(),
            timeouts=Timeouts(300, 300),
        )

        with pytest.raises(Unavailable, match="cannot be read"):
            repository.read()


def _status(url: str, cache: Path, credentials: Credentials | None) -> Repository:
    return Repository(
        Remote(url, "leasehold/status", credentials),
        cache,
        under="",
        may_begin=True,
        committer=GATEWAY,
        clock=lambda: NOON,
    )


def _await(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.02)
        else:
            return
    raise AssertionError("The server did not start.")
