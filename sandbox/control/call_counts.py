"""How often each operation of AWS was called: what a test or a benchmark asserts on.

`actions` are the calls by the names that IAM has for them.
"""

from collections import Counter
from threading import Lock
from typing import Any

# Services that a policy knows by another name.
_IN_POLICIES = {"monitoring": "cloudwatch", "tagging": "tag"}
_OTHER_ACTIONS = {"s3:ListObjectsV2": "s3:ListBucket"}


class CallCounts:
    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._actions: set[str] = set()
        self._lock = Lock()

    def count(self, operation: str, service: str) -> None:
        """Count a call of a service, whose name is the one that requests are signed for."""
        with self._lock:
            self._counts[operation] += 1
            action = f"{_IN_POLICIES.get(service, service)}:{operation}"
            self._actions.add(_OTHER_ACTIONS.get(action, action))

    def reset(self) -> None:
        with self._lock:
            self._counts.clear()
            self._actions.clear()

    def report(self) -> dict[str, Any]:
        with self._lock:
            operations = dict(sorted(self._counts.items()))
            actions = sorted(self._actions)
        return {"total": sum(operations.values()), "operations": operations, "actions": actions}
