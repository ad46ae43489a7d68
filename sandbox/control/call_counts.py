"""How often each operation of AWS was called: what a test or a benchmark asserts on."""

from collections import Counter
from threading import Lock
from typing import Any


class CallCounts:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def count(self, operation: str) -> None:
        with self._lock:
            self._counts[operation] += 1

    def reset(self) -> None:
        with self._lock:
            self._counts.clear()

    def report(self) -> dict[str, Any]:
        with self._lock:
            operations = dict(sorted(self._counts.items()))
        return {"total": sum(operations.values()), "operations": operations}
