"""One extension through the gateway, against the git command line doing the same by hand.

Both write one small file, commit it and have the same server accept it. The gateway does more:
HTTP, token, schema, algebra. The two take turns, so that a slow moment hits both.
"""

import os
import statistics
import subprocess
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.stage import Stage, stage

ROUNDS = 30
FILE = "environments/dev/Bench.note"


def run() -> str:
    with stage() as up:
        clone = _clone(up)
        up.extend()
        _by_hand(clone, 0)
        ours, theirs = [], []
        for number in range(1, ROUNDS + 1):
            ours.append(_timed(up.extend))
            theirs.append(_timed(partial(_by_hand, clone, number)))
    gateway, git = statistics.median(ours), statistics.median(theirs)
    return (
        f"extend: gateway {gateway * 1000:.0f} ms, git fetch + commit + push {git * 1000:.0f} ms"
        f" (medians of {ROUNDS}): ratio {gateway / git:.2f}, goal at most 1.00"
    )


def _clone(up: Stage) -> Path:
    clone = up.folder / "clone"
    _git(up.folder, "clone", "-q", up.git_url, str(clone))
    _git(clone, "config", "user.name", "Bench")
    _git(clone, "config", "user.email", "bench@example.com")
    return clone


def _by_hand(clone: Path, number: int) -> None:
    _git(clone, "fetch", "-q")
    _git(clone, "reset", "-q", "--hard", "origin/main")
    (clone / FILE).write_text(f"{number}\n")
    _git(clone, "add", FILE)
    _git(clone, "commit", "-q", "-m", f"Note {number}")
    _git(clone, "push", "-q", "origin", "HEAD:main")


def _git(folder: Path, *arguments: str) -> None:
    environment = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull}
    subprocess.run(["git", *arguments], cwd=folder, check=True, env=environment)


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
