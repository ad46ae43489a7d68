"""Long calls are started, run and described over HTTP, by the state machine of the project.

Step Functions is moto's parser, which executes the project's own definition: the task calls
SageMaker's runtime in the sandbox over HTTP. What stands in for AWS there is the name of the
service and the body's encoding (`sandbox.aws.moto.step_functions`); states, retries and errors are
run.
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest
from cfnlint.api import lint_all  # type: ignore[import-untyped]

from gateway.dependencies import Dependencies
from gateway.handler import build
from gateway.http.routes import STEP_FUNCTIONS_BODY
from gateway.models.executions import definition as asl
from gateway.principal import Principal, Scope
from tests.conftest import staged
from tests.gateway.serving import FALCON, PROMPT, Models, serving, start_fleet
from tests.scene import path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.gateway.api import Answer
    from tests.scene import Json

PATIENCE_SECONDS = 60


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    with staged(tmp_path_factory.mktemp("executions")) as scene:
        start_fleet(scene)
        with serving(scene) as running:
            yield running


def start(models: Models, body: object = PROMPT, name: str = FALCON, **more: Any) -> Answer:  # noqa: ANN401
    return models.ask("/startexecution", {"endpointname": name, "body": body}, **more)


def describe(models: Models, arn: str, **more: Any) -> Answer:  # noqa: ANN401
    return models.ask("/describeexecution", {"executionArn": arn}, **more)


def ended(models: Models, started: Answer) -> Json:
    """Ask as the predecessor's notebook does, until it does not run any more."""
    until = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < until:
        told: Json = describe(models, started.body["executionArn"]).body
        if told["status"] != "RUNNING":
            return told
        time.sleep(0.05)
    raise AssertionError(f"still running: {told}")


def tasks_of(definition: Json) -> list[Json]:
    return [state for state in definition["States"].values() if state["Type"] == "Task"]


class TestACall:
    def test_runs_and_gives_the_models_answer_in_the_predecessors_form(
        self, models: Models
    ) -> None:
        started = start(models)
        assert started.status == 200
        assert set(started.body) == {"executionArn", "startDate"}
        assert isinstance(started.body["startDate"], float)
        told = ended(models, started)
        assert told["status"] == "SUCCEEDED"
        assert told["executionArn"] == started.body["executionArn"]
        assert told["stateMachineArn"] == models.state_machine
        assert json.loads(told["input"]) == {"endpointname": FALCON, "body": PROMPT}
        output = json.loads(told["output"])
        assert output["ContentType"] == "application/json"
        assert json.loads(output["Body"])[0]["generated_text"] == "write a haiku"

    def test_may_name_the_definition(self, models: Models) -> None:
        told = ended(models, start(models, name="falcon40b"))
        assert json.loads(told["input"])["endpointname"] == FALCON

    def test_is_asked_again_after_throttling(self, models: Models) -> None:
        models.scene.account.calls()
        models.scene.account.order_fault("throttle", operation="InvokeEndpoint")
        assert ended(models, start(models))["status"] == "SUCCEEDED"
        assert models.scene.account.calls()["InvokeEndpoint"] == 2

    def test_is_asked_once_if_the_model_refuses_it(self, models: Models) -> None:
        models.scene.account.calls()
        told = ended(models, start(models, {"inputs": 3}))
        assert (told["status"], told["error"]) == (
            "FAILED",
            "SageMakerRuntime.ModelErrorException",
        )
        assert "Received client error (400)" in told["cause"]
        assert models.scene.account.calls()["InvokeEndpoint"] == 1

    def test_with_the_same_idempotency_key_is_started_once(self, models: Models) -> None:
        key = {"Idempotency-Key": "haiku-1"}
        first, second = start(models, headers=key), start(models, headers=key)
        assert first.body["executionArn"] == second.body["executionArn"]
        other = start(models, {"inputs": "other"}, headers=key)
        assert (other.status, other.code) == (409, "LH4323")


class TestWhatIsRefused:
    def test_an_endpoint_without_async_api_enabled(self, models: Models) -> None:
        answer = start(models, name="Writer")
        assert (answer.status, answer.code) == (403, "LH4321")

    def test_an_endpoint_with_a_broken_file(self, models: Models) -> None:
        models.scene.push({path("Torn"): "{"}, "break Torn")
        answer = start(models, name="Torn")
        assert (answer.status, answer.code) == (409, "LH4109")
        assert "demo-Torn-Endpoint is frozen until its documents are mended" in answer.error

    def test_an_endpoint_that_nobody_has(self, models: Models) -> None:
        assert start(models, name="Nobody").code == "LH4106"

    def test_an_endpoint_whose_lease_has_not_begun(self, models: Models) -> None:
        models.scene.define("Idle", async_api_enabled=True)
        models.look_again()
        answer = start(models, name="Idle")
        assert (answer.status, answer.code) == (503, "LH4301")
        assert "Retry-After" in answer.headers

    def test_a_call_longer_than_step_functions_takes(self, models: Models) -> None:
        answer = start(models, {"inputs": "x" * STEP_FUNCTIONS_BODY.most_bytes})
        assert (answer.status, answer.code) == (413, "LH4322")

    @pytest.mark.parametrize(
        ("body", "code"),
        [
            (b"{", "LH4001"),
            (b'{"endpointname": "Falcon40B"}', "LH4002"),
            (b'{"endpointname": "a b", "body": {}}', "LH4002"),
            (b'{"endpointname": "Falcon40B", "body": {}, "name": "x"}', "LH4002"),
        ],
    )
    def test_a_body_that_is_not_as_expected(self, models: Models, body: bytes, code: str) -> None:
        answer = models.ask("/startexecution", body)
        assert (answer.status, answer.code) == (400, code)

    @pytest.mark.parametrize("where", ["/startexecution", "/describeexecution"])
    def test_a_token_without_the_scope(self, models: Models, where: str) -> None:
        answer = models.ask(where, token=models.reader)
        assert (answer.status, answer.code) == (403, "LH4031")

    @pytest.mark.parametrize(
        "arn",
        [
            "arn:aws:states:us-east-1:123456789012:execution:payroll:run-1",
            "arn:aws:states:us-east-1:999999999999:execution:leasehold-long-call:run-1",
            "arn:aws:states:eu-west-1:123456789012:execution:leasehold-long-call:run-1",
            "arn:aws:states:us-east-1:123456789012:execution:leasehold-long-call-2:run-1",
            "arn:aws:states:us-east-1:123456789012:stateMachine:leasehold-long-call",
            "arn:aws:states:us-east-1:123456789012:execution:leasehold-long-call:1:2",
        ],
    )
    def test_an_execution_of_another_state_machine_is_never_asked_for(
        self, models: Models, arn: str
    ) -> None:
        models.scene.account.calls()
        answer = describe(models, arn)
        assert (answer.status, answer.code) == (403, "LH4324")
        assert "DescribeExecution" not in models.scene.account.calls()

    def test_anothers_execution_is_told_to_nobody_but_an_admin(self, models: Models) -> None:
        arn = start(models).body["executionArn"]
        mallory = Principal("Mallory", "mallory@example.com", frozenset({Scope.INVOKE}))
        token = models.token_for(mallory)
        models.scene.account.calls()
        answer = describe(models, arn, token=token)
        assert (answer.status, answer.code) == (403, "LH4324")
        assert describe(models, f"{arn}x", token=token).body == answer.body
        assert "DescribeExecution" not in models.scene.account.calls()
        root = Principal("Root", "root@example.com", frozenset({Scope.ADMIN}))
        assert describe(models, arn, token=models.token_for(root)).status == 200

    def test_an_execution_that_is_not_there(self, models: Models) -> None:
        arn = start(models).body["executionArn"]
        answer = describe(models, f"{arn}x")
        assert (answer.status, answer.code) == (404, "LH4325")

    @pytest.mark.parametrize(
        ("fault", "status", "code"), [("throttle", 429, "LH4305"), ("denied", 502, "LH4326")]
    )
    def test_what_step_functions_refuses_is_one_sentence(
        self, models: Models, fault: str, status: int, code: str
    ) -> None:
        models.scene.account.order_fault(fault, operation="StartExecution")
        answer = start(models)
        assert (answer.status, answer.code) == (status, code)

    def test_everything_where_no_state_machine_is_deployed(self, models: Models) -> None:
        scene = models.scene
        handler = build(
            Dependencies(scene.repository, "dev", lambda: scene.now, scene.account.client)
        )
        caller = {"name": "Ida", "email": "ida@example.com", "scopes": "invoke"}
        bodies: dict[str, Json] = {
            "/startexecution": {"endpointname": "x", "body": PROMPT},
            "/describeexecution": {"executionArn": "arn:aws:states:us-east-1:1:execution:m:e"},
        }
        for resource, body in bodies.items():
            event: dict[str, Any] = {
                "httpMethod": "POST",
                "resource": resource,
                "body": json.dumps(body),
                "requestContext": {"authorizer": caller},
            }
            answer = handler(event, None)
            assert answer["statusCode"] == 501
            assert json.loads(answer["body"])["code"] == "LH4320"


class TestTheDefinition:
    def lint(self, definition: Json) -> list[str]:
        machine = {
            "Type": "AWS::StepFunctions::StateMachine",
            "Properties": {
                "RoleArn": "arn:aws:iam::123456789012:role/states",
                "Definition": definition,
            },
        }
        template = {"AWSTemplateFormatVersion": "2010-09-09", "Resources": {"Machine": machine}}
        found = [f"{each.rule.id} {each.message}" for each in lint_all(json.dumps(template))]
        return [each for each in found if not each.startswith("I")]  # advice about a template

    def test_is_in_order_for_aws_own_linter(self) -> None:
        assert self.lint(json.loads(asl())) == []

    @pytest.mark.parametrize("partition", ["aws", "aws-us-gov", "aws-cn"])
    def test_asks_the_services_of_its_own_partition(self, partition: str) -> None:
        tasks = tasks_of(json.loads(asl(partition)))
        assert {task["Resource"] for task in tasks} == {
            f"arn:{partition}:states:::aws-sdk:sagemakerruntime:invokeEndpoint"
        }

    @pytest.mark.parametrize(
        "mistake", [{"Resource": 3}, {"Type": "Tusk"}, {"Retry": "always"}, {"End": "yes"}]
    )
    def test_would_be_found_out_with_a_mistake(self, mistake: Json) -> None:
        definition = json.loads(asl())
        definition["States"]["InvokeEndpoint"] |= mistake
        assert any(found.startswith("E3601") for found in self.lint(definition))

    def test_gives_the_model_its_sixty_seconds_and_ends_in_time_for_its_retries(self) -> None:
        definition = json.loads(asl())
        for task in tasks_of(definition):
            assert 60 < task["TimeoutSeconds"] < definition["TimeoutSeconds"]

    def test_treats_a_component_as_it_treats_an_endpoint(self) -> None:
        endpoint, component = tasks_of(json.loads(asl()))
        asked = {**endpoint["Parameters"]}
        asked["InferenceComponentName.$"] = "$.inferencecomponentname"
        assert component["Parameters"] == asked
        rest = [{**each, "Parameters": 0, "Comment": 0} for each in (endpoint, component)]
        assert rest[0] == rest[1]

    def test_never_asks_again_what_a_model_has_worked_on(self) -> None:
        rules = [rule for task in tasks_of(json.loads(asl())) for rule in task["Retry"]]
        retried = {name for rule in rules for name in rule["ErrorEquals"]}
        again = {"States.ALL", "States.TaskFailed", "States.Timeout"}
        assert not retried & {*again, "SageMakerRuntime.ModelErrorException"}
