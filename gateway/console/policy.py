"""What a browser lets the console do: its own files, its own API, and where people sign in. Pure.

Nothing is loaded from anybody else, no text becomes code or markup but by the one policy of the
library that renders, and no other page may frame it.
"""

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from urllib.parse import urlsplit

from ledger.identity_settings import Oidc

_ORIGIN = re.compile(r"https?://[a-zA-Z0-9.-]+(:[0-9]{1,5})?|http://\[::1\](:[0-9]{1,5})?")
_ALWAYS: Mapping[str, str] = MappingProxyType(
    {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer"}
)


def headers(oidc: Oidc | None) -> Mapping[str, str]:
    """Return the headers of every answer of the console."""
    connect = " ".join(("'self'", *dict.fromkeys(_origins(oidc))))
    directives = (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        f"connect-src {connect}",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
        "require-trusted-types-for 'script'",
        "trusted-types lit-html",
    )
    return {"Content-Security-Policy": "; ".join(directives), **_ALWAYS}


def _origins(oidc: Oidc | None) -> Iterator[str]:
    """Yield where the page may ask for a token: at an issuer that has a client for it."""
    if oidc is None or oidc.console_client_id is None:
        return
    for address in (oidc.issuer, oidc.console_sign_in_origin or oidc.issuer):
        parts = urlsplit(address)
        origin = f"{parts.scheme}://{parts.netloc}"
        if _ORIGIN.fullmatch(origin):
            yield origin
