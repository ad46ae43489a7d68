"""The HTTP API of one environment: its authorizer, its functions, and the paths of definitions.

No function here may change an endpoint: a caller changes a lease in the repository, and the
controller alone acts on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Environment, Stack

from infra.constructs_.alarms import GatewayAlarms
from infra.constructs_.api import Api
from infra.constructs_.authorizer import Authorizer
from infra.constructs_.front import Front
from infra.constructs_.gateway_functions import GatewayFunctions
from infra.constructs_.own_paths import OwnPaths
from infra.constructs_.token_table import TokenTable
from infra.constructs_.user_pool import People

if TYPE_CHECKING:
    from constructs import Construct

    from infra.settings import Settings


class GatewayStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            construct_id,
            env=Environment(region=settings.environment.region_name),
            description="Leasehold's gateway: an HTTP API that turns requests into commits.",
        )
        if settings.options.makes_user_pool:
            people = People(self, "People", settings=settings, options=settings.options)
            settings = settings.admitting(people.oidc)
        functions = GatewayFunctions(self, "Functions", settings=settings)
        table = TokenTable(
            self,
            "Tokens",
            table_name=settings.environment.ddb_auth_table_name,
            is_new=settings.options.makes_token_table,
        )
        authorizer = Authorizer(self, "Authorizer", settings=settings, table=table)
        api = Api(
            self,
            "Api",
            integrations=functions.integrations,
            authorizer=authorizer.tokens,
            models=[path.resource for path in settings.paths],
            makes_logs_role=settings.options.makes_logs_role,
        )
        Front(self, "Front", api=api, options=settings.options)
        OwnPaths(self, "Own", settings=settings, api=api, gateway=functions.models)
        self._tell("ApiUrl", api, "Where leases are kept and models are asked, with a token.")
        CfnOutput(
            self,
            "ConsoleUrl",
            value=f"{api.rest.url}console",
            description="The page on which people see what is on, and keep it.",
        )
        if settings.environment.identities.iam:
            signed = Api(
                self,
                "Signed",
                integrations=functions.integrations,
                authorizer=None,
            )
            self._tell("SignedApiUrl", signed, "The same, signed with AWS credentials.")
        GatewayAlarms(self, "Alarms", settings=settings, functions=functions.by_name)

    def _tell(self, name: str, api: Api, description: str) -> None:
        CfnOutput(self, name, value=api.rest.url, description=description)
