"""The signing key in the git secret: read, refused without a word of it, and rotated."""

from __future__ import annotations

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from ledger.access.forms import read_secret
from ledger.access.signing_key import SecretSigner, read_signing_key
from ledger.errors import Refused
from ledger.remote import Token
from ledger.signatures import signing_key, verified


def made_key() -> str:
    made = Ed25519PrivateKey.generate()
    return made.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode()


def test_a_signing_key_is_read_beside_what_opens_the_repository() -> None:
    key = made_key()
    text = json.dumps({"username": "bot", "token": "t", "signing_key": key})
    assert read_secret(text).opens == Token("bot", "t")
    found = read_signing_key(text)
    assert found is not None
    assert found.text == key


def test_a_signing_key_gets_its_lines_back() -> None:
    key = made_key()
    for told in (key.replace("\n", "\\n"), key.replace("\n", " "), key.replace("\n", "\r\n")):
        found = read_signing_key("\ufeff" + json.dumps({"signing_key": told}))
        assert found is not None
        assert found.public() == signing_key(key).public()


@pytest.mark.parametrize("text", ["{}", "nonsense", "[]", '{"username": "bot", "token": "t"}'])
def test_without_a_signing_key_nothing_is_signed(text: str) -> None:
    assert read_signing_key(text) is None


@pytest.mark.parametrize("key", ["", "s3cret", 7])
def test_a_signing_key_that_cannot_be_used_is_refused(key: object) -> None:
    with pytest.raises(Refused) as refused:
        read_signing_key(json.dumps({"signing_key": key}))
    assert refused.value.code == "LH2040"
    assert "s3cret" not in str(refused.value)


def test_a_key_that_is_rotated_signs_within_minutes() -> None:
    first, second = made_key(), made_key()
    secret, now = [json.dumps({"signing_key": first})], [0.0]
    sign = SecretSigner(lambda: secret[0], lambda: now[0])
    signature = sign(b"x")
    assert signature is not None
    secret[0] = json.dumps({"signing_key": second})
    now[0] = 299.0
    assert sign(b"x") == signature
    now[0] = 300.0
    rotated = sign(b"x")
    assert rotated is not None
    assert verified(b"x", rotated) == signing_key(second).public()
    secret[0], now[0] = "{}", 600.0
    assert sign(b"x") is None
