"""Asynchronous models are asked over HTTP: taken on at once, answered by S3, asked for later."""

from __future__ import annotations

import json
import urllib.request
from contextlib import closing
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.models.asynchronous import LARGEST_PASSED_ON
from gateway.principal import Principal, Scope
from tests.conftest import staged
from tests.gateway.serving import IDA, PROMPT, Models, integration, serving
from tests.scene import SETTLE, definition, environment, lease, path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.gateway.api import Answer
    from tests.scene import Json, Scene

NAME = "demo-Transcriber-Endpoint"
LOCATION = "X-Amzn-SageMaker-InputLocation"
HAIKU = [{"generated_text": "write a haiku"}]
SLOW = {"inputs": "slow", "parameters": {"take_seconds": 30}}
ASYNC: Mapping[str, Json] = {
    "Transcriber": {},
    "Open": integration("api", "open") | {"public": True},
    "Private": integration("api", "private"),
    "Function": integration("lambda", "function", "functions/text_generation"),
    "Anyone": integration("lambda", "anyone", "functions/text_generation") | {"public": True},
    "Asleep": {"autoscaling": {"min_instances": 0, "max_instances": 1}},
}
OTTO = Principal("Otto", "otto@example.com", frozenset({Scope.INVOKE}))
ADMIN = Principal("Ada", "ada@example.com", frozenset({Scope.ADMIN}))
NARROW = Principal("Ida", IDA.email, frozenset({Scope.INVOKE}), frozenset({"demo-Other-*"}))


def prepare(scene: Scene) -> None:
    for bucket in ("demo-requests", "demo-answers", "demo-failures"):
        scene.account.client("s3").create_bucket(Bucket=bucket)
    settings = environment(
        async_output_path="s3://demo-answers/", async_input_path="s3://demo-requests/asked"
    )
    files: dict[str, Json | str | None] = {"environments/dev/environment.json": settings}
    schedule = {"initial_provision_minutes": 0}
    for name, fields in ASYNC.items():
        told = {"inference_type": "async", "schedule": schedule, **fields}
        files[path(name)] = definition(name, **told)
        files[path(name, "lease")] = lease(scene.now + timedelta(days=2))
    files[path("Transcriber")]["async_inference"] = {"s3_failure_path": "s3://demo-failures/at/"}  # type: ignore[index]
    for name in ("Stopped", "Ending"):
        files[path(name)] = definition(name, inference_type="async", schedule=schedule)
    files[path("Ending", "lease")] = lease(scene.now + timedelta(hours=1))
    files[path("Plain")] = definition("Plain")
    files[path("Plain", "lease")] = lease(scene.now + timedelta(days=2))
    scene.push(files, "define the fleet")
    scene.tick()
    scene.let_pass(seconds=SETTLE)
    scene.tick()


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    with staged(tmp_path_factory.mktemp("asynchronous")) as scene:
        prepare(scene)
        with serving(scene) as running:
            yield running


def ask(models: Models, body: object = PROMPT, name: str = "Transcriber", **more: Any) -> Answer:  # noqa: ANN401
    return models.ask(f"/invoke/{name}", body, **more)


def get(models: Models, asked: Answer, **more: Any) -> Answer:  # noqa: ANN401
    assert asked.status == 202, asked.text
    place = asked.body["ResultUrl"].removeprefix(models.url)
    return models.send("GET", path=place, **more)


def large_answer(models: Models, asked: Answer) -> bytes:
    """Go where the answer of a call is: no client sends S3 the token of the API."""
    place = asked.body["ResultUrl"].removeprefix(models.url)
    with closing(models.connection()) as connection:
        connection.request("GET", place, headers={"Authorization": models.token})
        told = connection.getresponse()
        assert told.status == 303
        body = json.load(told)
    assert body["OutputUrl"] == told.headers["Location"]
    with urllib.request.urlopen(body["OutputUrl"]) as answer:
        content: bytes = answer.read()
    assert len(content) == body["Bytes"]
    return content


def objects(models: Models, bucket: str) -> list[str]:
    listed = models.scene.account.client("s3").list_objects_v2(Bucket=bucket)
    return [each["Key"] for each in listed.get("Contents", ())]


class TestACall:
    def test_is_taken_on_and_its_answer_passed_on(self, models: Models) -> None:
        asked = ask(models)
        told = asked.body
        assert (asked.status, told["Status"], told["EndpointName"]) == (202, "Pending", NAME)
        assert told["OutputLocation"].startswith(f"s3://demo-answers/{NAME}/")
        assert told["FailureLocation"].startswith("s3://demo-failures/at/")
        assert told["ResultUrl"] == f"{models.url}/prod/invoke-result/{told['ResultId']}"
        assert asked.headers["Location"] == told["ResultUrl"]
        answer = get(models, asked)
        assert (answer.status, answer.body) == (200, HAIKU)
        assert answer.headers["Content-Type"] == "application/json"

    def test_is_pending_until_the_model_has_answered(self, models: Models) -> None:
        asked = ask(models, SLOW)
        pending = get(models, asked)
        assert (pending.status, pending.body) == (202, asked.body)
        assert pending.headers["Retry-After"] == "5"
        models.scene.let_pass(seconds=31)
        assert get(models, asked).body == [{"generated_text": "slow"}]

    def test_that_fails_is_told_with_what_sagemaker_wrote(self, models: Models) -> None:
        failed = get(models, ask(models, {"inputs": 3}))
        assert (failed.status, failed.code) == (502, "LH4281")
        assert failed.error == (
            f"{NAME} failed at this call. SageMaker says: inputs (or text_inputs) must be a text or"
            " a list of texts"
        )

    def test_whose_answer_is_large_is_told_where_that_is(self, models: Models) -> None:
        large = {"inputs": "x" * 1000, "parameters": {"repeat": 4000}}
        asked = ask(models, large)
        [told] = json.loads(large_answer(models, asked))
        assert told["generated_text"] == "x" * 4_000_000

    def test_whose_answer_just_does_not_fit_is_told_where_that_is(self, models: Models) -> None:
        asked = ask(models)
        bucket, _, key = asked.body["OutputLocation"].removeprefix("s3://").partition("/")
        escaped = b"\x01" * (LARGEST_PASSED_ON - 1)  # six letters each in JSON
        models.scene.account.client("s3").put_object(Bucket=bucket, Key=key, Body=escaped)
        assert large_answer(models, asked) == escaped

    def test_puts_the_body_to_s3_with_its_type(self, models: Models) -> None:
        asked = ask(models, b"\x00\xff", headers={"Content-Type": "audio/wav"})
        key = f"asked/{asked.body['ResultId'].replace('-', '/')}.input"
        put = models.scene.account.client("s3").get_object(Bucket="demo-requests", Key=key)
        assert (put["Body"].read(), put["ContentType"]) == (b"\x00\xff", "audio/wav")

    def test_may_have_an_inference_id_and_lengths_of_its_own(self, models: Models) -> None:
        asked = ask(
            models,
            SLOW,
            headers={
                "X-Amzn-SageMaker-Inference-Id": "minutes 4711",
                "X-Amzn-SageMaker-RequestTTLSeconds": "60",
                "X-Amzn-SageMaker-InvocationTimeoutSeconds": "1",
            },
        )
        assert asked.body["InferenceId"] == "minutes 4711"
        until = models.scene.now + timedelta(seconds=61)
        assert asked.body["ExpiresAt"] == f"{until:%Y-%m-%dT%H:%M:%SZ}"

    @pytest.mark.parametrize(
        ("header", "value"),
        [
            ("X-Amzn-SageMaker-RequestTTLSeconds", "59"),
            ("X-Amzn-SageMaker-RequestTTLSeconds", "21601"),
            ("X-Amzn-SageMaker-RequestTTLSeconds", "1h"),
            ("X-Amzn-SageMaker-InvocationTimeoutSeconds", "0"),
            ("X-Amzn-SageMaker-InvocationTimeoutSeconds", "3601"),
            ("X-Amzn-SageMaker-Inference-Id", "x" * 65),
        ],
    )
    def test_is_refused_with_a_header_that_sagemaker_would_refuse(
        self, models: Models, header: str, value: str
    ) -> None:
        answer = ask(models, headers={header: value})
        assert (answer.status, answer.code) == (400, "LH4285")
        assert header in answer.error

    def test_wakes_an_endpoint_without_instances_by_its_queue(self, models: Models) -> None:
        name = "demo-Asleep-Endpoint"
        models.scene.account.sagemaker.update_endpoint_weights_and_capacities(
            EndpointName=name,
            DesiredWeightsAndCapacities=[{"VariantName": "AllTraffic", "DesiredInstanceCount": 0}],
        )
        models.scene.let_pass(seconds=SETTLE)
        asked = ask(models, name="Asleep")
        assert (asked.status, get(models, asked).status) == (202, 202)

    def test_that_nobody_answered_in_time_has_expired(self, models: Models) -> None:
        lengths = {"X-Amzn-SageMaker-RequestTTLSeconds": "60"}
        asked = ask(models, SLOW, headers=lengths)
        written = models.scene.account.client("s3")
        models.scene.let_pass(hours=1)
        assert get(models, asked).status == 200  # late, and there
        for key in objects(models, "demo-answers"):
            written.delete_object(Bucket="demo-answers", Key=key)
        gone = get(models, asked)
        assert (gone.status, gone.code) == (410, "LH4284")
        assert "expired" in gone.error


class TestARepetition:
    def test_with_the_same_key_is_sent_once(self, models: Models) -> None:
        key = {"Idempotency-Key": "minutes-1"}
        models.scene.account.calls()
        first, second = ask(models, headers=key), ask(models, headers=key)
        assert first.body == second.body
        assert models.scene.account.calls()["InvokeEndpointAsync"] == 1

    def test_is_another_call_for_another_endpoint_or_caller(self, models: Models) -> None:
        key = {"Idempotency-Key": "minutes-2"}
        asked = [
            ask(models, headers=key),
            ask(models, headers=key, name="Private"),
            ask(models, headers=key, token=models.token_for(OTTO)),
        ]
        assert len({each.body["ResultId"] for each in asked}) == 3

    def test_with_another_body_is_refused(self, models: Models) -> None:
        key = {"Idempotency-Key": "minutes-3"}
        ask(models, headers=key)
        other = ask(models, {"inputs": "other"}, headers=key)
        assert (other.status, other.code) == (409, "LH4288")

    def test_is_sent_where_the_first_was_refused(self, models: Models) -> None:
        key = {"Idempotency-Key": "minutes-4"}
        models.scene.account.order_fault("throttle", operation="InvokeEndpointAsync")
        refused = ask(models, headers=key)
        assert (refused.status, refused.code) == (429, "LH4305")
        assert get(models, ask(models, headers=key)).body == HAIKU

    def test_waits_for_the_first_and_takes_over_from_one_that_died(self, models: Models) -> None:
        key = {"Idempotency-Key": "minutes-5"}
        asked = ask(models, headers=key)
        s3 = models.scene.account.client("s3")
        place = {
            "Bucket": "demo-requests",
            "Key": f"asked/{asked.body['ResultId'].replace('-', '/')}.json",
        }
        kept = json.loads(s3.get_object(**place)["Body"].read())
        s3.put_object(**place, Body=json.dumps({**kept, "state": "taken"}).encode())
        waiting = ask(models, headers=key)
        assert (waiting.status, waiting.code) == (503, "LH4289")
        assert get(models, asked).code == "LH4280"
        models.scene.let_pass(seconds=61)
        assert get(models, ask(models, headers=key)).body == HAIKU
        s3.put_object(**place, Body=b"{}")
        assert get(models, asked).code == "LH4287"


class TestWhoMayAskForAnAnswer:
    def test_its_caller_by_any_token_and_whoever_is_admin(self, models: Models) -> None:
        asked = ask(models)
        shouting = Principal("Ida", IDA.email.upper(), frozenset({Scope.INVOKE}))
        for principal in (shouting, ADMIN):
            assert get(models, asked, token=models.token_for(principal)).status == 200

    def test_nobody_else(self, models: Models) -> None:
        asked = ask(models)
        other = get(models, asked, token=models.token_for(OTTO))
        assert (other.status, other.code) == (404, "LH4280")
        assert get(models, asked, token=models.reader).code == "LH4031"
        assert get(models, asked, token=None).code == "LH4010"
        assert get(models, asked, token=models.token_for(NARROW)).code == "LH4231"

    @pytest.mark.parametrize("name", ["nothing", f"{'0' * 24}-{'0' * 32}", "..%2f..%2fsecret"])
    def test_a_result_that_is_none(self, models: Models, name: str) -> None:
        answer = models.send("GET", path=f"/prod/invoke-result/{name}")
        assert (answer.status, answer.code) == (404, "LH4280")


class TestALargeBody:
    def upload(self, models: Models, name: str = "Transcriber", **more: Any) -> Answer:  # noqa: ANN401
        return models.send("POST", path=f"/prod/invoke/{name}/upload", **more)

    def test_is_put_to_s3_first(self, models: Models) -> None:
        told = self.upload(models)
        assert told.status == 201
        body = json.dumps({"inputs": "x" * 7_000_000, "parameters": {"max_new_tokens": 1}}).encode()
        put = urllib.request.Request(told.body["UploadUrl"], body, method="PUT")
        with urllib.request.urlopen(put) as answer:
            assert answer.status == 200
        at = {LOCATION: told.body["InputLocation"]}
        asked = ask(models, b"", headers=at)
        assert large_answer(models, asked).startswith(b'[{"generated_text": "xxx')
        assert ask(models, b"", headers=at).status == 202

    def test_that_was_not_put_is_missed(self, models: Models) -> None:
        at = {LOCATION: self.upload(models).body["InputLocation"]}
        answer = ask(models, b"", headers=at)
        assert (answer.status, answer.code) == (400, "LH4286")
        assert "PUT the body" in answer.error

    @pytest.mark.parametrize(
        "location",
        [
            "s3://demo-models/secret",
            "s3://demo-requests/asked/../secret",
            "https://demo-requests/asked",
            f"s3://demo-requests/asked/{'0' * 24}/{'0' * 32}.upload",
        ],
    )
    def test_is_where_this_api_said_and_nowhere_else(self, models: Models, location: str) -> None:
        answer = ask(models, b"", headers={LOCATION: location})
        assert (answer.status, answer.code) == (400, "LH4286")

    def test_is_in_one_place(self, models: Models) -> None:
        at = {LOCATION: self.upload(models).body["InputLocation"]}
        assert ask(models, headers=at).code == "LH4286"

    def test_is_no_others(self, models: Models) -> None:
        at = {LOCATION: self.upload(models, token=models.token_for(OTTO)).body["InputLocation"]}
        assert ask(models, b"", headers=at).code == "LH4286"

    def test_is_for_asynchronous_models_alone(self, models: Models) -> None:
        assert self.upload(models, "Plain").code == "LH4282"
        at = {LOCATION: self.upload(models).body["InputLocation"]}
        assert ask(models, b"", name="Plain", headers=at).code == "LH4286"
        assert ask(models, name="Plain").status == 200


class TestOwnPaths:
    @pytest.mark.parametrize("where", ["private", "function"])
    def test_a_definitions_own_path_takes_calls_too(self, models: Models, where: str) -> None:
        asked = models.ask(f"/{where}")
        assert get(models, asked).body == HAIKU

    @pytest.mark.parametrize("where", ["open", "anyone"])
    def test_who_shows_no_token_gets_urls_of_s3(self, models: Models, where: str) -> None:
        key = {"Idempotency-Key": "nobody's"}  # it counts for its caller, and there is none
        asked, again = (models.ask(f"/{where}", token=None, headers=key) for _ in range(2))
        assert asked.status == 202, asked.text
        assert asked.body["OutputLocation"] != again.body["OutputLocation"]
        assert "ResultId" not in asked.body
        with urllib.request.urlopen(asked.body["ResultUrl"]) as answer:
            assert json.load(answer) == HAIKU
        failed = models.ask(f"/{where}", {"inputs": 3}, token=None)
        with urllib.request.urlopen(failed.body["FailureUrl"]) as answer:
            assert answer.read().startswith(b"inputs")


class TestWhatDoesNotRun:
    def test_a_stopped_endpoint_is_told_with_how_to_start_it(self, models: Models) -> None:
        answer = ask(models, name="Stopped")
        assert (answer.status, answer.code) == (503, "LH4301")
        assert "/endpoint-expiry" in answer.error

    def test_there_is_nothing_to_wait_for(self, models: Models) -> None:
        answer = models.ask("/invoke/Transcriber/stream")
        assert (answer.status, answer.code) == (400, "LH4282")
        models.scene.define("Long", inference_type="async", async_api_enabled=True)
        models.look_again()
        long = models.ask("/startexecution", {"endpointname": "Long", "body": PROMPT})
        assert (long.status, long.code) == (400, "LH4282")

    def test_a_queue_goes_with_its_endpoint(self, models: Models) -> None:
        asked = ask(models, {**SLOW, "parameters": {"take_seconds": 9000}}, name="Ending")
        assert get(models, asked).status == 202
        models.scene.let_pass(hours=1, seconds=5)
        for _ in range(2):
            models.scene.tick()
            models.scene.let_pass(seconds=SETTLE)
        gone = get(models, asked)
        assert (gone.status, gone.code) == (410, "LH4284")
        assert "its queue went with it" in gone.error


class TestAccessToS3:
    def test_a_bucket_that_is_gone_is_said(self, models: Models) -> None:
        asked = ask(models)
        models.scene.account.order_fault("denied", operation="ListObjectsV2")
        answer = get(models, asked)
        assert (answer.status, answer.code) == (502, "LH4287")

    def test_an_environment_without_a_place_for_requests_says_so(self, models: Models) -> None:
        settings = environment(async_output_path="s3://demo-answers/")
        models.scene.push({"environments/dev/environment.json": settings}, "ask nothing")
        models.look_again()
        for answer in (ask(models), models.ask("/function")):
            assert (answer.status, answer.code) == (501, "LH4283")
