"""The forms that a git secret may have, as values. Pure.

    username, token                              an access token, also a GitLab deploy token
    private_key, known_hosts                     an SSH key; username ("git"), passphrase
    app_id, installation_id, private_key         a GitHub App; api_url of a GitHub Enterprise

Each may have `ca_bundle`, certificates as PEM that are trusted besides the system's.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ledger.access.pem import with_line_breaks
from ledger.errors import Refused
from ledger.remote import Token, check_address

GITHUB = "https://api.github.com"
_APP_ID = re.compile(r"[0-9A-Za-z.]{1,40}")  # a number, or what GitHub calls the client's id
_NUMBER = re.compile("[0-9]{1,20}")
_API = re.compile(r"https?://[^/?#\s]+(/[^?#\s]*)?", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_CERTIFICATE = re.compile("-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----")
_FORMS = (
    ("app_id", "installation_id", "private_key"),
    ("username", "token"),
    ("private_key", "known_hosts"),
)


@dataclass(frozen=True, slots=True)
class SshSecret:
    private_key: str = field(repr=False)
    known_hosts: str
    username: str
    passphrase: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class GitHubApp:
    """An app, and where it is installed. The key is its private key as PEM."""

    app_id: str
    installation_id: str
    private_key: str = field(repr=False)
    api_url: str = GITHUB


@dataclass(frozen=True, slots=True)
class Secret:
    opens: Token | SshSecret | GitHubApp
    ca_bundle: str = ""


def read_secret(text: str) -> Secret:
    """Read the secret's JSON. Raises Refused LH2021, which has no word of it."""
    told = as_object(text)
    opens = _opens(told)
    bundle = with_line_breaks(_text(told, "ca_bundle", ""))
    if bundle and not _CERTIFICATE.search(bundle):
        raise Refused(
            "LH2026",
            "the ca_bundle of the git secret has no certificate in it: it is PEM, and begins with"
            " -----BEGIN CERTIFICATE-----.",
        )
    return Secret(opens, bundle)


def as_object(text: str) -> Mapping[str, Any]:
    """Read JSON of which files and headers can be made. Raises Refused LH2021."""
    try:
        told = json.loads(text.removeprefix("\ufeff"))
        text.encode()
        json.dumps(told, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        raise _not_understood() from None
    if not isinstance(told, dict):
        raise _not_understood()
    return told


def _opens(told: Mapping[str, Any]) -> Token | SshSecret | GitHubApp:
    there = {name for name, value in told.items() if value is not None}
    match next((form for form in _FORMS if there.issuperset(form)), None):
        case ("app_id", *_):
            return _app(told)
        case ("username", *_):
            return _token(told)
        case ("private_key", *_):
            return SshSecret(
                with_line_breaks(_text(told, "private_key")),
                with_line_breaks(_text(told, "known_hosts")),
                _line(told, "username") or "git",
                _text(told, "passphrase", "").rstrip("\r\n"),
            )
    raise _not_understood(_missing(there))


def _token(told: Mapping[str, Any]) -> Token:
    """Read a name, which some servers want to be empty, and what counts."""
    username, token = _line(told, "username"), _line(told, "token")
    if ":" in username:
        raise _not_understood("its username has a colon in it, where HTTP ends a name")
    if not token:
        raise _not_understood("its token is empty")
    return Token(username, token)


def _app(told: Mapping[str, Any]) -> GitHubApp:
    app_id, installation_id = _id(told, "app_id"), _id(told, "installation_id")
    if not _APP_ID.fullmatch(app_id):
        raise _not_understood("its app_id is no number of an app, and no client's id")
    if not _NUMBER.fullmatch(installation_id):
        raise _not_understood("its installation_id is no number")
    key = with_line_breaks(_text(told, "private_key"))
    return GitHubApp(app_id, installation_id, key, _api_url(told))


def _api_url(told: Mapping[str, Any]) -> str:
    url = _line(told, "api_url") or GITHUB
    if not _API.fullmatch(url):
        raise _not_understood("its api_url is no address like https://HOST/api/v3")
    check_address(url)
    return url.rstrip("/")


def _id(told: Mapping[str, Any], name: str) -> str:
    value = told[name]
    return str(value) if type(value) is int else _line(told, name)


def _line(told: Mapping[str, Any], name: str) -> str:
    """Return a text of one line, without the line break that a file has at its end."""
    line = _text(told, name, "").strip()
    if _CONTROL.search(line):
        raise _not_understood(f"its {name} has a line break or a control character in it")
    return line


def _text(told: Mapping[str, Any], name: str, otherwise: str | None = None) -> str:
    value = told.get(name)
    if value is None and otherwise is not None:
        return otherwise
    if not isinstance(value, str):
        raise _not_understood(f"its {name} is no text")
    return value


def _missing(there: set[str]) -> str:
    """Say what the form that was meant lacks; nothing where none can be told."""
    begun = [form for form in _FORMS if there.intersection(form)]
    if not begun:
        return ""
    meant = min(begun, key=lambda form: len(set(form) - there))
    return f"it has no {' and no '.join(name for name in meant if name not in there)}"


def _not_understood(because: str = "") -> Refused:
    return Refused(
        "LH2021",
        f"the git secret is not understood{because and f', for {because}'}: it is JSON with"
        " username and token, with private_key and known_hosts, or with app_id, installation_id"
        " and private_key of a GitHub App.",
    )
