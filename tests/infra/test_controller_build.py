"""A controller that CodeBuild runs: when, by which rights, and that its commands make a tick."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.infra.packaged import unpack
from tests.infra.synthesis import CONTROLLER, GATEWAY, WEBHOOK, Statement, Synthesis
from tests.infra.test_least_privilege import NOBODYS_CALL, callable_from

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from tests.infra.packaged import Stock
    from tests.scene import Scene

ROOT = Path(__file__).resolve().parents[2]
SCHEMA = ROOT / "tests" / "examples" / "buildspec.schema.json"
NETWORK = {
    "ec2:CreateNetworkInterface",
    "ec2:CreateNetworkInterfacePermission",
    "ec2:DeleteNetworkInterface",
    "ec2:DescribeDhcpOptions",
    "ec2:DescribeNetworkInterfaces",
    "ec2:DescribeSecurityGroups",
    "ec2:DescribeSubnets",
    "ec2:DescribeVpcs",
}
READ_PACKAGE = {"s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetObject", "s3:GetObjectVersion"}
TAKE_TURNS = {"dynamodb:PutItem", "dynamodb:DeleteItem"}


def project(built: Synthesis) -> dict[str, Any]:
    return built.only("AWS::CodeBuild::Project")


def told(built: Synthesis) -> dict[str, Any]:
    """Give the variables of a build."""
    found = project(built)["Environment"]["EnvironmentVariables"]
    return {it["Name"]: it["Value"] for it in found}


def statements(built: Synthesis) -> list[Statement]:
    role, _ = project(built)["ServiceRole"]["Fn::GetAtt"]
    return built.statements_of(role)


def allowed(of: list[Statement]) -> set[str]:
    return {action for it in of if it.allows for action in it.actions}


def package(built: Synthesis) -> Path:
    """Give the asset that the project's location names."""
    *_, key = project(built)["Source"]["Location"]["Fn::Join"][1]
    return built.asset_of(str(key).removeprefix("/"))


def test_it_is_there_in_the_functions_place(built: Synthesis) -> None:
    functions = built.resources("AWS::Lambda::Function")
    assert not [key for key in functions if key.startswith(CONTROLLER)]
    assert built.function(GATEWAY)
    assert project(built)["Name"] == "shop-live-controller"
    variables = told(built)
    assert variables["LEASEHOLD_GIT_SECRET"] == "shop/git"
    assert variables["LEASEHOLD_ENVIRONMENT"] == "live"


def test_it_is_started_each_few_minutes_and_a_missed_one_is_not_repeated(built: Synthesis) -> None:
    rule = built.only("AWS::Events::Rule")
    assert rule["ScheduleExpression"] == "rate(10 minutes)"
    (target,) = rule["Targets"]
    assert target["RetryPolicy"] == {"MaximumEventAgeInSeconds": 60, "MaximumRetryAttempts": 0}
    role, _ = target["RoleArn"]["Fn::GetAtt"]
    (starting,) = built.statements_of(role)
    assert starting.actions == {"codebuild:StartBuild"}
    (started,) = starting.resources
    assert started.endswith(":project/shop-live-controller")


def test_two_builds_never_tick_at_once(built: Synthesis) -> None:
    """A build that is over its time is ended before its turn is another's."""
    assert project(built)["ConcurrentBuildLimit"] == 1
    variables = told(built)
    (taking,) = (it for it in statements(built) if it.actions == TAKE_TURNS)
    assert taking.resources == {f"<{variables['LEASEHOLD_TICK_TABLE']['Ref']}.Arn>"}


def test_it_may_do_what_the_function_may(built: Synthesis, synthesis: Synthesis) -> None:
    """Beside what CodeBuild asks for: the package, the network, and turns."""
    of_build, of_function = statements(built), synthesis.statements(CONTROLLER)
    more = allowed(of_build) - allowed(of_function)
    assert more == NETWORK | READ_PACKAGE | TAKE_TURNS
    ours = ("sagemaker:", "secretsmanager:", "iam:", "sns:", "events:", "cloudwatch:")

    def normal(of: list[Statement]) -> set[tuple[Any, ...]]:
        return {
            (it.actions, it.resources, json.dumps(it.condition, sort_keys=True), it.allows)
            for it in of
            if any(each.startswith(ours) for each in it.actions)
        }

    assert normal(of_build) == normal(of_function)


def test_it_reads_one_package_and_lends_interfaces_to_codebuild_alone(built: Synthesis) -> None:
    (reading,) = (it for it in statements(built) if "s3:GetObject" in it.actions)
    (key,) = reading.resources
    assert key.endswith(f"/{package(built).name.removeprefix('asset.')}")
    (lending,) = (
        it for it in statements(built) if "ec2:CreateNetworkInterfacePermission" in it.actions
    )
    assert lending.condition["StringEquals"] == {"ec2:AuthorizedService": "codebuild.amazonaws.com"}
    assert project(built)["VpcConfig"] == {
        "VpcId": "vpc-0a1b2c3d",
        "Subnets": ["subnet-0a1b2c3d"],
        "SecurityGroupIds": ["sg-0a1b2c3d"],
    }


def test_a_role_allows_nothing_that_its_code_cannot_call(
    built: Synthesis, synthesis: Synthesis, task: Callable[[str], Path]
) -> None:
    for_aws = NOBODYS_CALL | NETWORK | READ_PACKAGE
    assert allowed(statements(built)) - for_aws - callable_from(task(CONTROLLER)) == set()
    assert built.allowed(WEBHOOK) - NOBODYS_CALL - callable_from(task(WEBHOOK)) == set()
    assert "lambda:InvokeFunction" not in built.allowed(WEBHOOK)
    assert "codebuild:StartBuild" not in synthesis.allowed(WEBHOOK)


def test_a_webhook_starts_the_build_and_no_other(built: Synthesis) -> None:
    (starting,) = built.allowing(WEBHOOK, "codebuild:StartBuild")
    (resource,) = starting.resources
    assert resource.endswith(":<AWS::AccountId>:project/shop-live-controller")
    variables = built.variables(WEBHOOK)
    assert variables["LEASEHOLD_CONTROLLER_PROJECT"] == "shop-live-controller"
    assert "LEASEHOLD_CONTROLLER_FUNCTION" not in variables


def test_silence_failures_and_what_stays_on_are_alarms(built: Synthesis) -> None:
    """In three intervals each; what only a tick knows is filtered from the log of builds."""
    alarms = {
        it["MetricName"]: it
        for it in built.properties("AWS::CloudWatch::Alarm")
        if it.get("MetricName", "UnforeseenErrors-live") != "UnforeseenErrors-live"
    }
    assert set(alarms) == {
        "Builds",
        "FailedBuilds",
        "OverdueDeletions-live",
        "FrozenRunning-live",
    }
    assert {it["Period"] * it["EvaluationPeriods"] for it in alarms.values()} == {30 * 60}
    assert all(it["AlarmActions"] for it in alarms.values())
    silent = alarms["Builds"]
    assert (silent["TreatMissingData"], silent["ComparisonOperator"]) == (
        "breaching",
        "LessThanThreshold",
    )
    for name in ("Builds", "FailedBuilds"):
        assert alarms[name]["Namespace"] == "AWS/CodeBuild"
        assert alarms[name]["Dimensions"] == [
            {"Name": "ProjectName", "Value": "shop-live-controller"}
        ]


def test_its_log_is_kept_for_three_months(built: Synthesis) -> None:
    told = project(built)["LogsConfig"]["CloudWatchLogs"]
    log = built.resources("AWS::Logs::LogGroup")[told["GroupName"]["Ref"]]
    assert told["Status"] == "ENABLED"
    assert log["Properties"]["RetentionInDays"] == 90


# -- what a build does


@pytest.fixture
def buildspec(built: Synthesis, tmp_path: Path) -> Mapping[str, Any]:
    """Give the buildspec, which has the form that CodeBuild takes."""
    text = project(built)["Source"]["BuildSpec"]
    file = tmp_path / "buildspec.json"
    file.write_text(text)
    program = Path(sys.executable).with_name("check-jsonschema")
    linted = subprocess.run(
        [program, f"--schemafile={SCHEMA}", file], capture_output=True, text=True, check=False
    )
    assert linted.returncode == 0, linted.stdout
    document: Mapping[str, Any] = json.loads(text)
    return document


def build(
    buildspec: Mapping[str, Any], built: Synthesis, stock: Stock, scene: Scene, folder: Path
) -> subprocess.CompletedProcess[str]:
    """Run a build's commands as CodeBuild does: by bash, in the unpacked package, with boto3."""
    commands = buildspec["phases"]["build"]["commands"]
    programs = folder / "bin"
    programs.mkdir()
    python = programs / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={stock.folder} exec {sys.executable} -S "$@"\n')
    python.chmod(0o755)
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", "\n".join(commands)],
        cwd=unpack(package(built), folder / "package"),
        env={
            "PATH": f"{programs}:/usr/bin:/bin",
            "HOME": str(folder),
            "PYTHONDONTWRITEBYTECODE": "1",
            **scene.account.variables,
            "AWS_DEFAULT_REGION": "us-east-1",
            "LEASEHOLD_ENVIRONMENT": "dev",
            "LEASEHOLD_REPOSITORY": scene.forge.url,
            "LEASEHOLD_BRANCH": "main",
        },
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_build_is_a_tick(
    built: Synthesis, buildspec: Mapping[str, Any], stock: Stock, scene: Scene, tmp_path: Path
) -> None:
    """It starts what is leased, asks what its role allows, and writes what alarms filter."""
    scene.at(datetime.now(UTC))
    endpoint = scene.define("Falcon40B", minutes=30)
    scene.account.actions()
    run = build(buildspec, built, stock, scene, tmp_path)
    assert run.returncode == 0, run.stderr
    assert "sagemaker:CreateEndpoint" in (asked := scene.account.actions())
    assert asked <= allowed(statements(built))
    lines = [json.loads(line) for line in run.stdout.splitlines()]
    assert endpoint in {line.get("endpoint") for line in lines}
    (metrics,) = (line for line in lines if "_aws" in line)
    filtered = {
        it["FilterPattern"].split()[1].removeprefix("$.")
        for it in built.properties("AWS::Logs::MetricFilter")
        if it["FilterPattern"].startswith("{")
    }
    assert filtered == {"OverdueDeletions", "FrozenRunning"}
    assert filtered <= metrics.keys()


def test_a_build_whose_tick_fails_has_failed(
    built: Synthesis, buildspec: Mapping[str, Any], stock: Stock, scene: Scene, tmp_path: Path
) -> None:
    scene.forge.bare.rename(tmp_path / "gone")
    run = build(buildspec, built, stock, scene, tmp_path)
    assert run.returncode == 1
    (line,) = (each for each in map(json.loads, run.stdout.splitlines()) if "_aws" not in each)
    assert line["level"] == "error"
