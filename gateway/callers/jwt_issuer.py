"""Callers with a JWT of an OpenID Connect issuer, such as a Cognito user pool.

A JWT is verified in this order, and each step refuses what it doubts:

1. its algorithm is RS256 or ES256, and not what the JWT would like best (`none`, HS256)
2. the issuer has a key of its id, and that key made the signature
3. issuer and audience are those of the settings; a Cognito access token, which has no audience,
   names the app client in `client_id` instead
4. `exp` is ahead, `nbf` and `iat` are not, give or take ten seconds
5. its claims make a principal that a commit can carry; nothing in them is corrected

No message has a JWT in it, or a part of one other than the claims of step 5. Secrets are not
compared: what is checked is a signature by a public key. Needs the extra `oidc`, and reaches no
network but the issuer's JWKS (`jwks`).
"""

from __future__ import annotations

import base64
import json
import math
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import jwt
from jwt.algorithms import has_crypto

from gateway.callers.identify import Caller
from gateway.callers.jwks import ALGORITHMS, SigningKeys
from gateway.principal import Principal, address_under, scopes_from
from ledger.errors import Refused
from ledger.instants import later

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.identity_settings import Oidc

    Claims = Mapping[str, Any]

LEEWAY = timedelta(seconds=10)
PARTS = 3
_HERE = {f"verify_{claim}": False for claim in ("exp", "nbf", "iat", "aud")}  # by our clock, below
_NONSENSE = (ValueError, TypeError, ArithmeticError, OSError, RecursionError)  # as times, as JSON
_OPTIONS: Any = {**_HERE, "require": ["exp", "sub"], "enforce_minimum_key_length": True}


class Issuer:
    """Safe to call from many threads."""

    def __init__(self, settings: Oidc, keys: SigningKeys | None = None) -> None:
        if not has_crypto:
            raise ModuleNotFoundError("no cryptography for PyJWT", name="cryptography")
        self._settings = settings
        self._keys = keys or SigningKeys(settings.jwks_url)

    def is_named_in(self, token: str) -> bool:
        """Tell whether a token says that it is this issuer's JWT; nothing is proved by that."""
        parts = token.split(".")
        return len(parts) == PARTS and _object(parts[1]).get("iss") == self._settings.issuer

    def verify(self, token: str, now: datetime) -> Caller:
        """Tell who holds a JWT.

        Raises `Refused`: LH4210 for a JWT that is not good (now), LH4211 for a good one whose
        holder may do nothing here; and `Unavailable` (LH4212) when the issuer's keys are missing.
        """
        try:
            claims = self._signed(token, now)
            self._check_audience(claims)
            end = _check_times(claims, now)
        except (jwt.PyJWTError, *_NONSENSE) as error:
            # Only the kind of the error, and no cause: others' words could quote the token.
            raise Refused("LH4210", f"a JWT is not valid: {type(error).__name__}.") from None
        principal = self._principal(claims)
        return Caller(principal.email, principal, end)

    def _signed(self, token: str, now: datetime) -> Claims:
        header = jwt.get_unverified_header(token)
        if header.get("alg") not in ALGORITHMS:
            raise jwt.InvalidAlgorithmError
        key_id = header.get("kid")
        key = self._keys.find(key_id, now) if isinstance(key_id, str) else None
        if key is None:
            raise jwt.InvalidKeyError
        claims: Claims = jwt.decode(
            token, key, algorithms=ALGORITHMS, issuer=self._settings.issuer, options=_OPTIONS
        )
        return claims

    def _check_audience(self, claims: Claims) -> None:
        named = claims["aud"] if "aud" in claims else claims.get("client_id")
        named = named if isinstance(named, list) else [named]
        if not any(each in self._settings.audience for each in named):
            raise jwt.InvalidAudienceError

    def _principal(self, claims: Claims) -> Principal:
        name = claims.get(self._settings.name_claim)
        if not isinstance(name, str):
            raise _unfit(f"it has no text in the claim {self._settings.name_claim!r}")
        if not (scopes := self._scopes(claims)):
            raise _unfit(f"nothing in its claim {self._settings.scopes_claim!r} gives a scope here")
        try:
            return Principal(name, self._email(claims), scopes_from(scopes))
        except Refused as refused:
            if refused.code == "LH4211":
                raise
            raise _unfit(refused.message.rstrip(".")) from refused

    def _email(self, claims: Claims) -> str:
        claim = self._settings.email_claim
        email = claims.get(claim)
        if email is None:
            host = urlsplit(self._settings.issuer).hostname
            return address_under(f"{host}.oidc.invalid", claims["sub"])
        if not isinstance(email, str):
            raise _unfit(f"its claim {claim!r} is no text")
        verified = claims.get("email_verified") in (True, "true")
        if claim == "email" and self._settings.require_email_verified and not verified:
            raise _unfit(
                "its claim 'email_verified' does not say true, so anybody could have entered the"
                " address (identities.oidc.require_email_verified)"
            )
        if email.lower().endswith(".invalid"):
            raise _unfit("its e-mail address is of the kind that only Leasehold gives")
        return email

    def _scopes(self, claims: Claims) -> list[str]:
        said = claims.get(self._settings.scopes_claim)
        words = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
        rules = self._settings.scopes
        found = (rules.get(word, ()) for word in words if isinstance(word, str))
        return sorted({scope for scopes in found for scope in scopes})


def _check_times(claims: Claims, now: datetime) -> datetime:
    """Return when a JWT ends, in whole seconds and with the leeway: nothing may outlive it."""
    end = later(_instant(claims["exp"]), LEEWAY)
    starts = [_instant(claims[claim]) for claim in ("nbf", "iat") if claim in claims]
    if now >= end:
        raise jwt.ExpiredSignatureError
    if any(now + LEEWAY < start for start in starts):
        raise jwt.ImmatureSignatureError
    return end


def _instant(seconds: object) -> datetime:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise TypeError
    return datetime.fromtimestamp(math.floor(seconds), UTC)


def _object(part: str) -> Mapping[str, Any]:
    try:
        found = json.loads(base64.urlsafe_b64decode(f"{part}=="))
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _unfit(why: str) -> Refused:
    return Refused("LH4211", f"a JWT of the issuer admits nobody: {why}.")
