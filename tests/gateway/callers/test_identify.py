"""What an environment admits, as the gateway's functions get it: one variable."""

from __future__ import annotations

import json

import pytest

from gateway.callers.identify import read
from ledger.errors import Refused
from ledger.identity_settings import Identities, identities_from
from ledger.variables import IDENTITIES

BLOCK = {
    "oidc": {
        "issuer": "https://issuer.example.com/",
        "audience": ["leasehold"],
        "scopes": {"ops": ["admin"]},
    },
    "iam": {"scopes": {"arn:aws:iam::123456789012:role/Deploy*": ["read"]}},
    "legacy_token_table": "auth",
}


@pytest.mark.parametrize("variables", [{}, {IDENTITIES: ""}])
def test_without_the_variable_only_the_tokens_of_the_table_count(
    variables: dict[str, str],
) -> None:
    assert read(variables) == Identities()


def test_the_variable_is_the_environments_block() -> None:
    assert read({IDENTITIES: json.dumps(BLOCK)}) == identities_from(BLOCK)
    assert read({IDENTITIES: "{}"}) == Identities()


@pytest.mark.parametrize("text", ["{", "NaN", "[" * 100_000, '"yes"', "[]", "7", "null"])
def test_what_is_no_block_is_refused(text: str) -> None:
    with pytest.raises(Refused, match=f"LH4215.*{IDENTITIES}"):
        read({IDENTITIES: text})


def test_everything_of_another_form_is_said_at_once_with_its_place() -> None:
    wrong = {
        "oidc": {"issuer": 7, "audience": "a", "scopes": {"ops": [1]}, "require_email_verified": 1},
        "iam": {},
        "ldap": True,
    }
    with pytest.raises(Refused) as refused:
        read({IDENTITIES: json.dumps(wrong)})
    places = (
        *("/oidc/issuer", "/oidc/audience", "/oidc/scopes/ops/0", "/oidc/require_email_verified"),
        *("/iam/scopes", "/ldap"),
    )
    assert [place for place in places if place not in refused.value.message] == []
