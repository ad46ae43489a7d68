"""A git that is killed leaves its locks; whoever starts anew is not kept out by them."""

from __future__ import annotations

import os
import threading
import time
from typing import TYPE_CHECKING

import pytest

from sandbox.git.server import HELD_AT_MOST, create_repository, drop_left_locks

if TYPE_CHECKING:
    from pathlib import Path

LOCKS = (
    "HEAD.lock",
    "config.lock",
    "packed-refs.lock",
    "refs/heads/main.lock",
    "refs/heads/leasehold/status.lock",
)


@pytest.mark.parametrize("name", LOCKS)
def test_an_old_lock_is_dropped(tmp_path: Path, name: str) -> None:
    repository = create_repository(tmp_path, "fleet.git")
    lock = repository / name
    lock.parent.mkdir(parents=True, exist_ok=True)
    lock.touch()
    os.utime(lock, (0, time.time() - HELD_AT_MOST))
    drop_left_locks(repository)
    assert not lock.exists()


def test_a_lock_that_somebody_gives_back_is_waited_for(tmp_path: Path) -> None:
    repository = create_repository(tmp_path, "fleet.git")
    lock = repository / "refs/heads/main.lock"
    lock.touch()
    threading.Timer(0.1, lambda: lock.rename(lock.with_suffix(""))).start()
    drop_left_locks(repository)
    assert (repository / "refs/heads/main").exists()


def test_without_a_repository_there_is_nothing_to_drop(tmp_path: Path) -> None:
    drop_left_locks(tmp_path / "nowhere.git")
