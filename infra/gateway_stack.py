"""The HTTP API of one environment: who answers which route, and what each of them may do.

`infra.app` makes it. Nobody here can change an endpoint: what a caller can change is a lease in the
repository, and the controller alone acts on it. Four functions share the code, and each has the
rights of what it answers:

- `Gateway` reads and writes the ledger
- `Webhook` has no ledger: it reads its secret, and may ask the controller for a tick
- `Models` reads the ledger, asks models, and starts long calls
- `Stream` reads the ledger and asks models, a part at a time
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Duration, Environment, Stack
from aws_cdk.aws_apigateway import LambdaIntegration, ResponseTransferMode
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_secretsmanager import Secret

from infra.constructs_.api import Api
from infra.constructs_.authorizer import Authorizer
from infra.constructs_.long_calls import LongCalls
from infra.constructs_.model_access import INVOKE, STREAM, grant_our_models
from infra.constructs_.own_paths import OwnPaths
from infra.constructs_.rate_table import RateTable
from infra.constructs_.runtime_code import RuntimeCode
from infra.constructs_.runtime_function import Program, RuntimeFunction
from infra.constructs_.token_table import TokenTable
from infra.description import operations

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk.aws_apigateway import Integration
    from aws_cdk.aws_lambda import IFunction
    from constructs import Construct

    from infra.settings import Settings

ANSWER_SECONDS = 28  # API Gateway gives up after 29
STREAM_SECONDS = 300
HANDLER = "gateway.handler.handler"
BY_MODELS = ("invoke", "invoke_resource", "start_execution", "describe_execution")
BY_STREAM = ("invoke_stream",)
BY_WEBHOOK = ("webhook",)


class GatewayStack(Stack):
    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
        controller: IFunction,
    ) -> None:
        super().__init__(
            scope,
            construct_id,
            env=Environment(region=settings.region_name),
            description="Leasehold's gateway: an HTTP API that turns requests into commits.",
        )
        self._settings = settings
        self._source = RuntimeCode(self, "Code", "gateway", "ledger", "schema")
        self._git = Secret.from_secret_name_v2(self, "Git", settings.git_secret_name)
        self._rates = RateTable(self, "Rates")
        self._models = LambdaIntegration(self._models_function(), scope_permission_to_method=False)
        integrations = self._integrations(controller)
        table = TokenTable(self, "Tokens", table_name=settings.ddb_auth_table_name)
        authorizer = Authorizer(
            self, "Authorizer", settings=settings, table=table, source=self._source
        )
        api = Api(self, "Api", integrations=integrations, authorizer=authorizer.tokens)
        OwnPaths(self, "Own", api=api, paths=settings.paths, gateway=self._models)
        self._tell("ApiUrl", api, "Where leases are kept and models are asked, with a token.")
        if settings.admits_signers:
            signed = Api(self, "Signed", integrations=integrations, authorizer=None)
            self._tell("SignedApiUrl", signed, "The same, signed with AWS credentials.")

    def _integrations(self, controller: IFunction) -> Mapping[str, Integration]:
        """Say who answers each operation; what is named nowhere is the ledger's."""
        function = self._function("Gateway", HANDLER, ANSWER_SECONDS, {}).function
        gateway = LambdaIntegration(function, scope_permission_to_method=False)
        webhook = LambdaIntegration(
            self._webhook_function(controller), scope_permission_to_method=False
        )
        stream = LambdaIntegration(
            self._stream_function(),
            scope_permission_to_method=False,
            response_transfer_mode=ResponseTransferMode.STREAM,
            timeout=Duration.seconds(STREAM_SECONDS),
        )
        others = {
            **dict.fromkeys(BY_MODELS, self._models),
            **dict.fromkeys(BY_STREAM, stream),
            **dict.fromkeys(BY_WEBHOOK, webhook),
        }
        return {each.name: others.get(each.name, gateway) for each in operations()}

    def _webhook_function(self, controller: IFunction) -> IFunction:
        """Make the one that anybody may call: all it can bring about is a tick."""
        secret_name = self._settings.webhook_secret_name
        variables = {
            "LEASEHOLD_BRANCH": self._settings.branch,
            "LEASEHOLD_CONTROLLER_FUNCTION": controller.function_name,
            **({"LEASEHOLD_WEBHOOK_SECRET": secret_name} if secret_name else {}),
        }
        program = Program(
            handler="gateway.webhook_handler.handler",
            timeout_seconds=ANSWER_SECONDS,
            variables=variables,
        )
        webhook = RuntimeFunction(self, "Webhook", program=program, source=self._source)
        webhook.role.add_to_policy(
            PolicyStatement(actions=["lambda:InvokeFunction"], resources=[controller.function_arn])
        )
        if secret_name:
            secret = Secret.from_secret_name_v2(self, "WebhookSecret", secret_name)
            secret.grant_read(webhook.role)
        return webhook.function

    def _models_function(self) -> IFunction:
        long_calls = LongCalls(self, "LongCalls", settings=self._settings)
        variables = {"LEASEHOLD_STATE_MACHINE": long_calls.machine.state_machine_arn}
        models = self._function("Models", HANDLER, ANSWER_SECONDS, variables)
        grant_our_models(models.role, self._settings, INVOKE)
        long_calls.grant_calls(models.role, self._settings)
        return models.function

    def _stream_function(self) -> IFunction:
        """Make the one whose runtime is the gateway's own, for Python's cannot stream."""
        variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/gateway/stream.sh"}
        handler = "gateway.streaming_runtime.main"
        stream = self._function("Stream", handler, STREAM_SECONDS, variables)
        grant_our_models(stream.role, self._settings, STREAM)
        return stream.function

    def _function(
        self, name: str, handler: str, seconds: int, variables: Mapping[str, str]
    ) -> RuntimeFunction:
        """Make a function that reads the ledger, knows its callers and counts their requests."""
        settings = self._settings
        program = Program(
            handler=handler,
            timeout_seconds=seconds,
            variables={
                **settings.ledger_variables(),
                **settings.identity_variables(),
                **settings.rate_variables(),
                "LEASEHOLD_RATE_TABLE": self._rates.table.table_name,
                **variables,
            },
        )
        function = RuntimeFunction(self, name, program=program, source=self._source)
        self._git.grant_read(function.role)
        self._rates.grant_counting(function.role)
        return function

    def _tell(self, name: str, api: Api, description: str) -> None:
        CfnOutput(self, name, value=api.rest.url, description=description)
