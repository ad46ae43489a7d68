"""The functions behind the API. Each has the code and the rights of what it answers:

- `Gateway` reads and writes the ledger; its processes meet in a table to share their pushes
- `Webhook` has no ledger: it reads its secret, and may ask the controller for a tick
- `Console` has files, and a right to nothing
- `Models` reads the ledger, asks models, at once or by a queue, and starts long calls
- `Stream` reads the ledger and asks models, a part at a time
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration
from aws_cdk.aws_apigateway import LambdaIntegration, ResponseTransferMode
from aws_cdk.aws_iam import PolicyStatement
from constructs import Construct

from infra import concurrency
from infra.constructs_.api import Integrations
from infra.constructs_.arns import function_named, project_named
from infra.constructs_.async_access import grant_queued_calls
from infra.constructs_.change_table import ChangeTable
from infra.constructs_.git_access import GitAccess
from infra.constructs_.long_calls import LongCalls
from infra.constructs_.model_access import INVOKE, STREAM, grant_our_models
from infra.constructs_.rate_table import RateTable
from infra.constructs_.runtime_code import packaged
from infra.constructs_.runtime_function import Program, RuntimeFunction
from infra.constructs_.secret_access import grant_secret
from infra.description import operations
from infra.packages import contents
from ledger.function_variables import (
    identity_variables,
    link_variables,
    origin_variables,
    rate_variables,
    refusal_headers,
)
from ledger.variables import (
    BRANCH,
    CHANGE_TABLE,
    CONTROLLER_FUNCTION,
    CONTROLLER_PROJECT,
    ENVIRONMENT,
    LOCK_PROJECT,
    RATE_TABLE,
    STATE_MACHINE,
    WEBHOOK_SECRET,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk.aws_apigateway import Integration

    from infra.packages.contents import Package
    from infra.settings import Settings

ANSWER_SECONDS = 28  # API Gateway gives up after 29
STREAM_SECONDS = 300
BY_MODELS = (
    "invoke",
    "invoke_resource",
    "invoke_upload",
    "invoke_result",
    "start_execution",
    "describe_execution",
)
BY_STREAM = ("invoke_stream",)
BY_WEBHOOK = ("webhook",)
BY_CONSOLE = ("console", "console_head", "console_file", "console_file_head")


class GatewayFunctions(Construct):
    """`integrations` says who answers each operation: `Gateway`, where no other function does."""

    def __init__(
        self,
        scope: Construct,
        construct_id: str,
        *,
        settings: Settings,
    ) -> None:
        super().__init__(scope, construct_id)
        self._settings = settings
        self._git = GitAccess(self, settings)
        self._rates = RateTable(self, "Rates")
        changes = ChangeTable(self, "Changes")
        variables = {
            CHANGE_TABLE: changes.table.table_name,
            **link_variables(settings.environment),
        }
        gateway = self._with_ledger(
            "Gateway", contents.GATEWAY, ANSWER_SECONDS, variables, writes=True
        )
        changes.grant_meeting(gateway.role)
        if settings.environment.link_secret:
            grant_secret(gateway.role, settings.environment.link_secret)
        models, stream = self._models(), self._stream()
        webhook, console = self._webhook(), self._console()
        self.by_name = {
            "Gateway": gateway,
            "Models": models,
            "Stream": stream,
            "Webhook": webhook,
            "Console": console,
        }
        self.models = _asked(models)
        others: dict[str, Integration] = {
            **dict.fromkeys(BY_MODELS, self.models),
            **dict.fromkeys(BY_STREAM, _streaming(stream)),
            **dict.fromkeys(BY_WEBHOOK, _asked(webhook)),
            **dict.fromkeys(BY_CONSOLE, _asked(console)),
        }
        ledgers = _asked(gateway)
        self.integrations = Integrations(
            by_operation={each.name: others.get(each.name, ledgers) for each in operations()},
            preflight=ledgers if settings.environment.allowed_origins else None,
            refusal_headers=refusal_headers(settings.environment),
        )

    def _models(self) -> RuntimeFunction:
        long_calls = LongCalls(self, "LongCalls", settings=self._settings)
        variables = {STATE_MACHINE: long_calls.machine.state_machine_arn}
        models = self._with_ledger("Models", contents.GATEWAY, ANSWER_SECONDS, variables)
        grant_our_models(models.role, self._settings, INVOKE)
        long_calls.grant_calls(models.role, self._settings)
        grant_queued_calls(models.role, self._settings)
        return models

    def _stream(self) -> RuntimeFunction:
        """Make the function that streams: with the gateway's own runtime, as Python's cannot."""
        variables = {"AWS_LAMBDA_EXEC_WRAPPER": "/var/task/gateway/stream.sh"}
        stream = self._with_ledger("Stream", contents.STREAM, STREAM_SECONDS, variables)
        grant_our_models(stream.role, self._settings, STREAM)
        return stream

    def _webhook(self) -> RuntimeFunction:
        """Make the function that anybody may call: it can start a tick, and the making of locks."""
        secret_name, locks = self._settings.webhook_secret_name, self._settings.lock_project
        variable, action, controller = self._controller()
        program = Program(
            handler=contents.WEBHOOK.handler,
            timeout_seconds=ANSWER_SECONDS,
            at_most=self._at_most("Webhook"),
            variables={
                BRANCH: self._settings.branch,
                variable: self._settings.named("controller"),
                **({WEBHOOK_SECRET: secret_name} if secret_name else {}),
                **({LOCK_PROJECT: locks, ENVIRONMENT: self._settings.name} if locks else {}),
            },
        )
        source = packaged(self._settings.packages, contents.WEBHOOK)
        webhook = RuntimeFunction(self, "Webhook", program=program, source=source)
        webhook.role.add_to_policy(PolicyStatement(actions=[action], resources=[controller]))
        if locks:
            project = project_named(self, locks)
            starting = PolicyStatement(actions=["codebuild:StartBuild"], resources=[project])
            webhook.role.add_to_policy(starting)
        if secret_name:
            grant_secret(webhook.role, secret_name)
        return webhook

    def _console(self) -> RuntimeFunction:
        """Make the function that anybody may load the page from."""
        program = Program(
            handler=contents.CONSOLE.handler,
            timeout_seconds=ANSWER_SECONDS,
            at_most=self._at_most("Console"),
            variables={
                ENVIRONMENT: self._settings.name,
                **identity_variables(self._settings.environment),
            },
        )
        source = packaged(self._settings.packages, contents.CONSOLE)
        return RuntimeFunction(self, "Console", program=program, source=source)

    def _controller(self) -> tuple[str, str, str]:
        """Return the variable that names the controller, how it is woken, and its ARN."""
        name = self._settings.named("controller")
        if self._settings.options.build_minutes:
            return CONTROLLER_PROJECT, "codebuild:StartBuild", project_named(self, name)
        return CONTROLLER_FUNCTION, "lambda:InvokeFunction", function_named(self, name)

    def _at_most(self, name: str) -> int | None:
        """Return how many of a function run at once, where it has routes without a token."""
        reserved = {
            "Console": concurrency.CONSOLE,
            "Gateway": concurrency.GATEWAY,
            "Webhook": concurrency.WEBHOOK,
        }
        if self._settings.has_open_models:
            reserved["Models"] = concurrency.MODELS
        return self._settings.reserving(reserved[name]) if name in reserved else None

    def _with_ledger(
        self,
        name: str,
        package: Package,
        seconds: int,
        variables: Mapping[str, str],
        *,
        writes: bool = False,
    ) -> RuntimeFunction:
        """Make a function that reads the ledger, knows its callers and counts their requests."""
        settings = self._settings
        program = Program(
            handler=package.handler,
            timeout_seconds=seconds,
            at_most=self._at_most(name),
            vpc=settings.options.vpc,
            variables={
                **settings.ledger_variables(writes=writes),
                **identity_variables(settings.environment),
                **rate_variables(settings.environment),
                **origin_variables(settings.environment),
                RATE_TABLE: self._rates.table.table_name,
                **variables,
            },
        )
        source = packaged(settings.packages, package)
        function = RuntimeFunction(self, name, program=program, source=source)
        self._git.grant(function.role, writes=writes)
        self._rates.grant_counting(function.role)
        return function


def _asked(function: RuntimeFunction) -> LambdaIntegration:
    return LambdaIntegration(function.function, scope_permission_to_method=False)


def _streaming(function: RuntimeFunction) -> LambdaIntegration:
    return LambdaIntegration(
        function.function,
        scope_permission_to_method=False,
        response_transfer_mode=ResponseTransferMode.STREAM,
        timeout=Duration.seconds(STREAM_SECONDS),
    )
