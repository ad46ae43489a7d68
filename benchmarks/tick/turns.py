"""A contender's side of the benchmark: one tick for each line on its standard input.

Every contender is a process of its own, with its own peak of memory; the benchmark tells it when
its turn is. The standard library alone: Cloud Custodian runs this in an environment of its own.
"""

import gc
import json
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

_PAGES = Path("/proc/self/statm")


@dataclass(frozen=True)
class Turn:
    """How many endpoints a tick judged and how many changes it made.

    Of its time, `listing` is what a list of expiries took: it is told apart because it measures the
    sandbox, see `predecessor`.
    """

    judged: int
    changes: int = 0
    listing: float = 0.0


def take_turns(tick: Callable[[], Turn]) -> None:
    """Tick when told to, and say how it went."""
    for _ in sys.stdin:
        start = time.perf_counter()
        turn = tick()
        seconds = time.perf_counter() - start
        memory = {"peak": _peak(), "resident": _resident()}
        print(json.dumps({**asdict(turn), "seconds": seconds, **memory}), flush=True)


def _peak() -> float:
    """Give the most that the process ever held, in MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _resident() -> float:
    """Give what the process holds now, in MiB; its peak, where the system does not say."""
    gc.collect()
    if not _PAGES.exists():
        return _peak()
    return int(_PAGES.read_text().split()[1]) * resource.getpagesize() / 2**20
