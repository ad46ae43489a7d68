"""What integration tests share: a git server, a sandbox, and the scene that puts them together."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from sandbox.git.server import GitServer, create_repository
from sandbox.server import Sandbox
from tests.gateway.api import ANA, Api, deployed
from tests.ledger.forge import Colleague, Forge
from tests.scene import STARTUP, Account, Scene

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def staged(root: Path) -> Iterator[Scene]:
    hosted = root / "hosted"
    hosted.mkdir()
    bare = create_repository(hosted, "fleet.git")
    with GitServer(hosted) as server, Sandbox(startup_seconds=STARTUP) as sandbox:
        forge = Forge(bare, server.repository_url("fleet.git"))
        yield Scene(forge, server, Account(sandbox.url), Colleague(root / "ben", forge.url), root)


@contextmanager
def served(scene: Scene) -> Iterator[Api]:
    server, table = deployed(scene)
    with server:
        token, _ = table.create(ANA, scene.now)
        yield Api(scene, server.url, table, token)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    with staged(tmp_path) as made:
        yield made


@pytest.fixture
def api(scene: Scene) -> Iterator[Api]:
    """The API over the scene, with Falcon40B leased for an hour."""
    scene.define("Falcon40B", 60)
    with served(scene) as running:
        yield running


@pytest.fixture(scope="module")
def quiet_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Api]:
    """The same, shared by the tests of one module: for requests that change nothing."""
    with staged(tmp_path_factory.mktemp("quiet")) as made:
        made.define("Falcon40B", 60)
        with served(made) as running:
            yield running
