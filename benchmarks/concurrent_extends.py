"""Thirty callers at once against one caller: extends a second through the gateway."""

import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from benchmarks.stage import Stage, stage

CALLERS = 30
EACH = 20
ALONE = 60


def run() -> str:
    with stage() as up:
        up.extend()
        alone = ALONE / _seconds(up, callers=1, each=ALONE)
        together = CALLERS * EACH / _seconds(up, callers=CALLERS, each=EACH)
    return (
        f"concurrent extends: {CALLERS} callers {together:.0f}/s, one caller {alone:.0f}/s:"
        f" ratio {together / alone:.1f}, goal at least 10.0"
    )


def _seconds(up: Stage, *, callers: int, each: int) -> float:
    barrier = Barrier(callers + 1)

    def call() -> None:
        barrier.wait()
        for _ in range(each):
            up.extend()

    with ThreadPoolExecutor(callers) as pool:
        work = [pool.submit(call) for _ in range(callers)]
        barrier.wait()
        start = time.perf_counter()
        for item in work:
            item.result()
        return time.perf_counter() - start
