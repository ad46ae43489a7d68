"""Whether a webhook's call comes from somebody who knows the secret. Pure.

Six ways to prove it, of which a call's headers choose the first that is there:

| header | proof | the same call again is recognised by |
|---|---|---|
| `X-Leasehold-Signature` | HMAC of `timestamp.body`, at most five minutes old | what was signed |
| `X-Gitea-Signature` (or Forgejo) | HMAC of the body, or of a form's `payload` | the body |
| `X-Hub-Signature-256` | HMAC of the body (GitHub) | what was signed |
| `X-Hub-Signature` | HMAC of the body (Bitbucket); never by SHA-1 | what was signed |
| `X-Gitlab-Token` | the secret itself | `X-Gitlab-Event-UUID` and the body |
| `Authorization: Basic` | the secret as the password (Azure DevOps) | the body, which has an id |

No forge signs its delivery's id, so `X-GitHub-Delivery`, `X-Request-UUID` or `X-Gitea-Delivery`
could be exchanged by whoever sends a call a second time; a push's body names its commits and its
time, and counts instead.

A refusal is one sentence for whatever was wrong: it helps nobody to guess. No proof is ever logged.
"""

import base64
import hashlib
import hmac
import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

from gateway.webhook import events
from ledger.errors import Refused

SIGNATURE = "x-leasehold-signature"
TIMESTAMP = "x-leasehold-timestamp"
GITHUB = "x-hub-signature-256"
BITBUCKET = "x-hub-signature"
GITEA = ("x-gitea-signature", "x-forgejo-signature")
GITLAB = "x-gitlab-token"
GITLAB_DELIVERY = "x-gitlab-event-uuid"
AUTHORIZATION = "authorization"
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
        raise Refused(
            "LH4401",
            "This call does not prove that it comes from the repository: the webhook's secret is"
            " not the one here, or the call is older than five minutes.",
        )
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
    if proof := next(filter(None, map(headers.get, GITEA)), None):
        texts = _signed_by_gitea(body)
        return (
            f"sha256={proof}",
            [_hmac(secret, each) for each in texts for secret in secrets],
            body,
        )
    if proof := headers.get(GITHUB) or headers.get(BITBUCKET):
        return proof, [_hmac(secret, body) for secret in secrets], body
    if proof := headers.get(GITLAB):
        delivery = headers.get(GITLAB_DELIVERY, "")
        return proof, list(secrets), _dated(delivery, body) if delivery else b""
    if proof := _password(headers.get(AUTHORIZATION, "")):
        return proof, list(secrets), body
    return "", [], b""


def _signed_by_gitea(body: bytes) -> tuple[bytes, ...]:
    """Return what may be signed: of a form, Gitea signs the JSON before it becomes a field."""
    if not body.startswith(events.FORM):
        return (body,)
    try:
        return body, events.payload(body)
    except ValueError:
        return (body,)


def _password(header: str) -> str:
    """Take the password out of Basic authentication; empty where there is none."""
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        return ""
    try:
        return base64.b64decode(encoded.strip(), validate=True).decode().partition(":")[2]
    except ValueError:
        return ""


def _is_fresh(seconds: str, now: datetime) -> bool:
    if not _SECONDS.fullmatch(seconds):
        return False
    return abs(now - datetime.fromtimestamp(int(seconds), UTC)) <= WINDOW


def _dated(words: str, body: bytes) -> bytes:
    return words.encode(errors="surrogatepass") + b"." + body


def _hmac(secret: str, text: bytes) -> str:
    return "sha256=" + hmac.new(secret.encode(), text, hashlib.sha256).hexdigest()
