"""A model's answer as it comes: `POST /invoke/{EndpointName}/stream`.

API Gateway streams a REST API's answers since November 2025: an `AWS_PROXY` integration with the
transfer mode `STREAM` calls Lambda's InvokeWithResponseStream, and the function writes a JSON
object with status and headers, eight zero bytes, and then the body. `streaming_handler` yields just
that, and `leasehold up` serves it in chunks. Lambda's Python runtime cannot stream by itself
(Node.js can, and a runtime of one's own); behind it `Streaming.collected` gives the same
answer in one piece.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from gateway.admission import Admission
from gateway.dependencies import Dependencies
from gateway.http import errors
from gateway.http.answer import Answer
from gateway.http.call import Call, Event, request_id
from gateway.http.cross_origin import CrossOrigin
from gateway.models.asynchronous import check_waits
from gateway.models.invocation import Invocation
from gateway.models.runtime import ModelStream
from gateway.models.wire import ModelAnswer
from ledger.deadline import MOST_SECONDS_OF_A_CALL, within
from ledger.errors import Unavailable

PRELUDE_END = bytes(8)
_EVENTS = "text/event-stream"
StreamingHandler = Callable[[Event, object], Iterator[bytes]]


@dataclass(frozen=True, slots=True)
class Streaming:
    """The models of one environment, a part at a time."""

    invocation: Invocation

    def begin(self, call: Call) -> ModelStream | Answer:
        """Ask the model; an Answer is all there is to say. Raises Failure."""
        invocation = self.invocation
        item = invocation.named(call)
        check_waits(item)
        return invocation.ask(item, call, invocation.runtime.stream)

    def collected(self, call: Call) -> Answer:
        """Wait for the whole stream, where nobody can pass it on in parts."""
        begun = self.begin(call)
        if isinstance(begun, Answer):
            return begun
        return ModelAnswer(
            self.invocation.runtime.collect(call.path["EndpointName"], begun), headers=begun.headers
        )


def streaming_handler(dependencies: Dependencies) -> StreamingHandler:
    """Make the handler of the streaming resource; its caller sends on what it yields at once."""
    admission = Admission.of(dependencies)
    streaming = Streaming(Invocation.of(dependencies))
    cross_origin = CrossOrigin.read(dependencies.variables, dependencies.environment)

    def handle(event: Event, context: object) -> Iterator[bytes]:  # noqa: ARG001  (Lambda's)
        try:
            with within(MOST_SECONDS_OF_A_CALL):
                _, call = admission.admit(event)
            begun = streaming.begin(call)
        except Exception as error:  # noqa: BLE001 - an entry point
            begun = errors.told(error, request_id(event))
        if isinstance(begun, Answer):
            return _whole(cross_origin.marked(event, begun))
        return _in_parts(begun, cross_origin.headers(event))

    return handle


def _whole(reply: Answer) -> Iterator[bytes]:
    answer = reply.as_proxy()
    yield _prelude(answer["statusCode"], answer["headers"]) + answer["body"].encode()


def _in_parts(stream: ModelStream, headers: Mapping[str, str]) -> Iterator[bytes]:
    """Pass on the parts. What breaks off later can change the status no more.

    A stream of events ends with one that says so; any other body just ends, and the connection
    with it.
    """
    yield _prelude(200, {**stream.headers, **headers})
    try:
        yield from stream.parts
    except Unavailable as failure:
        if not stream.headers.get("Content-Type", "").startswith(_EVENTS):
            raise
        told = json.dumps({"error": failure.message, "code": failure.code})
        yield f"event: error\ndata: {told}\n\n".encode()


def _prelude(status: int, headers: dict[str, str]) -> bytes:
    return json.dumps({"statusCode": status, "headers": headers}).encode() + PRELUDE_END
