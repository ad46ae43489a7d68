"""What API Gateway and Lambda hand each other: the proxy event, the context and the answer.

This is payload format 1.0 of a REST API's Lambda proxy integration, and the format of a streamed
answer: a JSON object with status and headers, eight zero bytes, the body. `rest_api` calls it;
it knows nothing of HTTP servers or of what a handler does. What REST APIs do and other gateways do
not: `path` and `pathParameters` keep the percent-encoding the client sent, the query is decoded.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeAlias

from sandbox.api_gateway.http import Answer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping
    from datetime import datetime

    from sandbox.api_gateway.http import Request

Json: TypeAlias = dict[str, Any]
Handler: TypeAlias = "Callable[[Json, Any], Any]"

INTEGRATION_TIMEOUT = timedelta(seconds=29)
# API Gateway keeps these for itself; an answer's own value arrives under another name.
_REMAPPED = frozenset(
    {
        "connection",
        "content-length",
        "date",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
    }
)
_NOT_FORWARDED = frozenset({"connection", "content-length", "transfer-encoding"})
_ANSWER_FIELDS = frozenset({"statusCode", "headers", "multiValueHeaders", "body"})
_PRELUDE_END = bytes(8)
_PRELUDE_LIMIT = 16 * 1024


class MalformedAnswerError(Exception):
    """A handler's answer is not what the proxy integration accepts."""


@dataclass(frozen=True)
class Call:
    """A request that found its resource: what the event says beyond the request itself."""

    request: Request
    resource: str
    path: str
    path_parameters: Mapping[str, str]
    stage: str
    api_id: str
    account: str
    stage_variables: Mapping[str, str]
    authorizer: Mapping[str, str] | None = None


@dataclass(frozen=True)
class InvocationContext:
    """The second argument of every Lambda handler."""

    function_name: str
    aws_request_id: str
    region: str
    account: str
    deadline: datetime
    clock: Callable[[], datetime]
    function_version: str = "$LATEST"
    memory_limit_in_mb: int = 512
    log_stream_name: str = "sandbox"

    @property
    def invoked_function_arn(self) -> str:
        return f"arn:aws:lambda:{self.region}:{self.account}:function:{self.function_name}"

    @property
    def log_group_name(self) -> str:
        return f"/aws/lambda/{self.function_name}"

    def get_remaining_time_in_millis(self) -> int:
        return max(0, round((self.deadline - self.clock()) / timedelta(milliseconds=1)))


def invoke(handler: Handler, event: Json, context: InvocationContext) -> object:
    """Run a handler as Lambda does: JSON goes in and JSON comes out, nothing is shared."""
    answer = handler(json.loads(json.dumps(event)), context)
    return json.loads(json.dumps(answer))


def event_for(call: Call) -> Json:
    request = call.request
    headers = _collected(_forwarded_headers(request), fold=str.lower)
    query = _collected(request.query, fold=str)
    body, is_base64 = _text_or_base64(request.body)
    return {
        "resource": call.resource,
        "path": call.path,
        "httpMethod": request.method,
        "headers": {name: values[-1] for name, values in headers.items()},
        "multiValueHeaders": headers,
        "queryStringParameters": {name: values[-1] for name, values in query.items()} or None,
        "multiValueQueryStringParameters": query or None,
        "pathParameters": dict(call.path_parameters) or None,
        "stageVariables": dict(call.stage_variables) or None,
        "requestContext": _request_context(call),
        "body": body,
        "isBase64Encoded": is_base64,
    }


def _request_context(call: Call) -> Json:
    request = call.request
    context = {
        "accountId": call.account,
        "apiId": call.api_id,
        "resourceId": call.resource.strip("/") or "root",
        "resourcePath": call.resource,
        "stage": call.stage,
        "path": request.path,
        "httpMethod": request.method,
        "protocol": "HTTP/1.1",
        "domainName": request.header("Host") or "",
        "requestId": request.id,
        "extendedRequestId": request.id,
        "requestTime": request.received_at.strftime("%d/%b/%Y:%H:%M:%S +0000"),
        "requestTimeEpoch": int(request.received_at.timestamp() * 1000),
        "identity": {"sourceIp": request.source_ip, "userAgent": request.header("User-Agent")},
    }
    return context if call.authorizer is None else {**context, "authorizer": {**call.authorizer}}


def _forwarded_headers(request: Request) -> list[tuple[str, str]]:
    """Add this hop to the client's headers, and leave out what ends at the gateway."""
    chain = [value for name, value in request.headers if name.lower() == "x-forwarded-for"]
    kept = [
        (name, value)
        for name, value in request.headers
        if name.lower() not in _NOT_FORWARDED and not name.lower().startswith("x-forwarded-")
    ]
    return [
        *kept,
        ("X-Forwarded-For", ", ".join([*chain, request.source_ip])),
        ("X-Forwarded-Proto", "http"),
    ]


def _collected(
    pairs: Iterable[tuple[str, str]], *, fold: Callable[[str], str]
) -> dict[str, list[str]]:
    """All values of each name; names with the same fold are one, spelt as it came first."""
    spelling: dict[str, str] = {}
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        collected.setdefault(spelling.setdefault(fold(name), name), []).append(value)
    return collected


def _text_or_base64(body: bytes) -> tuple[str | None, bool]:
    """Text as it is; anything else as base64, as an API with binary media types sends it."""
    if not body:
        return None, False
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True


def answer_from(answer: object) -> Answer:
    """Read a proxy integration's answer; raise MalformedAnswerError where AWS says 502."""
    if not isinstance(answer, dict) or not answer.keys() <= _ANSWER_FIELDS | {"isBase64Encoded"}:
        raise MalformedAnswerError(f"not a proxy answer: {type(answer).__name__}")
    return Answer(
        _status(answer.get("statusCode", 200)),
        _headers(answer.get("headers") or {}, answer.get("multiValueHeaders") or {}),
        _body(answer.get("body"), is_base64=answer.get("isBase64Encoded") or False),
    )


def streamed_answer(parts: Iterable[bytes]) -> Answer:
    """Read a streaming integration's answer as far as its body, which is passed on as it comes."""
    coming, begun = iter(parts), b""
    while _PRELUDE_END not in begun:
        part = next(coming, None)
        if part is None or len(begun) > _PRELUDE_LIMIT:
            raise MalformedAnswerError("a stream without its eight zero bytes")
        begun += part
    prelude, _, body = begun.partition(_PRELUDE_END)
    try:
        answer = answer_from(json.loads(prelude))
    except ValueError as error:
        raise MalformedAnswerError("a stream that does not begin with JSON") from error
    return replace(answer, body=_continued(body, coming))


def _continued(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _status(value: object) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or not 200 <= int(text) <= 599:  # noqa: PLR2004 -- HTTP's range of final answers
        raise MalformedAnswerError(f"statusCode: {value!r}")
    return int(text)


def _headers(single: object, multi: object) -> tuple[tuple[str, str], ...]:
    """Merge both mappings; for a name in both the list wins."""
    if not isinstance(single, dict) or not isinstance(multi, dict):
        raise MalformedAnswerError("headers: not an object")
    several = {name.lower() for name in multi}
    pairs = [(name, value) for name, value in single.items() if name.lower() not in several]
    for name, values in multi.items():
        if not isinstance(values, list):
            raise MalformedAnswerError(f"multiValueHeaders: {name}: not an array")
        pairs += [(name, value) for value in values]
    if all(name.lower() != "content-type" for name, _ in pairs):
        pairs.append(("Content-Type", "application/json"))
    return tuple((_remapped(name), _header_value(name, value)) for name, value in pairs)


def _remapped(name: str) -> str:
    return f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name


def _header_value(name: str, value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str() if value.isprintable() and all(ord(letter) < 256 for letter in value):  # noqa: PLR2004 -- HTTP headers are Latin-1
            return value
        case _:
            raise MalformedAnswerError(f"headers: {name}: not a header's value")


def _body(value: object, *, is_base64: object) -> bytes:
    if not isinstance(value, str | None) or not isinstance(is_base64, bool):
        raise MalformedAnswerError("body: neither text nor null")
    if not is_base64:
        return (value or "").encode("utf-8", "replace")
    try:
        return base64.b64decode(value or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedAnswerError("body: not base64") from error
