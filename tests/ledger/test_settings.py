"""Where the ledger is, by variables, and the git secret: read, or refused without a word of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ledger.errors import Refused
from ledger.remote import SshKey, Token
from ledger.settings import LedgerSettings, read_secret

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("secret_id", ["leasehold/git", None])
def test_where_the_ledger_is_reads_the_same_from_the_variables(secret_id: str | None) -> None:
    settings = LedgerSettings("dev", "https://git.example.com/fleet.git", "fleet", secret_id)
    assert LedgerSettings.from_env(settings.variables()) == settings


def test_a_token_or_a_key_is_read(tmp_path: Path) -> None:
    token = read_secret('{"username": "leasehold", "token": "s3cret"}', tmp_path)
    assert token == Token("leasehold", "s3cret")
    key = read_secret('{"private_key": "k", "known_hosts": "h", "passphrase": "p"}', tmp_path)
    assert isinstance(key, SshKey)
    assert (key.username, key.passphrase) == ("git", "p")
    assert key.private_key.read_text() == "k"
    assert key.private_key.stat().st_mode & 0o77 == 0


@pytest.mark.parametrize(
    "text",
    [
        "s3cret",
        '["s3cret"]',
        '{"username": "s3cret"}',
        '{"username": "s3cret", "token": 1}',
        "[" * 2000,
        '{"username": "s3cret", "token": ' + "9" * 5000 + "}",
        '{"private_key": "s3cret\\ud800", "known_hosts": "h"}',
    ],
    ids=lambda text: text[:30],
)
def test_what_is_neither_is_refused_without_the_text(text: str, tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        read_secret(text, tmp_path)
    assert caught.value.code == "LH2021"
    assert "s3cret" not in str(caught.value)
