"""Each function as Lambda starts it: its handler and package by the template, in AWS's runtime.

The process has what its package has, and stock boto3: what a package lacks is found out here. Where
the template names resources of an account, those of the sandbox stand in.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.callers.tokens import TokenTable
from gateway.models.streaming import PRELUDE_END
from gateway.principal import Principal, Scope
from gateway.webhook.signatures import sign
from leasehold.deployment import deploy_state_machine
from tests.conftest import staged
from tests.gateway.serving import FALCON, FLEET, PROMPT, start_fleet
from tests.infra.synthesis import AUTHORIZER, CONSOLE, CONTROLLER, GATEWAY, MODELS, STREAM, WEBHOOK
from tests.lambda_service import front_door
from tests.scene import REGION, SETTLE, definition, environment, lease, path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.infra.packaged import Stock
    from tests.infra.synthesis import Synthesis
    from tests.lambda_service import Lambda
    from tests.scene import Scene

IDA = Principal("Ida", "ida@example.com", frozenset({Scope.READ, Scope.EXTEND, Scope.INVOKE}))
TABLE = "tokens"
ASKED: dict[str, set[str]] = {}  # of AWS, by each function in any test


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with staged(tmp_path_factory.mktemp("deployed")) as made:
        made.at(datetime.now(UTC) - timedelta(minutes=5))
        start_fleet(made)
        yield made


Start = Callable[..., AbstractContextManager["Lambda"]]


@pytest.fixture
def started(
    synthesis: Synthesis,
    scene: Scene,
    stock: Stock,
    task: Callable[[str], Path],
    unpacked: Callable[[Path], Path],
) -> Start:
    """Run a function by its name in the template, with variables of this account.

    Whatever it asks of AWS, its role has to allow.
    """

    @contextmanager
    def start(name: str, **here: str) -> Iterator[Lambda]:
        told = {
            **{key: value for key, value in synthesis.variables(name).items() if key not in here},
            "LEASEHOLD_ENVIRONMENT": "dev",
            "LEASEHOLD_REPOSITORY": scene.forge.url,
            "LEASEHOLD_GIT_SECRET": "",
            "LEASEHOLD_RATE_TABLE": "",
            "LEASEHOLD_CHANGE_TABLE": "",
            "LEASEHOLD_IDENTITIES": "",
            **scene.account.variables,
            "AWS_DEFAULT_REGION": REGION,
            **here,
        }
        variables = {key: value for key, value in told.items() if isinstance(value, str)}
        handler = synthesis.function(name)["Handler"]
        scene.account.actions()
        layers = [unpacked(each) for each in synthesis.layers(name)]
        with stock.started(task(name), handler, variables, layers) as function:
            yield function
        ASKED.setdefault(name, set()).update(scene.account.actions())
        assert ASKED[name] <= synthesis.allowed(name)

    return start


def make_table(synthesis: Synthesis, name: str, scene: Scene, here: str) -> str:
    """Make a table of the template in this account, and give the attribute that ends its rows."""
    tables = synthesis.resources("AWS::DynamoDB::Table")
    (wanted,) = (it["Properties"] for key, it in tables.items() if key.startswith(name))
    kept = {key: wanted[key] for key in ("KeySchema", "AttributeDefinitions", "BillingMode")}
    scene.account.client("dynamodb").create_table(TableName=here, **kept)
    return str(wanted["TimeToLiveSpecification"]["AttributeName"])


def request(method: str, resource: str, **more: Any) -> dict[str, Any]:  # noqa: ANN401
    """An event of API Gateway's, of a caller whom the authorizer has let in."""
    return {
        "httpMethod": method,
        "resource": resource,
        "path": resource,
        "headers": {},
        "requestContext": {"requestId": "r-1", "authorizer": IDA.to_context()},
        **more,
    }


def test_the_gateway_extends_a_lease_by_a_commit(
    started: Start, scene: Scene, synthesis: Synthesis
) -> None:
    body = json.dumps({"EndpointName": FALCON, "minutes": 10})
    make_table(synthesis, "FunctionsChanges", scene, "changes")
    with started(GATEWAY, LEASEHOLD_CHANGE_TABLE="changes") as gateway:
        answer = gateway.invoke(request("POST", "/endpoint-expiry", body=body)).answer
        again = gateway.invoke(request("GET", "/openapi.json")).answer
    assert answer["statusCode"] == 200, answer
    assert json.loads(answer["body"])["Commit"] == scene.forge.tip
    (lock,) = scene.account.client("dynamodb").scan(TableName="changes")["Items"]
    assert lock["row_kind"] == {"S": "lock"}
    assert again["statusCode"] == 200


def test_requests_are_counted_in_the_table_that_all_functions_share(
    started: Start, synthesis: Synthesis, scene: Scene
) -> None:
    expiry = make_table(synthesis, "FunctionsRates", scene, "rates")
    limit = {"LEASEHOLD_RATE_TABLE": "rates", "LEASEHOLD_REQUESTS_PER_MINUTE": "1"}
    asking = request("GET", "/endpoint-expiry")
    answers: list[int] = []
    for _ in range(2):  # a process each
        with started(GATEWAY, **limit) as gateway:
            answers += [gateway.invoke(asking).answer["statusCode"] for _ in range(2)]
    minutes = scene.account.client("dynamodb").scan(TableName="rates")["Items"]
    assert sum(int(minute["sent"]["N"]) for minute in minutes) == len(answers)
    assert all(minute[expiry]["N"].isdigit() for minute in minutes)
    assert answers.count(200) == len(minutes)
    assert answers.count(429) == len(answers) - len(minutes)


def test_a_model_is_asked_and_a_long_call_is_started(started: Start, scene: Scene) -> None:
    machines = scene.account.client("stepfunctions")
    machine = deploy_state_machine(machines)
    asking = request("POST", "/invoke/{EndpointName}", body=json.dumps(PROMPT))
    asking["pathParameters"] = {"EndpointName": FALCON}
    body = json.dumps({"endpointname": FALCON, "body": PROMPT})
    with started(MODELS, LEASEHOLD_STATE_MACHINE=machine) as models:
        answer = models.invoke(asking).answer
        long = models.invoke(request("POST", "/startexecution", body=body)).answer
        execution = json.loads(long["body"])["executionArn"]
        while machines.describe_execution(executionArn=execution)["status"] == "RUNNING":
            time.sleep(0.05)  # what it asks of AWS is not the next function's
    assert (answer["statusCode"], json.loads(answer["body"])) == (
        200,
        [{"generated_text": "write a haiku"}],
    )
    assert long["statusCode"] == 200, long
    assert execution.startswith("arn:aws:states:")


def test_the_console_is_a_page_and_its_files(started: Start) -> None:
    with started(CONSOLE, LEASEHOLD_ENVIRONMENT="dev") as console:
        page = console.invoke(request("GET", "/console")).answer
        digest = re.search("console/([0-9a-f]{16})/", page["body"])
        assert digest, page
        asked = {"Digest": digest[1], "File": "app.js"}
        path = f"/console/{digest[1]}/app.js"
        event = request("GET", "/console/{Digest}/{File+}") | {"path": path}
        file = console.invoke({**event, "pathParameters": asked}).answer
    assert (page["statusCode"], file["statusCode"]) == (200, 200)
    assert file["headers"]["Content-Type"] == "text/javascript; charset=utf-8"


def test_an_asynchronous_model_is_asked_and_its_answer_is_asked_for(
    started: Start, scene: Scene
) -> None:
    """By the gateway, and by the function of a definition; the gateway tells both answers."""
    for bucket in ("demo-requests", "demo-answers"):
        scene.account.client("s3").create_bucket(Bucket=bucket)
    settings = environment(
        async_input_path="s3://demo-requests/", async_output_path="s3://demo-answers/"
    )
    name, until = "demo-Batch-Endpoint", scene.now + timedelta(days=1)
    batch = definition("Batch", inference_type="async", schedule={"initial_provision_minutes": 0})
    files = {path("Batch"): batch, path("Batch", "lease"): lease(until)}
    scene.push({"environments/dev/environment.json": settings, **files}, "ask later")
    scene.tick()
    scene.let_pass(seconds=SETTLE)
    scene.tick()
    asking = request("POST", "/invoke/{EndpointName}", body=json.dumps(PROMPT))
    asking |= {"pathParameters": {"EndpointName": name}, "headers": {"Idempotency-Key": "one"}}
    own = {**asking, "resource": "/queue", "path": "/queue"}
    here = {"ENDPOINT_NAME": name, "ASYNC_INPUT_PATH": "s3://demo-requests/"}
    with started("OwnQueue", **here) as function:
        asked = [function.invoke(own).answer for _ in range(2)]
        other = function.invoke({**own, "body": json.dumps({"inputs": "other"})}).answer
        short = {"X-Amzn-SageMaker-RequestTTLSeconds": "59"}
        refused = function.invoke({**own, "headers": short}).answer
    assert (other["statusCode"], refused["statusCode"]) == (409, 400)
    with started(MODELS) as models:
        asked.append(models.invoke(asking).answer)
        ids = [json.loads(each["body"])["ResultId"] for each in asked]
        assert ids[0] == ids[1] != ids[2]
        for result in ids:
            getting = request("GET", "/invoke-result/{ResultId}")
            told = models.invoke({**getting, "pathParameters": {"ResultId": result}}).answer
            assert json.loads(told["body"]) == [{"generated_text": "write a haiku"}]


def test_a_webhook_asks_the_controller_for_a_tick(started: Start, scene: Scene) -> None:
    secret = "known-to-the-git-host"
    scene.account.client("secretsmanager").create_secret(Name="webhook", SecretString=secret)
    body = json.dumps({"ref": "refs/heads/main"})
    proof = sign(secret, body.encode(), datetime.now(UTC))
    pushed = request("POST", "/webhooks/git", body=body, headers=proof)
    with front_door() as (url, calls):
        told = {
            "LEASEHOLD_WEBHOOK_SECRET": "webhook",
            "LEASEHOLD_CONTROLLER_FUNCTION": "the-controller",
            "AWS_ENDPOINT_URL_LAMBDA": url,
        }
        with started(WEBHOOK, **told) as webhook:
            forged = webhook.invoke({**pushed, "body": body + " "}).answer
            assert (forged["statusCode"], calls) == (401, [])
            accepted = webhook.invoke(pushed).answer
    assert accepted["statusCode"] == 202
    (call,) = calls
    assert (call.path, call.kind) == ("/2015-03-31/functions/the-controller/invocations", "Event")


def test_a_webhook_starts_the_project_of_locks_where_definitions_changed(
    started: Start, scene: Scene
) -> None:
    """The project's own commit, which changes locks alone, starts it no more."""
    secret = "known-to-the-git-host"
    scene.account.client("secretsmanager").create_secret(Name="hook", SecretString=secret)
    files = [f"environments/dev/A.{kind}.json" for kind in ("endpoint", "lock")]
    pushes = []
    for file in files:
        commit = {"added": [file], "modified": [], "removed": []}
        body = json.dumps({"ref": "refs/heads/main", "commits": [commit]})
        proof = sign(secret, body.encode(), datetime.now(UTC))
        pushes.append(request("POST", "/webhooks/git", body=body, headers=proof))
    with front_door() as (url, calls):
        told = {
            "LEASEHOLD_WEBHOOK_SECRET": "hook",
            "LEASEHOLD_CONTROLLER_FUNCTION": "the-controller",
            "LEASEHOLD_LOCK_PROJECT": "shop-dev-locks",
            "LEASEHOLD_ENVIRONMENT": "dev",
            "AWS_ENDPOINT_URL_LAMBDA": url,
            "AWS_ENDPOINT_URL_CODEBUILD": url,
        }
        with started(WEBHOOK, **told) as webhook:
            answers = [json.loads(webhook.invoke(each).answer["body"]) for each in pushes]
    assert [each["Triggered"] for each in answers] == [True, True]
    assert "shop-dev-locks makes the locks" in answers[0]["Reason"]
    ticks = "/2015-03-31/functions/the-controller/invocations"
    assert [call.path for call in calls] == [ticks, "/", ticks]
    assert json.loads(calls[1].payload) == {"projectName": "shop-dev-locks"}


def test_the_authorizer_knows_a_token(started: Start, synthesis: Synthesis, scene: Scene) -> None:
    expiry = make_table(synthesis, "TokensTable", scene, TABLE)
    table, now = TokenTable(scene.account.client("dynamodb"), TABLE), datetime.now(UTC)
    token, record = table.create(IDA, now, now + timedelta(hours=1))
    (row,) = scene.account.client("dynamodb").scan(TableName=TABLE)["Items"]
    assert row[expiry]["N"].isdigit()
    arn = "arn:aws:execute-api:us-east-1:123456789012:abc123/prod/GET/endpoint-expiry"
    asked = {"type": "TOKEN", "methodArn": arn, "authorizationToken": token}
    with started(AUTHORIZER, LEASEHOLD_TOKEN_TABLE=TABLE) as door:
        assert door.invoke(asked).answer["principalId"] == record.token_id
        refused = door.invoke({**asked, "authorizationToken": "nobody's"})
    assert refused.path.endswith("/error")
    assert json.loads(refused.chunks[0])["errorMessage"] == "Unauthorized"


def test_the_controller_ticks_and_logs_the_metrics_that_alarms_watch(
    started: Start, synthesis: Synthesis, capfd: pytest.CaptureFixture[str]
) -> None:
    with started(CONTROLLER) as controller:
        answer = controller.invoke({"source": "aws.events"}).answer
    assert answer["environment"] == "dev"
    named = {action["endpoint_name"] for action in answer["actions"]}
    assert {f"demo-{name}-Endpoint" for name in FLEET} <= named
    lines = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    (metrics,) = (line["_aws"]["CloudWatchMetrics"][0] for line in lines if "_aws" in line)
    watched = [it for it in synthesis.properties("AWS::CloudWatch::Alarm") if "Dimensions" in it]
    assert {it["Namespace"] for it in watched} == {metrics["Namespace"]}
    assert {it["MetricName"] for it in watched} <= {it["Name"] for it in metrics["Metrics"]}
    for alarm in watched:
        assert [[it["Name"] for it in alarm["Dimensions"]]] == metrics["Dimensions"]


def test_a_function_of_a_definition_asks_its_model(started: Start) -> None:
    asking = request("POST", "/writer", body=json.dumps(PROMPT))
    with started("OwnWriter", ENDPOINT_NAME=FALCON) as function:
        answer = function.invoke(asking).answer
        stranger = replace(IDA, scopes=frozenset({Scope.READ}))
        asking["requestContext"]["authorizer"] = stranger.to_context()
        refused = function.invoke(asking).answer
    assert json.loads(answer["body"]) == [{"generated_text": "write a haiku"}]
    assert refused["statusCode"] == 403


def test_a_models_answer_is_streamed_a_part_at_a_time(started: Start) -> None:
    asking = request("POST", "/invoke/{EndpointName}/stream", body=json.dumps(PROMPT))
    asking["pathParameters"] = {"EndpointName": FALCON}
    with started(STREAM) as stream:
        posted = stream.invoke(asking)
    prelude, _, first = b"".join(posted.chunks).partition(PRELUDE_END)
    assert json.loads(prelude)["statusCode"] == 200
    assert len(posted.chunks) == 4  # the prelude, and a chunk for each token
    assert first.startswith(b'data:{"index": 1')
