"""One call of the AWS API as the sandbox sees it, and how often each operation was called."""

from collections import Counter
from dataclasses import dataclass
from threading import Lock
from typing import Any


@dataclass(frozen=True)
class Call:
    """A call of SageMaker's control plane: parsed, checked, and the moment it arrived."""

    operation: str
    region: str
    params: dict[str, Any]
    now: float

    @property
    def endpoint(self) -> str | None:
        name = self.params.get("EndpointName")
        return name if isinstance(name, str) else None


class Tally:
    """Counts AWS API calls by operation: what a test or a benchmark asserts on."""

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
