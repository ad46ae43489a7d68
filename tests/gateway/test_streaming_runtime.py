"""The runtime that streams, against Lambda's Runtime API as AWS documents it.

The Runtime API is emulated here over HTTP: an event for who asks, and a record of what was posted.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import TYPE_CHECKING, Any

from gateway.streaming import PRELUDE_END
from gateway.streaming_runtime import Runtime
from tests.conftest import staged
from tests.gateway.models import FALCON, PROMPT, start_fleet
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


@dataclass(frozen=True)
class Posted:
    path: str
    headers: dict[str, str]
    chunks: list[bytes]
    trailer: bytes = b""


@dataclass
class Lambda:
    """What Lambda does for one process of a function."""

    address: str = ""
    events: Queue[Any] = field(default_factory=Queue)
    posted: Queue[Posted] = field(default_factory=Queue)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = json.dumps(service.events.get()).encode()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "request-1")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def do_POST(self) -> None:
                service.posted.put(self._read())
                self.send_response(202)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def _read(self) -> Posted:
                headers = dict(self.headers)
                if (length := self.headers["Content-Length"]) is not None:
                    return Posted(self.path, headers, [self.rfile.read(int(length))])
                chunks = []
                while size := int(self.rfile.readline(), 16):
                    chunks.append(self.rfile.read(size))
                    self.rfile.readline()
                trailer = b""
                while (line := self.rfile.readline()) != b"\r\n":
                    trailer += line
                return Posted(self.path, headers, chunks, trailer)

            def log_message(self, *_: object) -> None:
                pass

        return Handler


@contextmanager
def lambda_service() -> Iterator[Lambda]:
    service = Lambda()
    server = ThreadingHTTPServer(("127.0.0.1", 0), service.handler())
    server.daemon_threads = True
    service.address = f"127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield service
    server.shutdown()
    server.server_close()
    thread.join()


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
    with staged(tmp_path) as scene, lambda_service() as service:
        scene.at(datetime.now(UTC) - timedelta(minutes=5))
        start_fleet(scene)
        service.events.put(PROXY_EVENT)
        variables = {
            "AWS_LAMBDA_RUNTIME_API": service.address,
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
        process = subprocess.Popen(wrapper, cwd=ROOT, env=variables)
        posted = service.posted.get(timeout=120)
        process.send_signal(signal.SIGKILL)
        process.wait()
    prelude, _, first = b"".join(posted.chunks).partition(PRELUDE_END)
    assert json.loads(prelude)["statusCode"] == 200
    assert len(posted.chunks) == 4  # the prelude, and a chunk for each token
    assert first.startswith(b'data:{"index": 1')
