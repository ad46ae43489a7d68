"""A deployment from the first command to the last: the CDK's command line against this machine.

What is deployed is deployed to moto's server; SageMaker, which the deployed code then converges, is
the sandbox's. moto leaves out some types (alarms, the API's stages and authorizers), so this proves
packages, assets, roles, tables and what a destruction leaves, and not the API.

One story: each test goes on where the one before has ended.
"""

from __future__ import annotations

import base64
import hashlib
import os
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import staged
from tests.infra.packaged import HERE, Stock, build_packages, unpack
from tests.infra.synthesis import QUIET
from tests.scene import REGION, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Scene

ROOT = Path(__file__).resolve().parents[2]
CDK = ROOT / "node_modules" / ".bin" / "cdk"
ACCOUNT = "123456789012"
CONTROLLER, GATEWAY = "demo-dev-controller", "demo-dev-gateway"
TOKENS = "auth"  # of an environment that names no table
ASSETS = f"cdk-hnb659fds-assets-{ACCOUNT}-{REGION}"
FALCON = "demo-Falcon40B-Endpoint"
DEPLOY = ("deploy", "--all", "--strict", "--require-approval", "never", "--method", "direct")


@dataclass(frozen=True)
class Deployment:
    """A ledger, an account, and somebody with a checkout who runs `npx cdk`."""

    scene: Scene
    account: Account
    packages: Path
    folder: Path

    def cdk(self, *arguments: str, **context: str) -> subprocess.CompletedProcess[str]:
        chosen = {
            "environment": "dev",
            "ledger": str(self.scene.ben.home),
            "repository_url": "https://git.example.com/fleet.git",
            "git_secret_name": "leasehold/git",
            "packages": str(self.packages),
            "architecture": HERE,
            **context,
        }
        said = [argument for pair in chosen.items() for argument in ("-c", "=".join(pair))]
        done = subprocess.run(
            [str(CDK), *arguments, "--no-notices", "-o", str(self.folder / "cdk.out"), *said],
            cwd=ROOT,
            env={
                **QUIET,
                "PATH": os.environ["PATH"],
                "HOME": str(self.folder),
                "JSII_RUNTIME_PACKAGE_CACHE_ROOT": str(
                    Path.home() / ".cache" / "aws" / "jsii" / "package-cache"
                ),
                "LEASEHOLD_PYTHON": sys.executable,
                "PYTHONPATH": str(ROOT),
                "CDK_DISABLE_CLI_TELEMETRY": "true",
                "AWS_ENDPOINT_URL": self.account.url,
                "AWS_ACCESS_KEY_ID": "testing",
                "AWS_SECRET_ACCESS_KEY": "testing",
                "AWS_REGION": REGION,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        (self.folder / f"{arguments[0]}.log").write_text(done.stdout + done.stderr)
        return done

    def client(self, service: str) -> Any:  # noqa: ANN401
        return self.account.client(service)

    def stacks(self) -> set[str]:
        listed = self.client("cloudformation").describe_stacks()["Stacks"]
        return {stack["StackName"] for stack in listed}

    def tables(self) -> list[str]:
        return list(self.client("dynamodb").list_tables()["TableNames"])

    def roles(self) -> list[str]:
        listed = self.client("iam").list_roles()["Roles"]
        return [it["RoleName"] for it in listed if not it["RoleName"].startswith("cdk-")]

    def functions(self) -> dict[str, Any]:
        listed = self.client("lambda").list_functions()["Functions"]
        return {it["FunctionName"]: it for it in listed}

    def code(self, function: str) -> bytes:
        """Return the zip that a deployed function has, from where the CDK has put it."""
        wanted = self.functions()[function]["CodeSha256"]
        s3 = self.client("s3")
        for item in s3.list_objects_v2(Bucket=ASSETS)["Contents"]:
            body: bytes = s3.get_object(Bucket=ASSETS, Key=item["Key"])["Body"].read()
            if base64.b64encode(hashlib.sha256(body).digest()).decode() == wanted:
                return body
        raise AssertionError(f"{function} has code that nobody has published")


@pytest.fixture(scope="module")
def deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    assert CDK.exists(), "`make deploytest` installs the CDK's command line: npm ci"
    folder = tmp_path_factory.mktemp("deployment")
    build_packages(folder / "packages")
    with staged(folder / "scene") as scene:
        scene.at(datetime.now(UTC))
        scene.define("Falcon40B", 60)
        with moto_server() as url:
            yield Deployment(scene, Account(url), folder / "packages", folder)


@contextmanager
def moto_server() -> Iterator[str]:
    """Start moto's server. By 127.0.0.1 it would take a template's address for a bucket's."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = Path(sys.executable).with_name("moto_server")
    with subprocess.Popen([str(program), "-H", "127.0.0.1", "-p", str(port)]) as server:
        try:
            while not is_listening(port):
                assert server.poll() is None
                time.sleep(0.1)
            yield f"http://localhost:{port}"
        finally:
            server.terminate()


def is_listening(port: int) -> bool:
    with socket.socket() as tried:
        return tried.connect_ex(("127.0.0.1", port)) == 0


def well(done: subprocess.CompletedProcess[str]) -> subprocess.CompletedProcess[str]:
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def test_an_account_is_bootstrapped(deployment: Deployment) -> None:
    well(deployment.cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}"))
    assert deployment.stacks() == {"CDKToolkit"}


def test_both_stacks_are_deployed_without_a_warning(deployment: Deployment) -> None:
    well(deployment.cdk(*DEPLOY))
    assert deployment.stacks() == {"CDKToolkit", CONTROLLER, GATEWAY}
    assert TOKENS in deployment.tables()
    functions = deployment.functions()
    assert len(functions) == 6
    assert functions[CONTROLLER]["Runtime"] == "python{}.{}".format(*sys.version_info)


def test_the_deployed_code_starts_an_endpoint(deployment: Deployment, tmp_path: Path) -> None:
    """The controller's package as it was published, with the variables that were deployed."""
    (tmp_path / "code.zip").write_bytes(deployment.code(CONTROLLER))
    function = deployment.functions()[CONTROLLER]
    variables = {
        **function["Environment"]["Variables"],
        "LEASEHOLD_REPOSITORY": deployment.scene.forge.url,
        "LEASEHOLD_GIT_SECRET": "",
        "AWS_ENDPOINT_URL": deployment.scene.account.url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
    }
    task = unpack(tmp_path / "code.zip", tmp_path / "task")
    stock = Stock.make(tmp_path / "runtime")
    with stock.started(task, function["Handler"], variables) as controller:
        answer = controller.invoke({"source": "aws.events"}).answer
    assert [it["endpoint_name"] for it in answer["actions"]] == [FALCON]
    assert deployment.scene.account.status(FALCON) == "Creating"


def test_nothing_differs_from_what_was_deployed(deployment: Deployment) -> None:
    said = well(deployment.cdk("diff", "--fail", "--strict"))
    assert "Number of stacks with differences: 0" in said.stdout + said.stderr


def test_a_change_is_shown_and_then_deployed(deployment: Deployment) -> None:
    """The account may no longer reserve concurrency, say, and the table takes its place."""
    change = {"reserved_concurrency": "off"}
    shown = deployment.cdk("diff", "--fail", CONTROLLER, **change)
    said = shown.stdout + shown.stderr
    assert shown.returncode == 1, said
    assert "LEASEHOLD_TICK_TABLE" in said
    # moto does not know the previous value of a parameter that has a default.
    well(deployment.cdk(*DEPLOY, "--previous-parameters=false", **change))
    told = deployment.functions()[CONTROLLER]["Environment"]["Variables"]
    assert told["LEASEHOLD_TICK_TABLE"] in deployment.tables()


def test_a_destruction_leaves_the_tokens_and_the_role_for_logs(
    deployment: Deployment,
) -> None:
    well(deployment.cdk("destroy", "--all", "--force"))
    assert deployment.stacks() == {"CDKToolkit"}
    assert deployment.functions() == {}
    assert deployment.tables() == [TOKENS]
    table = deployment.client("dynamodb").describe_table(TableName=TOKENS)["Table"]
    assert table["DeletionProtectionEnabled"]
    (role,) = (it for it in deployment.roles() if it.startswith("demo-"))
    assert role.startswith(f"{GATEWAY}-ApiRestCloudWatchRole"), "the account's, for logs of APIs"
    assert deployment.scene.account.status(FALCON) != "absent", "nobody is left to end it"


def test_the_table_that_was_left_is_taken_over(deployment: Deployment) -> None:
    assert deployment.cdk(*DEPLOY).returncode != 0, "a table of this name is there"
    well(deployment.cdk("destroy", "--all", "--force"))
    well(deployment.cdk(*DEPLOY, token_table="existing"))
    assert deployment.stacks() == {"CDKToolkit", CONTROLLER, GATEWAY}
    assert TOKENS in deployment.tables()
