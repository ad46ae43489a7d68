"""The project of one environment that locks its JumpStart models, with the SageMaker SDK.

What functions must not carry is installed here, for some minutes a day, from a lock with hashes.
It commits to the ledger and touches no endpoint; the controller deploys by what is committed.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from aws_cdk import CfnOutput, Duration, Environment, Stack
from aws_cdk.aws_iam import PolicyStatement

from infra.constructs_.acknowledged import acknowledge
from infra.constructs_.alarms import LockAlarms
from infra.constructs_.build_project import Build, BuildProject
from infra.constructs_.git_access import GitAccess
from infra.constructs_.tick import BuildTick
from infra.schedules import LOCK

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role
    from constructs import Construct

    from infra.settings import Settings

CHECKOUT = Path(__file__).resolve().parents[1]
BUILDSPEC = Path("examples") / "ci" / "codebuild" / "lock.buildspec.yml"
# What a wheel of this project is built of, and the lock of what it needs to make locks.
NEEDED = (
    *("controller", "environments", "functions", "gateway", "infra", "ledger", "leasehold"),
    *("sandbox", "schema"),
    *("LICENSE", "README.md", "pyproject.toml", "requirements"),
)
PICKS = (
    *("/*", *(f"!/{each}" for each in NEEDED)),
    *("/requirements/*", "!/requirements/jumpstart.lock"),
    *("__pycache__", ".leasehold"),
)
TRIED_ON = "x86_64"  # not all that the SDK needs has to have a wheel for another machine
AT_MOST_MINUTES = 60  # 1 GB is fetched and unpacked, then a hundred models take seconds
AUTHOR = "LEASEHOLD_AUTHOR"  # the buildspec's own
CATALOGUE = "JumpStart's catalogue is a bucket of AWS's own, and its files are many; they are read."


class LockStack(Stack):
    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(
            scope,
            construct_id,
            env=Environment(region=settings.environment.region_name),
            description="Leasehold's locks: resolves JumpStart models, and commits what they are.",
        )
        name = settings.lock_project
        locks = BuildProject(
            self,
            "Locks",
            build=Build(
                name=name,
                source=CHECKOUT,
                picks=PICKS,
                buildspec=(CHECKOUT / BUILDSPEC).read_text(),
                architecture=TRIED_ON,
                variables={**settings.lock_variables(), AUTHOR: settings.options.lock_author},
                at_most_minutes=AT_MOST_MINUTES,
                vpc=settings.options.vpc,
            ),
        )
        GitAccess(self, settings).grant_locking(locks.role)
        _grant_catalogue(locks.role, settings.environment.region_name)
        every = Duration.hours(settings.options.lock_hours or 0)
        BuildTick(self, "Tick", project=name, every=every, why=LOCK)
        LockAlarms(self, "Alarms", settings=settings, project=name)
        CfnOutput(self, "LockProject", value=name, description="What makes locks, when started.")


def _grant_catalogue(role: Role, region: str) -> None:
    """Allow to read what JumpStart's models are; the SageMaker SDK asks nothing else."""
    files = f"jumpstart-cache-prod-{region}/*"
    arn = Stack.of(role).format_arn(service="s3", region="", account="", resource=files)
    role.add_to_policy(PolicyStatement(actions=["s3:GetObject"], resources=[arn]))
    finding = f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::{files}]"
    acknowledge(role, {finding: CATALOGUE})
