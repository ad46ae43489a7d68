"""Lambda's Runtime API as AWS documents it: events for a function's process, and what it answers.

The process is a real one, with the runtime client that Lambda runs, or the gateway's own.
"""

from __future__ import annotations

import json
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from queue import Queue
from typing import TYPE_CHECKING, Any

from tests.loopback import serving

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

PATIENCE_SECONDS = 120


@dataclass(frozen=True)
class Posted:
    path: str
    headers: dict[str, str]
    chunks: list[bytes]
    trailer: bytes = b""

    @property
    def answer(self) -> Any:  # noqa: ANN401 - JSON
        assert self.path.endswith("/response"), self.chunks
        return json.loads(b"".join(self.chunks))


@dataclass
class Lambda:
    """What Lambda does for one process of a function."""

    address: str = ""
    events: Queue[Any] = field(default_factory=Queue)
    posted: Queue[Posted] = field(default_factory=Queue)

    def invoke(self, event: object) -> Posted:
        self.events.put(event)
        return self.posted.get(timeout=PATIENCE_SECONDS)

    def handler(self) -> type[BaseHTTPRequestHandler]:
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                body = json.dumps(service.events.get()).encode()
                self.send_response(200)
                self.send_header("Lambda-Runtime-Aws-Request-Id", "request-1")
                self.send_header("Lambda-Runtime-Deadline-Ms", str(int(time.time() + 60) * 1000))
                self.send_header("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:x:1:f:f")
                self.send_header("Lambda-Runtime-Trace-Id", "Root=1-0-0")
                self.send_header("Content-Type", "application/json")
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

        return Handler


@contextmanager
def lambda_service() -> Iterator[Lambda]:
    service = Lambda()
    with serving(service.handler()) as url:
        service.address = url.removeprefix("http://")
        yield service


@contextmanager
def running(command: Sequence[str], folder: Path, variables: Mapping[str, str]) -> Iterator[Lambda]:
    """Run a function's process in its folder, with nothing but its variables."""
    with lambda_service() as service:
        told = {"AWS_LAMBDA_RUNTIME_API": service.address, "LAMBDA_TASK_ROOT": str(folder)}
        process = subprocess.Popen(command, cwd=folder, env={**variables, **told})
        try:
            yield service
        finally:
            process.kill()
            process.wait()


@dataclass(frozen=True)
class Invocation:
    """A function that somebody invoked by AWS's API."""

    path: str
    kind: str
    payload: bytes


@contextmanager
def front_door() -> Iterator[tuple[str, list[Invocation]]]:
    """Lambda's API at an address: it accepts invocations, as an asynchronous one is accepted."""
    calls: list[Invocation] = []

    class Door(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            calls.append(Invocation(self.path, self.headers["X-Amz-Invocation-Type"], body))
            self.send_response(202)
            self.send_header("Content-Length", "0")
            self.end_headers()

    with serving(Door) as url:
        yield url, calls
