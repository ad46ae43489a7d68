from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from sandbox.git.server import GitServer
from tests.ledger.forge import Colleague, Forge, opened, seeded

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from ledger.repository import Repository


@pytest.fixture
def served(tmp_path: Path) -> Iterator[GitServer]:
    root = tmp_path / "served"
    root.mkdir()
    with GitServer(root) as server:
        yield server


@pytest.fixture
def forge(served: GitServer, tmp_path: Path) -> Forge:
    return seeded(tmp_path / "served", "fleet.git", served.repository_url("fleet.git"))


@pytest.fixture
def repository(forge: Forge, tmp_path: Path) -> Repository:
    return opened(forge.url, tmp_path / "cache")


@pytest.fixture
def colleague(forge: Forge, tmp_path: Path) -> Colleague:
    ben = Colleague(tmp_path / "ben", forge.url)
    ben.pull()
    return ben


@pytest.fixture
def mute_port() -> Iterator[int]:
    """A port that accepts every connection and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]
