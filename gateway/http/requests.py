"""HTTP requests as typed values: body, query, headers, caller. Pure.

Called by the handler with an API Gateway proxy event (payload version 1). Everything that comes
from outside is checked here; what is returned may be used as a name.
"""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.callers.principal import Principal, Scope
from ledger.errors import Refused
from ledger.json_files import read_json

Event = Mapping[str, Any]
_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*")
_NAME_LIMIT = 63
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_REQUEST_ID = re.compile(r"[a-zA-Z0-9._:-]{1,64}")
_TAG = re.compile(r'"([0-9a-f]{40})"|([0-9a-f]{40})')
_MOST_CHANGES = 100
_MOST_TAGS = 10  # each is looked up in the history


@dataclass(frozen=True, slots=True)
class ExtensionBody:
    """What is asked: minutes more, or a new end of the lease. `digest` stands for all of it."""

    endpoint_name: str
    amount: int | datetime
    digest: str
    shorten: bool = False
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
        amount=data["minutes"] if "minutes" in data else _instant(data["until"]),
        digest=digest("POST", data),
        shorten=data.get("shorten", False),
        endpoint_config_name=data.get("EndpointConfigName"),
        reason=data.get("reason"),
    )


def digest(method: str, asked: Mapping[str, object]) -> str:
    """Sum up what is asked, however it is spaced and ordered."""
    text = json.dumps([method, asked], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


def endpoint_name(event: Event) -> str | None:
    """Read the query's EndpointName. Raises Refused LH4003 for what can be no endpoint's name."""
    name = _query(event, "EndpointName")
    if name is not None and not (len(name) <= _NAME_LIMIT and _NAME.fullmatch(name)):
        raise Refused(
            "LH4003",
            "EndpointName has letters, digits and inner hyphens only, and 63 of them at the most.",
        )
    return name


def is_dry_run(event: Event) -> bool:
    """Tell whether the caller only wants to know. Raises Refused LH4114."""
    asked = _query(event, "dry_run")
    if asked not in (None, "true", "false"):  # `?dry_run` alone must not change anything
        raise Refused("LH4114", "dry_run is true or false.")
    return asked == "true"


def limit(event: Event, default: int) -> int:
    """Read how many changes the caller wants to see. Raises Refused LH4114."""
    asked = _query(event, "limit")
    if asked is None:
        return default
    if not re.fullmatch("[0-9]{1,3}", asked) or not 1 <= int(asked) <= _MOST_CHANGES:
        raise Refused("LH4114", f"limit is a whole number from 1 to {_MOST_CHANGES}.")
    return int(asked)


def if_match(event: Event) -> tuple[str, ...] | None:
    """Read the commits that If-Match names; `*` stays as it is, what is no commit is left out.

    None is no condition at all. Raises Refused LH4340 for more than anybody needs.
    """
    header = _header(event, "if-match")
    if header is None:
        return None
    tags = [tag.strip() for tag in header.split(",")]
    if len(tags) > _MOST_TAGS:
        raise Refused("LH4340", f"If-Match names {_MOST_TAGS} tags at the most.")
    found = (_TAG.fullmatch(tag) for tag in tags)
    return ("*",) if "*" in tags else tuple(match[1] or match[2] for match in found if match)


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
    return _header(event, "idempotency-key")


def _header(event: Event, wanted: str) -> str | None:
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    return headers.get(wanted)


def _query(event: Event, name: str) -> str | None:
    return (event.get("queryStringParameters") or {}).get(name)


def _instant(until: str) -> datetime:
    try:
        return datetime.fromisoformat(until)
    except ValueError:
        sentence = f"The body is not as expected: /until: {until} is no date of the calendar."
        raise Refused("LH4002", sentence) from None


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
