"""`leasehold doctor`: whatever is missing is said with what mends it, and hides nothing else."""

from __future__ import annotations

import json
import re
import ssl
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError
from click.testing import CliRunner, Result

from controller.aws.errors import aws_errors
from leasehold import aws_settings
from leasehold.cli import main
from leasehold.doctor import CHECKS, network_checks
from leasehold.doctor.finding import guarded
from sandbox.git.server import GitServer
from tests import loopback
from tests.gateway.api import deployed as deployed_api
from tests.ledger.forge import git, seeded
from tests.ledger.signing import keygen, public
from tests.scene import REGION, environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from leasehold.doctor.finding import Told
    from tests.leasehold.running import Up
    from tests.scene import Scene

SECRET = "leasehold/git"


class Account:
    """What moto does not answer: Lambda's account settings and SageMaker's quotas."""

    def __init__(self) -> None:
        self.concurrency = (1000, 900)
        self.raised: dict[str, float] = {}
        self.defaults = {"ml.g5.xlarge for endpoint usage": 2.0}

    def answer(self, path: str, target: str, body: Mapping[str, Any]) -> object:
        if path.endswith("/account-settings"):
            most, free = self.concurrency
            return {
                "AccountLimit": {
                    "ConcurrentExecutions": most,
                    "UnreservedConcurrentExecutions": free,
                }
            }
        listed = self.defaults if "Default" in target else self.raised
        quotas = [{"QuotaName": name, "Value": value} for name, value in listed.items()]
        if "NextToken" not in body:
            return {"Quotas": quotas[:1], "NextToken": "more"}
        return {"Quotas": quotas[1:]}


@contextmanager
def serving(account: Account) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers.get("Content-Length") or 0)) or "{}")
            target = self.headers.get("X-Amz-Target", "")
            answer = json.dumps(account.answer(self.path, target, body)).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        do_POST = do_GET  # noqa: N815

    with loopback.serving(Handler) as url:
        yield url


@pytest.fixture
def account(scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Account]:
    """An account to deploy to, in which all is well."""
    aws_settings._session.cache_clear()
    scene.account.use(monkeypatch)
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "LEASEHOLD_API_URL"):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    scene.at(datetime.now(UTC))
    scene.define("Falcon40B")
    git(scene.forge.bare, "config", "receive.denyNonFastForwards", "true")
    name, value = "/cdk-bootstrap/hnb659fds/version", "28"
    scene.account.client("ssm").put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
    made = Account()
    with serving(made) as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL_LAMBDA", url)
        monkeypatch.setenv("AWS_ENDPOINT_URL_SERVICE_QUOTAS", url)
        yield made
    aws_settings._session.cache_clear()
    scene.account.client("ssm").delete_parameter(Name=name)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["doctor", *arguments])


def examined(scene: Scene, *arguments: str) -> dict[str, dict[str, str]]:
    """Return the worst finding of each check."""
    done = run("--repository", scene.forge.url, *arguments, "--output", "json")
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    found: list[dict[str, str]] = json.loads(done.stdout)
    order = ("skipped", "ok", "warning", "failed")
    found.sort(key=lambda each: order.index(each["state"]))
    worst = {each["check"]: each for each in found}
    assert set(worst) == {name for name, *_ in CHECKS}
    assert done.exit_code == any(each["state"] == "failed" for each in found)
    for each in found:
        assert each["state"] in ("ok", "skipped") or (each["fix"] and each["code"]), each
    return worst


def states(found: Mapping[str, Mapping[str, str]], *but: str) -> set[str]:
    return {each["state"] for name, each in found.items() if name not in but}


def test_where_all_is_well_nothing_is_to_be_done(scene: Scene, account: Account) -> None:
    before = git(scene.forge.bare, "for-each-ref")
    found = examined(scene)
    assert states(found) == {"ok", "skipped"}
    assert {name for name, each in found.items() if each["state"] == "skipped"} == {
        "secret",
        "signatures",
        "certificates",
        "choices",
        "network",
        "webhook",
        "links",
        "channels",
    }
    assert git(scene.forge.bare, "for-each-ref") == before
    assert "28" in found["bootstrap"]["sentence"]


def test_it_is_read_on_a_narrow_screen(
    scene: Scene, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    account.concurrency = (10, 10)
    done = run("--repository", scene.forge.url)
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert any(each.startswith("failed   concurrency: ") for each in lines)
    assert any(each.startswith("         Fix: Ask for more in Service Quotas") for each in lines)
    assert lines[-1] == "12 ok, 1 failed, 8 skipped."
    assert done.exit_code == 1


def test_nothing_at_all_is_said_in_sentences(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    aws_settings._session.cache_clear()
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.chdir(tmp_path)
    done = run("--output", "json", "--git-secret", "x")
    aws_settings._session.cache_clear()
    found = json.loads(done.stdout)
    assert {each["check"] for each in found} == {name for name, *_ in CHECKS}
    assert {each["code"] for each in found if each["state"] == "failed"} == {"LH5001", "LH5060"}
    assert done.exit_code == 1


def test_a_git_server_that_is_gone_hides_nothing_of_aws(scene: Scene, account: Account) -> None:
    account.concurrency = (10, 10)
    done = run("--repository", "http://127.0.0.1:9/x.git", "--region", REGION, "--output", "json")
    found = {each["check"]: each for each in json.loads(done.stdout)}
    assert found["repository: read"]["code"] == "LH2003"
    assert found["repository: write"]["sentence"].endswith("the check `repository: read`.")
    assert found["bootstrap"]["state"] == "ok"
    assert found["concurrency"]["code"] == "LH5163"


def test_a_sandbox_has_nothing_that_is_deployed(up: Up, monkeypatch: pytest.MonkeyPatch) -> None:
    done = run("--home", str(up.announcement.parent), "--output", "json")
    found = {each["check"]: each for each in json.loads(done.stdout)}
    assert done.exit_code == 0, [each for each in found.values() if each["state"] == "failed"]
    assert found["bootstrap"]["sentence"].startswith("Not looked at: this is a sandbox")
    assert {found[name]["state"] for name in ("repository: write", "status branch")} == {"ok"}
    assert found["webhook"]["state"] in ("ok", "warning")


def test_credentials_are_for_the_account_of_the_role(scene: Scene, account: Account) -> None:
    role = "arn:aws:iam::999999999999:role/x"
    scene.push({"environments/dev/environment.json": environment(execution_role_arn=role)})
    found = examined(scene)["credentials"]
    assert (found["state"], found["code"]) == ("failed", "LH5161")
    assert "999999999999" in found["sentence"]


def test_an_account_that_aws_refuses_is_told_and_the_ledger_goes_on(
    scene: Scene, account: Account
) -> None:
    scene.account.order_fault("denied", operation="GetCallerIdentity", times=9)
    found = examined(scene)
    assert found["credentials"]["state"] == "failed"
    assert found["bootstrap"]["sentence"].endswith("the check `credentials`.")
    assert found["repository: write"]["state"] == "ok"


def test_without_credentials_the_secret_waits_and_is_not_called_wrong(
    scene: Scene, account: Account
) -> None:
    scene.account.order_fault("denied", operation="GetCallerIdentity", times=9)
    found = examined(scene, "--git-secret", SECRET)
    assert found["secret"]["sentence"].endswith("it waits for the check `credentials`.")
    assert found["credentials"]["state"] == "failed"
    assert "AWS_PROFILE" in found["credentials"]["fix"]


def test_what_aws_refuses_has_its_own_fix(scene: Scene, account: Account) -> None:
    """And not that of what was looked for."""
    scene.account.order_fault("denied", operation="GetSecretValue", times=9)
    found = examined(scene, "--git-secret", SECRET)["secret"]
    assert (found["state"], found["code"]) == ("failed", "LH3006")
    assert found["fix"].startswith("Give whoever runs this the right")


@pytest.mark.parametrize(
    ("error", "fix"),
    [
        ({"Code": "ThrottlingException", "Message": "Rate exceeded"}, "Try again in a minute."),
        ({"Code": "AccessDenied", "Message": "No"}, "Give whoever runs this the right to look"),
        ({"Code": "502", "Message": "Bad Gateway"}, "Look at AWS's own words."),
        ({"Code": "NotFound", "Message": "No"}, "Look here."),
    ],
)
def test_nobody_is_told_to_wait_for_a_tick(error: Any, fix: str) -> None:  # noqa: ANN401
    def examine() -> Iterable[Told]:
        with aws_errors():
            raise ClientError({"Error": error}, "GetParameter")

    (found,) = guarded("bootstrap", "Look here.", examine)
    assert found.fix.startswith(fix)
    assert not re.search("tick|role", found.sentence)


def test_a_secret_is_that_of_what_is_deployed(
    scene: Scene, account: Account, tmp_path: Path
) -> None:
    told = {"environment": "dev", "git_secret_name": "far", "dev.git_secret_name": SECRET}
    (tmp_path / "elsewhere" / "cdk.context.json").write_text(json.dumps(told))
    assert SECRET in examined(scene)["secret"]["sentence"]
    assert "another" in examined(scene, "--git-secret", "another")["secret"]["sentence"]


@pytest.mark.parametrize("version", [None, "5", "x"])
def test_an_account_is_bootstrapped_lately_enough(
    scene: Scene, account: Account, version: str | None
) -> None:
    client, name = scene.account.client("ssm"), "/cdk-bootstrap/hnb659fds/version"
    if version:
        client.put_parameter(Name=name, Value=version, Type="String", Overwrite=True)
        found = examined(scene)["bootstrap"]
    else:
        found = examined(scene, "--qualifier", "mine")["bootstrap"]
    assert (found["state"], found["code"]) == ("failed", "LH5162")
    assert found["fix"] == f"`cdk bootstrap aws://123456789012/{REGION}`"


@pytest.mark.parametrize(
    ("limit", "state"),
    [
        ((10, 10), "failed"),
        ((50, 50), "failed"),
        ((1000, 255), "failed"),
        ((1000, 256), "ok"),
    ],
)
def test_lambda_has_room_for_what_is_reserved(
    scene: Scene, account: Account, limit: tuple[int, int], state: str
) -> None:
    account.concurrency = limit
    assert examined(scene)["concurrency"]["state"] == state


PUBLIC = {
    "endpoint_config_name": "cfg",
    "public": True,
    "integration": {"type": "api", "properties": {"api_resource_name": "open"}},
}
BUILDS = ("-c", "controller=codebuild")


@pytest.mark.parametrize(
    ("free", "definitions", "choices", "state"),
    [
        (255, {}, BUILDS, "ok"),
        (254, {}, BUILDS, "failed"),
        (10, {}, ("-c", "reserved_concurrency=off"), "ok"),
        (10, {}, ("-c", "dev.reserved_concurrency=off"), "ok"),
        (305, {"Open": PUBLIC}, (), "failed"),
        (306, {"Open": PUBLIC}, (), "ok"),
    ],
)
def test_what_is_reserved_goes_by_what_is_chosen_and_defined(  # noqa: PLR0917
    scene: Scene,
    account: Account,
    free: int,
    definitions: Mapping[str, Mapping[str, Any]],
    choices: tuple[str, ...],
    state: str,
) -> None:
    account.concurrency = (1000, free)
    for name, fields in definitions.items():
        scene.push({f"environments/dev/{name}.endpoint.json": text_of(name, fields)})
    found = examined(scene, *choices)
    assert found["concurrency"]["state"] == state, found["concurrency"]


def text_of(name: str, fields: Mapping[str, Any]) -> str:
    return json.dumps({"name": name, "inference_type": "realtime", **fields})


def test_choices_are_read_where_the_cdk_reads_them(
    scene: Scene, account: Account, tmp_path: Path
) -> None:
    account.concurrency = (10, 10)
    file = tmp_path / "elsewhere" / "cdk.context.json"
    file.write_text('{"reserved_concurrency": "off", "ledger": "../fleet"}')
    found = examined(scene)
    assert found["concurrency"]["sentence"].endswith("a deployment reserves none.")
    assert found["choices"]["sentence"] == "By reserved_concurrency."


def test_what_is_chosen_for_another_environment_changes_nothing_here(
    scene: Scene, account: Account
) -> None:
    scene.push({"environments/prod/environment.json": json.dumps(environment())})
    account.concurrency = (1000, 255)
    found = examined(scene, "--environment", "dev", "-c", "prod.reserved_concurrency=off")
    assert (found["choices"]["state"], found["concurrency"]["state"]) == ("ok", "failed")


@pytest.mark.parametrize(
    ("text", "said"),
    [("[]", "cdk.context.json is no JSON object"), ("{", "cdk.context.json cannot be read: ")],
)
def test_a_file_that_cannot_be_read_is_told(
    scene: Scene, account: Account, tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "elsewhere" / "cdk.context.json").write_text(text)
    found = examined(scene)["choices"]
    assert found["state"] == "warning"
    assert found["sentence"].startswith(said)


@pytest.mark.parametrize(
    ("choices", "said"),
    [
        ({"reserved_concurency": "off"}, "reserved_concurency: there is no such choice."),
        ({"dvv.token_table": "existing"}, "dvv.token_table: there is no environment `dvv`."),
        ({"subnet_ids": ["subnet-1"]}, 'subnet_ids: `["subnet-1"]` is no text.'),
    ],
)
def test_choices_that_a_synthesis_refuses_are_told_by_the_same_words(
    scene: Scene, account: Account, tmp_path: Path, choices: object, said: str
) -> None:
    (tmp_path / "elsewhere" / "cdk.context.json").write_text(json.dumps(choices))
    found = examined(scene)["choices"]
    assert (found["state"], found["code"]) == ("failed", "LH5190")
    assert found["sentence"].startswith(said)


def test_choices_that_cannot_be_are_told_and_wait_for_nothing_else(
    scene: Scene, account: Account
) -> None:
    found = examined(scene, "-c", "controller=fargate")
    assert (found["choices"]["state"], found["choices"]["code"]) == ("failed", "LH5190")
    for name in ("concurrency", "network"):
        assert found[name]["sentence"].endswith("the check `choices`.")
    assert found["instances"]["state"] == "ok"


@dataclass
class Network:
    """A private network in the account, with one subnet of no way out."""

    ec2: Any
    vpc: str
    subnet: str

    @classmethod
    def make(cls, scene: Scene) -> Network:
        ec2 = scene.account.client("ec2")
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        made = cls(ec2, vpc, "")
        made.subnet = made.another("10.9.1.0/24")
        return made

    def another(self, block: str) -> str:
        made = self.ec2.create_subnet(VpcId=self.vpc, CidrBlock=block)
        return str(made["Subnet"]["SubnetId"])

    def route(self, **way: str) -> None:
        """Give the subnet a table of its own, with a default route."""
        made = self.ec2.create_route_table(VpcId=self.vpc)["RouteTable"]["RouteTableId"]
        self.ec2.associate_route_table(RouteTableId=made, SubnetId=self.subnet)
        self.ec2.create_route(RouteTableId=made, DestinationCidrBlock="0.0.0.0/0", **way)

    def endpoints(self, *names: str) -> None:
        for name in names:
            self.ec2.create_vpc_endpoint(
                VpcId=self.vpc,
                ServiceName=f"com.amazonaws.{REGION}.{name}",
                VpcEndpointType="Gateway" if name in ("s3", "dynamodb") else "Interface",
            )

    def choices(self, *more: str, subnets: str = "") -> tuple[str, ...]:
        named = {
            "vpc_id": self.vpc,
            "subnet_ids": subnets or self.subnet,
            "security_group_ids": "sg-0a1b2c3d",
        }
        said = (*(f"{key}={value}" for key, value in named.items()), *more)
        return tuple(word for each in said for word in ("-c", each))


class TestNetwork:
    @pytest.fixture
    def network(self, scene: Scene, account: Account) -> Network:  # noqa: ARG002  (it is there)
        return Network.make(scene)

    def test_without_a_way_out_the_endpoints_that_lack_are_named(
        self, scene: Scene, network: Network
    ) -> None:
        network.endpoints("dynamodb", "monitoring")
        found = examined(scene, *network.choices())["network"]
        assert (found["state"], found["code"]) == ("failed", "LH5191")
        assert found["sentence"].endswith(
            "no endpoint for application-autoscaling, sagemaker.api, sagemaker.runtime, states,"
            " tagging."
        )

    def test_with_an_endpoint_for_each_service_all_is_well(
        self, scene: Scene, network: Network
    ) -> None:
        network.endpoints("dynamodb", "monitoring", "application-autoscaling", "states")
        network.endpoints("sagemaker.api", "sagemaker.runtime", "tagging")
        assert examined(scene, *network.choices())["network"]["state"] == "ok"
        builds = examined(scene, *network.choices("controller=codebuild"))["network"]
        assert builds["sentence"].endswith("no endpoint for codebuild, logs, s3.")
        network.endpoints("codebuild", "logs", "s3")
        locks = examined(scene, *network.choices("lock_project=on"))["network"]
        assert locks["state"] == "warning"
        assert "from a package index" in locks["sentence"]

    def test_a_way_by_a_nat_is_enough(self, scene: Scene, network: Network) -> None:
        made = network.ec2.create_nat_gateway(SubnetId=network.another("10.9.2.0/24"))
        network.route(NatGatewayId=made["NatGateway"]["NatGatewayId"])
        assert examined(scene, *network.choices())["network"]["state"] == "ok"

    def test_a_way_to_an_internet_gateway_leads_nowhere(
        self, scene: Scene, network: Network
    ) -> None:
        gateway = network.ec2.create_internet_gateway()["InternetGateway"]["InternetGatewayId"]
        network.ec2.attach_internet_gateway(VpcId=network.vpc, InternetGatewayId=gateway)
        network.route(GatewayId=gateway)
        found = examined(scene, *network.choices())["network"]
        assert (found["state"], found["code"]) == ("failed", "LH5191")
        assert "has no public address" in found["sentence"]

    def test_a_subnet_that_is_not_there_is_told(self, scene: Scene, network: Network) -> None:
        found = examined(scene, *network.choices(subnets="subnet-0a1b2c3d"))["network"]
        assert (found["state"], found["code"]) == ("failed", "LH5191")
        assert "subnet-0a1b2c3d" in found["sentence"]
        assert "account and region" in found["fix"]

    def test_subnets_of_two_networks_are_told(self, scene: Scene, network: Network) -> None:
        other = Network.make(scene)
        both = f"{network.subnet},{other.subnet}"
        found = examined(scene, *network.choices(subnets=both))["network"]
        assert "is not in one VPC" in found["sentence"]


def test_a_controller_that_is_deployed_has_its_room(scene: Scene, account: Account) -> None:
    account.concurrency = (10, 10)
    stack(scene, "demo-dev-controller")
    assert examined(scene)["concurrency"]["state"] == "ok"


def stack(scene: Scene, name: str) -> None:
    topic = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}
    scene.account.client("cloudformation").create_stack(
        StackName=name, TemplateBody=json.dumps(topic)
    )


@pytest.mark.parametrize(
    ("raised", "definitions", "state", "words"),
    [
        (0.0, {"A": {}}, "failed", "AWS refuses the start"),
        (None, {"A": {"inference_instance_count": 3}}, "failed", "is 2, and A asks for 3: AWS"),
        (None, {"A": {}, "B": {}}, "warning", "want 3 when all of them run"),
        (4.0, {"A": {}, "B": {}}, "ok", "ml.g5.xlarge"),
        (None, {"A": {"inference_instance_type": "ml.m5.xlarge"}}, "warning", "has no quota"),
    ],
)
def test_quotas_allow_what_is_defined(  # noqa: PLR0917
    scene: Scene,
    account: Account,
    raised: float | None,
    definitions: Mapping[str, Mapping[str, Any]],
    state: str,
    words: str,
) -> None:
    if raised is not None:
        account.raised = {"other": 1.0, "ml.g5.xlarge for endpoint usage": raised}
    for name, fields in definitions.items():
        scene.define(name, **fields)
    found = examined(scene)["instances"]
    assert (found["state"], words in found["sentence"]) == (state, True), found


def test_an_environment_without_instances_has_no_quotas(scene: Scene, account: Account) -> None:
    scene.push({"environments/dev/Falcon40B.endpoint.json": None})
    assert examined(scene)["instances"]["state"] == "skipped"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (None, "LH3004"),
        ("", "LH2021"),
        ("ghp_clear", "LH2021"),
        ('{"username": "bot"}', "LH2021"),
        ('{"username": "bot", "token": " "}', "LH2021"),
        ('{"private_key": "x", "known_hosts": "y"}', "LH2001"),
    ],
)
def test_a_secret_that_opens_nothing_is_told(
    scene: Scene, account: Account, text: str | None, code: str
) -> None:
    if text is not None:
        client = scene.account.client("secretsmanager")
        client.create_secret(Name=SECRET, SecretString=text or " ")
    found = examined(scene, "--git-secret", SECRET)
    wrong = [each for each in found.values() if each["state"] == "failed"]
    assert [each["code"] for each in wrong] == [code]
    assert not text or text not in json.dumps(found)
    assert found["bootstrap"]["state"] == "ok"
    if text is not None:
        client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


def test_the_secret_is_what_is_tried(scene: Scene, account: Account, tmp_path: Path) -> None:
    root = tmp_path / "closed"
    root.mkdir()
    client = scene.account.client("secretsmanager")
    client.create_secret(Name=SECRET, SecretString='{"username": "bot", "token": "t0ken"}')
    with GitServer(root, credentials={"bot": "t0ken"}) as server:
        url = server.repository_url("fleet.git")
        seeded(root, "fleet.git", url)
        found = run("--repository", url, "--git-secret", SECRET, "--output", "json", "-e", "dev")
    client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    states_ = {each["check"]: each["state"] for each in json.loads(found.stdout)}
    assert states_["secret"] == states_["repository: write"] == "ok"
    assert "t0ken" not in found.output


def test_a_webhook_secret_is_long_enough(scene: Scene, account: Account) -> None:
    client = scene.account.client("secretsmanager")
    client.create_secret(Name=SECRET, SecretString="short")
    assert examined(scene, "--webhook-secret", SECRET)["secret"]["code"] == "LH4405"
    client.put_secret_value(SecretId=SECRET, SecretString="long enough for it")
    assert examined(scene, "--webhook-secret", SECRET)["secret"]["state"] == "ok"
    client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)


@pytest.mark.parametrize(
    ("verify", "has_key", "is_named", "state"),
    [
        ("none", False, False, "ok"),
        ("warn", False, False, "warning"),
        ("enforce", False, False, "failed"),
        ("enforce", True, False, "failed"),
        ("enforce", True, True, "ok"),
        ("enforce", True, 'valid-before="20200101"', "failed"),
    ],
)
def test_what_functions_commit_will_be_proven(  # noqa: PLR0917
    scene: Scene,
    account: Account,
    tmp_path: Path,
    verify: str,
    has_key: bool,  # noqa: FBT001
    is_named: bool | str,  # noqa: FBT001
    state: str,
) -> None:
    key = keygen(tmp_path, "bot.key")
    secret = {"username": "bot", "token": "t0ken"}
    secret |= {"signing_key": key.read_text()} if has_key else {}
    option = f"{is_named} " if isinstance(is_named, str) else ""
    line = f"*@leasehold.invalid {option}{public(key)}\n" if is_named else "# nobody\n"
    scene.push(
        {
            "environments/dev/environment.json": environment(verify=verify),
            "environments/dev/bots.allowed_signers": line,
        }
    )
    client = scene.account.client("secretsmanager")
    client.create_secret(Name=SECRET, SecretString=json.dumps(secret))
    found = examined(scene, "--git-secret", SECRET)["signatures"]
    client.delete_secret(SecretId=SECRET, ForceDeleteWithoutRecovery=True)
    assert found["state"] == state
    assert (public(key) in found["fix"]) is (has_key and is_named is not True)


def test_a_server_that_takes_no_push_is_told(scene: Scene, account: Account) -> None:
    git(scene.forge.bare, "config", "http.receivepack", "false")
    found = examined(scene)
    assert found["repository: write"]["code"] == "LH2008"
    assert found["repository: history"]["state"] == "skipped"
    assert found["repository: read"]["state"] == "ok"


def test_a_protected_branch_is_told_in_the_servers_words(scene: Scene, account: Account) -> None:
    scene.forge.hook("pre-receive", "echo reviews first >&2; exit 1")
    found = examined(scene)["repository: write"]
    assert (found["state"], found["code"]) == ("failed", "LH2007")
    assert "reviews first" in found["sentence"]


def test_a_branch_that_can_be_rewritten_is_told(scene: Scene, account: Account) -> None:
    git(scene.forge.bare, "config", "receive.denyNonFastForwards", "false")
    found = examined(scene)["repository: history"]
    assert (found["state"], found["code"]) == ("warning", "LH5166")


def test_a_branch_with_one_commit_is_asked_about_too(
    scene: Scene, account: Account, tmp_path: Path
) -> None:
    for denies, state in (("true", "ok"), ("false", "warning")):
        tip = git(scene.forge.bare, "rev-parse", "main")
        first = git(scene.forge.bare, "rev-list", "--max-parents=0", tip)
        git(scene.forge.bare, "update-ref", "refs/heads/first", first)
        git(scene.forge.bare, "config", "receive.denyNonFastForwards", denies)
        assert examined(scene, "--branch", "first")["repository: history"]["state"] == state


def test_documents_that_are_broken_are_told(scene: Scene, account: Account) -> None:
    scene.push({"environments/dev/Chat.endpoint.json": "{"})
    found = examined(scene)
    assert (found["documents"]["state"], found["documents"]["code"]) == ("failed", "LH1001")
    assert found["bootstrap"]["state"] == "ok"
    scene.push(
        {
            "environments/dev/Chat.endpoint.json": None,
            "environments/dev/environment.json": environment(ledger_id=None),
        }
    )
    assert examined(scene)["documents"]["code"] == "LH5052"


def test_settings_that_are_unreadable_are_told_once(scene: Scene, account: Account) -> None:
    scene.push({"environments/dev/environment.json": "{"})
    found = examined(scene)
    assert found["documents"]["state"] == "failed"
    assert found["bootstrap"]["sentence"].endswith("the check `documents`.")
    assert found["repository: write"]["state"] == "ok"


def test_the_status_branch_is_read_and_written(scene: Scene, account: Account) -> None:
    assert "first tick begins it" in examined(scene)["status branch"]["sentence"]
    scene.tick()
    assert "carried out" in examined(scene)["status branch"]["sentence"]
    scene.overwrite_record("oops")
    assert examined(scene)["status branch"]["code"] == "LH5167"


def test_a_clock_that_is_wrong_is_told(scene: Scene, account: Account) -> None:
    for minutes, state in ((10, "failed"), (-10, "failed"), (2, "warning")):
        scene.at(datetime.now(UTC) + timedelta(minutes=minutes))
        found = examined(scene)["clock"]
        assert (found["state"], found["code"]) == (state, "LH5169")


def test_a_token_table_that_was_retained_is_told(scene: Scene, account: Account) -> None:
    client = scene.account.client("dynamodb")
    assert "makes it" in examined(scene)["token table"]["sentence"]
    table(client, "token_hash")
    found = examined(scene)["token table"]
    assert (found["state"], found["code"]) == ("warning", "LH5168")
    stack(scene, "demo-dev-gateway")
    assert examined(scene)["token table"]["state"] == "ok"
    client.delete_table(TableName="auth")
    assert examined(scene)["token table"]["state"] == "failed"
    table(client, "api_key")
    assert "none of Leasehold's" in examined(scene)["token table"]["sentence"]


def test_a_token_table_that_is_used_and_not_made_has_to_be_there(
    scene: Scene, account: Account
) -> None:
    existing = ("-c", "token_table=existing")
    found = examined(scene, *existing)["token table"]
    assert (found["state"], found["code"]) == ("failed", "LH5168")
    assert "nothing makes it" in found["sentence"]
    table(scene.account.client("dynamodb"), "token_hash")
    assert examined(scene, *existing)["token table"]["state"] == "ok"


def table(client: Any, key: str) -> None:  # noqa: ANN401
    client.create_table(
        TableName="auth",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"}],
        KeySchema=[{"AttributeName": key, "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
    )


def test_the_webhook_is_asked_without_a_proof(scene: Scene, account: Account) -> None:
    server, _ = deployed_api(scene, variables={"LEASEHOLD_WEBHOOK_SECRET_VALUE": "x" * 20})
    with server:
        assert examined(scene, "--api-url", f"{server.url}/prod")["webhook"]["state"] == "ok"
        found = examined(scene, "--api-url", f"{server.url}/nowhere")["webhook"]
        assert (found["state"], found["code"]) == ("failed", "LH5171")
    found = examined(scene, "--api-url", server.url)["webhook"]
    assert found["state"] == "failed"
    server, _ = deployed_api(scene)
    with server:
        found = examined(scene, "--api-url", f"{server.url}/prod")["webhook"]
    assert (found["state"], found["code"]) == ("warning", "LH5171")


def test_what_nobody_foresaw_ends_one_check_alone(
    scene: Scene, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(network_checks, "said_by", lambda _: 1 / 0)
    found = examined(scene)
    assert (found["clock"]["state"], found["clock"]["code"]) == ("failed", "LH5160")
    assert states(found, "clock") == {"ok", "skipped"}


def test_a_certificate_that_is_not_proven_is_told(
    scene: Scene, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unproven(host: str, port: int) -> datetime:
        error = ssl.SSLCertVerificationError()
        error.verify_message = "self-signed certificate"
        raise error

    done = _certificates(monkeypatch, unproven)
    assert done["code"] == "LH5170"
    assert "self-signed" in done["sentence"]
    soon = datetime.now(UTC) + timedelta(days=3)
    assert _certificates(monkeypatch, lambda *_: soon)["state"] == "warning"
    late = datetime.now(UTC) + timedelta(days=300)
    assert _certificates(monkeypatch, lambda *_: late)["state"] == "ok"


def _certificates(monkeypatch: pytest.MonkeyPatch, answer: Any) -> dict[str, str]:  # noqa: ANN401
    monkeypatch.setattr(network_checks, "_proven_until", answer)
    done = run("--repository", "https://127.0.0.1:9/x.git", "--region", REGION, "--output", "json")
    found: list[dict[str, str]] = json.loads(done.stdout)
    return next(each for each in found if each["check"] == "certificates")
