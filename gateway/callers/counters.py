"""Where the requests of a minute are counted: the interface, and this process's memory. Pure.

`counter_table` is the other implementation, which all processes share; both pass the same tests.
"""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from threading import Lock
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from gateway.callers.rates import Minute

_KEPT = timedelta(minutes=2)  # a clock may be set back by a little


class RateCounts(Protocol):
    """Counts by key and minute. Safe to call from many threads."""

    def add(self, key: str, minute: Minute) -> int:
        """Add one, and give what it is then. Raises Unavailable when nobody can tell."""
        ...


class MemoryCounts:
    """The counts of one process; those of minutes that are over are forgotten."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._minutes: dict[Minute, Counter[str]] = {}

    def add(self, key: str, minute: Minute) -> int:
        with self._lock:
            if minute not in self._minutes:
                self._begin(minute)
            self._minutes[minute][key] += 1
            return self._minutes[minute][key]

    def _begin(self, minute: Minute) -> None:
        self._minutes = {
            known: counts
            for known, counts in self._minutes.items()
            if minute.start - known.start < _KEPT
        }
        self._minutes[minute] = Counter()
