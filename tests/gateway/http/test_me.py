"""`GET /me` knows whoever the API lets in, however they showed who they are."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from gateway.dependencies import Dependencies
from gateway.handler import build
from ledger.variables import IDENTITIES
from tests.ledger.forge import NOON

if TYPE_CHECKING:
    from ledger.repository import Repository

ROLE = "arn:aws:iam::123456789012:role/Platform"
SESSION = "arn:aws:sts::123456789012:assumed-role/Platform/ana"
VARIABLES = {IDENTITIES: json.dumps({"iam": {"scopes": {ROLE: ["read", "extend"]}}})}
HOLDER = {"name": "Ana", "email": "ana@example.com", "scopes": "invoke"}


def asked(context: dict[str, Any]) -> dict[str, Any]:
    nothing = cast("Repository", None)  # it asks nothing of git or AWS
    handle = build(Dependencies(nothing, "dev", lambda: NOON, lambda *_: None, None, VARIABLES))
    event = {"httpMethod": "GET", "resource": "/me", "path": "/me", "requestContext": context}
    return handle(event, None)


@pytest.mark.parametrize(
    ("context", "scopes"),
    [
        ({"authorizer": HOLDER}, ["invoke"]),
        ({"authorizer": {**HOLDER, "expires_at": "2099-01-01T00:00:00Z"}}, ["invoke"]),
        ({"identity": {"userArn": SESSION}}, ["extend", "read"]),
    ],
    ids=["a token", "a JWT", "a signature"],
)
def test_it_says_who_that_is(context: dict[str, Any], scopes: list[str]) -> None:
    answer = asked(context)
    body = json.loads(answer["body"])
    assert (answer["statusCode"], body["Scopes"], body["Environment"]) == (200, scopes, "dev")
    assert body["Name"]
    assert "@" in body["Email"]


def test_nobody_is_nobody() -> None:
    answer = asked({})
    assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (500, "LH4202")
