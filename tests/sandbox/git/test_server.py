from __future__ import annotations

import gzip
import http.client
import os
import socket
import subprocess
import urllib.request
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from sandbox.git.server import GitServer, create_repository

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLAIN = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ana",
    "GIT_AUTHOR_EMAIL": "ana@example.com",
    "GIT_COMMITTER_NAME": "Ana",
    "GIT_COMMITTER_EMAIL": "ana@example.com",
}
FLUSH = b"0000"


def git(where: Path, *arguments: str, **settings: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=where, env=PLAIN | settings, capture_output=True, check=False
    )
    if done.returncode:
        raise AssertionError(done.stderr.decode())
    return done.stdout.decode().strip()


def clone_with_commit(home: Path, url: str, content: bytes = b"1") -> Path:
    git(home, "init", "--quiet", "--initial-branch=main", "work")
    work = home / "work"
    git(work, "remote", "add", "origin", url)
    (work / "file").write_bytes(content)
    git(work, "add", ".")
    git(work, "commit", "--quiet", "--message", "one")
    return work


def get(url: str, **headers: str) -> bytes:
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
        body: bytes = answer.read()
    return body


def asked(server: GitServer, path: str, **headers: str) -> http.client.HTTPResponse:
    connection = http.client.HTTPConnection(server.url.removeprefix("http://"))
    connection.request("GET", f"{path}/info/refs?service=git-upload-pack", headers=headers)
    answer = connection.getresponse()
    answer.read()
    connection.close()
    return answer


def packet(line: str) -> bytes:
    return f"{len(line) + 4:04x}{line}".encode()


@pytest.fixture
def root(tmp_path: Path) -> Path:
    root = tmp_path / "root"
    root.mkdir()
    create_repository(root, "fleet.git")
    return root


@pytest.fixture
def server(root: Path) -> Iterator[GitServer]:
    with GitServer(root) as server:
        yield server


@pytest.fixture
def url(server: GitServer) -> str:
    return server.repository_url("fleet.git")


def test_what_is_pushed_can_be_cloned_and_fetched(url: str, root: Path, tmp_path: Path) -> None:
    work = clone_with_commit(tmp_path, url)
    git(work, "push", "--quiet", "origin", "main")
    git(tmp_path, "clone", "--quiet", "--depth=1", url, "copy")
    git(work, "commit", "--quiet", "--allow-empty", "--message", "two")
    git(work, "push", "--quiet", "origin", "main")

    git(tmp_path / "copy", "pull", "--quiet")

    head = git(work, "rev-parse", "HEAD")
    assert git(tmp_path / "copy", "rev-parse", "HEAD") == head
    assert git(root / "fleet.git", "rev-parse", "main") == head


def test_history_cannot_be_rewritten_by_force(url: str, tmp_path: Path) -> None:
    work = clone_with_commit(tmp_path, url)
    git(work, "push", "--quiet", "origin", "main")
    git(work, "commit", "--quiet", "--amend", "--message", "another")

    with pytest.raises(AssertionError, match="non-fast-forward"):
        git(work, "push", "--force", "origin", "main")


def test_a_hook_refuses_with_its_own_words(url: str, root: Path, tmp_path: Path) -> None:
    hook = root / "fleet.git" / "hooks" / "pre-receive"
    hook.write_text("#!/bin/sh\necho 'not today'\nexit 1\n")
    hook.chmod(0o755)

    with pytest.raises(AssertionError, match="not today"):
        git(clone_with_commit(tmp_path, url), "push", "origin", "main")


def test_a_pack_of_two_megabytes_passes_both_ways(url: str, tmp_path: Path) -> None:
    content = os.urandom(2_000_000)
    work = clone_with_commit(tmp_path, url, content)
    # Above this size git sends chunks instead of one body with a length.
    git(work, "-c", "http.postBuffer=65536", "push", "--quiet", "origin", "main")

    git(tmp_path, "clone", "--quiet", url, "copy")

    assert (tmp_path / "copy" / "file").read_bytes() == content


def test_a_compressed_request_is_understood(url: str, root: Path, tmp_path: Path) -> None:
    git(clone_with_commit(tmp_path, url), "push", "--quiet", "origin", "main")
    tip = git(root / "fleet.git", "rev-parse", "main")
    wanted = packet(f"want {tip} no-progress\n") + FLUSH + packet("done\n")
    request = urllib.request.Request(
        f"{url}/git-upload-pack",
        data=gzip.compress(wanted),
        headers={
            "Content-Type": "application/x-git-upload-pack-request",
            "Content-Encoding": "gzip",
        },
    )

    with urllib.request.urlopen(request) as answer:
        assert b"PACK" in answer.read()


def test_the_newer_protocol_is_spoken_on_demand(url: str) -> None:
    advertisement = f"{url}/info/refs?service=git-upload-pack"

    assert b"version 2" in get(advertisement, **{"Git-Protocol": "version=2"})
    assert b"version 2" not in get(advertisement)


def test_one_connection_serves_many_requests(server: GitServer) -> None:
    host = server.url.removeprefix("http://")
    connection = http.client.HTTPConnection(host)
    for _ in range(3):
        connection.request("GET", "/fleet.git/info/refs?service=git-upload-pack")
        answer = connection.getresponse()
        assert answer.status == 200
        assert b"git-upload-pack" in answer.read()
    connection.close()


def test_what_is_beside_the_root_is_not_served(server: GitServer, tmp_path: Path) -> None:
    create_repository(tmp_path, "secret.git")

    assert asked(server, "/fleet.git").status == 200
    for path in ("/../secret.git", "/%2e%2e/secret.git", "/fleet.git/../../secret.git"):
        assert asked(server, path).status >= 400


def test_a_missing_repository_is_not_found(server: GitServer) -> None:
    assert asked(server, "/nowhere.git").status == 404


def test_the_environment_of_the_caller_does_not_reach_git(
    url: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("GIT_DIR", "GIT_OBJECT_DIRECTORY", "GIT_CONFIG_PARAMETERS", "MY_SECRET"):
        monkeypatch.setenv(name, "/nonsense")
    hook = root / "fleet.git" / "hooks" / "post-receive"
    hook.write_text("#!/bin/sh\nenv > seen\n")
    hook.chmod(0o755)

    git(clone_with_commit(tmp_path, url), "push", "--quiet", "origin", "main")

    seen = (root / "fleet.git" / "seen").read_text()
    assert "/nonsense" not in seen
    assert "GIT_DIR=." in seen


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a repository to somebody else")
def test_a_repository_of_another_user_is_served(url: str, root: Path, tmp_path: Path) -> None:
    for path in (root / "fleet.git", *(root / "fleet.git").rglob("*")):
        os.chown(path, 65534, 65534)

    work = clone_with_commit(tmp_path, url)
    git(work, "push", "--quiet", "origin", "main")

    assert git(work, "ls-remote", url, "main")


class TestWithCredentials:
    @pytest.fixture
    def locked(self, root: Path) -> Iterator[GitServer]:
        with GitServer(root, credentials={"ana": "pässword", "ben": "other"}) as server:
            yield server

    @pytest.mark.parametrize(
        "header",
        [
            "",
            "Basic",
            "Basic !!!",
            "Basic " + b64encode(b"ana").decode(),
            "Basic " + b64encode(b"ana:other").decode(),
            "Basic " + b64encode(b"eve:").decode(),
            "Basic " + b64encode(b"\xff\xfe:x").decode(),
            "Bearer " + b64encode("ana:pässword".encode()).decode(),
        ],
    )
    def test_a_stranger_is_asked_who_it_is(self, locked: GitServer, header: str) -> None:
        refusal = asked(locked, "/fleet.git", Authorization=header)

        assert refusal.status == 401
        assert str(refusal.headers["WWW-Authenticate"]).startswith('Basic realm="git"')

    def test_who_is_known_may_read_and_write_and_is_named_to_hooks(
        self, locked: GitServer, root: Path, tmp_path: Path
    ) -> None:
        hook = root / "fleet.git" / "hooks" / "post-receive"
        hook.write_text('#!/bin/sh\necho "$REMOTE_USER" > pusher\n')
        hook.chmod(0o755)
        url = locked.repository_url("fleet.git").replace("://", "://ana:p%C3%A4ssword@")

        git(clone_with_commit(tmp_path, url), "push", "--quiet", "origin", "main")

        assert git(tmp_path, "ls-remote", url, "main")
        assert (root / "fleet.git" / "pusher").read_text() == "ana\n"


def test_a_server_keeps_its_port_over_a_restart(root: Path) -> None:
    server = GitServer(root).start()
    url = server.repository_url("fleet.git")
    get(f"{url}/info/refs?service=git-upload-pack")
    server.stop()
    with pytest.raises(OSError, match="refused"):
        get(url)

    server.start()

    try:
        assert server.repository_url("fleet.git") == url
        assert get(f"{url}/info/refs?service=git-upload-pack")
    finally:
        server.stop()


def test_starting_and_stopping_twice_is_harmless(root: Path) -> None:
    server = GitServer(root).start()
    port = server.start().url
    server.stop()
    server.stop()

    assert server.url == port


def test_a_client_that_hangs_up_leaves_the_server_well(server: GitServer, url: str) -> None:
    host, port = server.url.removeprefix("http://").split(":")
    for _ in range(10):
        with socket.create_connection((host, int(port))) as connection:
            connection.sendall(
                b"POST /fleet.git/git-receive-pack HTTP/1.1\r\nContent-Length: 9\r\n"
            )

    assert get(f"{url}/info/refs?service=git-upload-pack")


def test_making_a_repository_again_keeps_what_is_in_it(
    url: str, root: Path, tmp_path: Path
) -> None:
    git(clone_with_commit(tmp_path, url), "push", "--quiet", "origin", "main")
    tip = git(root / "fleet.git", "rev-parse", "main")

    assert create_repository(root, "fleet.git") == root / "fleet.git"
    assert git(root / "fleet.git", "rev-parse", "main") == tip
