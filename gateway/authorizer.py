"""The API's door: an API Gateway TOKEN authorizer that asks the token table who is calling.

AWS Lambda calls `handler`; `leasehold up` and the tests build an `Authorizer` with their own table
and clock. Three outcomes: a policy, `Unauthorized` (401), or any other error (500). A table that
does not answer is the third: nobody passes on a doubt. A token is never logged or answered.
"""

from __future__ import annotations

import functools
import os
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import boto3
from botocore.config import Config

from gateway.tokens import LONGEST_TOKEN, TokenTable
from ledger.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.tokens import TokenRecord

TABLE_SETTING = "LEASEHOLD_TOKEN_TABLE"
_BEARER = re.compile(r"^bearer(?:[ \t]+|$)", re.IGNORECASE)
_STAGE = re.compile(r"(arn:[\w-]+:execute-api:[\w-]*:\d*:[\w-]+/[\w$-]+)/[A-Z]+(?:/.*)?", re.DOTALL)


class UnauthorizedError(Exception):
    """API Gateway answers 401 when, and only when, the message is exactly this word."""

    def __init__(self) -> None:
        super().__init__("Unauthorized")


class Authorizer:
    """Answers an authorizer event; safe to call from many threads."""

    def __init__(self, table: TokenTable, clock: Callable[[], datetime]) -> None:
        self._table = table
        self._clock = clock

    def __call__(self, event: Mapping[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG002 - Lambda's signature
        stage = _stage(str(event["methodArn"]))
        token = presented(event.get("authorizationToken"))
        record = None if token is None else self._table.find(token, self._clock())
        if record is None:
            raise UnauthorizedError
        return _policy(record, stage)


def presented(header: object) -> str | None:
    """Take the token out of an Authorization header: bare, or after `Bearer`; None if malformed."""
    if not isinstance(header, str):
        return None
    token = _BEARER.sub("", header.strip(" \t"), count=1)
    return token if 0 < len(token) <= LONGEST_TOKEN and token.isprintable() else None


def _stage(method_arn: str) -> str:
    found = _STAGE.fullmatch(method_arn)
    if not found:
        raise ValueError(f"not the ARN of an API's method: {method_arn!r}")
    return found[1]


def _policy(record: TokenRecord, stage: str) -> dict[str, Any]:
    """Allow the whole stage: API Gateway keeps a policy for its token and reuses it for any method.

    What the caller may do there is in the scopes, and the API asks them for each request.
    """
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow",
        "Resource": f"{stage}/*/*",
    }
    return {
        "principalId": record.token_id,
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": record.principal.to_context(),
    }


def handler(event: Mapping[str, Any], context: object) -> dict[str, Any]:
    """Answer for the Lambda function, whose settings are in its environment."""
    return _of_this_function()(event, context)


@functools.cache
def _of_this_function() -> Authorizer:
    name = os.environ.get(TABLE_SETTING)
    if not name:
        raise Refused("LH4208", f"{TABLE_SETTING} is not set: name the table of the API's tokens.")
    config = Config(connect_timeout=2, read_timeout=2, retries={"total_max_attempts": 3})
    client = boto3.client("dynamodb", config=config)
    return Authorizer(TokenTable(client, name), lambda: datetime.now(UTC))
