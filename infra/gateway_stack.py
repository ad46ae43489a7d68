"""The HTTP API of one environment: requests become commits, and nothing else.

`infra.app` makes it. Its functions have no right to SageMaker at all: what a caller can change is a
lease in the repository, and the controller alone acts on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Environment, Stack
from aws_cdk.aws_secretsmanager import Secret

from infra.constructs_.expiry_api import ExpiryApi
from infra.constructs_.runtime_code import RuntimeCode
from infra.constructs_.runtime_function import Program, RuntimeFunction
from infra.constructs_.token_table import TokenTable

if TYPE_CHECKING:
    from constructs import Construct

    from infra.settings import Settings

ANSWER_SECONDS = 28  # API Gateway gives up after 29
LOOKUP_SECONDS = 8


class GatewayStack(Stack):
    def __init__(
        self, scope: Construct, construct_id: str, *, settings: Settings, env: Environment
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=env,
            description="Leasehold's gateway: an HTTP API that turns requests into commits.",
        )
        self.source = RuntimeCode(self, "Code", "gateway", "ledger", "schema")
        gateway = self._gateway(settings)
        authorizer = self._authorizer(settings)
        api = ExpiryApi(self, "Api", gateway=gateway.function, authorizer=authorizer.function)
        CfnOutput(
            self,
            "EndpointExpiryUrl",
            value=api.rest.url_for_path("/endpoint-expiry"),
            description="Where leases are read, extended and released.",
        )

    def _gateway(self, settings: Settings) -> RuntimeFunction:
        program = Program(
            handler="gateway.handler.handler",
            timeout_seconds=ANSWER_SECONDS,
            variables=settings.ledger_variables(),
        )
        gateway = RuntimeFunction(self, "Gateway", program=program, source=self.source)
        secret = Secret.from_secret_name_v2(self, "Git", settings.git_secret_name)
        secret.grant_read(gateway.role)
        return gateway

    def _authorizer(self, settings: Settings) -> RuntimeFunction:
        tokens = TokenTable(self, "Tokens", table_name=settings.ddb_auth_table_name)
        program = Program(
            handler="gateway.authorizer.handler",
            timeout_seconds=LOOKUP_SECONDS,
            variables={"LEASEHOLD_TOKEN_TABLE": tokens.table.table_name},
        )
        authorizer = RuntimeFunction(self, "Authorizer", program=program, source=self.source)
        tokens.grant_lookup(authorizer.role)
        return authorizer
