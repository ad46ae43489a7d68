"""The role that SageMaker runs models by, where an account has none: pull, read, answer, log.

It has the name that `execution_role_arn` in `environment.json` gives, and outlives its stack, for
endpoints that still run need it. What it reads in S3 is what `allowed.s3_prefixes` names; without
that, whatever definitions may name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Aws, RemovalPolicy, Stack
from aws_cdk.aws_iam import PolicyStatement, Role, ServicePrincipal
from constructs import Construct

from infra.constructs_.acknowledged import acknowledge
from infra.constructs_.arns import wildcard

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from infra.settings import Settings

PULL = ("ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer")
TELL = ("cloudwatch:PutMetricData", "ecr:GetAuthorizationToken")
LOG = (
    "logs:CreateLogGroup",
    "logs:CreateLogStream",
    "logs:DescribeLogStreams",
    "logs:PutLogEvents",
)
LOGS = "/aws/sagemaker/*"
MANY = (
    "Definitions name images and model data when they are merged, long after this role is made, "
    "and AWS's own images are in accounts of its own. `allowed` in environment.json bounds them."
)


class ExecutionRole(Construct):
    def __init__(self, scope: Construct, construct_id: str, *, settings: Settings) -> None:
        super().__init__(scope, construct_id)
        environment = settings.environment
        path, _, name = environment.execution_role_arn.partition(":role")[2].rpartition("/")
        role = Role(
            self,
            "Role",
            role_name=name,
            path=f"{path}/",
            description="SageMaker runs the models of Leasehold's endpoints by it.",
            assumed_by=ServicePrincipal("sagemaker.amazonaws.com"),
        )
        role.apply_removal_policy(RemovalPolicy.RETAIN)
        logs = Stack.of(self).format_arn(
            service="logs",
            resource="log-group",
            resource_name=LOGS,
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        places = environment.allowed.s3_prefixes or ()
        asked = [environment.async_input_path or ""] if places else []
        read = [*_objects([*places, *asked])] or ["*"]
        write = [*_objects([environment.async_output_path or ""])]
        for actions, resources in (
            ((*PULL, *TELL), ["*"]),
            (LOG, [logs]),
            (("s3:GetObject", "s3:ListBucket"), read),
            (("s3:PutObject",), write),
        ):
            if resources:
                role.add_to_policy(PolicyStatement(actions=[*actions], resources=resources))
        found = (*read, *write)
        acknowledge(role, {f"AwsSolutions-IAM5[Resource::{_told(each)}]": MANY for each in found})
        acknowledge(role, {"AwsSolutions-IAM5[Resource::*]": MANY})
        acknowledge(role, {wildcard(settings, "logs", f"log-group:{LOGS}"): MANY})


def _objects(places: Iterable[str]) -> Iterator[str]:
    """Yield the ARNs of what begins so, and of its bucket, which has to be listed."""
    for place in places:
        if bucket := place.removeprefix("s3://").partition("/")[0]:
            below = place.removeprefix("s3://").rstrip("*")
            yield f"arn:{Aws.PARTITION}:s3:::{bucket}"
            yield f"arn:{Aws.PARTITION}:s3:::{below}*"


def _told(arn: str) -> str:
    return arn.replace(Aws.PARTITION, "<AWS::Partition>")
