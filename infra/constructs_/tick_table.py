"""The row that keeps two ticks apart, where no function's reserved concurrency does.

It is there for the length of a tick: losing it costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy
from aws_cdk.aws_dynamodb import Attribute, AttributeType, BillingMode, Table
from constructs import Construct

from infra.constructs_.acknowledged import acknowledge
from ledger.variables import TICK_TABLE

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role

PARTITION_KEY = "environment"
EXPIRY = "ends_at_epoch"
NOTHING_TO_RECOVER = "It says that a tick is running; there is nothing to recover."


class TickTable(Construct):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._table = Table(
            self,
            "Table",
            partition_key=Attribute(name=PARTITION_KEY, type=AttributeType.STRING),
            time_to_live_attribute=EXPIRY,
            billing_mode=BillingMode.PAY_PER_REQUEST,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.variables = {TICK_TABLE: self._table.table_name}
        acknowledge(self, {"AwsSolutions-DDB3": NOTHING_TO_RECOVER})

    def grant_taking(self, role: Role) -> None:
        self._table.grant(role, "dynamodb:PutItem", "dynamodb:DeleteItem")
