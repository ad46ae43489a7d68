"""A real sshd on a free loopback port, for the user who runs the tests."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.remote import SshKey
from tests.debian import require

if TYPE_CHECKING:
    from collections.abc import Iterator

PASSPHRASE = "open sesame"


@dataclass(frozen=True)
class SshServer:
    home: Path
    port: int

    def url(self, repository: Path) -> str:
        return f"ssh://{getuser()}@127.0.0.1:{self.port}{repository}"

    def key(self, name: str = "id_ed25519", passphrase: str = "") -> SshKey:
        return SshKey(getuser(), self.home / name, None, self.home / "known_hosts", passphrase)


@contextmanager
def ssh_server(home: Path) -> Iterator[SshServer]:
    sshd = require("sshd", package="openssh-server")
    for name, kind, passphrase in (
        ("host_key", "ed25519", ""),
        ("other_host_key", "ed25519", ""),
        ("id_ed25519", "ed25519", ""),
        ("id_locked", "ed25519", PASSPHRASE),
        ("id_rsa", "rsa", ""),
        ("id_stranger", "ed25519", ""),
    ):
        _keygen(home / name, kind, passphrase)
    public = [(home / f"{name}.pub").read_text() for name in ("id_ed25519", "id_locked", "id_rsa")]
    (home / "authorized_keys").write_text("".join(public))
    if os.geteuid() == 0:
        Path("/run/sshd").mkdir(exist_ok=True)  # Where a root sshd locks its children in.
    server = SshServer(home, _free_port())
    write_known_hosts(server, "host_key")
    (home / "sshd_config").write_text(_settings(server))
    with subprocess.Popen(
        [sshd, "-D", "-e", "-f", str(home / "sshd_config")], stderr=subprocess.DEVNULL
    ) as running:
        try:
            _await(server.port)
            yield server
        finally:
            running.terminate()


def write_known_hosts(server: SshServer, key: str, *, hashed: bool = False) -> None:
    kind, words = (server.home / f"{key}.pub").read_text().split()[:2]
    file = server.home / "known_hosts"
    file.write_text(f"[127.0.0.1]:{server.port} {kind} {words}\n")
    if hashed:
        subprocess.run(["ssh-keygen", "-q", "-H", "-f", str(file)], check=True, capture_output=True)


def _settings(server: SshServer) -> str:
    return "\n".join(
        (
            "ListenAddress 127.0.0.1",
            f"Port {server.port}",
            f"HostKey {server.home}/host_key",
            f"AuthorizedKeysFile {server.home}/authorized_keys",
            f"PidFile {server.home}/sshd.pid",
            "StrictModes no",
            "UsePAM no",
            "PasswordAuthentication no",
            "KbdInteractiveAuthentication no",
            "PermitRootLogin prohibit-password",
            "",
        )
    )


def _keygen(file: Path, kind: str, passphrase: str) -> None:
    subprocess.run(
        ["ssh-keygen", "-q", "-t", kind, "-N", passphrase, "-f", str(file)],
        check=True,
        capture_output=True,
    )


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _await(port: int) -> None:
    for _ in range(200):
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                if connection.recv(4) == b"SSH-":
                    return
        except OSError:
            time.sleep(0.02)
    raise AssertionError("sshd did not start.")
