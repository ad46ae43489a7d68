"""What API Gateway sends a Lambda function: the proxy event, payload format 1.0 of a REST API.

What REST APIs do and other gateways do not: `path` and `pathParameters` keep the percent-encoding
the client sent, the query is decoded. It must not know of HTTP servers or of what a handler does.
"""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from sandbox.api_gateway.http import Request
    from sandbox.lambda_functions.invocation import Json

_NOT_FORWARDED = frozenset({"connection", "content-length", "transfer-encoding"})


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
    """Return the client's headers with this hop, and without those that end at the gateway."""
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
    """Return all values of each name; names of the same fold are one, spelt as it came first."""
    spelling: dict[str, str] = {}
    collected: dict[str, list[str]] = {}
    for name, value in pairs:
        collected.setdefault(spelling.setdefault(fold(name), name), []).append(value)
    return collected


def _text_or_base64(body: bytes) -> tuple[str | None, bool]:
    """Return text as it is, anything else in base64: as an API with binary media types sends it."""
    if not body:
        return None, False
    try:
        return body.decode(), False
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), True
