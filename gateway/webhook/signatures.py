"""Whether a webhook's call comes from somebody who knows the secret. Pure.

Three ways to prove it, of which a call's headers choose one:

| header | proof | the same call again is recognised by |
|---|---|---|
| `X-Leasehold-Signature` | HMAC of `timestamp.body`, at most five minutes old | what was signed |
| `X-Hub-Signature-256` | HMAC of the body (GitHub, Gitea, Forgejo) | what was signed |
| `X-Gitlab-Token` | the secret itself | `X-Gitlab-Event-UUID` and the body |

GitHub signs no delivery id, so `X-GitHub-Delivery` could be exchanged by whoever sends a call a
second time; a push's body names its commits and its time, and counts instead.

A refusal is one sentence for whatever was wrong: it helps nobody to guess. No proof is ever logged.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from ledger.errors import Refused

SIGNATURE = "x-leasehold-signature"
TIMESTAMP = "x-leasehold-timestamp"
GITHUB = "x-hub-signature-256"
GITLAB = "x-gitlab-token"
GITLAB_DELIVERY = "x-gitlab-event-uuid"
WINDOW = timedelta(minutes=5)
_SECONDS = re.compile(r"[0-9]{1,11}")  # since 1970; what has more digits is in no calendar


def recognised(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> str | None:
    """Check a call's proof; give a mark by which the same call is known again, if it has one.

    The names of `headers` are in lower case. Raises Refused LH4401.
    """
    proof, expected, mark = _claim(headers, body, secrets, now)
    # Compared with every secret, so that the time it takes says nothing about which was right.
    given = proof.encode(errors="surrogatepass")
    right = [hmac.compare_digest(given, each.encode()) for each in expected]
    if not any(right):
        raise Refused("LH4401", "This call does not prove that it comes from the repository.")
    return hashlib.sha256(mark).hexdigest() if mark else None


def sign(secret: str, body: bytes, now: datetime) -> dict[str, str]:
    """Make the headers of a generic call, as a sender does."""
    seconds = str(int(now.timestamp()))
    return {
        "X-Leasehold-Timestamp": seconds,
        "X-Leasehold-Signature": _hmac(secret, _dated(seconds, body)),
    }


def _claim(
    headers: Mapping[str, str], body: bytes, secrets: Sequence[str], now: datetime
) -> tuple[str, list[str], bytes]:
    """Return the proof that came, those that are right, and what tells the call from others."""
    if proof := headers.get(SIGNATURE):
        seconds = headers.get(TIMESTAMP, "")
        signed = _dated(seconds, body)
        fresh = secrets if _is_fresh(seconds, now) else ()
        return proof, [_hmac(secret, signed) for secret in fresh], signed
    if proof := headers.get(GITHUB):
        return proof, [_hmac(secret, body) for secret in secrets], body
    if proof := headers.get(GITLAB):
        delivery = headers.get(GITLAB_DELIVERY, "")
        return proof, list(secrets), _dated(delivery, body) if delivery else b""
    return "", [], b""


def _is_fresh(seconds: str, now: datetime) -> bool:
    if not _SECONDS.fullmatch(seconds):
        return False
    return abs(now - datetime.fromtimestamp(int(seconds), UTC)) <= WINDOW


def _dated(words: str, body: bytes) -> bytes:
    return words.encode(errors="surrogatepass") + b"." + body


def _hmac(secret: str, text: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
