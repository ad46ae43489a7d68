"""A role allows what its function's code can call, and nothing that it has no call for.

What is called is found twice: here in the modules of the package, by the names that boto3 has for
operations, and by `test_lambda_runtime`, which records what each function asked while it ran.
"""

from __future__ import annotations

import ast
from functools import cache
from typing import TYPE_CHECKING

import botocore.session
import pytest
from botocore import xform_name

from infra.packages.contents import OWN
from tests.infra.synthesis import AUTHORIZER, CONSOLE, CONTROLLER, GATEWAY, MODELS, STREAM, WEBHOOK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.infra.synthesis import Synthesis

# The services that functions have clients of, and how a policy calls them.
SERVICES = {
    "application-autoscaling": "application-autoscaling",
    "cloudwatch": "cloudwatch",
    "codebuild": "codebuild",
    "dynamodb": "dynamodb",
    "events": "events",
    "lambda": "lambda",
    "pricing": "pricing",
    "resourcegroupstaggingapi": "tag",
    "sagemaker": "sagemaker",
    "sagemaker-runtime": "sagemaker",
    "secretsmanager": "secretsmanager",
    "sesv2": "ses",
    "sns": "sns",
    "stepfunctions": "states",
}
OTHER_NAMES = {"lambda:Invoke": "lambda:InvokeFunction", "sns:PublishBatch": "sns:Publish"}
# What AWS asks for by itself: Lambda writes the log, SageMaker passes the role, Application Auto
# Scaling makes the role by which it scales.
NOBODYS_CALL = {
    "iam:CreateServiceLinkedRole",
    "iam:PassRole",
    "logs:CreateLogStream",
    "logs:PutLogEvents",
}
NOT_SAGEMAKERS = {"sagemaker:Search"}  # a method of regular expressions
FUNCTIONS = (AUTHORIZER, CONSOLE, CONTROLLER, GATEWAY, MODELS, STREAM, WEBHOOK)


@cache
def operations() -> dict[str, set[tuple[str, str]]]:
    """Give what boto3 calls an operation: the services that have it, and its name in a policy."""
    session = botocore.session.get_session()
    found: dict[str, set[tuple[str, str]]] = {}
    for service, prefix in SERVICES.items():
        for name in session.get_service_model(service).operation_names:
            action = OTHER_NAMES.get(f"{prefix}:{name}", f"{prefix}:{name}")
            found.setdefault(xform_name(name), set()).add((service, action))
    return found


def callable_from(task: Path) -> set[str]:
    """Give the actions that the project's own modules of a package have a call for."""
    words: set[str] = set()
    for folder in OWN:
        for module in (task / folder).rglob("*.py"):
            for node in ast.walk(ast.parse(module.read_bytes())):
                if isinstance(node, ast.Attribute):
                    words.add(node.attr)
                elif isinstance(node, ast.Constant) and isinstance(node.value, str):
                    words.add(node.value)  # a client's service, a paginator's operation
    return {
        action
        for word in words
        for service, action in operations().get(word, ())
        if service in words
    }


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_role_allows_nothing_that_its_function_cannot_call(
    synthesis: Synthesis, task: Callable[[str], Path], name: str
) -> None:
    assert synthesis.allowed(name) - NOBODYS_CALL - callable_from(task(name)) == set()


def test_the_controller_may_do_all_that_it_can_call(
    synthesis: Synthesis, task: Callable[[str], Path]
) -> None:
    """Other services have operations of the same names, so this asks of SageMaker and scaling."""
    ours = ("sagemaker:", "application-autoscaling:", "cloudwatch:", "tag:", "pricing:")
    calls = {it for it in callable_from(task(CONTROLLER)) if it.startswith(ours)}
    assert calls - synthesis.allowed(CONTROLLER) - NOT_SAGEMAKERS == set()
