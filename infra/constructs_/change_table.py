"""The table in which processes of the gateway meet that change leases, so that they share a push.

A change lives in it for a second, and its row for an hour. What is committed stands in git alone:
losing the table costs nobody a change, so it goes with its stack.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from infra.constructs_.short_lived_table import short_lived_table

if TYPE_CHECKING:
    from aws_cdk.aws_iam import IGrantable

KIND, ID, EXPIRY = "row_kind", "row_id", "expires_at_epoch"
NOTHING_TO_RECOVER = "It holds changes for as long as they wait; what is committed stands in git."
# A transaction asks for the rights of what is in it.
CALLS = ("BatchGetItem", "DeleteItem", "PutItem", "Query", "UpdateItem")


class ChangeTable(Construct):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self.table = short_lived_table(self, KIND, EXPIRY, reason=NOTHING_TO_RECOVER, sort_key=ID)

    def grant_meeting(self, grantee: IGrantable) -> None:
        """Allow to let changes wait, to take them over and to answer them: no scan."""
        self.table.grant(grantee, *(f"dynamodb:{call}" for call in CALLS))
