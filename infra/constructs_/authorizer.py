"""The authorizer: the function that looks up who holds a token.

API Gateway remembers its answer for half a minute (docs/decisions/0010).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk.aws_apigateway import TokenAuthorizer
from aws_cdk.aws_dynamodb import Table
from constructs import Construct

from infra.constructs_.runtime_code import packaged
from infra.constructs_.runtime_function import Program, RuntimeFunction
from infra.packages.contents import AUTHORIZER, AUTHORIZER_OIDC
from ledger.function_variables import identity_variables
from ledger.variables import TOKEN_TABLE

if TYPE_CHECKING:
    from infra.constructs_.token_table import TokenTable
    from infra.settings import Settings

LOOKUP_SECONDS = 8
TOKEN_MEMORY = Duration.seconds(30)


class Authorizer(Construct):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        table: TokenTable,
    ) -> None:
        super().__init__(scope, construct_id)
        package = AUTHORIZER_OIDC if settings.environment.identities.oidc else AUTHORIZER
        program = Program(
            handler=package.handler,
            timeout_seconds=LOOKUP_SECONDS,
            variables={
                TOKEN_TABLE: table.table.table_name,
                **identity_variables(settings.environment),
            },
        )
        source = packaged(settings.packages, package)
        door = RuntimeFunction(self, "Door", program=program, source=source)
        table.grant_lookup(door.role)
        if legacy_name := settings.environment.identities.legacy_token_table:
            legacy = Table.from_table_name(self, "Legacy", legacy_name)
            legacy.grant(door.role, "dynamodb:GetItem")
        self.tokens = TokenAuthorizer(
            self, "Asked", handler=door.function, results_cache_ttl=TOKEN_MEMORY
        )
