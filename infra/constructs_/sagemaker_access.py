"""What the controller may do to SageMaker: see everything, touch only what carries its tags.

The tags are the ownership tags that the controller gives to whatever it creates or adopts. It may
put them on an endpoint that has none of them, and never on one that carries another project's or
environment's: what others manage with Leasehold cannot be taken over. Names take no part, because a
definition may choose any endpoint name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk.aws_iam import PolicyStatement

from infra.constructs_.acknowledged import acknowledge
from infra.constructs_.arns import anything, wildcard
from infra.constructs_.ownership import REQUEST, our_tags

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role

    from infra.settings import Settings

KINDS = ("endpoint", "endpoint-config", "model")

LIST = ("ListEndpoints", "ListEndpointConfigs", "ListModels")
DESCRIBE = ("DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel", "ListTags")
CREATE = ("CreateEndpoint", "CreateEndpointConfig", "CreateModel")
CHANGE = ("UpdateEndpoint", "DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel")

NO_RESOURCE_TYPE = (
    "AWS defines no resource for List actions, tag:GetResources, cloudwatch:GetMetricData and the "
    "Describe actions of alarms and of Application Auto Scaling: only `*`. They change nothing."
)
BY_TAG = "Definitions choose the names, so a condition on our tags bounds the changes instead."


def grant_sagemaker(role: Role, settings: Settings) -> None:
    """Allow `role` to converge the endpoints of one project and environment, and no others."""
    arns = {kind: anything(role, "sagemaker", kind) for kind in KINDS}
    ours, giving = our_tags(settings), our_tags(settings, REQUEST)
    statements = [
        *_see([*arns.values()]),
        *_create([*arns.values()], giving),
        _change([*arns.values()], ours),
        _tag(arns["endpoint"], ours, giving),
        *_borrowed(arns["endpoint-config"], settings.environment.execution_role_arn),
    ]
    for statement in statements:
        role.add_to_policy(statement)
    acknowledge(role, {"AwsSolutions-IAM5[Resource::*]": NO_RESOURCE_TYPE})
    acknowledge(role, {wildcard(settings, "sagemaker", f"{kind}/*"): BY_TAG for kind in KINDS})


def _see(arns: list[str]) -> list[PolicyStatement]:
    return [
        PolicyStatement(actions=[*_sagemaker(LIST), "tag:GetResources"], resources=["*"]),
        PolicyStatement(actions=_sagemaker(DESCRIBE), resources=arns),
    ]


def _create(arns: list[str], giving: dict[str, str]) -> list[PolicyStatement]:
    while_creating = {**giving, "sagemaker:TaggingAction": list(CREATE)}
    return [
        PolicyStatement(
            actions=_sagemaker(CREATE), resources=arns, conditions={"StringEquals": giving}
        ),
        PolicyStatement(
            actions=["sagemaker:AddTags"],
            resources=arns,
            conditions={"StringEquals": while_creating},
        ),
    ]


def _change(arns: list[str], ours: dict[str, str]) -> PolicyStatement:
    return PolicyStatement(
        actions=_sagemaker(CHANGE), resources=arns, conditions={"StringEquals": ours}
    )


def _tag(endpoints: str, ours: dict[str, str], giving: dict[str, str]) -> PolicyStatement:
    """Allow to tag an endpoint as ours that is ours already, or that has no tags of Leasehold."""
    return PolicyStatement(
        actions=["sagemaker:AddTags"],
        resources=[endpoints],
        conditions={"StringEquals": giving, "StringEqualsIfExists": ours},
    )


def _borrowed(configs: str, execution_role: str) -> list[PolicyStatement]:
    """Allow what an endpoint of ours uses without owning it: a config that a definition names (AWS
    checks UpdateEndpoint on it too), and the role that its containers run as.
    """
    return [
        PolicyStatement(actions=["sagemaker:UpdateEndpoint"], resources=[configs]),
        PolicyStatement(
            actions=["iam:PassRole"],
            resources=[execution_role],
            conditions={"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}},
        ),
    ]


def _sagemaker(names: tuple[str, ...]) -> list[str]:
    return [f"sagemaker:{name}" for name in names]
