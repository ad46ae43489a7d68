"""A running `leasehold up`, shared by a session because a start costs seconds.

Tests that stop or kill one start their own. Tests of the shared one use endpoints of their own.
"""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.leasehold.running import Leasehold, Up


@pytest.fixture(scope="session")
def up(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Up]:
    running = Up(tmp_path_factory.mktemp("up"))
    running.await_status("demo-Falcon40B-Endpoint", "InService")
    yield running
    assert running.stop() == 0


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Up]]:
    """Start an `up` in the test's own folder, again and again if need be."""
    started: list[Up] = []

    def begin(*options: str, **more: str) -> Up:
        started.append(Up(tmp_path, *options, **more))
        return started[-1]

    yield begin
    for each in started:
        each.process.kill()
        each.process.wait()


@pytest.fixture
def leasehold(tmp_path: Path) -> Leasehold:
    """The command line where no `up` runs."""
    return Leasehold(tmp_path)
