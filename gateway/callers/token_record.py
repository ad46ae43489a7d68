"""A token's row: what the table has of a token, and the checks on its way in and out. Pure.

`tokens` writes and reads rows with it. Of the token itself only the SHA-256 is ever here, and its
first letters are the public id.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from gateway.principal import Principal, scopes_from
from ledger.errors import Refused
from ledger.instants import stamp

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_TOKEN = 4096
ID_LENGTH = 12
# What a client can put into an Authorization header and the authorizer reads back unchanged.
_CHOSEN = re.compile(r"(?![Bb][Ee][Aa][Rr][Ee][Rr]( |$))[!-~]([ -~]*[!-~])?")
_SHORTEST_CHOSEN = 8


@dataclass(frozen=True)
class TokenRecord:
    """What the table tells of a token; `token_id` is public and cannot be used to call the API."""

    token_id: str
    principal: Principal
    created_at: datetime
    expires_at: datetime | None = None

    def is_expired(self, now: datetime) -> bool:
        return self.expires_at is not None and now >= self.expires_at


def digest(token: str) -> str:
    """Return what the table has of a token."""
    return hashlib.sha256(token.encode(errors="surrogatepass")).hexdigest()


def public_id(token: str) -> str:
    """Return the id under which a token is listed, logged and revoked."""
    return digest(token)[:ID_LENGTH]


def unfit(token: str) -> str:
    """Say why a chosen token could never come back, without repeating it; "" when it can."""
    if _SHORTEST_CHOSEN <= len(token) <= LONGEST_TOKEN and _CHOSEN.fullmatch(token):
        return ""
    return (
        f"a chosen token has {_SHORTEST_CHOSEN} to {LONGEST_TOKEN} printable ASCII characters,"
        " no blank at its ends and no `Bearer` before it."
    )


def item_of(
    token_hash: str, principal: Principal, now: datetime, expires_at: datetime | None
) -> dict[str, Any]:
    item: dict[str, Any] = {
        "token_hash": {"S": token_hash},
        "token_id": {"S": token_hash[:ID_LENGTH]},
        "name": {"S": principal.name},
        "email": {"S": principal.email},
        "scopes": {"SS": sorted(principal.scopes)},
        "created_at": {"S": stamp(now)},
    }
    if principal.only:
        item["only"] = {"SS": sorted(principal.only)}
    if expires_at is not None:
        item["expires_at"] = {"S": stamp(expires_at)}
        item["expires_at_epoch"] = {"N": str(int(expires_at.timestamp()))}
    return item


def record_of(item: Mapping[str, Any]) -> TokenRecord:
    """Read a row strictly: one that was edited by hand into nonsense admits nobody.

    Raises Refused LH4206.
    """
    token_id = str(item["token_hash"]["S"])[:ID_LENGTH]
    try:
        return TokenRecord(
            token_id,
            Principal(
                item["name"]["S"],
                item["email"]["S"],
                scopes_from(item["scopes"]["SS"]),
                frozenset(item["only"]["SS"]) if "only" in item else frozenset(),
            ),
            _instant(item["created_at"]["S"]),
            _instant(item["expires_at"]["S"]) if "expires_at" in item else None,
        )
    except (KeyError, TypeError, ValueError, Refused) as error:
        text = f"the row of token {token_id} cannot be read ({error}): revoke it."
        raise Refused("LH4206", text) from error


def _instant(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
