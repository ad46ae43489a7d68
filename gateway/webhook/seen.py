"""Which webhook calls were acted on lately, so that the same one again is not. In memory only.

Another process knows nothing of it, and nothing is lost by
that: what a repeated call can bring about is one more tick.
"""

import threading
from datetime import datetime, timedelta

REMEMBERED = timedelta(hours=1)  # far longer than a dated call is taken for
_MOST = 10_000


class Seen:
    """Marks of calls with the time they came. Safe to call from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._came: dict[str, datetime] = {}  # the oldest first

    def is_new(self, mark: str, now: datetime) -> bool:
        """Take note of a call; False if it has come before."""
        with self._lock:
            self._drop(now)
            if mark in self._came:
                return False
            self._came[mark] = now
            return True

    def forget(self, mark: str) -> None:
        """Let a call come again, since nothing came of it."""
        with self._lock:
            self._came.pop(mark, None)

    def _drop(self, now: datetime) -> None:
        for mark, came in list(self._came.items()):
            if now - came <= REMEMBERED and len(self._came) < _MOST:
                return
            del self._came[mark]
