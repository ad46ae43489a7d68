"""Tokens of a GitHub App: proven by its key, good for an hour, for the repositories it may write.

Renewed after 50 minutes, so that none ends while it is used. While GitHub cannot be asked for a new
one, the old one is used to its end. GitHub's errors end here.
"""

import json
import re
import ssl
import urllib.error
import urllib.request
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from http.client import HTTPException
from typing import Any

from ledger.access.forms import GITHUB, GitHubApp
from ledger.authorities import is_store, store
from ledger.errands import GivenUp, in_time
from ledger.errors import Failure, Refused, Unavailable
from ledger.printable import printable
from ledger.remote import Token

_LASTS = timedelta(minutes=60)
_RENEWED_AFTER = 5 / 6  # of the time that a token lasts
_LAST_MINUTE = timedelta(minutes=1)
_ASKED_AGAIN = timedelta(minutes=1)  # while the old token is good
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
        self._context = _context(ca_bundle)
        self._token: Token | None = None
        self._minted, self._lasts = clock(), _LASTS
        self._failed: datetime | None = None  # when GitHub could not be asked

    def current(self) -> Token:
        """Return a token that is good, and renewed in time where GitHub can be asked.

        Raises Failure.
        """
        now = self._clock()
        age = now - self._minted
        token = self._token if timedelta(0) <= age < self._lasts - _LAST_MINUTE else None
        if token and (age < self._lasts * _RENEWED_AFTER or self._has_just_failed(now)):
            return token
        try:
            self._token = self._mint()
        except Unavailable:
            self._failed = now
            if token is None:
                raise
            return token
        self._failed = None
        return self._token

    def forget(self) -> None:
        self._token = None

    def _has_just_failed(self, now: datetime) -> bool:
        return self._failed is not None and timedelta(0) <= now - self._failed < _ASKED_AGAIN

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
            raise Unavailable("LH2025", f"{app.api_url} has answered without a token.{_hint(app)}")
        self._minted = self._clock()
        self._lasts = _lasting(told.get("expires_at"), self._minted)
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
                raise self._refused(error) from None
        except ValueError as error:
            said = f"{self._app.api_url} has not answered as GitHub's API does.{_hint(self._app)}"
            raise Unavailable("LH2025", said) from error
        except (OSError, HTTPException, RecursionError) as error:
            said = f"{self._app.api_url} cannot be asked for a token: {printable(str(error))}"
            raise Unavailable("LH2025", said) from error

    def _refused(self, error: urllib.error.HTTPError) -> Failure:
        words = _words(error)
        app = f"app {self._app.app_id}, installation {self._app.installation_id}"
        hint = "" if words else _hint(self._app)
        said = f"{self._app.api_url} gives no token to {app}: {error.code} {words}".rstrip()
        if error.code in (401, 403, 404, 422) and not _asks_to_wait(error, words):
            return Refused("LH2024", f"{said}.{hint}" if hint else said)
        return Unavailable("LH2025", f"{said}.{hint}" if hint else said)


def _context(ca_bundle: str) -> ssl.SSLContext:
    """Trust what git trusts. Raises Refused LH2026."""
    context = ssl.create_default_context()
    found = store()
    try:
        if found and not is_store(ssl.get_default_verify_paths()):
            context.load_verify_locations(found.cafile)
        if ca_bundle:  # in ASCII, but for comments
            context.load_verify_locations(cadata=ca_bundle.encode("ascii", "replace").decode())
    except (ValueError, OSError) as error:
        said = f"the ca_bundle of the git secret cannot be read as PEM: {error}"
        raise Refused("LH2026", said) from error
    return context


def _lasting(told: object, now: datetime) -> timedelta:
    """Return how long a token is good, by this machine's clock, and never more than an hour."""
    try:
        left = datetime.fromisoformat(str(told)) - now
    except (ValueError, TypeError, OverflowError):
        return _LASTS
    return min(left, _LASTS) if left > _LAST_MINUTE else _LASTS


def _words(error: urllib.error.HTTPError) -> str:
    """Return what GitHub says; nothing where it is not GitHub's API that speaks."""
    try:
        told = json.loads(error.read(_MOST_BYTES))
    except (OSError, HTTPException, ValueError, RecursionError):
        return ""
    message = told.get("message") if isinstance(told, dict) else None
    return printable(str(message))[:_MOST_WORDS] if message else ""


def _asks_to_wait(error: urllib.error.HTTPError, words: str) -> bool:
    """Tell whether GitHub has had too many questions, which it says by 403 as well as by 429."""
    is_used_up = error.headers.get("X-RateLimit-Remaining") == "0"
    return is_used_up or "Retry-After" in error.headers or "rate limit" in words.casefold()


def _hint(app: GitHubApp) -> str:
    if app.api_url == GITHUB:
        return ""
    return " The API of a GitHub Enterprise Server is at https://HOST/api/v3: look at api_url."


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """Whoever is led elsewhere would show the proof there."""

    def redirect_request(self, *_: object) -> None:
        return None
