"""What a function needs to open the ledger's repository: the git secret, or CodeCommit's rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk.aws_iam import PolicyStatement
from aws_cdk.aws_secretsmanager import ISecret, Secret

from ledger.access.code_commit import region_of

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role
    from constructs import Construct

    from infra.settings import Settings

READ, WRITE = ["codecommit:GitPull"], ["codecommit:GitPull", "codecommit:GitPush"]


class GitAccess:
    """The repository of one environment, for the functions of a stack."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        self._writing = _secret(scope, "Git", settings.git_secret_name)
        self._reading = self._writing
        if settings.reading_secret_name != settings.git_secret_name:
            self._reading = _secret(scope, "GitRead", settings.reading_secret_name)
        self._repository = _repository(scope, settings.repository_url)

    def grant(self, role: Role, *, writes: bool) -> None:
        """Allow to read the secret; without one, to open the CodeCommit repository as a role."""
        secret = self._writing if writes else self._reading
        if secret:
            secret.grant_read(role)
        elif self._repository:
            actions = WRITE if writes else READ
            role.add_to_policy(PolicyStatement(actions=actions, resources=[self._repository]))


def _secret(scope: Construct, construct_id: str, name: str) -> ISecret | None:
    return Secret.from_secret_name_v2(scope, construct_id, name) if name else None


def _repository(scope: Construct, url: str) -> str | None:
    region = region_of(url)
    if region is None:
        return None
    repository = url.rstrip("/").rpartition("/")[2]
    return Stack.of(scope).format_arn(service="codecommit", region=region, resource=repository)
