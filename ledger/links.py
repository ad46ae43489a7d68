"""Links that extend or release a lease: what one says, and how it is signed and read. Pure.

A link's token is `base64url(JSON).base64url(HMAC-SHA256)`. Whoever holds it may do what it says,
once, and nothing else: the notice that carries it is the permission. So it names one endpoint of
one environment, the lease that it was sent for, and its own end, and adds an hour at the most.

A key is a line of text, and `kid` is made of it: the first line signs, and all lines are looked at,
so that one key can be replaced by another while links of both are under way.
"""

import base64
import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any

from ledger.errors import Refused
from ledger.lease import duration, stamp

CHANNEL = "channel"  # the audience of a link that nobody in particular has got
MOST_MINUTES = 60
SHORTEST_KEY = 32
LONGEST = 2048
_VERSION = 1
_GRACE = timedelta(hours=1)  # after a lease's end, in which its link starts the endpoint again
_LONGEST_LIFE = timedelta(hours=24)
_NONCE = re.compile(r"[0-9a-f]{32}")
_PART = re.compile(r"[A-Za-z0-9_-]+")
_AGAIN = "Extend the lease in the console or by the API."


class LinkAction(StrEnum):
    EXTEND = "extend"
    RELEASE = "release"


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """What a link's holder may do, once. `lease` is a commit as of which the lease is meant.

    `audience` is the e-mail address of the one person who got it, or `CHANNEL`. `minutes` are 0 for
    a release.
    """

    environment: str
    endpoint_name: str
    action: LinkAction
    minutes: int
    lease: str
    nonce: str
    expires_at: datetime
    audience: str

    @property
    def names_a_person(self) -> bool:
        return self.audience != CHANNEL

    def claims(self) -> dict[str, Any]:
        """Return it as JSON has it; `of_claims` reads it."""
        return {
            "v": _VERSION,
            "env": self.environment,
            "endpoint": self.endpoint_name,
            "do": str(self.action),
            "minutes": self.minutes,
            "lease": self.lease,
            "nonce": self.nonce,
            "exp": int(self.expires_at.timestamp()),
            "aud": self.audience,
        }


@dataclass(frozen=True, slots=True)
class Keys:
    """What links are signed by, the newest first. Raises Refused LH4405 for no key, or a short one.

    It does not show itself: `repr` would put it into a log.
    """

    lines: tuple[str, ...]

    def __post_init__(self) -> None:
        if not self.lines or any(len(line) < SHORTEST_KEY for line in self.lines):
            raise Refused(
                "LH4405",
                f"The key of the links is too short: each line of its secret has {SHORTEST_KEY}"
                " characters or more. `openssl rand -hex 32` makes one.",
            )

    def __repr__(self) -> str:
        return f"Keys({len(self.lines)})"

    @classmethod
    def of(cls, text: str) -> "Keys":
        return cls(tuple(line.strip() for line in text.splitlines() if line.strip()))

    def nonce(self, *parts: str) -> str:
        """Make what names a single use: the same of the same parts, and nobody else can make it."""
        return _mac(self.lines[0], "nonce", "\n".join(parts)).hex()[:32]


def expiry(lease_end: datetime, now: datetime) -> datetime:
    """Return until when a link is good that is sent now: a little longer than the lease."""
    return min(lease_end + _GRACE, now + _LONGEST_LIFE)


def sign(link: Link, keys: Keys) -> str:
    """Write a link's token."""
    key = keys.lines[0]
    claims = {**link.claims(), "kid": _kid(key)}
    body = _encode(json.dumps(claims, separators=(",", ":"), sort_keys=True).encode())
    return f"{body}.{_encode(_mac(key, 'link', body))}"


def read(token: str, keys: Keys, environment: str, now: datetime) -> Link:
    """Return what a token says, once it is proven.

    Raises Refused: LH4270 for what is no token, LH4272 for a key that is not in use, LH4271 for a
    wrong signature, LH4274 for another environment, LH4275 for more than a link may add, LH4273
    after its end.
    """
    body, claims = _opened(token)
    key = next((key for key in keys.lines if _kid(key) == claims.get("kid")), None)
    if key is None:
        raise Refused(
            "LH4272",
            f"This link is signed by a key that is not in use any more, or never was. {_AGAIN}",
        )
    if not hmac.compare_digest(f"{body}.{_encode(_mac(key, 'link', body))}", token):
        raise Refused(
            "LH4271",
            "This link's signature does not fit: it was changed on its way, or somebody else made"
            f" it. Nothing was done. {_AGAIN}",
        )
    link = of_claims(claims)
    _check(link, environment, now)
    return link


def _check(link: Link, environment: str, now: datetime) -> None:
    if link.environment != environment:
        raise Refused(
            "LH4274",
            f"This link is for the environment {link.environment:.60}, and this is {environment}:"
            " open it at that environment's own address.",
        )
    if link.minutes > MOST_MINUTES:
        raise Refused(
            "LH4275",
            f"This link would add {link.minutes} min, and a link adds {MOST_MINUTES} min at the"
            f" most. {_AGAIN}",
        )
    if link.expires_at <= now:
        raise Refused(
            "LH4273",
            f"This link was good until {stamp(link.expires_at)}, {duration(now - link.expires_at)}"
            f" ago. {_AGAIN}",
        )


def _opened(token: str) -> tuple[str, Mapping[str, Any]]:
    """Return the signed part and what it says, which is not proven yet."""
    body, _, signature = token.partition(".")
    if len(token) > LONGEST or not (_PART.fullmatch(body) and _PART.fullmatch(signature)):
        raise _no_token()
    try:
        claims = json.loads(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
    except (ValueError, RecursionError):
        raise _no_token() from None
    if not isinstance(claims, dict):
        raise _no_token()
    return body, claims


def of_claims(claims: Mapping[str, Any]) -> Link:
    """Read what our own key has signed; another version of Leasehold may have written it.

    Raises Refused LH4270 for what is no link.
    """
    try:
        if claims["v"] != _VERSION or not _NONCE.fullmatch(claims["nonce"]):
            raise _no_token()
        return Link(
            environment=str(claims["env"]),
            endpoint_name=str(claims["endpoint"]),
            action=LinkAction(claims["do"]),
            minutes=int(claims["minutes"]),
            lease=str(claims["lease"]),
            nonce=claims["nonce"],
            expires_at=datetime.fromtimestamp(claims["exp"], UTC),
            audience=str(claims["aud"]),
        )
    except (KeyError, TypeError, ValueError, OverflowError, OSError):
        raise _no_token() from None


def _no_token() -> Refused:
    return Refused(
        "LH4270",
        "This is no link of Leasehold's, or a part of it is missing: some programs cut a long link"
        f" at the end of a line. Copy all of it from the notice. {_AGAIN}",
    )


def _kid(key: str) -> str:
    return _mac(key, "kid", "").hex()[:8]


def _mac(key: str, purpose: str, text: str) -> bytes:
    return hmac.digest(key.encode(), f"leasehold {purpose}\n{text}".encode(), hashlib.sha256)


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()
