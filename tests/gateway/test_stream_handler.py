"""The runtime that streams, against Lambda's Runtime API as AWS documents it."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gateway.models.streaming import PRELUDE_END
from gateway.stream_handler import Runtime
from tests.lambda_service import lambda_service

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).resolve().parents[2]


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
