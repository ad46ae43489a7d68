"""Who may ask models, and which: the endpoints of one environment, or a single one.

An endpoint's ARN has its name in lower case, but AWS does not promise that for every check. As
SageMaker's names ignore case, both spellings are the same endpoint, and a policy names both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk.aws_iam import PolicyStatement

from infra.constructs_.acknowledged import acknowledge
from infra.constructs_.arns import anything, wildcard
from infra.constructs_.ownership import our_tags

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aws_cdk.aws_iam import Role

    from infra.settings import Settings

INVOKE = "sagemaker:InvokeEndpoint"
STREAM = "sagemaker:InvokeEndpointWithResponseStream"
BY_TAG = "Definitions choose the names, so a condition on our tags says which endpoints are meant."


def grant_our_models(role: Role, settings: Settings, *actions: str) -> None:
    """Allow `role` to ask whatever carries the tags of this ledger and environment."""
    role.add_to_policy(
        PolicyStatement(
            actions=[*actions],
            resources=[anything(role, "sagemaker", "endpoint")],
            conditions={"StringEquals": our_tags(settings)},
        )
    )
    acknowledge(role, {wildcard(settings, "sagemaker", "endpoint/*"): BY_TAG})


def grant_models(
    role: Role, settings: Settings, endpoint_names: Iterable[str], action: str = INVOKE
) -> None:
    """Allow `role` to ask these endpoints and no others, and only while they are ours."""
    spelled = {spelling for name in endpoint_names for spelling in (name, name.lower())}
    resources = [
        Stack.of(role).format_arn(service="sagemaker", resource="endpoint", resource_name=name)
        for name in sorted(spelled)
    ]
    role.add_to_policy(
        PolicyStatement(
            actions=[action],
            resources=resources,
            conditions={"StringEquals": our_tags(settings)},
        )
    )
