"""What the controller may do to SageMaker: see everything, touch only what carries its tags.

The tags are the ownership tags that the controller gives to whatever it creates or adopts: the id
of its ledger, and its environment. It may put them on an endpoint whose owner has offered it by the
tag `leasehold:adoptable`, and never on one that carries another ledger's or environment's. What was
tagged before ledgers had ids, a person takes over by `leasehold claim`, with rights of their own.
Names take no part, because a definition may choose any endpoint name.

CreateEndpoint and UpdateEndpoint are authorised for the endpoint config too, by its tags, as far as
could be read without an account. So a config that Leasehold made for somebody else is denied to an
endpoint of ours, and one without tags of Leasehold is borrowed. The plan says the same before.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk.aws_iam import Effect, PolicyStatement

from infra.constructs_.acknowledged import acknowledge
from infra.constructs_.arns import anything, wildcard
from infra.constructs_.ownership import (
    REQUEST,
    RESOURCE_ENVIRONMENT,
    RESOURCE_LEDGER,
    offered_to_us,
    our_tags,
)
from ledger.tags import ENVIRONMENT_TAG, LEDGER_TAG, RECORD_TAG

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role

    from infra.settings import Settings

KINDS = ("endpoint", "endpoint-config", "model")

LIST = ("ListEndpoints", "ListEndpointConfigs", "ListModels", "ListInferenceComponents")
DESCRIBE = ("DescribeEndpoint", "DescribeEndpointConfig", "ListTags")
CREATE = ("CreateEndpoint", "CreateEndpointConfig", "CreateModel")
CHANGE = ("UpdateEndpoint", "DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel")

NO_RESOURCE_TYPE = (
    "AWS defines no resource for List actions, tag:GetResources, cloudwatch:GetMetricData and the "
    "Describe actions of alarms and of Application Auto Scaling: only `*`. They change nothing."
)
BY_TAG = "Definitions choose the names, so a condition on our tags bounds the changes instead."


def grant_sagemaker(role: Role, settings: Settings) -> None:
    """Allow `role` to converge the endpoints of one environment of a ledger, and no others."""
    arns = {kind: anything(role, "sagemaker", kind) for kind in KINDS}
    ours, giving = our_tags(settings), our_tags(settings, REQUEST)
    statements = [
        *_see([*arns.values()]),
        *_create([*arns.values()], giving),
        _change([*arns.values()], ours),
        *_tag(arns["endpoint"], ours, giving),
        _adopt(arns["endpoint"], settings),
        *_not_theirs(arns["endpoint-config"], ours),
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


def _tag(endpoints: str, ours: dict[str, str], giving: dict[str, str]) -> list[PolicyStatement]:
    """Allow to change the tags of an endpoint of ours, but not whose it is."""
    owning = [LEDGER_TAG, RECORD_TAG, ENVIRONMENT_TAG]
    return [
        PolicyStatement(
            actions=["sagemaker:AddTags"],
            resources=[endpoints],
            conditions={"StringEquals": ours, "StringEqualsIfExists": giving},
        ),
        PolicyStatement(
            actions=["sagemaker:DeleteTags"],
            resources=[endpoints],
            conditions={
                "StringEquals": ours,
                "ForAllValues:StringNotEquals": {"aws:TagKeys": owning},
            },
        ),
    ]


def _adopt(endpoints: str, settings: Settings) -> PolicyStatement:
    """Allow to tag an endpoint as ours that its owner offers, and that is nobody else's."""
    return PolicyStatement(
        actions=["sagemaker:AddTags"],
        resources=[endpoints],
        conditions={
            "StringEquals": {**our_tags(settings, REQUEST), **offered_to_us(settings)},
            "StringEqualsIfExists": our_tags(settings),
        },
    )


def _not_theirs(configs: str, ours: dict[str, str]) -> list[PolicyStatement]:
    """Deny the configs that Leasehold made for others: another ledger's, another environment's, and
    those of before ledgers had ids.
    """
    theirs = [
        *({"Null": {tag: "false"}, "StringNotEquals": {tag: ours[tag]}} for tag in ours),
        {"Null": {RESOURCE_LEDGER: "true", RESOURCE_ENVIRONMENT: "false"}},
    ]
    return [
        PolicyStatement(
            effect=Effect.DENY,
            actions=_sagemaker(("CreateEndpoint", "UpdateEndpoint")),
            resources=[configs],
            conditions=condition,
        )
        for condition in theirs
    ]


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
