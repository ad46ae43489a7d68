"""The choices of a deployment: each is synthesised, checked by cdk-nag and linted."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from gateway.callers.identify import read
from infra import settings
from infra.concurrency import reserved
from infra.errors import SettingsError
from infra.options import Domain, Options, Vpc, read_options
from infra.reached import BY_ROUTE, OF_BUILDS, reached
from ledger.documents import Environment, parse_environment
from tests.infra.conftest import (
    BUILDS,
    CERTIFICATE,
    CONTEXT,
    ENVIRONMENT,
    EVERYTHING,
    INSIDE,
    REGION,
    WEB_ACL,
    made_once,
    synthesise,
    write,
)
from tests.infra.synthesis import (
    AUTHORIZER,
    CONTROLLER,
    GATEWAY,
    MODELS,
    STREAM,
    WEBHOOK,
    Synthesis,
    text,
)

if TYPE_CHECKING:
    from collections.abc import Mapping


@pytest.fixture(scope="session")
def pooled(
    node: Path, pretended: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Synthesis:
    folder = tmp_path_factory.mktemp("pooled")
    write(folder, ENVIRONMENT)
    context = {**CONTEXT, **pretended, "user_pool": "new"}
    context["callback_urls"] = "https://page.example.com/in"
    return Synthesis(
        made_once(tmp_path_factory, "pooled", lambda out: synthesise(folder, out, context))
    )


def test_every_choice_passes_cdk_nag(chosen: Synthesis) -> None:
    assert chosen.findings() == []


def test_without_reserved_concurrency_a_row_keeps_ticks_apart(
    chosen: Synthesis, synthesis: Synthesis
) -> None:
    assert synthesis.function(CONTROLLER)["ReservedConcurrentExecutions"] == 1
    assert "LEASEHOLD_TICK_TABLE" not in synthesis.variables(CONTROLLER)
    assert "ReservedConcurrentExecutions" not in chosen.function(CONTROLLER)
    table = chosen.variables(CONTROLLER)["LEASEHOLD_TICK_TABLE"]
    (writing,) = chosen.allowing(CONTROLLER, "dynamodb:PutItem")
    assert writing.actions == {"dynamodb:PutItem", "dynamodb:DeleteItem"}
    assert writing.resources == {f"<{table['Ref']}.Arn>"}


def test_functions_with_open_routes_have_executions_of_their_own(
    chosen: Synthesis, synthesis: Synthesis
) -> None:
    """Whoever floods them takes none of the account's other functions."""
    open_ = set()
    for api in ("Api", "Signed"):
        for method in synthesis.methods(api).values():
            uri = method["Integration"].get("Uri", "")
            if method["AuthorizationType"] == "NONE" and method["HttpMethod"] != "OPTIONS":
                open_ |= set(re.findall(r"'Fn::GetAtt': \['(\w+Function\w+)'", str(uri)))
    functions = synthesis.resources("AWS::Lambda::Function")
    numbers = {
        key: it["Properties"]["ReservedConcurrentExecutions"]
        for key, it in functions.items()
        if "ReservedConcurrentExecutions" in it["Properties"]
    }
    assert len(open_) == 5
    assert set(numbers) == open_ | {synthesis.function_id(CONTROLLER)}
    assert numbers[synthesis.function_id(WEBHOOK)] == 5
    assert "ReservedConcurrentExecutions" not in str(chosen.properties("AWS::Lambda::Function"))


def test_what_is_reserved_in_all_is_known_without_a_synthesis(  # noqa: PLR0917
    synthesis: Synthesis,
    quiet_synthesis: Synthesis,
    chosen: Synthesis,
    built: Synthesis,
    checkout: Path,
    context: dict[str, str],
) -> None:
    """A doctor tells it, whatever was chosen."""

    def in_all(of: Synthesis) -> int:
        functions = of.properties("AWS::Lambda::Function")
        return sum(each.get("ReservedConcurrentExecutions", 0) for each in functions)

    paths = settings.read(checkout, context.get).paths
    for of, choices, there in (
        (synthesis, {}, paths),
        (quiet_synthesis, {}, ()),
        (chosen, EVERYTHING, paths),
        (built, BUILDS, paths),
    ):
        options, _ = read_options(choices.get, REGION)
        assert in_all(of) == reserved(options, there)


def test_models_are_asked_by_as_many_as_come_where_no_path_is_public(
    quiet_synthesis: Synthesis,
) -> None:
    assert "ReservedConcurrentExecutions" not in quiet_synthesis.function(MODELS)


def test_what_reaches_the_git_server_is_in_the_private_network(
    chosen: Synthesis, synthesis: Synthesis
) -> None:
    inside = {"SubnetIds": ["subnet-0a1b2c3d", "subnet-0a1b2c3e"]}
    inside["SecurityGroupIds"] = ["sg-0a1b2c3d"]
    for name in (CONTROLLER, GATEWAY, MODELS, STREAM):
        assert chosen.function(name)["VpcConfig"] == inside
        assert "ec2:CreateNetworkInterface" in chosen.allowed(name)
        assert "VpcConfig" not in synthesis.function(name)
    for name in (WEBHOOK, AUTHORIZER):
        assert "VpcConfig" not in chosen.function(name)


def test_what_is_asked_from_the_private_network_has_an_endpoint_that_a_doctor_looks_for(
    chosen: Synthesis,
) -> None:
    """The services are those of the roles; Lambda writes logs and joins networks from outside."""
    names = {"cloudwatch": "monitoring", "ses": "email", "tag": "tagging"}
    outside = {"ec2", "iam", "logs"}
    asked = set()
    for function in (CONTROLLER, GATEWAY, MODELS, STREAM):
        for action in chosen.allowed(function):
            service = action.partition(":")[0]
            if service == "sagemaker":
                is_runtime = action.startswith("sagemaker:InvokeEndpoint")
                asked.add("sagemaker.runtime" if is_runtime else "sagemaker.api")
            elif service not in outside:
                asked.add(names.get(service, service))
    options, _ = read_options(EVERYTHING.get, REGION)
    environment = parse_environment("environment.json", json.dumps(ENVIRONMENT).encode())
    assert isinstance(environment, Environment)
    url = CONTEXT["repository_url"]
    known = set(reached(options, environment, url, has_secret=True))
    without_builds = replace(options, build_minutes=0, lock_hours=0)
    assert asked == set(reached(without_builds, environment, url, has_secret=True))
    assert known == asked | set(OF_BUILDS), "there is a project of CodeBuild"


def test_each_name_is_one_of_the_services_that_have_endpoints(node: Path) -> None:
    """As the CDK lists them, which AWS keeps."""
    from aws_cdk import aws_ec2 as ec2  # noqa: PLC0415  # starts node

    kind = ec2.InterfaceVpcEndpointAwsService
    interfaces = {getattr(kind, name).short_name for name in dir(kind) if name.isupper()}
    environment = parse_environment("environment.json", json.dumps(ENVIRONMENT).encode())
    assert isinstance(environment, Environment)
    options, _ = read_options(EVERYTHING.get, REGION)
    url = "https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/x"
    every = {
        *reached(options, environment, url, has_secret=True),
        *reached(options, environment, url, has_secret=False),
    }
    assert every - BY_ROUTE - interfaces == set()
    listed = {name for line in network_table() for name in re.findall(r"`([a-z0-9.-]+)`", line)}
    assert listed == every


def network_table() -> list[str]:
    """Give the first column of the guide's table of endpoints."""
    guide = (Path(__file__).resolve().parents[2] / "docs" / "deploy.md").read_text()
    _, _, below = guide.partition("| endpoint `com.amazonaws.REGION.` |")
    lines = below.partition("\n\n")[0].splitlines()[2:]
    return [line.split("|")[1] for line in lines]


@pytest.mark.parametrize(
    ("url", "has_secret", "name"),
    [
        ("https://git-codecommit.eu-central-1.amazonaws.com/v1/repos/x", False, "git-codecommit"),
        ("https://git.example.com/x.git", True, "secretsmanager"),
    ],
)
def test_a_repository_is_opened_by_one_service(url: str, has_secret: bool, name: str) -> None:  # noqa: FBT001
    plain = {*reached(Options(), None, url, has_secret=has_secret)}
    assert plain & {"git-codecommit", "secretsmanager"} == {name}
    assert not plain & {"sns", "events", *OF_BUILDS}


def test_the_token_table_of_before_is_used_and_not_made(
    chosen: Synthesis, synthesis: Synthesis
) -> None:
    def named(of: Synthesis) -> list[Any]:
        return [it.get("TableName") for it in of.properties("AWS::DynamoDB::Table")]

    assert "shop-tokens" in named(synthesis)
    assert "shop-tokens" not in named(chosen)
    assert chosen.variables(AUTHORIZER)["LEASEHOLD_TOKEN_TABLE"] == "shop-tokens"
    (reading,) = chosen.allowing(AUTHORIZER, "dynamodb:GetItem")
    assert all(each.endswith(":table/shop-tokens") for each in reading.resources)


def test_the_role_of_the_models_can_be_made(chosen: Synthesis, synthesis: Synthesis) -> None:
    """It has the name that definitions are started by, and reads what the environment allows."""

    def roles(of: Synthesis) -> dict[str, Any]:
        every = of.resources("AWS::IAM::Role").items()
        return {key: it for key, it in every if it["Properties"].get("RoleName")}

    assert roles(synthesis) == {}
    ((key, role),) = roles(chosen).items()
    assert role["Properties"]["RoleName"] == "shop-execution"
    assert role["DeletionPolicy"] == "Retain"
    document = chosen.only_policy_of(key)
    reading = [it for it in document if "s3:GetObject" in it.actions]
    assert [it.resources for it in reading] == [
        {
            f"arn:<AWS::Partition>:s3:::{place}"
            for place in ("shop-models", "shop-models/*", "shop-requests", "shop-requests/asked*")
        }
    ]
    writing = [it for it in document if "s3:PutObject" in it.actions]
    assert [it.resources for it in writing] == [
        {f"arn:<AWS::Partition>:s3:::shop-answers{rest}" for rest in ("", "/*")}
    ]


def test_people_can_sign_in_at_a_pool_of_their_own(pooled: Synthesis, synthesis: Synthesis) -> None:
    """By a page, with PKCE, and with the scopes that their groups are worth."""
    assert not synthesis.resources("AWS::Cognito::UserPool")
    assert pooled.findings() == []
    page = pooled.only("AWS::Cognito::UserPoolDomain")
    assert page["Domain"] == f"shop-live-{ENVIRONMENT['ledger_id']:.8}", "no other account has it"
    client = pooled.only("AWS::Cognito::UserPoolClient")
    assert not client["GenerateSecret"]
    assert client["AllowedOAuthFlows"] == ["code"]
    assert client["CallbackURLs"] == ["https://page.example.com/in"]
    (pool,) = pooled.resources("AWS::Cognito::UserPool")
    groups = {it["GroupName"] for it in pooled.properties("AWS::Cognito::UserPoolGroup")}
    told = text(pooled.variables(AUTHORIZER)["LEASEHOLD_IDENTITIES"])
    oidc = read({"LEASEHOLD_IDENTITIES": told}).oidc
    assert oidc is not None
    assert oidc.issuer == f"https://cognito-idp.{REGION}.amazonaws.com/<{pool}>"
    assert set(oidc.scopes) == groups
    assert oidc.scopes["leasehold-admin"] == ("admin",)
    assert b"authorizer-oidc" in pooled.asset(AUTHORIZER).read_bytes()
    program = Path(sys.executable).with_name("cfn-lint")
    templates = [str(path) for path in pooled.templates()]
    command = [str(program), "--ignore-checks", "W3005", "--", *templates]
    linted = subprocess.run(command, capture_output=True, text=True, check=False)
    assert linted.stdout == ""


def test_an_issuer_of_its_own_and_a_pool_exclude_each_other(
    checkout: Path, context: dict[str, str], tmp_path: Path
) -> None:
    oidc = {"issuer": "https://issuer.example.com", "audience": ["a"], "scopes": {"x": ["read"]}}
    write(tmp_path, {**ENVIRONMENT, "identities": {"oidc": oidc}})
    with pytest.raises(SettingsError, match="user_pool: the environment has an issuer already"):
        settings.read(tmp_path, {**context, "user_pool": "new"}.get)


@pytest.mark.parametrize(
    ("prefix", "context", "said"),
    [
        ("my-aws-shop", {"user_pool": "new"}, "Cognito takes no name with `aws` in it"),
        ("s" * 30, {}, ""),
        ("my-aws-shop", {}, ""),
    ],
)
def test_a_name_that_aws_would_not_take_is_refused(
    pretended: Mapping[str, str], prefix: str, context: dict[str, str], said: str, tmp_path: Path
) -> None:
    write(tmp_path, {**ENVIRONMENT, "project_prefix": prefix})
    told = {**CONTEXT, **pretended, **context}
    if not said:
        assert settings.read(tmp_path, told.get).environment.project_prefix == prefix
        return
    with pytest.raises(SettingsError, match=said):
        settings.read(tmp_path, told.get)


def test_a_name_that_is_too_long_for_a_function_is_refused(
    context: dict[str, str], tmp_path: Path
) -> None:
    write(tmp_path, {**ENVIRONMENT, "project_prefix": "s" * 30})
    (tmp_path / "environments" / "live").rename(tmp_path / "environments" / ("l" * 30))
    with pytest.raises(SettingsError, match="would have 72 characters, and Lambda takes 64"):
        settings.read(tmp_path, {**context, "environment": "l" * 30}.get)


def test_the_accounts_role_for_logs_is_left_alone(chosen: Synthesis, synthesis: Synthesis) -> None:
    assert synthesis.resources("AWS::ApiGateway::Account")
    assert not chosen.resources("AWS::ApiGateway::Account")


def test_a_log_of_an_api_waits_for_the_accounts_role(synthesis: Synthesis) -> None:
    """API Gateway refuses a stage with a log where the account has none."""
    stages = synthesis.resources("AWS::ApiGateway::Stage")
    (first,) = (key for key in stages if key.startswith("Api"))
    (signed,) = (key for key in stages if key.startswith("Signed"))
    (account,) = synthesis.resources("AWS::ApiGateway::Account")
    assert account in stages[first]["DependsOn"]
    assert first in stages[signed]["DependsOn"]


def test_the_api_has_a_name_and_a_web_acl(chosen: Synthesis, synthesis: Synthesis) -> None:
    domain = chosen.only("AWS::ApiGateway::DomainName")
    assert domain["DomainName"] == "leases.example.com"
    assert domain["SecurityPolicy"] == "TLS_1_2"
    assert domain["RegionalCertificateArn"] == CERTIFICATE
    acls = chosen.properties("AWS::WAFv2::WebACLAssociation")
    assert {it["WebACLArn"] for it in acls} == {WEB_ACL}
    assert len(acls) == len(chosen.resources("AWS::ApiGateway::Stage")) == 2
    for kind in ("AWS::ApiGateway::DomainName", "AWS::WAFv2::WebACLAssociation"):
        assert not synthesis.resources(kind)


def test_an_authorizer_of_jwts_has_the_package_that_verifies_them(chosen: Synthesis) -> None:
    assert b"authorizer-oidc for arm64" in chosen.asset(AUTHORIZER).read_bytes()


# -- how they are read


def test_every_choice_has_a_default() -> None:
    assert read_options(lambda _: None, REGION) == (Options(), [])


def test_every_choice_is_read() -> None:
    options, problems = read_options(EVERYTHING.get, REGION)
    assert problems == []
    assert options == Options(
        reserves=False,
        makes_logs_role=False,
        makes_token_table=False,
        makes_execution_role=True,
        lock_hours=6,
        lock_author="Shop <locks@shop.example>",
        vpc=Vpc(
            id="vpc-0a1b2c3d",
            subnets=("subnet-0a1b2c3d", "subnet-0a1b2c3e"),
            security_groups=("sg-0a1b2c3d",),
        ),
        domain=Domain(name="leases.example.com", certificate_arn=CERTIFICATE),
        web_acl_arn=WEB_ACL,
    )


def test_locks_are_made_once_a_day_unless_somebody_says_otherwise() -> None:
    assert read_options({"lock_project": "on"}.get, REGION) == (Options(lock_hours=24), [])


def test_a_controller_of_builds_is_read() -> None:
    """Each few minutes, five unless more are said; a file of the context may have a number."""
    options, problems = read_options(BUILDS.get, REGION)
    vpc = Vpc(id="vpc-0a1b2c3d", subnets=("subnet-0a1b2c3d",), security_groups=("sg-0a1b2c3d",))
    assert (options, problems) == (Options(build_minutes=10, vpc=vpc), [])
    chosen: dict[str, object] = {"controller": "codebuild"}
    assert read_options(chosen.get, REGION)[0].build_minutes == 5
    for minutes in (60, "60"):
        told = {**chosen, "controller_minutes": minutes}
        assert read_options(told.get, REGION)[0].build_minutes == 60


@pytest.mark.parametrize("minutes", [1, 4, 61, "0", "-5", "5.5", "often", "\u0665", "1e1"])
def test_builds_that_are_too_frequent_or_too_rare_are_refused(minutes: str | int) -> None:
    told = {"controller": "codebuild", "controller_minutes": minutes}
    _, (problem,) = read_options(told.get, REGION)
    assert problem.startswith(f"controller_minutes: `{minutes}` is no number from 5 to 60.")
    assert "about $149 a month on arm64, $219 on x86_64" in problem


@pytest.mark.parametrize(
    ("context", "said"),
    [
        ({"controller": "fargate"}, "controller: `fargate` is none of lambda, codebuild."),
        ({"controller_minutes": "5"}, "Add `-c controller=codebuild`, or leave it out."),
        ({**INSIDE, "vpc_id": "mine"}, "vpc_id: `mine` is no id of a VPC."),
        ({"lock_project": "yes"}, "lock_project: `yes` is none of off, on."),
        ({"lock_author": "Ana <a@example.com>"}, "lock_author: nothing makes locks."),
        ({"lock_project": "on", "lock_author": "Ana"}, "lock_author: `Ana` is no author"),
        ({"lock_hours": "6"}, "Add `-c lock_project=on`, or leave it out."),
        ({"lock_project": "on", "lock_hours": "0"}, "lock_hours: `0` is no number from 1 to 168"),
        ({"lock_project": "on", "lock_hours": "169"}, "`169` is no number from 1 to 168"),
        ({**INSIDE, "lock_project": "on"}, "CodeBuild asks for their VPC too"),
        ({**BUILDS, "vpc_id": ""}, "CodeBuild asks for their VPC too: add `-c vpc_id=vpc-...`."),
        ({"lock_secret_name": "a"}, "lock_secret_name: nothing makes locks."),
        ({"callback_urls": "https://a/in"}, "callback_urls: no pool is made."),
        ({"vpc_id": "vpc-0a1b2c3d"}, "vpc_id: nothing runs in it."),
        ({**INSIDE, "subnet_ids": "subnet-0a1b2c3d,subnet-0a1b2c3d"}, "is there 2 times"),
        (
            {**INSIDE, "subnet_ids": ",".join(f"subnet-0a1b2c{n:02x}" for n in range(17))},
            "subnet_ids: there are 17, and AWS takes 16 at the most.",
        ),
        (
            {**INSIDE, "security_group_ids": ",".join(f"sg-0a1b2c{n:02x}" for n in range(6))},
            "security_group_ids: there are 6, and AWS takes 5 at the most.",
        ),
        ({"reserved_concurrency": "no"}, "reserved_concurrency: `no` is none of on, off."),
        ({"token_table": "mine"}, "token_table: `mine` is none of new, existing."),
        ({"subnet_ids": "subnet-0a1b2c3d"}, "add `-c security_group_ids=...`"),
        ({"security_group_ids": "sg-0a1b2c3d"}, "add `-c subnet_ids=...`"),
        (
            {"subnet_ids": "vpc-1", "security_group_ids": "sg-0a1b2c3d"},
            "subnet_ids: `vpc-1` is none: give them",
        ),
        ({"domain_name": "leases.example.com"}, "add `-c certificate_arn=...`"),
        (
            {"callback_urls": "http://here", "user_pool": "new"},
            "callback_urls: `http://here` is none",
        ),
        ({"domain_name": "A b", "certificate_arn": CERTIFICATE}, "`A b` is no host name"),
        ({"web_acl_arn": "front"}, "web_acl_arn: `front` is no ARN of one."),
        (
            {"web_acl_arn": WEB_ACL.replace(REGION, "us-east-1")},
            "is not in eu-central-1, where the API is.",
        ),
    ],
)
def test_a_choice_that_cannot_be_is_a_sentence(context: dict[str, str], said: str) -> None:
    _, problems = read_options(context.get, REGION)
    assert len(problems) == 1
    assert said in problems[0]
