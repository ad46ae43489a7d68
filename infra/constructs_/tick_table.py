"""The row that keeps two ticks apart, where no function's reserved concurrency does.

It is there for the length of a tick: losing it costs nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from constructs import Construct

from infra.constructs_.short_lived_table import short_lived_table
from ledger.variables import TICK_TABLE

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role

PARTITION_KEY = "environment"
EXPIRY = "ends_at_epoch"
NOTHING_TO_RECOVER = "It says that a tick is running; there is nothing to recover."


class TickTable(Construct):
    def __init__(self, scope: Construct, construct_id: str) -> None:
        super().__init__(scope, construct_id)
        self._table = short_lived_table(self, PARTITION_KEY, EXPIRY, reason=NOTHING_TO_RECOVER)
        self.variables = {TICK_TABLE: self._table.table_name}

    def grant_taking(self, role: Role) -> None:
        self._table.grant(role, "dynamodb:PutItem", "dynamodb:DeleteItem")
