"""HTTP requests as typed values: body, query, headers, caller. Pure.

Called by the handler with an API Gateway proxy event (payload version 1). Everything that comes
from outside is checked here; what is returned may be used as a name.
"""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.principal import Principal, Scope
from ledger.errors import Refused
from ledger.json_files import read_json

Event = Mapping[str, Any]
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_NAME_LIMIT = 63
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_REQUEST_ID = re.compile(r"[a-zA-Z0-9._:-]{1,64}")


@dataclass(frozen=True, slots=True)
class ExtensionBody:
    endpoint_name: str
    minutes: int
    endpoint_config_name: str | None = None
    reason: str | None = None


def extension_body(event: Event) -> ExtensionBody:
    """Read the body of POST /endpoint-expiry. Raises Refused LH4001 (not JSON) or LH4002."""
    data = read_json("body", _body(event), "extension-request")
    if isinstance(data, tuple):
        unreadable = data[0].code == "LH1001"
        places = (f"{v.pointer}: {v.sentence}" if v.pointer else v.sentence for v in data)
        code = "LH4001" if unreadable else "LH4002"
        raise Refused(code, f"The body is not as expected: {' '.join(places)}")
    return ExtensionBody(
        endpoint_name=data["EndpointName"],
        minutes=data["minutes"],
        endpoint_config_name=data.get("EndpointConfigName"),
        reason=data.get("reason"),
    )


def endpoint_name(event: Event) -> str | None:
    """Read the query's EndpointName. Raises Refused LH4003 for what can be no endpoint's name."""
    name = (event.get("queryStringParameters") or {}).get("EndpointName")
    if name is not None and not (len(name) <= _NAME_LIMIT and _NAME.fullmatch(name)):
        raise Refused(
            "LH4003",
            "EndpointName has letters, digits and inner hyphens only, and 63 of them at the most.",
        )
    return name


def caller(event: Event, scope: Scope) -> Principal:
    """Tell who calls, from the authorizer's context. Raises Refused LH4031 without the scope."""
    context = (event.get("requestContext") or {}).get("authorizer") or {}
    principal = Principal.from_context(context)
    if not principal.allows(scope):
        raise Refused("LH4031", f"This token lacks the scope {scope}. Ask for one that has it.")
    return principal


def has_key(event: Event) -> bool:
    """Tell whether the caller wants a repetition to be recognised."""
    return _key(event) is not None


def request_id(event: Event, principal: Principal) -> str:
    """Choose the id of a change: of the caller's Idempotency-Key, else of this very request.

    A key counts for its caller only. Raises Refused LH4004 for a key that is none.
    """
    if (key := _key(event)) is not None:
        if not _KEY.fullmatch(key):
            raise Refused("LH4004", "An Idempotency-Key has 1 to 255 visible ASCII characters.")
        return hashlib.sha256(f"{principal.email}\n{key}".encode()).hexdigest()[:32]
    given = str((event.get("requestContext") or {}).get("requestId", ""))
    return given if _REQUEST_ID.fullmatch(given) else hashlib.sha256(given.encode()).hexdigest()


def _key(event: Event) -> str | None:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return headers.get("idempotency-key")


def _body(event: Event) -> bytes:
    body = event.get("body")
    if not body:
        raise Refused("LH4001", "The body is empty; send JSON with EndpointName and minutes.")
    if not event.get("isBase64Encoded"):
        return str(body).encode(errors="surrogatepass")  # half a pair is refused as no UTF-8
    try:
        return base64.b64decode(body, validate=True)
    except ValueError as error:
        raise Refused("LH4001", "The body is not valid base64.") from error
