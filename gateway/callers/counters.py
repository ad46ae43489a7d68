"""Where the requests of a minute are counted: in this process, or in a table that all share.

Both count by a key that says nothing of whom it counts, and pass the same tests. Neither knows what
is counted or how many are too many. AWS's errors end here.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING, Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError

from gateway import clients
from ledger.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

KEY = "caller_minute"
EXPIRY = "expires_at_epoch"
_KEPT_HERE = timedelta(minutes=2)  # a clock may be set back by a little
_KEPT_IN_TABLE = timedelta(minutes=5)  # clocks may differ by a little


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute of the clock, by its first second in UTC; it ends where the next one begins."""

    start: datetime

    @classmethod
    def at(cls, now: datetime) -> Minute:
        return cls(now.astimezone(UTC).replace(second=0, microsecond=0))

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=1)

    def seconds_left(self, now: datetime) -> int:
        return math.ceil((self.end - now).total_seconds())


class Counters(Protocol):
    """Counts by key and minute. Safe to call from many threads."""

    def add(self, key: str, minute: Minute) -> int:
        """Add one, and return what it is then. Raises Unavailable when nobody can tell."""
        ...


class MemoryCounters:
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
            if minute.start - known.start < _KEPT_HERE
        }
        self._minutes[minute] = Counter()


class TableCounters:
    """The counts of all processes: a DynamoDB table whose partition key is KEY, a string.

    A count is one atomic update, so no two processes get the same number. Rows clean themselves:
    EXPIRY is the table's TTL attribute.
    """

    def __init__(self, client: Callable[..., Any], table_name: str) -> None:
        """`client` makes a boto3 client by its service's name and a configuration."""
        self._client = client("dynamodb", config=clients.COUNTING)
        self._table_name = table_name

    def add(self, key: str, minute: Minute) -> int:
        """Add one, and return what it is then. Raises Unavailable LH4221.

        A call that AWS has answered too late is repeated, and may count twice.
        """
        gone = int((minute.end + _KEPT_IN_TABLE).timestamp())
        try:
            answer = self._client.update_item(
                TableName=self._table_name,
                Key={KEY: {"S": key}},
                UpdateExpression=f"ADD sent :one SET {EXPIRY} = :gone",
                ExpressionAttributeValues={":one": {"N": "1"}, ":gone": {"N": str(gone)}},
                ReturnValues="UPDATED_NEW",
            )
        except (ClientError, BotoCoreError) as error:
            text = f"requests cannot be counted in {self._table_name}: {error}"
            raise Unavailable("LH4221", text) from error
        return int(answer["Attributes"]["sent"]["N"])
