"""What the controller may do about use: read metrics, and manage the scaling of endpoints.

Application Auto Scaling checks its caller for whatever it will do itself, so the role may change
the capacity of our endpoints and the alarms of target tracking too, though it never calls either.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk.aws_iam import PolicyStatement

from infra.constructs_.acknowledged import acknowledge
from infra.constructs_.arns import alarms, anything, wildcard
from infra.constructs_.ownership import our_tags

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role

    from infra.settings import Settings

AUTOSCALING = "application-autoscaling"
LINKED_TO = "sagemaker.application-autoscaling.amazonaws.com"
LINKED_ROLE = "AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
ALARM_PREFIXES = ("leasehold-", "TargetTracking-endpoint/")

SEE = (
    "cloudwatch:GetMetricData",
    "cloudwatch:DescribeAlarms",
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
)
SCALE = (
    "application-autoscaling:RegisterScalableTarget",
    "application-autoscaling:DeregisterScalableTarget",
    "application-autoscaling:PutScalingPolicy",
    "application-autoscaling:DeleteScalingPolicy",
)

ANY_TARGET = (
    "The id of a scalable target says nothing of the endpoint it belongs to; a condition bounds "
    "the changes to SageMaker. SageMaker itself checks for the right to deregister one when it "
    "deletes an endpoint."
)
ANY_ALARM = "An alarm is named for its endpoint, and definitions choose those names."


def grant_scaling(role: Role, settings: Settings) -> None:
    """Allow `role` to see how much endpoints are used, and to let them scale by it."""
    for statement in (*_scaling(role, settings), *_alarms(role)):
        role.add_to_policy(statement)
    acknowledge(role, {wildcard(settings, AUTOSCALING, "scalable-target/*"): ANY_TARGET})
    for prefix in ALARM_PREFIXES:
        acknowledge(role, {wildcard(settings, "cloudwatch", f"alarm:{prefix}*"): ANY_ALARM})


def _scaling(role: Role, settings: Settings) -> list[PolicyStatement]:
    return [
        PolicyStatement(actions=[*SEE], resources=["*"]),
        PolicyStatement(
            actions=[*SCALE],
            resources=[anything(role, AUTOSCALING, "scalable-target")],
            conditions={"StringEqualsIfExists": {f"{AUTOSCALING}:service-namespace": "sagemaker"}},
        ),
        PolicyStatement(
            actions=["sagemaker:UpdateEndpointWeightsAndCapacities"],
            resources=[anything(role, "sagemaker", "endpoint")],
            conditions={"StringEquals": our_tags(settings)},
        ),
        PolicyStatement(
            actions=["iam:CreateServiceLinkedRole"],
            resources=[_linked_role(role)],
            conditions={"StringEquals": {"iam:AWSServiceName": LINKED_TO}},
        ),
    ]


def _alarms(role: Role) -> list[PolicyStatement]:
    return [
        PolicyStatement(
            actions=["cloudwatch:PutMetricAlarm", "cloudwatch:DeleteAlarms"],
            resources=[alarms(role, prefix) for prefix in ALARM_PREFIXES],
        )
    ]


def _linked_role(role: Role) -> str:
    return Stack.of(role).format_arn(
        service="iam",
        region="",
        resource="role",
        resource_name=f"aws-service-role/{LINKED_TO}/{LINKED_ROLE}",
    )
