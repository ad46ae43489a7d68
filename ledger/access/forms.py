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

from ledger.errors import Refused
from ledger.remote import Token, check_address

GITHUB = "https://api.github.com"
_NUMBER = re.compile("[0-9]{1,20}")
_CERTIFICATE = re.compile("-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----")


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
    try:
        told = json.loads(text)
        opens = _opens(told)
        told_bundle = told.get("ca_bundle", "")
        text.encode()
        json.dumps(told, ensure_ascii=False).encode()  # files and headers are made of it
    except (ValueError, RecursionError, AttributeError):
        raise _not_understood() from None
    if opens is None or not isinstance(told_bundle, str):
        raise _not_understood()
    if told_bundle and not _CERTIFICATE.search(told_bundle):
        raise Refused(
            "LH2026",
            "the ca_bundle of the git secret has no certificate in it: it is PEM, and begins with"
            " -----BEGIN CERTIFICATE-----.",
        )
    return Secret(opens, told_bundle)


def _opens(told: Mapping[str, Any]) -> Token | SshSecret | GitHubApp | None:
    match told:
        case {"app_id": app_id, "installation_id": installation_id, "private_key": str(key)}:
            return _app(str(app_id), str(installation_id), key, told.get("api_url", GITHUB))
        case {"username": str(username), "token": str(token)}:
            return Token(username, token)
        case {"private_key": str(private_key), "known_hosts": str(known_hosts)}:
            username = str(told.get("username", "git"))
            passphrase = str(told.get("passphrase", ""))
            return SshSecret(private_key, known_hosts, username, passphrase)
        case _:
            return None


def _app(app_id: str, installation_id: str, key: str, api_url: object) -> GitHubApp | None:
    if not (_NUMBER.fullmatch(app_id) and _NUMBER.fullmatch(installation_id)):
        return None
    if not isinstance(api_url, str) or not api_url.startswith(("https://", "http://")):
        return None
    check_address(api_url)
    return GitHubApp(app_id, installation_id, key, api_url.rstrip("/"))


def _not_understood() -> Refused:
    return Refused(
        "LH2021",
        "the git secret is not understood: it is JSON with username and token, with private_key"
        " and known_hosts, or with app_id, installation_id and private_key of a GitHub App.",
    )
