"""The table of API tokens: who may call the gateway, by the hash of the token they hold.

It holds no token in clear. Losing it would lock every caller out, so it outlives its stack.
DynamoDB removes an expired row only hours or days later: the authorizer checks the time itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy
from aws_cdk.aws_dynamodb import (
    Attribute,
    AttributeType,
    BillingMode,
    PointInTimeRecoverySpecification,
    Table,
)
from constructs import Construct

if TYPE_CHECKING:
    from aws_cdk.aws_dynamodb import ITable
    from aws_cdk.aws_iam import IGrantable

PARTITION_KEY = "token_hash"
EXPIRY = "expires_at_epoch"


class TokenTable(Construct):
    """`is_new` makes it; else it is the one that an earlier stack has left."""

    def __init__(
        self, scope: Construct, construct_id: str, *, table_name: str, is_new: bool
    ) -> None:
        super().__init__(scope, construct_id)
        self.table: ITable = (
            self._made(table_name) if is_new else Table.from_table_name(self, "Table", table_name)
        )

    def _made(self, table_name: str) -> Table:
        return Table(
            self,
            "Table",
            table_name=table_name,
            partition_key=Attribute(name=PARTITION_KEY, type=AttributeType.STRING),
            time_to_live_attribute=EXPIRY,
            billing_mode=BillingMode.PAY_PER_REQUEST,
            point_in_time_recovery_specification=PointInTimeRecoverySpecification(
                point_in_time_recovery_enabled=True
            ),
            deletion_protection=True,
            removal_policy=RemovalPolicy.RETAIN,
        )

    def grant_lookup(self, grantee: IGrantable) -> None:
        """Allow to read one token whose hash is known: no scan, no list, no write."""
        self.table.grant(grantee, "dynamodb:GetItem")
