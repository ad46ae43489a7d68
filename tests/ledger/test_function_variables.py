"""What an environment says arrives at its functions by variables, and says the same there."""

from __future__ import annotations

import json

import pytest

from ledger.documents import Environment
from ledger.function_variables import identity_variables
from ledger.identity_settings import Identities, identities_from, read_identities
from ledger.variables import IDENTITIES

OIDC = {
    "issuer": "https://login.example.com/",
    "audience": ["client", "other"],
    "scopes": {"platform": ["admin"], "leasehold/extend": ["read", "extend"]},
}
CLAIMS: dict[str, object] = {
    "jwks_url": "https://keys.example.com/jwks?v=1",
    "name_claim": "username",
    "email_claim": "mail",
    "scopes_claim": "cognito:groups",
    "require_email_verified": False,
}
IAM = {"scopes": {"arn:aws:iam::123456789012:role/Platform*": ["read", "extend"]}}


def environment(identities: Identities) -> Environment:
    return Environment("demo", "us-east-1", "arn", identities=identities)


@pytest.mark.parametrize(
    "block",
    [
        {"oidc": OIDC},
        {"oidc": {**OIDC, **CLAIMS}},
        {"iam": IAM},
        {"legacy_token_table": "old-auth"},
        {"oidc": OIDC, "iam": IAM, "legacy_token_table": "old-auth"},
    ],
    ids="+".join,
)
def test_who_is_admitted_reads_the_same_from_the_variable(block: dict[str, object]) -> None:
    admitted = identities_from(block)
    told = identity_variables(environment(admitted))
    assert list(told) == [IDENTITIES]
    assert read_identities(json.loads(told[IDENTITIES])) == admitted


def test_an_environment_that_admits_tokens_alone_needs_no_variable() -> None:
    assert identity_variables(environment(Identities())) == {}
