"""Signals become an event, wherever they strike."""

import signal
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

ELSEWHERE = """
import os, signal, sys, threading, time
from leasehold.ticking import until_stopped

stopping = until_stopped()

def strike():
    time.sleep(0.5)                         # the main thread waits by now, and is not woken
    signal.pthread_kill(threading.get_ident(), int(sys.argv[1]))

threading.Thread(target=strike).start()
stopping.wait()
signal.raise_signal(signal.SIGTERM)         # who is in a hurry changes nothing
"""


def test_a_signal_that_does_not_wake_the_waiting_thread_stops_it_all_the_same() -> None:
    """As one does that strikes just before the wait begins: Python's handlers run after it."""
    for number in (signal.SIGINT, signal.SIGTERM):
        command = [sys.executable, "-c", ELSEWHERE, str(int(number))]
        done = subprocess.run(command, timeout=60, capture_output=True, check=False)
        assert (done.returncode, done.stderr) == (0, b"")


def test_a_signal_inside_the_wait_does_not_hang_the_process() -> None:
    done = subprocess.run([sys.executable, "-c", STORM], timeout=60, check=False)
    assert done.returncode == 0
