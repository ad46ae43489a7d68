"""ARNs that end in a wildcard, and the names that cdk-nag has for such findings."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Stack

if TYPE_CHECKING:
    from constructs import IConstruct

    from infra.settings import Settings


def anything(scope: IConstruct, service: str, kind: str) -> str:
    """Return the ARN of every resource of a kind in the stack's account and region."""
    return Stack.of(scope).format_arn(service=service, resource=kind, resource_name="*")


def function_named(scope: IConstruct, name: str) -> str:
    """Return the ARN of a function in the stack's account and region."""
    return Stack.of(scope).format_arn(
        service="lambda",
        resource="function",
        resource_name=name,
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def project_named(scope: IConstruct, name: str) -> str:
    """Return the ARN of a project of CodeBuild in the stack's account and region."""
    return Stack.of(scope).format_arn(service="codebuild", resource="project", resource_name=name)


def alarms(scope: IConstruct, prefix: str) -> str:
    """Return the ARN of all alarms whose names begin so."""
    return Stack.of(scope).format_arn(
        service="cloudwatch",
        resource="alarm",
        resource_name=f"{prefix}*",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def wildcard(settings: Settings, service: str, resource: str) -> str:
    """Return cdk-nag's name for the finding about the wildcard in such an ARN."""
    place = f"{settings.environment.region_name}:<AWS::AccountId>"
    return f"AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:{service}:{place}:{resource}]"
