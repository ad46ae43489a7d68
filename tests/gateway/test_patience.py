"""How long the gateway waits for AWS: never longer than API Gateway waits for it, and once."""

from __future__ import annotations

import json
import re
import socket
import threading
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from botocore.config import Config

from gateway import clients
from gateway.dependencies import Dependencies
from gateway.handler import build
from gateway.models.executions import StepFunctions
from gateway.models.runtime import ModelRuntime, ModelStream
from gateway.models.streaming import streaming_handler
from gateway.models.wire import ModelCall
from gateway.webhook.secrets import webhook_secrets
from gateway.webhook.wake import ControllerFunction
from ledger.deadline import within
from ledger.errors import Unavailable
from ledger.variables import CONTROLLER_FUNCTION, WEBHOOK_SECRET
from tests.gateway.noted import noted
from tests.gateway.serving import FALCON, PROMPT
from tests.ledger.stalling import Stalling
from tests.scene import definition, lease, path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Json, Scene

API_GATEWAY_SECONDS = 29
SOON = 0.3
CALL = ModelCall(b"{}", {})
CALLER = {"name": "Ida", "email": "ida@example.com", "scopes": "invoke"}


def waits(config: Config) -> float:
    """The most seconds for all attempts of one call."""
    options: Any = config
    attempts = options.retries["total_max_attempts"]
    return float(attempts * (options.connect_timeout + options.read_timeout))


@pytest.mark.parametrize("config", [clients.TOKENS, clients.COUNTING, clients.BRIEF, clients.MODEL])
def test_every_call_ends_before_api_gateway_does(config: Config) -> None:
    assert waits(config) < API_GATEWAY_SECONDS


@pytest.mark.parametrize("config", [clients.MODEL, clients.STREAM])
def test_a_model_is_never_asked_twice_for_one_call(config: Any) -> None:  # noqa: ANN401
    assert config.retries == {"total_max_attempts": 1}


def test_no_client_is_made_without_one_of_these() -> None:
    folder = Path(__file__).resolve().parents[2] / "gateway"
    made = re.compile(r"(?:\.client|_make)\((?P<rest>[^)]*)\)")
    calls = [
        call["rest"] for file in folder.rglob("*.py") for call in made.finditer(file.read_text())
    ]
    assert len(calls) >= 5
    assert [rest for rest in calls if "config=" not in rest and rest] == []


class Mute:
    """A server that takes a connection and a request, and answers `begin` at the most."""

    def __init__(self, begin: bytes = b"", *, cut: bool = False) -> None:
        self.requests = 0
        self._begin, self._cut = begin, cut
        self._kept: list[socket.socket] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            try:
                line, _ = self._listener.accept()
            except OSError:
                return
            line.recv(65536)
            self.requests += 1
            line.sendall(self._begin)
            if self._cut:
                line.close()
            self._kept.append(line)

    def close(self) -> None:
        self._listener.close()
        for line in self._kept:
            line.close()

    def client(self, service: str, config: Config) -> Any:  # noqa: ANN401
        """The gateway's own client, as patient as a test is."""
        session: Any = boto3.Session("testing", "testing", region_name="us-east-1")
        hasty = config.merge(Config(read_timeout=SOON))
        return session.client(service, endpoint_url=self.url, config=hasty)


@contextmanager
def mute(begin: bytes = b"", *, cut: bool = False) -> Iterator[Mute]:
    server = Mute(begin, cut=cut)
    try:
        yield server
    finally:
        server.close()


def _client_of(url: str, service: str, config: Config) -> Any:  # noqa: ANN401
    session: Any = boto3.Session("testing", "testing", region_name="us-east-1")
    return session.client(service, endpoint_url=url, config=config)


def _held(until: threading.Event) -> Iterator[bytes]:
    until.wait()
    yield b"x"


def refused(call: Any) -> Unavailable:  # noqa: ANN401
    with pytest.raises(Unavailable) as caught:
        call()
    return caught.value


class TestASlowModel:
    def test_is_asked_once_and_said_to_be_slow(self) -> None:
        with mute() as server:
            failure = refused(lambda: ModelRuntime(server.client).invoke(FALCON, CALL))
            assert failure.code == "LH4342"
            assert "/startexecution" in failure.message
            assert server.requests == 1

    def test_that_stops_in_the_middle_of_its_answer_too(self) -> None:
        begun = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhal"
        with mute(begun) as server:
            failure = refused(lambda: ModelRuntime(server.client).invoke(FALCON, CALL))
            assert failure.code == "LH4342"

    @pytest.mark.parametrize("ask", ["invoke", "collect"])
    def test_that_trickles_its_answer_is_given_up(self, ask: str) -> None:
        begun = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n"
        with Stalling(begin=begun) as server:
            runtime = ModelRuntime(partial(_client_of, server.url))
            over = threading.Event()
            stream = ModelStream({}, _held(over))
            calls = {
                "invoke": partial(runtime.invoke, FALCON, CALL),
                "collect": partial(runtime.collect, FALCON, stream),
            }
            with within(0.5):
                failure = refused(calls[ask])
            over.set()
        assert failure.code == "LH4342"

    def test_that_cuts_its_answer_did_not_answer(self) -> None:
        begun = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhal"
        with mute(begun, cut=True) as server:
            failure = refused(lambda: ModelRuntime(server.client).invoke(FALCON, CALL))
            assert failure.code == "LH4307"

    @pytest.mark.parametrize("cut", [False, True], ids=["silent", "cut"])
    def test_that_stops_in_the_middle_of_a_stream_breaks_it_off(self, *, cut: bool) -> None:
        begun = (
            b"HTTP/1.1 200 OK\r\nContent-Type: application/vnd.amazon.eventstream\r\n"
            b"Transfer-Encoding: chunked\r\n\r\n4\r\n\x00\x00\x00\x50\r\n"
        )
        with mute(begun, cut=cut) as server:
            stream: Any = ModelRuntime(server.client).stream(FALCON, CALL)
            assert refused(lambda: list(stream.parts)).code == "LH4311"
            assert server.requests == 1

    def test_is_a_gateways_timeout_for_the_caller(self, scene: Scene) -> None:
        """Also for who asks for a stream, before it has begun."""
        leased = lease(scene.now.replace(year=scene.now.year + 1))
        scene.push({path("Falcon40B"): definition("Falcon40B"), path("Falcon40B", "lease"): leased})
        with mute() as server:
            dependencies = Dependencies(
                scene.repository,
                "dev",
                lambda: scene.now,
                server.client,
                noted("demo-Falcon40B-Endpoint"),
            )
            answer = build(dependencies)(invocation("/invoke/{EndpointName}"), None)
            assert answer["statusCode"] == 504
            assert json.loads(answer["body"])["code"] == "LH4342"
            event = invocation("/invoke/{EndpointName}/stream")
            prelude = b"".join(streaming_handler(dependencies)(event, None)).partition(bytes(8))[0]
            assert json.loads(prelude)["statusCode"] == 504


def invocation(resource: str) -> Json:
    return {
        "httpMethod": "POST",
        "resource": resource,
        "pathParameters": {"EndpointName": "Falcon40B"},
        "headers": {"Content-Type": "application/json"},
        "body": json.dumps(PROMPT),
        "requestContext": {"authorizer": CALLER},
    }


@pytest.mark.parametrize("name", ["Content-Type", "Accept", "X-Amzn-SageMaker-Custom-Attributes"])
@pytest.mark.parametrize("value", ["a" * 1025, "é", "a\nb", "a\tb", "\u2028"], ids=ascii)
def test_a_header_that_sagemaker_does_not_take_never_gets_there(
    scene: Scene, name: str, value: str
) -> None:
    scene.push({path("Falcon40B"): definition("Falcon40B")})
    with mute() as server:
        handle = build(Dependencies(scene.repository, "dev", lambda: scene.now, server.client))
        event = {**invocation("/invoke/{EndpointName}"), "headers": {name: value}}
        answer = handle(event, None)
        assert answer["statusCode"] == 400
        assert json.loads(answer["body"])["code"] == "LH4341"
        assert server.requests == 0


def test_other_services_are_not_waited_for_either(scene: Scene) -> None:
    with mute() as server:
        variables = {WEBHOOK_SECRET: "hook", CONTROLLER_FUNCTION: "controller"}
        repository: Any = None
        dependencies = Dependencies(
            repository, "dev", lambda: scene.now, server.client, variables=variables
        )
        assert refused(webhook_secrets(dependencies)).code == "LH4406"
        assert refused(ControllerFunction(dependencies)).code == "LH4407"
        assert (
            refused(lambda: StepFunctions(server.client, "arn").start("n", "{}")).code == "LH4326"
        )
