"""The public keys of an issuer, fetched from its JWKS and remembered.

`jwt_issuer` asks for a key by its id. A key set counts for five minutes, so a key that the issuer
withdraws ends here too; an id that is not in it makes one more look, at most once a minute, so that
a new key is soon known and strangers with invented ids cause no flood. Without an answer of the
issuer nobody passes, and for ten seconds nobody asks again. Needs the extra `oidc`.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from http.client import HTTPException
from threading import Lock
from typing import TYPE_CHECKING

from jwt import PyJWK, PyJWKClient
from jwt.exceptions import PyJWTError

from ledger.errands import GivenUp, in_time
from ledger.errors import Unavailable

if TYPE_CHECKING:
    from collections.abc import Mapping

ALGORITHMS = ("RS256", "ES256")
LIFESPAN = timedelta(minutes=5)
BETWEEN_LOOKS = timedelta(minutes=1)
AFTER_A_FAILURE = timedelta(seconds=10)
FETCH_SECONDS = 3.0


class SigningKeys:
    """Safe to call from many threads; while one of them fetches, the others wait for it."""

    def __init__(self, url: str, patience_seconds: float = FETCH_SECONDS) -> None:
        self._url = url
        self._patience = 2 * patience_seconds  # for all of it, however slowly it comes
        self._client = PyJWKClient(url, cache_jwk_set=False, timeout=patience_seconds)
        self._lock = Lock()
        self._keys: Mapping[str, PyJWK] = {}
        self._fetched_at: datetime | None = None
        self._failed_at: datetime | None = None

    def find(self, key_id: str, now: datetime) -> PyJWK | None:
        """Find a key; None when the issuer has none of this id.

        Raises `Unavailable` (LH4212) when the issuer would have to be asked and does not answer.
        """
        with self._lock:
            patience = BETWEEN_LOOKS if key_id not in self._keys else LIFESPAN
            if not _is_within(self._fetched_at, patience, now):
                self._fetch(now)
            return self._keys.get(key_id)

    def _fetch(self, now: datetime) -> None:
        if _is_within(self._failed_at, AFTER_A_FAILURE, now):
            raise Unavailable(
                "LH4212", f"{self._url} did not answer a moment ago, and is not asked again yet."
            )
        try:
            found = in_time(self._client.get_jwk_set, self._url, self._patience).keys
        except (GivenUp, PyJWTError, HTTPException, OSError, ValueError, RecursionError) as error:
            self._failed_at = now
            text = f"{self._url} does not give the issuer's keys: {error!s:.300}"
            raise Unavailable("LH4212", text) from error
        self._keys = {key.key_id: key for key in reversed(found) if key.key_id and _signs(key)}
        self._fetched_at, self._failed_at = now, None


def _is_within(since: datetime | None, length: timedelta, now: datetime) -> bool:
    """Tell whether that was less than a length ago; a clock set back says no."""
    return since is not None and timedelta(0) <= now - since < length


def _signs(key: PyJWK) -> bool:
    """Leave out what is for another purpose: keys to encrypt with, and shared secrets."""
    return key.algorithm_name in ALGORITHMS and key.public_key_use in {"sig", None}
