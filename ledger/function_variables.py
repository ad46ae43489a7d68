"""What an environment's file says, as variables of the gateway's functions. Pure.

Who may call, and how often, is asked for every request, and an authorizer has no clone of the
ledger: so functions get it when they are deployed.
"""

import json
from dataclasses import asdict
from typing import Any

from ledger.documents import Environment
from ledger.variables import (
    ALLOWED_ORIGINS,
    IDENTITIES,
    INVOCATIONS_PER_MINUTE,
    LINK_SECRET,
    REQUESTS_PER_MINUTE,
)


def identity_variables(environment: Environment) -> dict[str, str]:
    """Return the variable that `identity_settings.read_identities` reads; none for tokens alone."""
    block = _said(asdict(environment.identities))
    return {IDENTITIES: json.dumps(block, separators=(",", ":"))} if block else {}


def _said(block: dict[str, Any]) -> dict[str, Any]:
    """Leave out what the settings do not say."""
    return {
        key: _said(it) if isinstance(it, dict) else it
        for key, it in block.items()
        if it is not None
    }


def rate_variables(environment: Environment) -> dict[str, str]:
    """Return how often one caller may call in a minute; a variable that is missing is no limit."""
    most = {
        REQUESTS_PER_MINUTE: environment.requests_per_minute,
        INVOCATIONS_PER_MINUTE: environment.invocations_per_minute,
    }
    return {name: str(number) for name, number in most.items() if number is not None}


def link_variables(environment: Environment) -> dict[str, str]:
    """Return where the keys of links are; none where notices carry no links."""
    return {LINK_SECRET: environment.link_secret} if environment.link_secret else {}


def origin_variables(environment: Environment) -> dict[str, str]:
    """Return whose pages may call the API from a browser; nobody's without the variable."""
    origins = list(environment.allowed_origins)
    return {ALLOWED_ORIGINS: json.dumps(origins, separators=(",", ":"))} if origins else {}


def refusal_headers(environment: Environment) -> dict[str, str]:
    """Return the headers of what API Gateway answers by itself, in its words for their values.

    It can say one fixed origin, or the one that asked, and cannot choose. With several, a page of
    another origin can read such a refusal, too: it is a fixed sentence, and nothing lies behind it.
    """
    match environment.allowed_origins:
        case ():
            return {}
        case (origin,):
            allowed = f"'{origin}'"
        case _:
            allowed = "method.request.header.Origin"
    return {"Access-Control-Allow-Origin": allowed, "Vary": "'Origin'"}
