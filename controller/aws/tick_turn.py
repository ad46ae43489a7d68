"""Whose turn it is to tick, where the account has no concurrency to reserve: a row in DynamoDB.

Two ticks at once harm nothing: whatever is decided is looked at again before it is done, and the
ledger takes one of two commits. They cost twice, and people would hear of a thing twice. So a table
that does not answer stops no tick. A turn ends by itself when Lambda has ended its tick.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING
from uuid import uuid4

from botocore.exceptions import BotoCoreError, ClientError

if TYPE_CHECKING:
    from datetime import datetime

    from types_boto3_dynamodb import DynamoDBClient

LONGEST = timedelta(seconds=180)  # as long as Lambda lets a tick run
_TAKEN = "ConditionalCheckFailedException"


@dataclass(frozen=True)
class TickTurn:
    client: DynamoDBClient
    table: str
    environment: str
    me: str = field(default_factory=lambda: uuid4().hex)

    def take(self, now: datetime) -> bool:
        """Tell whether this tick may run: false while another one does."""
        ends = int((now + LONGEST).timestamp())
        try:
            self.client.put_item(
                TableName=self.table,
                Item={
                    "environment": {"S": self.environment},
                    "holder": {"S": self.me},
                    "ends_at_epoch": {"N": str(ends)},
                },
                ConditionExpression="attribute_not_exists(environment) OR ends_at_epoch <= :now",
                ExpressionAttributeValues={":now": {"N": str(int(now.timestamp()))}},
            )
        except ClientError as error:
            return error.response["Error"]["Code"] != _TAKEN
        except BotoCoreError:
            return True
        return True

    def give_back(self) -> None:
        """End the turn, if it is still this one's; where that fails, it ends by itself."""
        try:
            self.client.delete_item(
                TableName=self.table,
                Key={"environment": {"S": self.environment}},
                ConditionExpression="holder = :me",
                ExpressionAttributeValues={":me": {"S": self.me}},
            )
        except (BotoCoreError, ClientError):
            return
