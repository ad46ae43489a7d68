"""Many requests for a tick share one. It must not know what a tick does.

A tick that began after a request has seen what the request is about; one that began before may have
missed it. So however many requests come during a tick, one more tick serves them all: a loop waits
for it with a `TickSignal`, and a Lambda function asks `is_covered`.
"""

import threading
from datetime import datetime


class TickSignal:
    """Wakes the thread that ticks. Set several times during a tick, it wakes it once."""

    def __init__(self) -> None:
        self._event = threading.Event()

    def set(self) -> None:
        self._event.set()

    def wait(self, seconds: float) -> bool:
        """Wait until it is set or the time is over, and clear it. Tell whether it was set."""
        was_set = self._event.wait(seconds)
        self._event.clear()
        return was_set


def is_covered(asked_at: datetime, last_began: datetime | None) -> bool:
    """Tell whether the last tick began after it was asked for, so that no other is needed."""
    return last_began is not None and asked_at < last_began
