"""A table whose rows are of use for minutes: it goes with its stack, and nothing is recovered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import RemovalPolicy
from aws_cdk.aws_dynamodb import Attribute, AttributeType, BillingMode, Table

from infra.constructs_.acknowledged import acknowledge

if TYPE_CHECKING:
    from constructs import Construct


def short_lived_table(
    scope: Construct, partition_key: str, expiry: str, *, reason: str, sort_key: str | None = None
) -> Table:
    """Make the table of `scope`. `reason` says why there is nothing to recover."""
    table = Table(
        scope,
        "Table",
        partition_key=Attribute(name=partition_key, type=AttributeType.STRING),
        sort_key=Attribute(name=sort_key, type=AttributeType.STRING) if sort_key else None,
        time_to_live_attribute=expiry,
        billing_mode=BillingMode.PAY_PER_REQUEST,
        removal_policy=RemovalPolicy.DESTROY,
    )
    acknowledge(scope, {"AwsSolutions-DDB3": reason})
    return table
