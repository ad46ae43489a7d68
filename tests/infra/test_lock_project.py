"""A project of CodeBuild that makes locks: when, of what, by which rights, and that it does."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import pytest

from infra.lock_stack import BUILDSPEC
from sandbox.git.server import GitServer
from tests.infra.synthesis import WEBHOOK
from tests.infra.test_controller_build import NETWORK, READ_PACKAGE, allowed, told
from tests.infra.test_least_privilege import NOBODYS_CALL
from tests.leasehold.jumpstart.ledger_files import SETTINGS, definition
from tests.ledger.forge import Colleague, Forge, git, hosted

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.infra.synthesis import Statement, Synthesis
    from tests.scene import Scene

ROOT = Path(__file__).resolve().parents[2]
NAME = "shop-live-locks"
# What the SageMaker SDK asks, as tests/jumpstart has it asked.
OF_THE_SDK = {"s3:GetObject"}
SECRET = "shop/locks"
DEV = "environments/dev"


def project(chosen: Synthesis) -> dict[str, Any]:
    return chosen.only("AWS::CodeBuild::Project")


def statements(chosen: Synthesis) -> list[Statement]:
    role, _ = project(chosen)["ServiceRole"]["Fn::GetAtt"]
    return chosen.statements_of(role)


def source(chosen: Synthesis) -> Path:
    *_, key = project(chosen)["Source"]["Location"]["Fn::Join"][1]
    return chosen.asset_of(str(key).removeprefix("/"))


def test_there_is_one_where_it_was_asked_for(chosen: Synthesis, synthesis: Synthesis) -> None:
    assert project(chosen)["Name"] == NAME
    assert not synthesis.resources("AWS::CodeBuild::Project")


def test_it_is_started_each_few_hours_and_two_never_run_at_once(chosen: Synthesis) -> None:
    (rule,) = (it for it in chosen.properties("AWS::Events::Rule") if "6 hours" in str(it))
    assert rule["ScheduleExpression"] == "rate(6 hours)"
    (target,) = rule["Targets"]
    assert target["RetryPolicy"]["MaximumRetryAttempts"] == 0
    role, _ = target["RoleArn"]["Fn::GetAtt"]
    (starting,) = chosen.statements_of(role)
    assert starting.actions == {"codebuild:StartBuild"}
    assert [each.endswith(f":project/{NAME}") for each in starting.resources] == [True]
    assert project(chosen)["ConcurrentBuildLimit"] == 1


def test_it_does_what_the_example_does(chosen: Synthesis) -> None:
    assert project(chosen)["Source"]["BuildSpec"] == (ROOT / BUILDSPEC).read_text()
    assert project(chosen)["VpcConfig"]["VpcId"] == "vpc-0a1b2c3d"
    variables = told(chosen)
    assert variables == {
        "LEASEHOLD_ENVIRONMENT": "live",
        "LEASEHOLD_REPOSITORY": "https://git.example.com/shop/endpoints.git",
        "LEASEHOLD_BRANCH": "main",
        "LEASEHOLD_GIT_SECRET": SECRET,
        "LEASEHOLD_AUTHOR": "Shop <locks@shop.example>",
    }


def test_it_reads_the_catalogue_of_its_region_and_its_secret_and_no_more(
    chosen: Synthesis,
) -> None:
    given = allowed(statements(chosen)) - NOBODYS_CALL - NETWORK - READ_PACKAGE
    assert given == {"secretsmanager:GetSecretValue"}
    (secret,) = (it for it in statements(chosen) if "secretsmanager:GetSecretValue" in it.actions)
    assert [each.endswith(":secret:shop/locks-??????") for each in secret.resources] == [True]
    objects = {
        each for it in statements(chosen) if OF_THE_SDK & it.actions for each in it.resources
    }
    (package,) = (each for each in objects if "cdk-" in each)
    assert not package.endswith("*")
    assert objects - {package} == {"arn:<AWS::Partition>:s3:::jumpstart-cache-prod-eu-central-1/*"}


def test_a_webhook_may_start_it_and_no_other(chosen: Synthesis, synthesis: Synthesis) -> None:
    (starting,) = chosen.allowing(WEBHOOK, "codebuild:StartBuild")
    assert [each.endswith(f":project/{NAME}") for each in starting.resources] == [True]
    told_webhook = chosen.variables(WEBHOOK)
    assert told_webhook["LEASEHOLD_LOCK_PROJECT"] == NAME
    assert told_webhook["LEASEHOLD_ENVIRONMENT"] == "live"
    assert "codebuild:StartBuild" not in synthesis.allowed(WEBHOOK)
    assert "LEASEHOLD_LOCK_PROJECT" not in synthesis.variables(WEBHOOK)


def test_a_build_that_fails_is_told(chosen: Synthesis) -> None:
    (alarm,) = (
        it
        for it in chosen.properties("AWS::CloudWatch::Alarm")
        if it.get("Namespace") == "AWS/CodeBuild"
    )
    assert alarm["MetricName"] == "FailedBuilds"
    assert alarm["Dimensions"] == [{"Name": "ProjectName", "Value": NAME}]
    assert alarm["TreatMissingData"] == "notBreaching"
    assert alarm["AlarmActions"]


def test_its_source_is_what_a_wheel_is_built_of(chosen: Synthesis, tmp_path: Path) -> None:
    """And the lock of what it needs: neither tests nor what is built lies in it."""
    folder = source(chosen)
    assert {each.name for each in (folder / "requirements").iterdir()} == {"jumpstart.lock"}
    assert not {"tests", "build", "docs", ".git", "node_modules"} & {*map(str, folder.iterdir())}
    assert not [*folder.rglob("*.pyc")]
    done = subprocess.run(
        [
            *(sys.executable, "-m", "pip", "--disable-pip-version-check", "wheel", "--quiet"),
            *("--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(folder)),
        ],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    (wheel,) = tmp_path.glob("leasehold-*.whl")
    assert "leasehold/lock_push.py" in ZipFile(wheel).namelist()


@pytest.fixture
def forge(tmp_path: Path) -> Iterator[Forge]:
    """A repository with a definition without a lock, that wants a token."""
    bare = hosted(tmp_path / "closed", "fleet.git")
    person = Colleague(tmp_path / "closed-clone", str(bare))
    settings = {f"{DEV}/environment.json": json.dumps(SETTINGS)}
    person.commit({**settings, f"{DEV}/A.endpoint.json": definition("A").decode()}, "Begin")
    person.push()
    with GitServer(bare.parent, credentials={"bot": "t0ken"}) as server:
        yield Forge(bare, server.repository_url("fleet.git"))


def test_a_build_makes_locks_and_asks_what_its_role_allows(
    chosen: Synthesis, forge: Forge, scene: Scene, tmp_path: Path
) -> None:
    """The commands of the buildspec, with a catalogue of our own in the SDK's place."""
    import yaml  # noqa: PLC0415

    client = scene.account.client("secretsmanager")
    client.create_secret(Name=SECRET, SecretString='{"username": "bot", "token": "t0ken"}')
    programs = tmp_path / "bin"
    programs.mkdir()
    fake = f'exec {sys.executable} -m tests.examples.leasehold_with_fakes "$@"'
    for name, script in {"leasehold": fake, "pip": 'echo pip "$@"'}.items():
        (programs / name).write_text(f"#!/bin/sh\n{script}\n")
        (programs / name).chmod(0o755)
    phases = yaml.safe_load(project(chosen)["Source"]["BuildSpec"])["phases"]
    commands = [line for phase in ("install", "build") for line in phases[phase]["commands"]]
    scene.account.actions()
    run = subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", "\n".join(commands)],
        cwd=source(chosen),
        env={
            "PATH": f"{programs}:/usr/bin:/bin",
            "HOME": str(tmp_path),
            "PYTHONPATH": str(ROOT),
            "PYTHONDONTWRITEBYTECODE": "1",
            **scene.account.variables,
            "AWS_DEFAULT_REGION": "us-east-1",
            **told(chosen),
            "LEASEHOLD_ENVIRONMENT": "dev",
            "LEASEHOLD_REPOSITORY": forge.url,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    assert run.returncode == 0, run.stderr
    assert "--require-hashes -r requirements/jumpstart.lock" in run.stdout
    assert json.loads(forge.file(f"{DEV}/A.lock.json"))["model_version"] == "1.1.0"
    assert git(forge.bare, "log", "-1", "--format=%an %ce", "main") == "Shop locks@shop.example"
    asked = scene.account.actions() - {"secretsmanager:DeleteSecret"}
    assert asked == {"secretsmanager:GetSecretValue"}
    assert asked | OF_THE_SDK <= allowed(statements(chosen))
