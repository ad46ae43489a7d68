"""Choices that are changed on deployed stacks, by the CDK's command line against moto's server.

One story: each test goes on where the one before has ended. Packages are pretended, for what is
deployed here is looked at and not run. moto leaves out projects of CodeBuild, changes no function's
architecture, never makes again what a stack had before, deletes what a template retains, and has no
Cognito here: what becomes of tokens and people, templates say, in `tests/infra/test_changes.py`.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.deployment.stranger import CDK, KEYS, ROOT, moto_server
from tests.infra.conftest import CONTEXT, ENVIRONMENT, write
from tests.infra.packaged import pretend_packages
from tests.infra.synthesis import QUIET
from tests.scene import Account

if TYPE_CHECKING:
    from collections.abc import Iterator

ACCOUNT, REGION = "123456789012", "us-east-1"
CONTROLLER = "shop-live-controller"
TOKENS = "shop-tokens"
PACKAGE_CACHE = Path.home() / ".cache" / "aws" / "jsii" / "package-cache"


@dataclass
class Deployment:
    """Somebody's account, and a folder from which the CDK is called."""

    folder: Path
    moto: Account

    def deploy(self, **choices: str) -> None:
        """Deploy all; moto has no change sets that know exports, nor a parameter's last value."""
        for_moto = ("--method", "direct", "--previous-parameters=false")
        self.cdk("deploy", "--all", "--strict", *for_moto, choices=choices)

    def cdk(self, *words: str, choices: dict[str, str] | None = None) -> None:
        context = {**CONTEXT, "packages": "packages", "ledger": "ledger", **(choices or {})}
        said = [word for key, value in context.items() for word in ("-c", f"{key}={value}")]
        done = subprocess.run(
            [str(CDK), *words, *said],
            cwd=self.folder,
            env={
                **QUIET,
                **KEYS,
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "PYTHONPATH": str(ROOT),
                "LEASEHOLD_PYTHON": sys.executable,
                "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(PACKAGE_CACHE),
                "AWS_ENDPOINT_URL": self.moto.url,
                "AWS_REGION": REGION,
                "CDK_VALIDATION": "false",
                "CDK_REQUIRE_APPROVAL": "never",
                "CDK_NOTICES": "false",
                "CDK_DISABLE_CLI_TELEMETRY": "true",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{words} {choices}\n{done.stdout}\n{done.stderr}"

    def client(self, service: str) -> Any:  # noqa: ANN401
        return self.moto.client(service)

    def functions(self) -> list[dict[str, Any]]:
        return list(self.client("lambda").list_functions()["Functions"])

    def has_function(self) -> bool:
        return CONTROLLER in [it["FunctionName"] for it in self.functions()]

    def template(self) -> dict[str, Any]:
        asked = self.client("cloudformation").get_template(StackName=CONTROLLER)
        return dict(asked["TemplateBody"]["Resources"])

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        return [it["Properties"] for it in self.template().values() if it["Type"] == kind]

    def controller_variables(self) -> dict[str, str]:
        asked = self.client("lambda").get_function_configuration(FunctionName=CONTROLLER)
        return dict(asked["Environment"]["Variables"])

    def webhook_variables(self) -> dict[str, str]:
        handler = "gateway.webhook_handler.handler"
        (webhook,) = (it for it in self.functions() if it["Handler"] == handler)
        return dict(webhook["Environment"]["Variables"])

    def turns(self) -> list[str]:
        names = self.client("dynamodb").list_tables()["TableNames"]
        return [it for it in names if "Turns" in it]


@pytest.fixture(scope="module")
def deployed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    assert CDK.exists(), "`make deploytest` installs the CDK's command line: npm ci"
    folder = tmp_path_factory.mktemp("choices")
    pretend_packages(folder / "packages")
    write(folder / "ledger", {**ENVIRONMENT, "region_name": REGION, "notifications": {}})
    shutil.copyfile(ROOT / "cdk.json", folder / "cdk.json")
    with moto_server() as url:
        made = Deployment(folder, Account(url))
        made.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")
        made.deploy(reserved_concurrency="off", controller="codebuild")
        yield made


def test_a_build_becomes_a_function_of_another_architecture(deployed: Deployment) -> None:
    """The table of turns stays, so the last tick of one and the first of the other do not meet."""
    (project,) = deployed.of_type("AWS::CodeBuild::Project")
    assert project["Name"] == deployed.webhook_variables()["LEASEHOLD_CONTROLLER_PROJECT"]
    assert not deployed.has_function()
    turns = deployed.turns()
    deployed.deploy(reserved_concurrency="off", architecture="x86_64")
    assert deployed.of_type("AWS::CodeBuild::Project") == []
    assert [deployed.controller_variables()["LEASEHOLD_TICK_TABLE"]] == turns == deployed.turns()
    assert {tuple(it["Architectures"]) for it in deployed.functions()} == {("x86_64",)}
    told = deployed.webhook_variables()
    assert told["LEASEHOLD_CONTROLLER_FUNCTION"] == CONTROLLER
    assert "LEASEHOLD_CONTROLLER_PROJECT" not in told


def test_executions_are_reserved_and_the_row_is_gone(deployed: Deployment) -> None:
    deployed.deploy()
    (controller,) = deployed.of_type("AWS::Lambda::Function")
    assert controller["ReservedConcurrentExecutions"] == 1
    assert "LEASEHOLD_TICK_TABLE" not in deployed.controller_variables()
    assert deployed.turns() == []
    assert controller["Architectures"] == ["arm64"]


def test_executions_are_reserved_no_more(deployed: Deployment) -> None:
    deployed.deploy(reserved_concurrency="off")
    (controller,) = deployed.of_type("AWS::Lambda::Function")
    assert "ReservedConcurrentExecutions" not in controller
    assert "LEASEHOLD_TICK_TABLE" in deployed.controller_variables()


def test_a_function_becomes_a_build_and_tokens_stay(deployed: Deployment) -> None:
    deployed.deploy(reserved_concurrency="off", controller="codebuild")
    assert not deployed.has_function()
    assert "LEASEHOLD_CONTROLLER_FUNCTION" not in deployed.webhook_variables()
    assert TOKENS in deployed.client("dynamodb").list_tables()["TableNames"]
