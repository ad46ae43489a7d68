"""The environment of a Lambda function, for the tests of handlers."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sandbox.git.server import GitServer
from tests.scene import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pytest

    from tests.scene import Scene


@contextmanager
def lambda_environment(
    scene: Scene,
    monkeypatch: pytest.MonkeyPatch,
    handler: Any,  # noqa: ANN401  (the module of an entry point)
) -> Iterator[None]:
    """Name a git server that asks for a token, and the secret `git`, which nobody has made yet."""
    with GitServer(scene.forge.bare.parent, credentials={"leasehold": "s3cret"}) as guarded:
        scene.account.use(
            monkeypatch,
            LEASEHOLD_ENVIRONMENT="dev",
            LEASEHOLD_REPOSITORY=guarded.repository_url("fleet.git"),
            LEASEHOLD_GIT_SECRET="git",
            AWS_DEFAULT_REGION=REGION,
        )
        handler._built.cache_clear()
        yield
        handler._built.cache_clear()
