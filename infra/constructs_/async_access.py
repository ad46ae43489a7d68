"""Who may ask asynchronous models: SageMaker's queue, and S3 for what is asked and answered.

What is asked is written and read again below `async_input_path`; answers are read alone. Whether an
object is there is asked by a list, for S3 tells nobody who may not list that one is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Aws
from aws_cdk.aws_iam import PolicyStatement

from infra.constructs_.acknowledged import acknowledge
from infra.constructs_.model_access import grant_models, grant_our_models

if TYPE_CHECKING:
    from collections.abc import Iterable

    from aws_cdk.aws_iam import Role

    from infra.settings import Settings

QUEUE = "sagemaker:InvokeEndpointAsync"
KEYS = "A call's key in S3 is made when it is asked, so a policy names what is above it."


def grant_queued_calls(role: Role, settings: Settings) -> None:
    """Allow `role` to queue what is asked, and to tell what became of it, where calls can be."""
    asked = settings.environment.async_input_path
    if asked is None:
        return
    grant_our_models(role, settings, QUEUE)
    _grant(role, ("s3:GetObject", "s3:PutObject"), [asked])
    if settings.answers:
        _grant(role, ("s3:GetObject",), settings.answers)
    for bucket, keys in _by_bucket([asked, *settings.answers]).items():
        role.add_to_policy(
            PolicyStatement(
                actions=["s3:ListBucket"],
                resources=[f"arn:{Aws.PARTITION}:s3:::{bucket}"],
                conditions={"StringLike": {"s3:prefix": [f"{key}*" for key in keys]}},
            )
        )


def grant_questions(role: Role, settings: Settings, endpoint_name: str) -> None:
    """Allow `role` to queue what one model is asked; the answer is asked for elsewhere."""
    asked = settings.environment.async_input_path
    if asked is None:
        return
    grant_models(role, settings, [endpoint_name], QUEUE)
    _grant(role, ("s3:GetObject", "s3:PutObject"), [asked])


def grant_public_answers(role: Role, settings: Settings) -> None:
    """Allow `role` to sign URLs of answers, for callers who show no token."""
    if settings.environment.async_input_path and settings.answers:
        _grant(role, ("s3:GetObject",), settings.answers)


def _grant(role: Role, actions: Iterable[str], places: Iterable[str]) -> None:
    below = [f"{place.removeprefix('s3://').rstrip('/')}/*" for place in places]
    resources = [f"arn:{Aws.PARTITION}:s3:::{each}" for each in below]
    role.add_to_policy(PolicyStatement(actions=[*actions], resources=resources))
    named = (f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:s3:::{each}]" for each in below)
    acknowledge(role, dict.fromkeys(named, KEYS))


def _by_bucket(places: Iterable[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for place in places:
        bucket, _, key = place.removeprefix("s3://").rstrip("/").partition("/")
        found.setdefault(bucket, []).append(f"{key}/" if key else "")
    return found
