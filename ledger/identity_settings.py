"""Who may call the API besides the holders of tokens: the block `identities` of an environment.

It stands in `environment.json`, and the gateway gets the same block as a variable. Pure, without
the JSON Schemas: they have passed the file before it is deployed, and an authorizer does not have
them. It must not know what a JWT or a scope is good for.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

_OPTIONAL = (
    "name_claim",
    "email_claim",
    "scopes_claim",
    "require_email_verified",
    "console_client_id",
    "console_sign_in_origin",
)

# What a function expects of the block: a field that may be missing ends in `?`, `*` is any field.
_SCOPES = {"*": [str]}
_SHAPE = {
    "oidc?": {
        "issuer": str,
        "audience": [str],
        "scopes": _SCOPES,
        "jwks_url?": str,
        "name_claim?": str,
        "email_claim?": str,
        "scopes_claim?": str,
        "require_email_verified?": bool,
        "console_client_id?": str,
        "console_sign_in_origin?": str,
        "console_scopes?": [str],
    },
    "iam?": {"scopes": _SCOPES},
    "legacy_token_table?": str,
}
_SAID = {str: "a text", bool: "true or false"}

ScopeRules = Mapping[str, tuple[str, ...]]
"""From what an issuer or AWS says of a caller to the scopes that it is worth."""


@dataclass(frozen=True, slots=True)
class Oidc:
    """An issuer of JWTs, such as a Cognito user pool, and what its claims mean here.

    People sign in on the console as `console_client_id`, a public client of the issuer, whose own
    pages may be at another origin than the issuer.
    """

    issuer: str
    audience: tuple[str, ...]
    scopes: ScopeRules
    jwks_url: str
    name_claim: str = "name"
    email_claim: str = "email"
    scopes_claim: str = "scope"
    require_email_verified: bool = True
    console_client_id: str | None = None
    console_sign_in_origin: str | None = None
    console_scopes: tuple[str, ...] | None = None


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


def read_identities(block: object) -> Identities:
    """Read a block as a function gets it. Raises ValueError with all that has another form."""
    if wrong := [*_misshapen(block, _SHAPE, "")]:
        raise ValueError(" ".join(wrong))
    return identities_from(cast("Mapping[str, Any]", block))


def _misshapen(value: object, shape: object, place: str) -> Iterator[str]:
    match shape, value:
        case type() as kind, _:
            if type(value) is not kind:
                yield f"{place} has to be {_SAID[kind]}."
        case [each], list():
            for index, item in enumerate(value):
                yield from _misshapen(item, each, f"{place}/{index}")
        case {"*": each}, dict():
            for name, item in value.items():
                yield from _misshapen(item, each, f"{place}/{name}")
        case dict(), dict():
            yield from _misshapen_fields(value, shape, place)
        case _:
            wanted = "a list" if isinstance(shape, list) else "an object"
            yield f"{place or '/'} has to be {wanted}."


def _misshapen_fields(
    value: Mapping[str, object], shape: Mapping[str, object], place: str
) -> Iterator[str]:
    fields = {name.removesuffix("?"): each for name, each in shape.items()}
    for name in fields.keys() - value.keys():
        if name in shape:
            yield f"{place}/{name} is missing."
    for name, item in value.items():
        if name in fields:
            yield from _misshapen(item, fields[name], f"{place}/{name}")
        else:
            yield f"{place}/{name} is not known here."


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
        console_scopes=tuple(data["console_scopes"]) if "console_scopes" in data else None,
        **{each: data[each] for each in _OPTIONAL if each in data},
    )


def _rules(data: Mapping[str, list[str]]) -> ScopeRules:
    return {what: tuple(scopes) for what, scopes in data.items()}
