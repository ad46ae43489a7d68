"""The block `identity_settings` of an environment: what it means, and what may not be deployed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ledger.documents import Environment, parse_environment
from ledger.identity_settings import Iam, Identities, Oidc

FILE = "environments/dev/environment.json"
POOL = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_a1B2c3D4e"
OIDC = {"issuer": POOL, "audience": ["client"], "scopes": {"leasehold/extend": ["read", "extend"]}}
ROLE = "arn:aws:iam::123456789012:role/Deploy*"


def parsed(block: object) -> Identities | list[str]:
    """The block, or the pointers of what is wrong with it."""
    data = {
        "project_prefix": "demo",
        "region_name": "us-east-1",
        "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
        "identities": block,
    }
    found = parse_environment(FILE, json.dumps(data).encode())
    if isinstance(found, Environment):
        return found.identities
    return [violation.pointer for violation in found]


def test_an_environment_without_the_block_admits_tokens_only() -> None:
    assert Environment("demo", "us-east-1", "arn").identities == Identities()
    assert parsed({}) == Identities()


def test_a_cognito_pool_needs_an_issuer_an_audience_and_scopes() -> None:
    assert parsed({"oidc": OIDC}) == Identities(
        oidc=Oidc(
            issuer=POOL,
            audience=("client",),
            scopes={"leasehold/extend": ("read", "extend")},
            jwks_url=f"{POOL}/.well-known/jwks.json",
            name_claim="name",
            email_claim="email",
            scopes_claim="scope",
        )
    )


def test_every_claim_and_the_place_of_the_keys_can_be_chosen() -> None:
    more = {
        "jwks_url": "https://keys.example.com/jwks?v=1",
        "name_claim": "username",
        "email_claim": "mail",
        "scopes_claim": "cognito:groups",
    }
    found = parsed({"oidc": {**OIDC, **more}})
    assert isinstance(found, Identities)
    assert found.oidc is not None
    assert {key: getattr(found.oidc, key) for key in more} == more


def test_an_issuer_with_a_slash_at_its_end_keeps_it_and_has_its_keys_below() -> None:
    found = parsed({"oidc": {**OIDC, "issuer": "https://demo.eu.auth0.com/"}})
    assert isinstance(found, Identities)
    assert found.oidc is not None
    assert found.oidc.issuer == "https://demo.eu.auth0.com/"
    assert found.oidc.jwks_url == "https://demo.eu.auth0.com/.well-known/jwks.json"


def test_roles_and_the_predecessors_table_are_named() -> None:
    found = parsed({"iam": {"scopes": {ROLE: ["read"]}}, "legacy_token_table": "auth"})
    assert found == Identities(iam=Iam({ROLE: ("read",)}), legacy_token_table="auth")


@pytest.mark.parametrize(
    ("block", "pointer"),
    [
        ({"saml": {}}, "/identities"),
        ({"oidc": {}}, "/identities/oidc"),
        ({"oidc": {**OIDC, "issuer": "http://issuer.example.com"}}, "/identities/oidc/issuer"),
        ({"oidc": {**OIDC, "issuer": "http://localhost.example.com"}}, "/identities/oidc/issuer"),
        ({"oidc": {**OIDC, "issuer": f"{POOL}\n"}}, "/identities/oidc/issuer"),
        ({"oidc": {**OIDC, "jwks_url": "file:///etc/passwd"}}, "/identities/oidc/jwks_url"),
        ({"oidc": {**OIDC, "audience": "client"}}, "/identities/oidc/audience"),
        ({"oidc": {**OIDC, "audience": []}}, "/identities/oidc/audience"),
        ({"oidc": {**OIDC, "scopes": {}}}, "/identities/oidc/scopes"),
        ({"oidc": {**OIDC, "scopes": {"a": []}}}, "/identities/oidc/scopes/a"),
        ({"oidc": {**OIDC, "scopes": {"a": ["all"]}}}, "/identities/oidc/scopes/a/0"),
        ({"oidc": {**OIDC, "name_claim": ""}}, "/identities/oidc/name_claim"),
        *(
            ({"iam": {"scopes": {arn: ["read"]}}}, "/identities/iam/scopes")
            for arn in (
                "*",
                "arn:aws:iam::*:role/Deploy",
                "arn:aws:iam::123456789012:role/team/Deploy",
                "arn:aws:sts::123456789012:assumed-role/Deploy/*",
                "arn:aws:iam::123456789012:role/[ab]",
                "arn:aws:iam::123456789012:root",
            )
        ),
        ({"legacy_token_table": True}, "/identities/legacy_token_table"),
    ],
    ids=str,
)
def test_what_could_never_admit_the_right_people_is_refused_with_its_place(
    block: dict[str, Any], pointer: str
) -> None:
    assert parsed(block) == [pointer]
