"""What the controller may do to SageMaker: see everything, touch only what carries its tags.

The tags are the ownership tags that the controller gives to whatever it creates. It may put them
on a resource only while it creates it, so it can never adopt an endpoint and then delete it. Names
take no part: a definition may choose any endpoint name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk.aws_iam import PolicyStatement

from infra.constructs_.acknowledged import acknowledge

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role

    from infra.settings import Settings

SAGEMAKER = ("endpoint", "endpoint-config", "model")
SCALABLE_TARGET = ("application-autoscaling", "scalable-target")

LIST = ("ListEndpoints", "ListEndpointConfigs", "ListModels")
DESCRIBE = ("DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel", "ListTags")
CREATE = ("CreateEndpoint", "CreateEndpointConfig", "CreateModel")
CHANGE = ("UpdateEndpoint", "DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel")

NO_RESOURCE_TYPE = "AWS defines no resource for the List actions and tag:GetResources: only `*`."
BY_TAG = "Definitions choose the names, so a condition on our tags bounds the changes instead."
ANY_TARGET = (
    "SageMaker deregisters an endpoint's scaling when it deletes that endpoint, and checks the "
    "caller for it; the id of a scalable target says nothing of the endpoint it belongs to."
)


def grant_sagemaker(role: Role, settings: Settings) -> None:
    """Allow `role` to converge the endpoints of one project and environment, and no others."""
    arns = {kind: _arn(role, "sagemaker", kind) for kind in SAGEMAKER}
    tags = {
        "leasehold:project": settings.project_prefix,
        "leasehold:environment": settings.environment,
    }
    statements = [
        *_see([*arns.values()]),
        *_create([*arns.values()], _condition("aws:RequestTag", tags)),
        *_change([*arns.values()], _condition("aws:ResourceTag", tags)),
        *_borrowed(role, arns["endpoint-config"], settings.execution_role_arn),
    ]
    for statement in statements:
        role.add_to_policy(statement)
    acknowledge(role, {"AwsSolutions-IAM5[Resource::*]": NO_RESOURCE_TYPE})
    acknowledge(role, {_finding(settings, "sagemaker", kind): BY_TAG for kind in SAGEMAKER})
    acknowledge(role, {_finding(settings, *SCALABLE_TARGET): ANY_TARGET})


def _see(arns: list[str]) -> list[PolicyStatement]:
    return [
        PolicyStatement(actions=[*_sagemaker(LIST), "tag:GetResources"], resources=["*"]),
        PolicyStatement(actions=_sagemaker(DESCRIBE), resources=arns),
    ]


def _create(arns: list[str], ours: dict[str, object]) -> list[PolicyStatement]:
    while_creating = {**ours, "sagemaker:TaggingAction": list(CREATE)}
    return [
        PolicyStatement(
            actions=_sagemaker(CREATE), resources=arns, conditions={"StringEquals": ours}
        ),
        PolicyStatement(
            actions=["sagemaker:AddTags"],
            resources=arns,
            conditions={"StringEquals": while_creating},
        ),
    ]


def _change(arns: list[str], ours: dict[str, object]) -> list[PolicyStatement]:
    return [
        PolicyStatement(
            actions=_sagemaker(CHANGE), resources=arns, conditions={"StringEquals": ours}
        )
    ]


def _borrowed(role: Role, configs: str, execution_role: str) -> list[PolicyStatement]:
    """Allow what an endpoint of ours uses without owning it: a config that a definition names (AWS
    checks UpdateEndpoint on it too), its scaling, and the role that its containers run as.
    """
    return [
        PolicyStatement(actions=["sagemaker:UpdateEndpoint"], resources=[configs]),
        PolicyStatement(
            actions=["application-autoscaling:DeregisterScalableTarget"],
            resources=[_arn(role, *SCALABLE_TARGET)],
        ),
        PolicyStatement(
            actions=["iam:PassRole"],
            resources=[execution_role],
            conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
    ]


def _sagemaker(names: tuple[str, ...]) -> list[str]:
    return [f"sagemaker:{name}" for name in names]


def _condition(key: str, tags: dict[str, str]) -> dict[str, object]:
    return {f"{key}/{tag}": value for tag, value in tags.items()}


def _arn(role: Role, service: str, kind: str) -> str:
    return Stack.of(role).format_arn(service=service, resource=kind, resource_name="*")


def _finding(settings: Settings, service: str, kind: str) -> str:
    """Name the wildcard of `_arn` as cdk-nag does."""
    place = f"{settings.region_name}:<AWS::AccountId>"
    return f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:{service}:{place}:{kind}/*]"
