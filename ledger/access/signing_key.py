"""The signing key in the git secret, beside what opens the repository. Pure.

A key that was rotated is used by a warm process within minutes. Somebody else reads the
secret.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field

from ledger.signatures import SigningKey, signing_key

_REMEMBERED = 300.0  # seconds


def read_signing_key(text: str) -> SigningKey | None:
    """Read the secret's member `signing_key`, by which commits are signed; None without one.

    Raises Refused LH2040 for a key that cannot be used, and LH2041.
    """
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):  # whoever opens the repository with it says so
        return None
    key = data.get("signing_key") if isinstance(data, dict) else None
    return None if key is None else signing_key(str(key))


@dataclass
class SecretSigner:
    """Signs with the key that a secret has. Safe to call from many threads.

    `read` gives the secret's text, and `now` the seconds of a monotonic clock.
    """

    read: Callable[[], str]
    now: Callable[[], float]
    _known: tuple[float, SigningKey | None] | None = field(default=None, init=False)

    def __call__(self, payload: bytes) -> str | None:
        """Return a signature; None where the secret has no key. Raises `Failure`."""
        now, known = self.now(), self._known
        if known is None or now - known[0] >= _REMEMBERED:
            known = self._known = now, read_signing_key(self.read())
        key = known[1]
        return key.sign(payload) if key else None
