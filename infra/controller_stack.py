"""The controller of one environment: a function or a build, what it may touch, its alarms.

It must not know what a tick does, nor the gateway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Duration, Environment, Stack

from infra import concurrency
from infra.constructs_.alarms import BuildAlarms, ControllerAlarms
from infra.constructs_.build_project import Build, BuildProject, buildspec
from infra.constructs_.execution_role import ExecutionRole
from infra.constructs_.git_access import GitAccess
from infra.constructs_.notice_access import grant_notices
from infra.constructs_.runtime_code import packaged
from infra.constructs_.runtime_function import Program, RuntimeFunction
from infra.constructs_.sagemaker_access import grant_sagemaker
from infra.constructs_.scaling_access import grant_scaling
from infra.constructs_.tick import BuildTick, Tick
from infra.constructs_.tick_table import TickTable
from infra.packages.contents import CONTROLLER, CONTROLLER_WITH_KEYS
from infra.schedules import COMPARE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from aws_cdk.aws_iam import Role
    from constructs import Construct

    from infra.packages.contents import Package
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
        self._settings = settings
        minutes = settings.options.build_minutes
        turns = TickTable(self, "Turns") if minutes or not settings.options.reserves else None
        variables = {
            **settings.ledger_variables(writes=True),
            **(turns.variables if turns else {}),
        }
        role = self._build(minutes, variables) if minutes else self._function(variables)
        if turns:
            turns.grant_taking(role)
        GitAccess(self, settings).grant(role, writes=True)
        grant_sagemaker(role, settings)
        grant_scaling(role, settings)
        grant_notices(role, settings)
        if settings.options.makes_execution_role:
            ExecutionRole(self, "Execution", settings=settings)

    def _function(self, variables: Mapping[str, str]) -> Role:
        """Make the function that ticks each minute, and return its role."""
        settings, package = self._settings, self._package
        controller = RuntimeFunction(
            self,
            "Controller",
            program=Program(
                handler=package.handler,
                timeout_seconds=TICK_SECONDS,
                variables=variables,
                at_most=settings.reserving(concurrency.CONTROLLER),
                vpc=settings.options.vpc,
                name=settings.named("controller"),
            ),
            source=packaged(settings.packages, package),
        )
        Tick(self, "Tick", controller=controller.function)
        ControllerAlarms(self, "Alarms", settings=settings)
        return controller.role

    def _build(self, minutes: int, variables: Mapping[str, str]) -> Role:
        """Make the project that ticks each few minutes, and return its role.

        It builds the function's package: the image has a Python of that version with boto3, as
        Lambda has, so nothing is installed and no index is asked.
        """
        settings, package = self._settings, self._package
        name = settings.named("controller")
        controller = BuildProject(
            self,
            "Controller",
            build=Build(
                name=name,
                source=settings.packages.file(package),
                buildspec=buildspec([tick_command(package)], settings.packages.python),
                architecture=settings.packages.architecture,
                variables=variables,
                vpc=settings.options.vpc,
            ),
        )
        BuildTick(self, "Tick", project=name, every=Duration.minutes(minutes), why=COMPARE)
        BuildAlarms(self, "Alarms", settings=settings, log=controller.log, minutes=minutes)
        return controller.role

    @property
    def _package(self) -> Package:
        return CONTROLLER_WITH_KEYS if self._settings.has_keys else CONTROLLER


def tick_command(package: Package) -> str:
    """Return the command of one tick, which has as long for it as a function has."""
    program = f"from {package.entry} import {package.function}; {package.function}({{}}, None)"
    return f'timeout --kill-after=5 {TICK_SECONDS} python -c "{program}"'
