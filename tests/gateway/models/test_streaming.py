"""A model's answer comes in parts, over HTTP in chunks as API Gateway sends them.

Real here: the route, the handler and what it writes (API Gateway's format for a function that
streams), boto3's event stream, chunks over a socket. Emulated: Lambda's InvokeWithResponseStream,
which hands the handler's bytes to API Gateway; the emulation takes them from the handler itself.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from gateway.callers.identify import Caller
from gateway.dependencies import Dependencies
from gateway.handler import build
from gateway.models.streaming import PRELUDE_END, streaming_handler
from ledger.variables import IDENTITIES
from tests.conftest import staged
from tests.gateway.serving import FALCON, IDA, PROMPT, Models, serving, start_fleet
from tests.scene import path

if TYPE_CHECKING:
    import http.client
    from collections.abc import Iterator

WHERE = f"/prod/invoke/{FALCON}/stream"
ACCOUNT = "123456789012"
SIGNERS = {"iam": {"scopes": {f"arn:aws:iam::{ACCOUNT}:role/Asker": ["invoke"]}}}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    with staged(tmp_path_factory.mktemp("streams")) as scene:
        start_fleet(scene)
        with serving(scene) as running:
            yield running


def chunks(models: Models, body: object = PROMPT) -> tuple[http.client.HTTPResponse, list[str]]:
    """Read an answer chunk by chunk, as they were sent."""
    connection = models.connection()
    headers = {"Authorization": models.token, "Content-Type": "application/json"}
    connection.request("POST", WHERE, json.dumps(body).encode(), headers)
    response = connection.getresponse()
    found = []
    while size := int(response.fp.readline(), 16):
        found.append(response.fp.read(size).decode())
        response.fp.readline()
    connection.close()
    return response, found


def texts(events: list[str]) -> list[str]:
    return [json.loads(each.removeprefix("data:"))["token"]["text"] for each in events]


def test_each_token_is_a_chunk_of_its_own(models: Models) -> None:
    response, found = chunks(models)
    assert response.status == 200
    assert response.headers["Transfer-Encoding"] == "chunked"
    assert response.headers["Content-Type"] == "text/event-stream"
    assert texts(found) == ["write", " a", " haiku"]


def test_a_stream_that_breaks_off_ends_with_an_event_that_says_so(models: Models) -> None:
    _, found = chunks(models, {"inputs": "one two three", "parameters": {"break_after": 2}})
    assert texts(found[:2]) == ["one", " two"]
    kind, data = found[2].removesuffix("\n\n").split("\n")
    assert kind == "event: error"
    assert json.loads(data.removeprefix("data: ")) == {
        "error": f"The answer of {FALCON} broke off: what came is not whole. Ask again.",
        "code": "LH4311",
    }


@pytest.mark.parametrize(
    ("where", "code"), [("/invoke/Nobody/stream", "LH4106"), ("/invoke/Idle/stream", "LH4301")]
)
def test_what_is_refused_before_the_stream_begins_has_its_status(
    models: Models, where: str, code: str
) -> None:
    models.scene.push({path("Idle"): '{"name": "Idle"}'}, "define Idle")
    models.look_again()
    answer = models.ask(where)
    assert (answer.status, answer.code) == (404 if code == "LH4106" else 503, code)


def test_what_the_model_refuses_is_its_answer(models: Models) -> None:
    answer = models.ask(f"/invoke/{FALCON}/stream", {"inputs": 3})
    assert answer.status == 400
    assert answer.text == "inputs (or text_inputs) must be a text or a list of texts"


def test_a_stream_asks_for_the_scope(models: Models) -> None:
    answer = models.ask(f"/invoke/{FALCON}/stream", token=models.reader)
    assert (answer.status, answer.code) == (403, "LH4031")


def test_a_function_that_cannot_stream_gives_the_same_answer_in_one_piece(models: Models) -> None:
    """The handler as Lambda's Python runtime calls it."""
    scene = models.scene
    ledger, status = scene.repository, scene.open_status()
    handler = build(Dependencies(ledger, "dev", lambda: scene.now, scene.account.client, status))
    event: dict[str, Any] = {
        "httpMethod": "POST",
        "resource": "/invoke/{EndpointName}/stream",
        "pathParameters": {"EndpointName": FALCON},
        "headers": {"content-type": "application/json"},
        "body": json.dumps(PROMPT),
        "requestContext": {"authorizer": {"name": "I", "email": "i@x.org", "scopes": "invoke"}},
    }
    answer = handler(event, None)
    assert answer["statusCode"] == 200
    assert answer["headers"]["Content-Type"] == "text/event-stream"
    assert texts(answer["body"].strip().split("\n\n")) == ["write", " a", " haiku"]
    broken = {"inputs": "one two", "parameters": {"break_after": 1}}
    answer = handler({**event, "body": json.dumps(broken)}, None)
    assert answer["statusCode"] == 502


class TestAStreamsCaller:
    """Is found as on every other route: whoever the handler lets in, and nobody else."""

    @staticmethod
    def begun(models: Models, context: dict[str, Any]) -> tuple[int, str]:
        """The status of a stream, and the code of a refusal."""
        event = {
            "httpMethod": "POST",
            "resource": "/invoke/{EndpointName}/stream",
            "pathParameters": {"EndpointName": FALCON},
            "headers": {"content-type": "application/json"},
            "body": json.dumps(PROMPT),
            "requestContext": context,
        }
        scene = models.scene
        variables = {IDENTITIES: json.dumps(SIGNERS)}
        handle = streaming_handler(
            Dependencies(
                scene.repository,
                "dev",
                lambda: scene.now,
                scene.account.client,
                scene.open_status(),
                variables,
            )
        )
        prelude, _, body = b"".join(handle(event, None)).partition(PRELUDE_END)
        status = int(json.loads(prelude)["statusCode"])
        return status, "" if status == 200 else json.loads(body)["code"]

    def test_may_sign_with_awss_keys(self, models: Models) -> None:
        arn = f"arn:aws:sts::{ACCOUNT}:assumed-role/{{}}/ida"
        asker = {"identity": {"userArn": arn.format("Asker")}}
        stranger = {"identity": {"userArn": arn.format("Stranger")}}
        assert self.begun(models, asker) == (200, "")
        assert self.begun(models, stranger) == (403, "LH4213")

    def test_is_let_in_no_longer_than_the_token_is_valid(self, models: Models) -> None:
        now = models.scene.now
        valid = Caller("0123", IDA, now + timedelta(seconds=1)).to_context()
        ended = Caller("0123", IDA, now).to_context()
        assert self.begun(models, {"authorizer": valid}) == (200, "")
        assert self.begun(models, {"authorizer": ended}) == (401, "LH4216")
