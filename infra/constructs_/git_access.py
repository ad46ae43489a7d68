"""What a function needs to open the ledger's repository: the git secret, or CodeCommit's rights."""

from __future__ import annotations

from typing import TYPE_CHECKING

from aws_cdk import Stack
from aws_cdk.aws_iam import PolicyStatement

from infra.constructs_.secret_access import grant_secret
from ledger.access.addresses import region_of

if TYPE_CHECKING:
    from aws_cdk.aws_iam import Role
    from constructs import Construct

    from infra.settings import Settings

READ, WRITE = ["codecommit:GitPull"], ["codecommit:GitPull", "codecommit:GitPush"]


class GitAccess:
    """The repository of one environment, for the functions of a stack."""

    def __init__(self, scope: Construct, settings: Settings) -> None:
        self._settings = settings
        self._repository = _repository(scope, settings.repository_url)

    def grant(self, role: Role, *, writes: bool) -> None:
        """Allow to read the secret; without one, to open the CodeCommit repository as a role."""
        settings = self._settings
        name = settings.git_secret_name if writes else settings.reading_secret_name
        self._grant(role, name, WRITE if writes else READ)

    def grant_locking(self, role: Role) -> None:
        """Allow to commit locks, by a secret of their own where there is one."""
        self._grant(role, self._settings.locking_secret_name, WRITE)

    def _grant(self, role: Role, secret_name: str, actions: list[str]) -> None:
        if secret_name:
            grant_secret(role, secret_name)
        elif self._repository:
            role.add_to_policy(PolicyStatement(actions=actions, resources=[self._repository]))


def _repository(scope: Construct, url: str) -> str | None:
    region = region_of(url)
    if region is None:
        return None
    repository = url.rstrip("/").rpartition("/")[2]
    return Stack.of(scope).format_arn(service="codecommit", region=region, resource=repository)
