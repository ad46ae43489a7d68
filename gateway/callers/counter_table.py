"""The counts of all processes: one DynamoDB table, one row for each caller and minute.

`rate_limit` builds it where a table is named. A count is one atomic update, so no two processes get
the same number. The key says nothing of whom it counts. Rows clean themselves: `expires_at_epoch`
is the table's TTL attribute. AWS's errors end here.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from botocore.exceptions import BotoCoreError, ClientError

from gateway import clients
from ledger.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.callers.rates import Minute

KEY = "caller_minute"
EXPIRY = "expires_at_epoch"
_KEPT = timedelta(minutes=5)  # clocks may differ by a little


class RateTable:
    """A table whose partition key is KEY, a string."""

    def __init__(self, client: Callable[..., Any], table_name: str) -> None:
        """`client` makes a boto3 client by its service's name and a configuration."""
        self._client = client("dynamodb", config=clients.COUNTING)
        self._table_name = table_name

    def add(self, key: str, minute: Minute) -> int:
        """Add one, and give what it is then. Raises Unavailable LH4221.

        A call that AWS has answered too late is repeated, and may count twice.
        """
        gone = int((minute.end + _KEPT).timestamp())
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
