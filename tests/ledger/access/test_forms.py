"""The forms of a git secret: read, or refused without a word of it."""

from __future__ import annotations

import json

import pytest

from ledger.access.forms import GITHUB, GitHubApp, Secret, SshSecret, read_secret
from ledger.errors import Refused
from ledger.remote import Token

APP = {"app_id": 12, "installation_id": "345", "private_key": "s3cret"}
PEM = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


@pytest.mark.parametrize(
    ("told", "opens"),
    [
        ({"username": "leasehold", "token": "s3cret"}, Token("leasehold", "s3cret")),
        (
            {"username": "gitlab+deploy-token-7", "token": "gldt-s3cret"},
            Token("gitlab+deploy-token-7", "gldt-s3cret"),
        ),
        ({"private_key": "k", "known_hosts": "h"}, SshSecret("k", "h", "git", "")),
        (
            {"private_key": "k", "known_hosts": "h", "passphrase": "p", "username": "us"},
            SshSecret("k", "h", "us", "p"),
        ),
        (APP, GitHubApp("12", "345", "s3cret", GITHUB)),
        (
            APP | {"api_url": "https://git.example.com/api/v3/"},
            GitHubApp("12", "345", "s3cret", "https://git.example.com/api/v3"),
        ),
        (APP | {"app_id": "Iv23liABC", "api_url": None}, GitHubApp("Iv23liABC", "345", "s3cret")),
        ({"username": "", "token": "of Azure DevOps"}, Token("", "of Azure DevOps")),
        ({"username": "ana\n", "token": " s3cret/%@:ä\r\n"}, Token("ana", "s3cret/%@:ä")),
        (
            {"private_key": "k", "known_hosts": "h", "passphrase": " p \r\n", "username": None},
            SshSecret("k", "h", "git", " p "),
        ),
        ({"username": "u", "token": "t", "ca_bundle": None, "more": 1}, Token("u", "t")),
    ],
)
def test_each_form_is_read(told: object, opens: object) -> None:
    assert read_secret(json.dumps(told)) == Secret(opens)  # type: ignore[arg-type]


def test_a_byte_order_mark_is_passed_over() -> None:
    assert read_secret('\ufeff{"username": "u", "token": "t"}\n').opens == Token("u", "t")


BLOCK = "-----BEGIN RSA PRIVATE KEY-----\nAAAA\nBB==\n-----END RSA PRIVATE KEY-----"
LOCKED = (
    "-----BEGIN RSA PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nAA\n-----END RSA PRIVATE KEY-----"
)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        (BLOCK, BLOCK),
        (f" \n{BLOCK}\n", f"{BLOCK}\n"),
        (BLOCK.replace("\n", "\r\n"), BLOCK),
        (BLOCK.replace("\n", "\r"), BLOCK),
        (BLOCK.replace("\n", "\\n"), BLOCK),
        (BLOCK.replace("\n", "\\r\\n"), BLOCK),
        (BLOCK.replace("\n", " "), BLOCK),
        (f"{BLOCK} {BLOCK}".replace("\n", " "), f"{BLOCK}\n{BLOCK}"),
        (BLOCK.replace("\n", ""), BLOCK.replace("AAAA\nBB", "AAAABB")),
        (LOCKED.replace("\n", "\\n"), LOCKED),
        (f"{PEM}{PEM}".replace("\n", " "), f"{PEM}{PEM}".rstrip()),
        (
            "host ssh-ed25519 AAAA\r\nother ssh-rsa BBBB",
            "host ssh-ed25519 AAAA\nother ssh-rsa BBBB",
        ),
    ],
    ids=lambda it: repr(it)[:60],
)
def test_what_has_lines_gets_them_back(text: str, read: str) -> None:
    ssh = read_secret(json.dumps({"private_key": text, "known_hosts": text})).opens
    app = read_secret(json.dumps(APP | {"private_key": text})).opens
    assert isinstance(ssh, SshSecret)
    assert isinstance(app, GitHubApp)
    assert (ssh.private_key, ssh.known_hosts, app.private_key) == (read, read, read)
    if "CERTIFICATE" in read:
        assert read_secret(json.dumps(APP | {"ca_bundle": text})).ca_bundle == read


def test_certificates_come_with_any_form() -> None:
    told = {"username": "leasehold", "token": "s3cret", "ca_bundle": PEM}
    assert read_secret(json.dumps(told)).ca_bundle == PEM


def test_no_secret_is_shown() -> None:
    told = (APP, {"username": "u", "token": "s3cret"}, {"private_key": "s3cret", "known_hosts": ""})
    for each in told:
        assert "s3cret" not in repr(read_secret(json.dumps(each)))


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("s3cret", "LH2021"),
        ('{"password": "s3cret"}', "LH2021"),
        ('["s3cret"]', "LH2021"),
        ('"s3cret"', "LH2021"),
        ('{"username": "s3cret"}', "LH2021"),
        ('{"username": "s3cret", "token": 1}', "LH2021"),
        ("[" * 100_000, "LH2021"),
        ('{"username": "s3cret", "token": ' + "9" * 5000 + "}", "LH2021"),
        ('{"private_key": "s3cret\\ud800", "known_hosts": "h"}', "LH2021"),
        (json.dumps(APP | {"app_id": "../1"}), "LH2021"),
        (json.dumps(APP | {"installation_id": "1/2"}), "LH2021"),
        (json.dumps(APP | {"api_url": 1}), "LH2021"),
        (json.dumps(APP | {"api_url": "git@example.com:x"}), "LH2021"),
        (json.dumps(APP | {"app_id": True}), "LH2021"),
        (json.dumps(APP | {"api_url": "https://"}), "LH2021"),
        (json.dumps(APP | {"api_url": "https://git.example.com/api?x=s3cret"}), "LH2021"),
        ('{"username": "u", "token": "s3cret\\nx"}', "LH2021"),
        ('{"username": "u", "token": "\\u0000s3cret"}', "LH2021"),
        ('{"username": "u", "token": " \\n"}', "LH2021"),
        ('{"username": "u:x", "token": "s3cret"}', "LH2021"),
        (json.dumps(APP | {"api_url": "http://git.example.com/api"}), "LH2001"),
        (json.dumps(APP | {"api_url": "https://u:s3cret@git.example.com/"}), "LH2001"),
        ('{"username": "u", "token": "s3cret", "ca_bundle": 1}', "LH2021"),
        ('{"username": "u", "token": "s3cret", "ca_bundle": "s3cret"}', "LH2026"),
    ],
    ids=lambda it: it[:40],
)
def test_what_is_no_form_is_refused_without_the_text(text: str, code: str) -> None:
    with pytest.raises(Refused) as caught:
        read_secret(text)
    assert caught.value.code == code
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("told", "because"),
    [
        ({"username": "u"}, "it has no token:"),
        ({"username": "u", "password": "s3cret"}, "it has no token:"),
        ({"private_key": "s3cret"}, "it has no known_hosts:"),
        ({"private_key": "s3cret", "app_id": 1}, "it has no installation_id:"),
        ({"app_id": 1}, "it has no installation_id and no private_key:"),
        ({"username": "u", "token": ""}, "its token is empty:"),
        ({"private_key": "s3cret", "known_hosts": ["h"]}, "its known_hosts is no text:"),
    ],
)
def test_what_is_missing_or_wrong_is_named(told: object, because: str) -> None:
    with pytest.raises(Refused, match="is not understood, for ") as caught:
        read_secret(json.dumps(told))
    assert because in caught.value.message
    assert "s3cret" not in caught.value.message
