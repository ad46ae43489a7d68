"""What integration tests share: a git server, a sandbox, and the scene that puts them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from sandbox.git_server import GitServer, create_repository
from sandbox.server import Sandbox
from tests.ledger.forge import Colleague, Forge
from tests.scene import STARTUP, Account, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def git_server(tmp_path: Path) -> Iterator[GitServer]:
    root = tmp_path / "hosted"
    root.mkdir()
    with GitServer(root) as server:
        yield server


@pytest.fixture
def account() -> Iterator[Account]:
    with Sandbox(startup_seconds=STARTUP) as sandbox:
        yield Account(sandbox.url)


@pytest.fixture
def scene(git_server: GitServer, account: Account, tmp_path: Path) -> Scene:
    bare = create_repository(tmp_path / "hosted", "fleet.git")
    forge = Forge(bare, git_server.repository_url("fleet.git"))
    return Scene(forge, account, Colleague(tmp_path / "ben", forge.url), tmp_path)
