"""An API Gateway TOKEN authorizer, which finds out who is calling.

What is presented is looked at in this order:

1. a JWT that names the environment's issuer is verified by `jwt_issuer`, and asked for nowhere else
2. anything else is a token: in the environment's table, then in the predecessor's if there is one

Four outcomes: a policy that allows, one that denies (403: a good JWT whose holder may do nothing
here), `Unauthorized` (401), or any other error (500). A table or an issuer that does not answer is
the last: nobody passes on a doubt, and an issuer's silence harms no holder of a token.

API Gateway keeps a policy for what was presented and reuses it for any method of the stage, for 30
seconds (docs/decisions/0010). So a policy says all that its caller may reach there: the paths whose
operations ask for scopes themselves, and, with the scope `invoke`, every other, for behind a
definition's own path nobody may ask any more (docs/decisions/0024). A token for some endpoints
alone does not get there (docs/decisions/0042). The end of a JWT or a token is
asked for each request. What was presented is never logged or answered.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from gateway.callers.identify import Caller
from gateway.callers.legacy_tokens import LegacyTokens
from gateway.callers.token_record import LONGEST_TOKEN
from gateway.http.routes import METHODS, OWN_PATH
from gateway.log_lines import logger
from gateway.principal import Scope
from ledger.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from types_boto3_dynamodb import DynamoDBClient

    from gateway.callers.jwt_issuer import Issuer
    from gateway.callers.tokens import TokenTable
    from ledger.identity_settings import Identities, Oidc

LONGEST_PRESENTED = 8192  # a JWT that lists groups; all headers of a request have 10,240 bytes
_BEARER = re.compile(r"^bearer(?:[ \t]+|$)", re.IGNORECASE)
_STAGE = re.compile(r"(arn:[\w-]+:execute-api:[\w-]*:\d*:[\w-]+/[\w$-]+)/[A-Z]+(?:/.*)?", re.DOTALL)

# METHOD/path of the routes whose operations check the scope, and say which one is missing.
_ASKING_FOR_SCOPES = tuple(
    route.method + re.sub(r"\{\w+\}", "*", route.resource)
    for route in METHODS
    if route.resource != OWN_PATH
)

log = logger("leasehold.authorizer")


class UnauthorizedError(Exception):
    """API Gateway answers 401 when, and only when, the message is exactly this word."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


class Authorizer:
    """Answers an authorizer event; safe to call from many threads."""

    def __init__(
        self,
        table: TokenTable,
        clock: Callable[[], datetime],
        *,
        issuer: Issuer | None = None,
        legacy: LegacyTokens | None = None,
    ) -> None:
        self._table = table
        self._clock = clock
        self._issuer = issuer
        self._legacy = legacy

    @classmethod
    def admitting(
        cls,
        settings: Identities,
        client: DynamoDBClient,
        table: TokenTable,
        clock: Callable[[], datetime],
    ) -> Authorizer:
        """Make one for what an environment admits. Raises `Refused` (LH4209) without the extra."""
        named = settings.legacy_token_table
        return cls(
            table,
            clock,
            issuer=_issuer(settings.oidc) if settings.oidc else None,
            legacy=LegacyTokens(client, named) if named else None,
        )

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG002 - Lambda's signature
        stage = _stage(str(event["methodArn"]))
        token = presented(event.get("authorizationToken"))
        if token is None:
            raise UnauthorizedError
        if self._issuer is not None and self._issuer.is_named_in(token):
            return self._answer_jwt(self._issuer, token, stage)
        caller = self._holder(token)
        if caller is None:
            raise UnauthorizedError
        return _allowed(caller, stage)

    def _answer_jwt(self, issuer: Issuer, token: str, stage: str) -> dict[str, Any]:
        try:
            return _allowed(issuer.verify(token, self._clock()), stage)
        except Refused as refused:
            log.info("%s %s", refused.code, refused.message)
            if refused.code == "LH4211":
                return _denied(stage)
        raise UnauthorizedError

    def _holder(self, token: str) -> Caller | None:
        if len(token) > LONGEST_TOKEN:
            return None
        if (record := self._table.find(token, self._clock())) is not None:
            return Caller(record.token_id, record.principal, record.expires_at)
        if self._legacy is None or (plain := self._legacy.find(token)) is None:
            return None
        if plain.principal is None:
            text = f"the row of token {plain.public_id} cannot be read ({plain.problem})"
            raise Refused("LH4219", text)
        return Caller(plain.public_id, plain.principal)


def _issuer(settings: Oidc) -> Issuer:
    try:
        from gateway.callers.jwt_issuer import Issuer  # noqa: PLC0415 - it needs the extra

        return Issuer(settings)
    except ModuleNotFoundError as error:
        text = (
            f"JWTs cannot be verified ({error.name} is missing): install 'leasehold[oidc]', or"
            " build the functions' packages with `leasehold package`, and deploy again."
        )
        raise Refused("LH4209", text) from error


def presented(header: object) -> str | None:
    """Take the token out of an Authorization header: bare, or after `Bearer`; None if malformed."""
    if not isinstance(header, str):
        return None
    token = _BEARER.sub("", header.strip(" \t"), count=1)
    return token if 0 < len(token) <= LONGEST_PRESENTED and token.isprintable() else None


def _stage(method_arn: str) -> str:
    found = _STAGE.fullmatch(method_arn)
    if not found:
        raise ValueError(f"not the ARN of an API's method: {method_arn!r}")
    return found[1]


def _allowed(caller: Caller, stage: str) -> dict[str, Any]:
    principal = caller.principal
    # Only the gateway knows which endpoints a token is for, and a model's own path may bypass it.
    everywhere = principal.allows(Scope.INVOKE) and not principal.only
    paths = ("*/*",) if everywhere else _ASKING_FOR_SCOPES
    policy = _policy(caller.public_id, "Allow", [f"{stage}/{path}" for path in paths])
    return {**policy, "context": caller.to_context()}


def _denied(stage: str) -> dict[str, Any]:
    return _policy("nobody", "Deny", [f"{stage}/*/*"])


def _policy(principal_id: str, effect: str, resources: list[str]) -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resources}
    return {
        "principalId": principal_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }
