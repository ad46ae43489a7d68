"""What a change of choices replaces, moves or leaves behind, by the templates before and after.

CloudFormation makes what is new before it deletes what is gone. So a name that is given may be had
by one resource alone, whatever was chosen before: else the change ends with "already exists".
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import pytest

from tests.infra.test_options import pooled

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.infra.synthesis import Synthesis

__all__ = ["pooled"]  # a fixture

# By type: the property that names it, and those whose change makes another one, as CloudFormation
# has them.
NAMED: dict[str, tuple[str, tuple[str, ...]]] = {
    "AWS::CloudWatch::Alarm": ("AlarmName", ()),
    "AWS::CodeBuild::Project": ("Name", ()),
    "AWS::Cognito::UserPoolDomain": ("Domain", ("UserPoolId",)),
    "AWS::DynamoDB::Table": ("TableName", ("KeySchema",)),
    "AWS::Events::Rule": ("Name", ()),
    "AWS::IAM::ManagedPolicy": ("ManagedPolicyName", ("Path",)),
    "AWS::IAM::Role": ("RoleName", ("Path",)),
    "AWS::Lambda::Function": ("FunctionName", ("PackageType",)),
    "AWS::Logs::LogGroup": ("LogGroupName", ()),
    "AWS::StepFunctions::StateMachine": ("StateMachineName", ("StateMachineType",)),
}


@pytest.fixture(scope="session")
def deployments(
    synthesis: Synthesis,
    quiet_synthesis: Synthesis,
    built: Synthesis,
    chosen: Synthesis,
    pooled: Synthesis,
) -> list[Synthesis]:
    """Give what the other tests have made, too: each has other choices."""
    return [synthesis, quiet_synthesis, built, chosen, pooled]


def named(of: Synthesis) -> Iterator[tuple[tuple[str, str], tuple[str, Any]]]:
    """Yield a type and a given name; and which resource has it, with what makes it another one."""
    for kind, (name, fixed) in NAMED.items():
        for key, resource in of.resources(kind).items():
            found = resource["Properties"]
            if isinstance(given := found.get(name), str):
                yield (kind, given), (key, [found.get(each) for each in fixed])


def test_a_given_name_is_that_of_one_resource_whatever_was_chosen(
    deployments: list[Synthesis],
) -> None:
    seen: dict[tuple[str, str], tuple[str, Any]] = {}
    for deployment in deployments:
        for key, value in named(deployment):
            assert seen.setdefault(key, value) == value, key
    assert {kind for kind, _ in seen} == {
        "AWS::CodeBuild::Project",
        "AWS::Cognito::UserPoolDomain",
        "AWS::DynamoDB::Table",
        "AWS::IAM::Role",
        "AWS::Lambda::Function",
        "AWS::Logs::LogGroup",
        "AWS::StepFunctions::StateMachine",
    }


def test_every_type_that_a_template_names_is_known_here(deployments: list[Synthesis]) -> None:
    """A new one has to say what a change of it would replace."""
    names = {name for name, _ in NAMED.values()} - {"Name", "Domain"}
    for deployment in deployments:
        for path in deployment.templates():
            for key, resource in json.loads(path.read_text())["Resources"].items():
                found = resource.get("Properties", {})
                given = [name for name in names if isinstance(found.get(name), str)]
                assert not given or resource["Type"] in NAMED, key


def test_who_would_be_locked_out_is_kept_when_a_choice_is_taken_back(
    deployments: list[Synthesis],
) -> None:
    names = {"TableName", "RoleName", "UserPoolName"}
    kinds = ("AWS::DynamoDB::Table", "AWS::Cognito::UserPool", "AWS::IAM::Role")
    kept = [
        (kind, resource.get("DeletionPolicy"), resource.get("UpdateReplacePolicy"))
        for deployment in deployments
        for kind in kinds
        for resource in deployment.resources(kind).values()
        if names & {*resource["Properties"]}
    ]
    assert {*kept} == {(kind, "Retain", "Retain") for kind in kinds}


def test_no_stack_of_one_choice_needs_another_stack_of_it(deployments: list[Synthesis]) -> None:
    """An export in use cannot be changed: one stack would wait for the other for ever."""
    for before, after in pairwise(deployments):
        for path in (*before.templates(), *after.templates()):
            text = path.read_text()
            assert "Fn::ImportValue" not in text
            assert "Fn::GetStackOutput" not in text
