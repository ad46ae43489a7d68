"""Many requests for a tick share one. It must not know what a tick does.

A tick that began after a request has seen what the request is about; one that began before may have
missed it. So however many requests come during a tick, one more tick serves them all: a loop waits
for it with a `Bell`, and a Lambda function asks `is_covered`.
"""

import threading
from datetime import datetime


class Bell:
    """Wakes the thread that ticks. Rung several times during a tick, it is heard once."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        self._rung.set()

    def pause(self, seconds: float) -> bool:
        """Wait until it rings or the time is over. Tell whether it rang."""
        rung = self._rung.wait(seconds)
        self._rung.clear()
        return rung


def is_covered(asked_at: datetime, last_began: datetime | None) -> bool:
    """Tell whether the last tick began after it was asked for, so that no other is needed."""
    return last_began is not None and asked_at < last_began
