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
    ],
)
def test_each_form_is_read(told: object, opens: object) -> None:
    assert read_secret(json.dumps(told)) == Secret(opens)  # type: ignore[arg-type]


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
