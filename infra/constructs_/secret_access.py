"""The right to read one secret, whose name a deployment knows and whose ARN nobody does.

Secrets Manager ends an ARN with six characters of its own.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import ArnFormat, Stack
from aws_cdk.aws_iam import PolicyStatement

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role


def grant_secret(role: Role, name: str) -> None:
    """Allow `role` to read the secret of this name."""
    arn = Stack.of(role).format_arn(
        service="secretsmanager",
        resource="secret",
        resource_name=f"{name}-??????",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )
    role.add_to_policy(PolicyStatement(actions=["secretsmanager:GetSecretValue"], resources=[arn]))
