"""Many wishes for a tick become "now, and once more". It must not know what a tick does.

`leasehold up` pauses by a `Bell` that webhooks ring; the Lambda handler asks `is_covered`. Both
follow from one rule: a tick that began after a wish has seen what was wished for, one that began
before it may have missed it.
"""

import threading
from datetime import datetime


class Bell:
    """Rung by any thread, heard by the one that ticks. However often it rings meanwhile, once."""

    def __init__(self) -> None:
        self._rung = threading.Event()

    def ring(self) -> None:
        self._rung.set()

    def pause(self, seconds: float) -> bool:
        """Wait until it rings, or until the time is over; tell which. Whoever asks ticks now."""
        rung = self._rung.wait(seconds)
        self._rung.clear()
        return rung


def is_covered(asked_at: datetime, last_began: datetime | None) -> bool:
    """Tell whether the last tick began after a wish for one, so that no other is needed for it."""
    return last_began is not None and asked_at < last_began
