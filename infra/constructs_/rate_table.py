"""The table that counts each caller's requests, so that all functions count together.

It holds a number for each caller's digest, for a few minutes: losing it costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy
from aws_cdk.aws_dynamodb import Attribute, AttributeType, BillingMode, Table
from constructs import Construct

from infra.constructs_.acknowledged import acknowledge

if TYPE_CHECKING:
    from aws_cdk.aws_iam import IGrantable

PARTITION_KEY = "caller_minute"
EXPIRY = "expires_at_epoch"
NOTHING_TO_RECOVER = "It counts the requests of the running minute; there is nothing to recover."


class RateTable(Construct):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.table = Table(
            self,
            "Table",
            partition_key=Attribute(name=PARTITION_KEY, type=AttributeType.STRING),
            time_to_live_attribute=EXPIRY,
            billing_mode=BillingMode.PAY_PER_REQUEST,
            removal_policy=RemovalPolicy.DESTROY,
        )
        acknowledge(self, {"AwsSolutions-DDB3": NOTHING_TO_RECOVER})

    def grant_counting(self, grantee: IGrantable) -> None:
        """Allow to add to the count in a row whose key is known: no list, no delete."""
        self.table.grant(grantee, "dynamodb:UpdateItem")
