"""Calls longer than API Gateway waits: a state machine that asks a model, and who may start it.

The state machine is a file of the gateway, which the sandbox runs too. Its log has each step,
without prompts and answers.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Aws, RemovalPolicy
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from aws_cdk.aws_logs import LogGroup, RetentionDays
from aws_cdk.aws_stepfunctions import DefinitionBody, LogLevel, LogOptions, StateMachine
from constructs import Construct

from infra.constructs_.acknowledged import acknowledge
from infra.constructs_.arns import wildcard
from infra.constructs_.model_access import INVOKE, grant_our_models

if TYPE_CHECKING:
    from infra.settings import Settings

DEFINITION = Path(__file__).resolve().parents[2] / "gateway" / "models" / "long_call.asl.json"
ANY_OF_ITS_EXECUTIONS = "An execution's name is made when it starts, so its ARN cannot be known."
LOG_DELIVERY = "AWS defines no resource for the delivery of logs and for X-Ray's traces: only `*`."


class LongCalls(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        role = Role(self, "Role", assumed_by=ServicePrincipal("states.amazonaws.com"))
        grant_our_models(role, settings, INVOKE)
        log = LogGroup(
            self,
            "Log",
            log_group_name=f"/aws/vendedlogs/states/{settings.named('long-call')}",
            retention=RetentionDays.THREE_MONTHS,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.machine = StateMachine(
            self,
            "Machine",
            state_machine_name=settings.named("long-call"),
            comment="Asks a model for longer than API Gateway waits.",
            definition_body=DefinitionBody.from_file(str(DEFINITION)),
            definition_substitutions={"Partition": Aws.PARTITION},
            role=role,
            tracing_enabled=True,
            logs=LogOptions(destination=log, level=LogLevel.ALL, include_execution_data=False),
        )
        acknowledge(role, {"AwsSolutions-IAM5[Resource::*]": LOG_DELIVERY})

    def grant_calls(self, role: Role, settings: Settings) -> None:
        """Allow `role` to start a call and to ask how far it is."""
        machine = self.machine.state_machine_arn
        role.add_to_policy(PolicyStatement(actions=["states:StartExecution"], resources=[machine]))
        executions = self.machine.stack.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{settings.named('long-call')}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        role.add_to_policy(
            PolicyStatement(actions=["states:DescribeExecution"], resources=[executions])
        )
        found = wildcard(settings, "states", f"execution:{settings.named('long-call')}:*")
        acknowledge(role, {found: ANY_OF_ITS_EXECUTIONS})
