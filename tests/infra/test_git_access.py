"""What a function may do to open the repository: read one secret, or use CodeCommit as its role."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from aws_cdk import App, Environment, Stack
from aws_cdk.assertions import Template
from aws_cdk.aws_iam import Role, ServicePrincipal

from infra.constructs_.git_access import GitAccess

CODE_COMMIT = "https://git-codecommit.eu-west-1.amazonaws.com/v1/repos/fleet"
GITHUB = "https://github.com/shop/fleet.git"


def statements(url: str, secret: str, *, writes: bool) -> list[Any]:
    stack = Stack(App(), "Stack", env=Environment(account="123456789012", region="us-east-1"))
    settings: Any = SimpleNamespace(
        repository_url=url, git_secret_name=secret, reading_secret_name=secret and f"{secret}-read"
    )
    role = Role(stack, "Role", assumed_by=ServicePrincipal("lambda.amazonaws.com"))
    GitAccess(stack, settings).grant(role, writes=writes)
    policies = Template.from_stack(stack).find_resources("AWS::IAM::Policy").values()
    return [it for each in policies for it in each["Properties"]["PolicyDocument"]["Statement"]]


@pytest.mark.parametrize("writes", [True, False])
def test_codecommit_is_opened_by_the_role_for_that_repository_alone(writes: bool) -> None:  # noqa: FBT001
    (statement,) = statements(CODE_COMMIT, "", writes=writes)
    pull, push = "codecommit:GitPull", "codecommit:GitPush"
    assert statement["Action"] == ([pull, push] if writes else pull)
    assert str(statement["Resource"]).count(":codecommit:eu-west-1:123456789012:fleet") == 1
    assert "*" not in str(statement["Resource"])


@pytest.mark.parametrize(
    ("writes", "name"), [(True, "shop/git-"), (False, "shop/git-read-")], ids=["writes", "reads"]
)
@pytest.mark.parametrize("url", [CODE_COMMIT, GITHUB])
def test_a_secret_that_is_named_is_what_opens_it(url: str, name: str, *, writes: bool) -> None:
    (statement,) = statements(url, "shop/git", writes=writes)
    assert statement["Action"] == "secretsmanager:GetSecretValue"
    assert f":secret:{name}??????" in str(statement["Resource"])


def test_nothing_is_allowed_without_either() -> None:
    assert statements(GITHUB, "", writes=True) == []
