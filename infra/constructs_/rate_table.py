"""The table that counts each caller's requests, so that all functions count together.

It holds a number for each caller's digest, for a few minutes: losing it costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from infra.constructs_.short_lived_table import short_lived_table

if TYPE_CHECKING:
    from aws_cdk.aws_iam import IGrantable

PARTITION_KEY = "caller_minute"
EXPIRY = "expires_at_epoch"
NOTHING_TO_RECOVER = "It counts the requests of the running minute; there is nothing to recover."


class RateTable(Construct):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.table = short_lived_table(self, PARTITION_KEY, EXPIRY, reason=NOTHING_TO_RECOVER)

    def grant_counting(self, grantee: IGrantable) -> None:
        """Allow to add to the count in a row whose key is known: no list, no delete."""
        self.table.grant(grantee, "dynamodb:UpdateItem")
