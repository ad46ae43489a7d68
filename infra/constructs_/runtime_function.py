"""One Lambda function with a role, a log group and a time limit of its own.

The role starts with the right to write that log and nothing else; the stack grants the rest.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from aws_cdk import Duration, RemovalPolicy
from aws_cdk.aws_iam import Role, ServicePrincipal
from aws_cdk.aws_lambda import Function
from aws_cdk.aws_logs import LogGroup, RetentionDays
from constructs import Construct

from infra.constructs_.acknowledged import acknowledge
from infra.constructs_.network import join

if TYPE_CHECKING:
    from collections.abc import Mapping

    from infra.constructs_.runtime_code import Source
    from infra.options import Vpc

MEMORY_MB = 512  # below it Lambda's share of a CPU makes a cold start and a git fetch slow

NOT_THE_LATEST_RUNTIME = (
    "The runtime is that of the Python which built the packages: bytecode is good for no other, "
    "and a runtime that no test has run is not an improvement."
)


@dataclass(frozen=True, kw_only=True)
class Program:
    """What a function runs: `handler` is `package.module.function`."""

    handler: str
    timeout_seconds: int
    variables: Mapping[str, str]
    at_most: int | None = None  # how many run at once; None leaves it to the account's limit
    vpc: Vpc | None = None
    name: str | None = None  # for a function that another stack knows; else CloudFormation's choice


class RuntimeFunction(Construct):
    def __init__(
        self, scope: Construct, construct_id: str, *, program: Program, source: Source
    ) -> None:
        super().__init__(scope, construct_id)
        self.log = LogGroup(
            self, "Log", retention=RetentionDays.THREE_MONTHS, removal_policy=RemovalPolicy.DESTROY
        )
        self.role = Role(self, "Role", assumed_by=ServicePrincipal("lambda.amazonaws.com"))
        self.log.grant_write(self.role)
        self.function = Function(
            self,
            "Function",
            function_name=program.name,
            runtime=source.runtime,
            architecture=source.architecture,
            memory_size=MEMORY_MB,
            handler=program.handler,
            timeout=Duration.seconds(program.timeout_seconds),
            environment=dict(program.variables),
            reserved_concurrent_executions=program.at_most,
            code=source.code,
            layers=[*source.layers],
            role=self.role,
            log_group=self.log,
        )
        if program.vpc:
            join(self.function, self.role, program.vpc)
        acknowledge(self.function, {"AwsSolutions-L1": NOT_THE_LATEST_RUNTIME})
