"""A request as a value, read once from API Gateway's proxy event (payload version 1). Pure.

Whoever answers a request works with a `Call`; no module but this one knows what an event looks
like, except for the part that says who calls (`callers.identify`). What comes from outside is
decoded here and not judged: that is for the route's own rules (`matching`).
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any
from urllib.parse import unquote

from gateway.principal import Principal
from ledger.errors import Refused

Event = Mapping[str, Any]
_REQUEST_ID = re.compile(r"[a-zA-Z0-9._:-]{1,64}")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """One request.

    The names of `headers` are in lower case, and a header that came in several lines has their
    values joined by commas, as HTTP means it. `query` has every value of a name. `path` has the
    parts of the path that the route names, without their percent-encoding. `caller` is None where
    nobody showed who they are. `document` is the body as JSON, where the route has a schema for it.
    Several processes may apply a call that `is_relayed`, and it must count once; so must one of a
    `link`.
    """

    method: str
    resource: str
    headers: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    query: Mapping[str, tuple[str, ...]] = field(default_factory=lambda: _NOTHING)
    path: Mapping[str, str] = field(default_factory=lambda: _NOTHING)
    body: bytes = b""
    caller: Principal | None = None
    id: str = ""  # API Gateway's own, as it was sent
    base_url: str = ""
    document: Mapping[str, Any] = field(default_factory=lambda: _NOTHING)
    is_relayed: bool = False
    ends_in_slash: bool = False  # the path; API Gateway finds the same resource without
    source_ip: str = ""
    link: str = ""  # the nonce of the link that asks

    @property
    def principal(self) -> Principal:
        """Return who calls. Raises Refused LH4202 where nobody has shown who they are."""
        if self.caller is None:
            raise Refused(
                "LH4202",
                "The request does not say who calls: it did not come by the API, or the API has no"
                " authorizer.",
            )
        return self.caller

    @property
    def has_key(self) -> bool:
        """Tell whether the caller wants a repetition to be recognised."""
        return "idempotency-key" in self.headers

    @property
    def counts_once(self) -> bool:
        """Tell whether the history is to be asked if the request was applied already."""
        return self.has_key or self.is_relayed or bool(self.link)

    @property
    def request_id(self) -> str:
        """Return the id of what this request changes: of the caller's key, else of the request.

        An Idempotency-Key counts for its caller only, and what a link asks for whoever uses it: no
        address is the word before its nonce.
        """
        if self.link:
            return _digest(f"link\n{self.link}")[:32]
        if self.has_key:
            return _digest(f"{self.principal.email}\n{self.headers['idempotency-key']}")[:32]
        return self.id if _REQUEST_ID.fullmatch(self.id) else _digest(self.id)

    def parameter(self, name: str) -> str | None:
        """Return the value of a query parameter; the route lets each have one at the most."""
        return next(iter(self.query.get(name, ())), None)


def read_call(event: Event) -> Call:
    """Read a request, but for who calls.

    Raises Refused LH4001 for a body that is neither UTF-8 nor base64.
    """
    context = event.get("requestContext") or {}
    headers = headers_of(event)
    return Call(
        method=str(event.get("httpMethod")),
        resource=str(event.get("resource")),
        headers=headers,
        query=_query(event),
        path={name: unquote(part) for name, part in (event.get("pathParameters") or {}).items()},
        body=_body(event),
        id=request_id(event),
        base_url=_base_url(event, context, headers),
        ends_in_slash=str(event.get("path", "")).endswith("/"),
        source_ip=str((context.get("identity") or {}).get("sourceIp") or ""),
    )


def request_id(event: Event) -> str:
    """Return API Gateway's id of a request, also of one that cannot be read."""
    return str((event.get("requestContext") or {}).get("requestId", ""))


def digest(method: str, asked: Mapping[str, object]) -> str:
    """Sum up what is asked, however it is spaced and ordered."""
    return _digest(json.dumps([method, asked], sort_keys=True))[:32]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode(errors="surrogatepass")).hexdigest()


def headers_of(event: Event) -> dict[str, str]:
    """Return the headers of a request, by their names in lower case."""
    found: dict[str, list[str]] = {}
    for name, values in _all_values(event, "headers", "multiValueHeaders"):
        found.setdefault(name.lower(), []).extend(values)
    return {name: ", ".join(values) for name, values in found.items()}


def _query(event: Event) -> dict[str, tuple[str, ...]]:
    whole = ("queryStringParameters", "multiValueQueryStringParameters")
    return {name: tuple(values) for name, values in _all_values(event, *whole)}


def _all_values(event: Event, single: str, multiple: str) -> list[tuple[str, list[str]]]:
    """Return names with all their values; who makes an event by hand may know only the last."""
    if several := event.get(multiple):
        return [(name, [str(value) for value in values]) for name, values in several.items()]
    return [(name, [str(value)]) for name, value in (event.get(single) or {}).items()]


def _body(event: Event) -> bytes:
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            return base64.b64decode(body, validate=True)
        return str(body).encode()
    except ValueError as error:
        raise Refused(
            "LH4001", "The body is neither text in UTF-8 nor valid base64: send JSON in UTF-8."
        ) from error


def _base_url(event: Event, context: Mapping[str, Any], headers: Mapping[str, str]) -> str:
    """Find the address below which the API is: a domain and a stage, or a domain of one's own."""
    below = str(context.get("path", "")).removesuffix(str(event.get("path", "")))
    protocol = headers.get("x-forwarded-proto", "https")
    return f"{protocol}://{context.get('domainName', '')}{below}"
