"""The signing key in the git secret, beside what opens the repository. Pure.

A key that was rotated is used by a warm process within minutes. Somebody else reads the
secret. What signs is imported where the secret has a key.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ledger.access.forms import as_object
from ledger.access.pem import with_line_breaks
from ledger.errors import Refused

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.signatures import SigningKey

_REMEMBERED = 300.0  # seconds


def read_signing_key(text: str) -> SigningKey | None:
    """Read the secret's member `signing_key`, by which commits are signed; None without one.

    Raises Refused LH2040 for a key that cannot be used, and LH2041.
    """
    try:
        key = as_object(text).get("signing_key")
    except Refused:  # whoever opens the repository with it says so
        return None
    if key is None:
        return None
    from ledger.signatures import signing_key  # noqa: PLC0415  (most secrets have none)

    return signing_key(with_line_breaks(str(key)))


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
