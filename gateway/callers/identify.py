"""One principal for every way to show who calls: a token, a JWT, or AWS's signature. Pure.

    who                      proved by                                becomes a principal in
    holder of a token        `tokens`, `legacy_tokens`: the table     the authorizer's context
    holder of a JWT          `jwt_issuer`: the issuer's signature     the authorizer's context
    signer with AWS's keys   API Gateway (AWS_IAM, `aws_signature`)   this module

The authorizer answers with a `Caller`; `identified` finds it in a request, and no operation knows
which of the three it was. What an environment admits comes as the variable `LEASEHOLD_IDENTITIES`,
the block `identities` of its `environment.json` as JSON: the authorizer reads no repository.

API Gateway keeps the authorizer's answer for half a minute (docs/decisions/0010). What ends
earlier must not outlive itself there, so the context carries the end and it is checked here for
each request.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.callers import aws_signature
from gateway.principal import Principal
from ledger.errors import Refused
from ledger.identity_settings import Identities, read_identities
from ledger.instants import stamp
from ledger.variables import IDENTITIES

if TYPE_CHECKING:
    from collections.abc import Mapping

_UNTIL = "expires_at"


@dataclass(frozen=True, slots=True)
class Caller:
    """Somebody who was let in, and until when; `public_id` may stand in a log."""

    public_id: str
    principal: Principal
    expires_at: datetime | None = None

    def to_context(self) -> dict[str, str]:
        """Write it as an authorizer's context, where API Gateway carries strings only."""
        until = {} if self.expires_at is None else {_UNTIL: stamp(self.expires_at)}
        return {**self.principal.to_context(), **until}


def read(variables: Mapping[str, str]) -> Identities:
    """Read what the environment admits. Raises `Refused` (LH4215) with everything wrong in it."""
    text = variables.get(IDENTITIES)
    if not text:
        return Identities()
    try:
        return read_identities(json.loads(text))
    except (ValueError, RecursionError) as error:
        said = f"{IDENTITIES} is not as a deployment writes it: {error}"
        raise Refused("LH4215", said) from error


def identified(event: Mapping[str, Any], settings: Identities, now: datetime) -> Principal | None:
    """Tell who sent a request, however they showed it; None is nobody.

    Raises `Refused`: LH4201 or LH4202 for an authorizer's context that is none, LH4213 for a signer
    who may do nothing here, LH4216 for who was let in by something that is over meanwhile.
    """
    request = event.get("requestContext") or {}
    context = request.get("authorizer") or {}
    if context:
        _check_end(context, now)
        return Principal.from_context(context)
    arn = (request.get("identity") or {}).get("userArn")
    if settings.iam is not None and isinstance(arn, str):
        return aws_signature.principal(arn, settings.iam)
    return None


def _check_end(context: Mapping[str, Any], now: datetime) -> None:
    if _UNTIL not in context:
        return
    try:
        end = datetime.strptime(str(context[_UNTIL]), "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    except ValueError as error:
        raise Refused(
            "LH4202", f"the authorizer's context of the request has no time in {_UNTIL}."
        ) from error
    if now >= end:
        raise Refused(
            "LH4216", "The token ended a moment ago: get a new one, and send the request again."
        )
