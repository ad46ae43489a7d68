"""Tokens of a GitHub App: proven by its key, good for an hour, for the repositories it may write.

Renewed after 50 minutes, so that none ends while it is used. GitHub's errors end here.
"""

import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from ledger.access.forms import GitHubApp
from ledger.errands import GivenUp, in_time
from ledger.errors import Failure, Refused, Unavailable
from ledger.printable import printable
from ledger.remote import Token

RENEWED_AFTER = timedelta(minutes=50)
LASTS = timedelta(minutes=59)
_CLOCKS_DIFFER = timedelta(seconds=60)
_PROOF_LASTS = timedelta(minutes=9)  # GitHub takes ten
_USER = "x-access-token"
_SECONDS = 10
_MOST_BYTES = 64 * 1024
_MOST_WORDS = 300
_TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")


class InstallationTokens:
    """The tokens of one installation; not safe to call from many threads at once."""

    def __init__(self, app: GitHubApp, ca_bundle: str, clock: Callable[[], datetime]) -> None:
        self._app = app
        self._clock = clock
        self._context = ssl.create_default_context()
        if ca_bundle:
            self._context.load_verify_locations(cadata=ca_bundle)
        self._token: Token | None = None
        self._minted = clock()

    def current(self) -> Token:
        """Return a token that is good, and renewed in time where GitHub can be asked.

        Raises Failure.
        """
        age = self._clock() - self._minted
        token = self._token if timedelta(0) <= age < LASTS else None
        if token and age < RENEWED_AFTER:
            return token
        try:
            self._token, self._minted = self._mint(), self._clock()
        except Unavailable:
            if token is None:
                raise
            return token
        return self._token

    def forget(self) -> None:
        self._token = None

    def _mint(self) -> Token:
        app = self._app
        url = f"{app.api_url}/app/installations/{app.installation_id}/access_tokens"
        headers = {
            "Accept": "application/vnd.github+json",
            "Authorization": f"Bearer {self._proof()}",
            "User-Agent": "leasehold",
            "X-GitHub-Api-Version": "2022-11-28",
        }
        request = urllib.request.Request(url, b"", headers, method="POST")  # noqa: S310  (checked)
        told = self._ask(request)
        token = told.get("token") if isinstance(told, dict) else None
        if not isinstance(token, str) or not _TOKEN.fullmatch(token):
            raise Unavailable("LH2025", f"{app.api_url} has answered without a token.")
        return Token(_USER, token)

    def _proof(self) -> str:
        try:
            import jwt  # noqa: PLC0415 - only who has an app needs the package
        except ImportError:
            raise Refused(
                "LH2023",
                "a GitHub App needs the Python package pyjwt[crypto]: install leasehold[github-app]"
                " where this runs.",
            ) from None
        now = self._clock()
        claims = {"iat": now - _CLOCKS_DIFFER, "exp": now + _PROOF_LASTS, "iss": self._app.app_id}
        try:
            return jwt.encode(claims, self._app.private_key, algorithm="RS256")
        except (ValueError, TypeError, jwt.PyJWTError):
            raise Refused(
                "LH2024",
                "the private key of the GitHub App cannot be read: it is the PEM file that GitHub"
                " gave, with its line breaks.",
            ) from None

    def _ask(self, request: urllib.request.Request) -> Any:  # noqa: ANN401 - JSON
        """Ask in so many seconds, however slowly the answer comes."""
        try:
            return in_time(partial(self._asked, request), self._app.api_url, _SECONDS)
        except GivenUp as late:
            said = f"{self._app.api_url} did not answer in time with a token."
            raise Unavailable("LH2025", said) from late

    def _asked(self, request: urllib.request.Request) -> Any:  # noqa: ANN401 - JSON
        https = urllib.request.HTTPSHandler(context=self._context)
        opener = urllib.request.build_opener(https, _NoRedirects)
        try:
            with opener.open(request, timeout=_SECONDS) as answer:
                return json.loads(answer.read(_MOST_BYTES))
        except urllib.error.HTTPError as error:
            with error:
                raise self._refused(error.code, error.read(_MOST_WORDS)) from None
        except (OSError, ValueError, RecursionError) as error:
            said = f"{self._app.api_url} cannot be asked for a token: {error}"
            raise Unavailable("LH2025", said) from error

    def _refused(self, status: int, body: bytes) -> Failure:
        words = printable(body.decode(errors="replace"))
        app = f"app {self._app.app_id}, installation {self._app.installation_id}"
        said = f"{self._app.api_url} gives no token to {app}: {status} {words}"
        if status in (401, 403, 404, 422):
            return Refused("LH2024", said)
        return Unavailable("LH2025", said)


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Whoever is led elsewhere would show the proof there."""

    def redirect_request(self, *_: object) -> None:
        return None
