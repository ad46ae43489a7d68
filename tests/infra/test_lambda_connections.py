"""A deployed function's own way to the git server: SSH, and TLS by an authority of its own.

The pygit2 is that of the package, as Lambda unpacks it: no home, a user whom nobody knows, and no
place to write to but /tmp. What opens the server may change while the function is warm.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from getpass import getuser
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from sandbox.git.server import GitServer
from tests.infra.packaged import unpack
from tests.ledger.ssh import SshServer, ssh_server
from tests.ledger.tls import make_authority, tls_before
from tests.scene import REGION

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.infra.packaged import Stock
    from tests.lambda_service import Lambda
    from tests.scene import Scene

SECRET = "leasehold/rotated"
A_MINUTE = 60
# Lambda's ticks are a minute apart. So is the clock by which a secret is read again.
CLOCKED = """
import os, time
from pathlib import Path
real = time.monotonic
time.monotonic = lambda: real() + float(Path(os.environ["AHEAD"]).read_text())
from controller.handler import handler
"""


class Host(Protocol):
    """A git server that lets one credential in, and may change which."""

    url: str

    def secret(self) -> dict[str, str]:
        """Return the secret that opens it now."""

    def rotate(self) -> None:
        """Let in another credential, and the one of before no more."""


@dataclass
class OverTls:
    url: str
    authority: str
    credentials: dict[str, str]

    def secret(self) -> dict[str, str]:
        ((username, token),) = self.credentials.items()
        return {"username": username, "token": token, "ca_bundle": self.authority}

    def rotate(self) -> None:
        self.credentials["bot"] += "-rotated"


@dataclass
class OverSsh:
    url: str
    server: SshServer
    key: str = "id_ed25519"

    def __post_init__(self) -> None:
        self._let_in()

    def secret(self) -> dict[str, str]:
        home = self.server.home
        return {
            "username": getuser(),
            "private_key": (home / self.key).read_text(),
            "known_hosts": (home / "known_hosts").read_text(),
        }

    def rotate(self) -> None:
        self.key = "id_rsa"
        self._let_in()

    def _let_in(self) -> None:
        public = (self.server.home / f"{self.key}.pub").read_text()
        (self.server.home / "authorized_keys").write_text(public)


@contextmanager
def over_tls(scene: Scene, folder: Path) -> Iterator[Host]:
    authority = make_authority(folder)
    credentials = {"bot": "t0ken"}
    with (
        GitServer(scene.forge.bare.parent, credentials=credentials) as server,
        tls_before(int(server.url.rpartition(":")[2]), folder) as port,
    ):
        url = f"https://127.0.0.1:{port}/{scene.forge.bare.name}"
        yield OverTls(url, authority, credentials)


@contextmanager
def over_ssh(scene: Scene, folder: Path) -> Iterator[Host]:
    with ssh_server(folder) as server:
        yield OverSsh(server.url(scene.forge.bare), server)


@dataclass
class Deployed:
    """A controller that stays warm, and its host's secret in Secrets Manager."""

    running: Lambda
    client: Any
    ahead: Path

    def tick(self) -> str:
        """Have it tick, a minute after the last time; returns what went wrong, or nothing."""
        self.ahead.write_text(str(float(self.ahead.read_text()) + A_MINUTE))
        posted = self.running.invoke({"source": "aws.events"})
        if posted.path.endswith("/response"):
            return ""
        return str(json.loads(posted.chunks[0])["errorMessage"])

    def tell(self, secret: dict[str, str]) -> None:
        self.client.put_secret_value(SecretId=SECRET, SecretString=json.dumps(secret))


@contextmanager
def deployed(scene: Scene, host: Host, stock: Stock, task: Path) -> Iterator[Deployed]:
    ahead = task.with_name("ahead")
    ahead.write_text("0")
    (task / "clocked.py").write_text(CLOCKED)
    client = scene.account.client("secretsmanager")
    client.create_secret(Name=SECRET, SecretString=json.dumps(host.secret()))
    variables = {
        "LEASEHOLD_ENVIRONMENT": "dev",
        "LEASEHOLD_REPOSITORY": host.url,
        "LEASEHOLD_GIT_SECRET": SECRET,
        **scene.account.variables,
        "AWS_DEFAULT_REGION": REGION,
        "AHEAD": str(ahead),
    }
    try:
        with stock.started(task, "clocked.handler", variables) as running:
            yield Deployed(running, client, ahead)
    finally:
        client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


@pytest.fixture(params=[over_tls, over_ssh], ids=["tls", "ssh"])
def host(
    request: pytest.FixtureRequest, scene: Scene, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Host]:
    opened: Callable[[Scene, Path], Any] = request.param
    with opened(scene, tmp_path_factory.mktemp("host")) as made:
        yield made


@pytest.fixture
def controller(
    scene: Scene,
    host: Host,
    stock: Stock,
    packages: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Deployed]:
    (archive,) = packages.glob("*/controller.zip")
    folder = tmp_path_factory.mktemp("task")
    scene.at(datetime.now(UTC))
    scene.define("Falcon40B", minutes=60)
    with deployed(scene, host, stock, unpack(archive, folder / "task")) as running:
        yield running


def test_the_ledger_is_read_and_written_and_a_rotation_costs_no_tick(
    scene: Scene, host: Host, controller: Deployed
) -> None:
    """Where the secret is changed at once: what is refused is asked for again, in the same tick."""
    assert controller.tick() == ""
    assert scene.account.status("demo-Falcon40B-Endpoint") == "Creating"
    assert scene.forge.bare.joinpath("refs/heads/leasehold/status").exists()
    host.rotate()
    controller.tell(host.secret())
    assert controller.tick() == ""


def test_a_secret_that_is_late_costs_the_tick_that_comes_before_it(
    host: Host, controller: Deployed
) -> None:
    assert controller.tick() == ""
    host.rotate()
    assert "does not accept the credentials" in controller.tick()
    controller.tell(host.secret())
    assert controller.tick() == ""
