"""A Lambda runtime that streams: it takes events from Lambda and writes answers part by part.

An entry point: Lambda starts it by `stream.sh` instead of Python's own runtime, which hands over an
answer as a whole. It speaks Lambda's Runtime API over HTTP: next event, answer in chunks, error. A
stream that breaks off ends with a trailer that names the error, so Lambda does not take it for
whole.
"""

import gc

gc.disable()  # until all is imported, as in `gateway.handler`

import base64
import http.client
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from gateway.deployed import deployed
from gateway.log_lines import logger
from gateway.models.streaming import StreamingHandler, streaming_handler

gc.freeze()
gc.enable()

ADDRESS = "AWS_LAMBDA_RUNTIME_API"
_ROOT = "/2018-06-01/runtime/invocation"
_HEADERS = {
    "Lambda-Runtime-Function-Response-Mode": "streaming",
    "Content-Type": "application/vnd.awslambda.http-integration-response",
    "Transfer-Encoding": "chunked",
    "Trailer": "Lambda-Runtime-Function-Error-Type, Lambda-Runtime-Function-Error-Body",
}

log = logger("leasehold.gateway")


@dataclass(frozen=True, slots=True)
class Runtime:
    """Lambda's Runtime API at an address."""

    address: str

    def serve_one(self, handle: StreamingHandler) -> None:
        """Wait for one event and answer it. What the handler raises is told to Lambda."""
        connection = http.client.HTTPConnection(self.address)
        try:
            connection.request("GET", f"{_ROOT}/next")
            given = connection.getresponse()
            event = json.loads(given.read())
            request_id = given.headers["Lambda-Runtime-Aws-Request-Id"]
            try:
                answer = handle(event, None)
                first = next(answer, b"")
            except Exception as error:
                log.exception("The event could not be answered.")
                self._refuse(connection, request_id, error)
            else:
                self._send(connection, request_id, first, answer)
        finally:
            connection.close()

    def _send(
        self,
        connection: http.client.HTTPConnection,
        request_id: str,
        first: bytes,
        rest: Iterator[bytes],
    ) -> None:
        connection.putrequest("POST", f"{_ROOT}/{request_id}/response")
        for name, value in _HEADERS.items():
            connection.putheader(name, value)
        connection.endheaders()
        trailer = b""
        try:
            connection.send(_chunk(first))
            for part in rest:
                connection.send(_chunk(part))
        except ConnectionError:
            raise
        except Exception as error:
            log.exception("The stream broke off.")
            trailer = _trailer(error)
        connection.send(b"0\r\n" + trailer + b"\r\n")
        connection.getresponse().read()

    def _refuse(
        self, connection: http.client.HTTPConnection, request_id: str, error: Exception
    ) -> None:
        headers = {"Lambda-Runtime-Function-Error-Type": f"Gateway.{type(error).__name__}"}
        connection.request("POST", f"{_ROOT}/{request_id}/error", _told(error), headers)
        connection.getresponse().read()


def _chunk(part: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(part), part) if part else b""


def _trailer(error: Exception) -> bytes:
    body = base64.b64encode(_told(error)).decode()
    return (
        f"Lambda-Runtime-Function-Error-Type: Gateway.{type(error).__name__}\r\n"
        f"Lambda-Runtime-Function-Error-Body: {body}\r\n"
    ).encode()


def _told(error: Exception) -> bytes:
    return json.dumps({"errorType": type(error).__name__, "errorMessage": str(error)}).encode()


def main() -> None:
    """Serve events for as long as Lambda keeps the process."""
    handle, runtime = (
        streaming_handler(deployed(os.environ, lambda: datetime.now(UTC))),
        Runtime(os.environ[ADDRESS]),
    )
    while True:
        runtime.serve_one(handle)


if __name__ == "__main__":
    main()
