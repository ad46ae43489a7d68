"""Signals become an event, wherever they strike."""

import subprocess
import sys

STORM = """
import os, signal, threading
from leasehold.ticking import until_stopped

stopping = until_stopped()
held = stopping._cond
with held:                                  # where wait() is when it takes or gives up its lock
    signal.raise_signal(signal.SIGTERM)     # the handler runs here, in this very thread
    for _ in range(100):
        signal.raise_signal(signal.SIGINT)
assert stopping.wait(20)
"""


def test_a_signal_inside_the_wait_does_not_hang_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", STORM], timeout=60, check=False)
    assert done.returncode == 0
