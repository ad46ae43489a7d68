"""Who may call the API besides the holders of tokens: the block `identities` of an environment.

It stands in `environment.json`, and the gateway gets the same block as a variable. Pure, without
the JSON Schemas, which an authorizer that needs no such settings does not load. It must not know
what a JWT or a scope is good for.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OPTIONAL = ("name_claim", "email_claim", "scopes_claim", "require_email_verified")

ScopeRules = Mapping[str, tuple[str, ...]]
"""From what an issuer or AWS says of a caller to the scopes that it is worth."""


@dataclass(frozen=True, slots=True)
class Oidc:
    """An issuer of JWTs, such as a Cognito user pool, and what its claims mean here."""

    issuer: str
    audience: tuple[str, ...]
    scopes: ScopeRules
    jwks_url: str
    name_claim: str = "name"
    email_claim: str = "email"
    scopes_claim: str = "scope"
    require_email_verified: bool = True


@dataclass(frozen=True, slots=True)
class Iam:
    """Calls that AWS signed: globs of ARNs, and what their callers may do."""

    scopes: ScopeRules


@dataclass(frozen=True, slots=True)
class Identities:
    """What an environment admits; without settings, the tokens of its own table alone."""

    oidc: Oidc | None = None
    iam: Iam | None = None
    legacy_token_table: str | None = None


def identities_from(data: Mapping[str, Any]) -> Identities:
    """Read a block that its JSON Schema has passed."""
    return Identities(
        oidc=_oidc(data["oidc"]) if "oidc" in data else None,
        iam=Iam(_rules(data["iam"]["scopes"])) if "iam" in data else None,
        legacy_token_table=data.get("legacy_token_table"),
    )


def _oidc(data: Mapping[str, Any]) -> Oidc:
    at_cognitos_place = f"{data['issuer'].rstrip('/')}/.well-known/jwks.json"
    return Oidc(
        issuer=data["issuer"],
        audience=tuple(data["audience"]),
        scopes=_rules(data["scopes"]),
        jwks_url=data.get("jwks_url", at_cognitos_place),
        **{each: data[each] for each in _OPTIONAL if each in data},
    )


def _rules(data: Mapping[str, list[str]]) -> ScopeRules:
    return {what: tuple(scopes) for what, scopes in data.items()}
