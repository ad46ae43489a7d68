"""The runtime that streams, against Lambda's Runtime API as AWS documents it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.models.streaming import PRELUDE_END
from gateway.stream_handler import Runtime
from tests.conftest import staged
from tests.gateway.serving import FALCON, PROMPT, start_fleet
from tests.lambda_service import lambda_service, running
from tests.scene import REGION

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]
PROXY_EVENT = {
    "httpMethod": "POST",
    "resource": "/invoke/{EndpointName}/stream",
    "pathParameters": {"EndpointName": FALCON},
    "body": json.dumps(PROMPT),
    "requestContext": {"authorizer": {"name": "I", "email": "i@x.org", "scopes": "invoke"}},
}


def test_each_part_is_a_chunk_in_the_form_that_lambda_asks_for() -> None:
    with lambda_service() as service:
        service.events.put({"n": 1})
        seen = []

        def handle(event: Any, context: object) -> Iterator[bytes]:  # noqa: ANN401
            seen.append(event)
            return iter([b"{}" + PRELUDE_END, b"", b"one", b"two"])

        Runtime(service.address).serve_one(handle)
        posted = service.posted.get()
    assert seen == [{"n": 1}]
    assert posted.path == "/2018-06-01/runtime/invocation/request-1/response"
    assert posted.headers["Lambda-Runtime-Function-Response-Mode"] == "streaming"
    assert posted.headers["Content-Type"] == "application/vnd.awslambda.http-integration-response"
    assert posted.chunks == [b"{}" + PRELUDE_END, b"one", b"two"]
    assert posted.trailer == b""


def test_a_stream_that_breaks_off_says_so_in_its_trailer() -> None:
    def handle(event: object, context: object) -> Iterator[bytes]:
        yield b"one"
        raise OSError("gone")

    with lambda_service() as service:
        service.events.put({})
        Runtime(service.address).serve_one(handle)
        posted = service.posted.get()
    assert posted.chunks == [b"one"]
    assert b"Lambda-Runtime-Function-Error-Type: Gateway.OSError\r\n" in posted.trailer


def test_an_event_that_cannot_be_answered_is_an_error_of_the_function() -> None:
    def handle(event: object, context: object) -> Iterator[bytes]:
        raise OSError("gone")

    with lambda_service() as service:
        service.events.put({})
        Runtime(service.address).serve_one(handle)
        posted = service.posted.get()
    assert posted.path == "/2018-06-01/runtime/invocation/request-1/error"
    assert json.loads(posted.chunks[0]) == {"errorType": "OSError", "errorMessage": "gone"}


def test_the_function_as_lambda_starts_it_streams_a_models_answer(tmp_path: Path) -> None:
    """By its own script, as a process, with nothing but its variables."""
    with staged(tmp_path) as scene:
        scene.at(datetime.now(UTC) - timedelta(minutes=5))
        start_fleet(scene)
        variables = {
            "AWS_ENDPOINT_URL": scene.account.url,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
            "AWS_DEFAULT_REGION": REGION,
            "LEASEHOLD_ENVIRONMENT": "dev",
            "LEASEHOLD_REPOSITORY": scene.forge.url,
            "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
            "HOME": str(tmp_path),
        }
        wrapper = [str(ROOT / "gateway" / "stream.sh"), "/var/runtime/bootstrap.py"]
        with running(wrapper, ROOT, variables) as service:
            posted = service.invoke(PROXY_EVENT)
    prelude, _, first = b"".join(posted.chunks).partition(PRELUDE_END)
    assert json.loads(prelude)["statusCode"] == 200
    assert len(posted.chunks) == 4  # the prelude, and a chunk for each token
    assert first.startswith(b'data:{"index": 1')


def test_the_function_finds_its_own_code_and_the_packages_of_its_layers(tmp_path: Path) -> None:
    (tmp_path / "python3").write_text('#!/bin/sh\necho "$PYTHONPATH $*"\n')
    (tmp_path / "python3").chmod(0o755)
    said = subprocess.run(
        [str(ROOT / "gateway" / "stream.sh"), "/var/runtime/bootstrap.py"],
        env={"PATH": f"{tmp_path}:/bin", "LAMBDA_TASK_ROOT": "/var/task", "PYTHONPATH": "/var/run"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    assert said == "/var/task:/opt/python:/var/run -m gateway.stream_handler\n"
