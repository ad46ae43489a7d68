"""`GET /console`: the page on which people keep endpoints alive, and the files that it loads.

It asks for no token: the page has nothing in it but code, and asks the API for the rest as whoever
signs in. It must not know the ledger, so that a function which serves it starts at once.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from http import HTTPStatus
from typing import Any

from gateway.callers import identify
from gateway.console import policy
from gateway.console.files import Files
from gateway.http.answer import Answer, TextAnswer
from gateway.http.call import Call
from gateway.http.etags import is_known
from ledger.errors import Refused
from ledger.identity_settings import Oidc

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_SCOPES = ("openid", "email", "profile")
_HEAD = "HEAD"


@dataclass(frozen=True)
class Console:
    """The page of one environment. Safe to call from many threads."""

    environment: str
    variables: Mapping[str, str]

    def page(self, call: Call) -> Answer:
        """Answer with the page; its address has no slash at the end, for others are relative."""
        if call.ends_in_slash:
            headers = {"Location": "../console", **self._headers}
            return TextAnswer("", HTTPStatus.PERMANENT_REDIRECT, headers)
        tag = f'W/"{self._files.digest}"'
        headers = {"ETag": tag, "Cache-Control": _ASK_AGAIN, **self._headers}
        if is_known(tag, call.headers.get("if-none-match")):
            return TextAnswer("", HTTPStatus.NOT_MODIFIED, headers)
        return _text(call, self._files.page, "text/html", headers)

    def file(self, call: Call) -> Answer:
        """Answer with a file. Raises Refused LH4261 for one that is not there, or not any more."""
        found = self._files.by_path.get(call.path.get("File", ""))
        if found is None or call.path.get("Digest") != self._files.digest:
            raise Refused(
                "LH4261", "The console has no such file: load the page anew, it may have changed."
            )
        headers = {"Cache-Control": _FOR_EVER, **self._headers}
        return _text(call, found.text, found.media, headers)

    @cached_property
    def _oidc(self) -> Oidc | None:
        return identify.read(self.variables).oidc

    @cached_property
    def _headers(self) -> Mapping[str, str]:
        return policy.headers(self._oidc)

    @cached_property
    def _files(self) -> Files:
        return Files.read({"Environment": self.environment, "Oidc": _sign_in(self._oidc)})


def _sign_in(oidc: Oidc | None) -> dict[str, Any] | None:
    """Return what the page has to know to let people sign in; None where there is a token only."""
    if oidc is None or oidc.console_client_id is None:
        return None
    return {
        "Issuer": oidc.issuer,
        "ClientId": oidc.console_client_id,
        "SignIn": oidc.console_sign_in_origin,
        "Scopes": list(oidc.console_scopes or _SCOPES),
    }


def _text(call: Call, text: str, media: str, headers: Mapping[str, str]) -> Answer:
    told = {"Content-Type": f"{media}; charset=utf-8", **headers}
    return TextAnswer("" if call.method == _HEAD else text, headers=told)
