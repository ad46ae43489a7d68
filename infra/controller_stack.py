"""The controller of one environment: a function that ticks, what it may touch, its alarms.

It must not know what a tick does, nor the gateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Environment, Stack

from infra.constructs_.alarms import ControllerAlarms
from infra.constructs_.execution_role import ExecutionRole
from infra.constructs_.git_access import GitAccess
from infra.constructs_.notice_access import grant_notices
from infra.constructs_.runtime_code import packaged
from infra.constructs_.runtime_function import Program, RuntimeFunction
from infra.constructs_.sagemaker_access import grant_sagemaker
from infra.constructs_.scaling_access import grant_scaling
from infra.constructs_.tick import Tick
from infra.constructs_.tick_table import TickTable
from infra.packages.contents import CONTROLLER, CONTROLLER_WITH_KEYS

if TYPE_CHECKING:
    from constructs import Construct

    from infra.settings import Settings

TICK_SECONDS = 180  # a full fleet with a slow git host; a tick that takes longer is stuck


class ControllerStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            construct_id,
            env=Environment(region=settings.environment.region_name),
            description="Leasehold's controller: converges SageMaker endpoints with a repository.",
        )
        package = CONTROLLER_WITH_KEYS if settings.has_keys else CONTROLLER
        controller = RuntimeFunction(
            self,
            "Controller",
            program=Program(
                handler=package.handler,
                timeout_seconds=TICK_SECONDS,
                variables=settings.ledger_variables(writes=True),
                at_most=1 if settings.options.reserves else None,
                vpc=settings.options.vpc,
                name=settings.named("controller"),
            ),
            source=packaged(settings.packages, package),
        )
        GitAccess(self, settings).grant(controller.role, writes=True)
        grant_sagemaker(controller.role, settings)
        grant_scaling(controller.role, settings)
        grant_notices(controller.role, settings)
        Tick(self, "Tick", controller=controller.function)
        if not settings.options.reserves:
            TickTable(self, "Turns", controller=controller)
        if settings.options.makes_execution_role:
            ExecutionRole(self, "Execution", settings=settings)
        ControllerAlarms(self, "Alarms", settings=settings)
