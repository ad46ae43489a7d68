"""Signatures of commits, as ssh-keygen makes and checks them."""

from __future__ import annotations

import base64
import hashlib
import subprocess
import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from ledger import signatures
from ledger.errors import Refused
from ledger.signatures import Unproven, read_signers, signing_key, verified
from ledger.signatures.signers import public_line
from ledger.signatures.wire import packed
from tests.debian import require
from tests.ledger.signing import keygen, public

if TYPE_CHECKING:
    from pathlib import Path

PAYLOAD = b"tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904\n\nsay\n"
AT = datetime(2026, 11, 23, tzinfo=UTC)


def by_ssh(key: Path, payload: bytes = PAYLOAD, namespace: str = "git") -> str:
    done = subprocess.run(
        ["ssh-keygen", "-q", "-Y", "sign", "-n", namespace, "-f", str(key)],
        input=payload,
        check=True,
        capture_output=True,
    )
    return done.stdout.decode()


KINDS = {
    "ed25519": ("-t", "ed25519"),
    "rsa": ("-t", "rsa", "-b", "2048"),
    "ecdsa-256": ("-t", "ecdsa", "-b", "256"),
    "ecdsa-384": ("-t", "ecdsa", "-b", "384"),
    "ecdsa-521": ("-t", "ecdsa", "-b", "521"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_what_ssh_keygen_signs_is_verified(tmp_path: Path, kind: str) -> None:
    key = keygen(tmp_path, "key", *KINDS[kind])
    (signer,) = read_signers(f"ana@example.com {public(key)}")
    assert verified(PAYLOAD, by_ssh(key)) == signer.key
    with pytest.raises(Unproven, match="not that of its key"):
        verified(PAYLOAD + b"x", by_ssh(key))


@pytest.mark.parametrize("kind", ["ed25519", "rsa"])
def test_what_is_signed_here_ssh_keygen_verifies(tmp_path: Path, kind: str) -> None:
    key = keygen(tmp_path, "key", *KINDS[kind])
    made = signing_key(key.read_text())
    signature = tmp_path / "signature"
    signature.write_text(f"{made.sign(PAYLOAD)}\n")
    signers = tmp_path / "signers"
    signers.write_text(f"bot@example.com {public(key)}\n")
    subprocess.run(
        [
            *("ssh-keygen", "-q", "-Y", "verify", "-n", "git", "-I", "bot@example.com"),
            *("-f", str(signers), "-s", str(signature)),
        ],
        input=PAYLOAD,
        check=True,
        capture_output=True,
    )
    assert verified(PAYLOAD, made.sign(PAYLOAD)) == made.public()


def test_a_signature_for_something_else_does_not_count(tmp_path: Path) -> None:
    with pytest.raises(Unproven, match="something else than git"):
        verified(PAYLOAD, by_ssh(keygen(tmp_path), namespace="file"))


def test_what_is_no_signature_does_not_count(tmp_path: Path) -> None:
    whole = by_ssh(keygen(tmp_path)).strip()
    begin, *lines, end = whole.splitlines()
    for broken in (
        "",
        "-----BEGIN PGP SIGNATURE-----\n\nx\n-----END PGP SIGNATURE-----",
        f"{begin}\n{end}",
        f"{begin}\n!!!\n{end}",
        "\n".join([begin, *lines[:-1], end]),
        "\n".join([begin, lines[1], *lines, end]),
        f"{begin}\n{'A' * 20000}\n{end}",
    ):
        with pytest.raises(Unproven):
            verified(PAYLOAD, broken)


def test_every_byte_of_a_signature_counts(tmp_path: Path) -> None:
    begin, *lines, end = by_ssh(keygen(tmp_path)).strip().splitlines()
    text = "".join(lines)
    for at in range(0, len(text) - 4, 3):
        other = "B" if text[at] == "A" else "A"
        changed = f"{begin}\n{text[:at]}{other}{text[at + 1 :]}\n{end}"
        with pytest.raises(Unproven):
            verified(PAYLOAD, changed)


def by_token(kind: str, touched: bytes = b"\1") -> tuple[bytes, str]:
    """Sign as a FIDO token does, and return the public key with the signature."""
    application, message = b"ssh:", hashlib.sha512(PAYLOAD).digest()
    content = b"SSHSIG" + packed(b"git", b"", b"sha512", message)
    more = touched + (7).to_bytes(4, "big")
    signed = hashlib.sha256(application).digest() + more + hashlib.sha256(content).digest()
    if kind == "ed25519":
        key = Ed25519PrivateKey.generate()
        name, value = b"sk-ssh-ed25519@openssh.com", key.sign(signed)
        raw = key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        blob = packed(name, raw, application)
    else:
        ec = generate_private_key(SECP256R1())
        r, s = decode_dss_signature(ec.sign(signed, ECDSA(SHA256())))
        name, value = b"sk-ecdsa-sha2-nistp256@openssh.com", packed(mpint(r), mpint(s))
        point = ec.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        blob = packed(name, b"nistp256", point, application)
    made = packed(name, value) + more
    whole = b"SSHSIG\0\0\0\1" + packed(blob, b"git", b"", b"sha512", made)
    text = base64.b64encode(whole).decode()
    lines = "\n".join(text[at : at + 70] for at in range(0, len(text), 70))
    return blob, f"-----BEGIN SSH SIGNATURE-----\n{lines}\n-----END SSH SIGNATURE-----\n"


def mpint(number: int) -> bytes:
    return number.to_bytes(number.bit_length() // 8 + 1, "big")


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_what_a_token_signs_is_verified_as_openssh_does(tmp_path: Path, kind: str) -> None:
    require("ssh-keygen", package="openssh-client")
    blob, text = by_token(kind)
    assert verified(PAYLOAD, text) == blob
    (tmp_path / "signers").write_text(f"ana@example.com {public_line(blob)}\n")
    (tmp_path / "signature").write_text(text)
    command = ("ssh-keygen", "-q", "-Y", "verify", "-n", "git", "-I", "ana@example.com")
    files = ("-f", str(tmp_path / "signers"), "-s", str(tmp_path / "signature"))
    subprocess.run([*command, *files], input=PAYLOAD, check=True, capture_output=True)
    with pytest.raises(Unproven, match="not that of its key"):
        verified(PAYLOAD + b"x", text)
    with pytest.raises(Unproven, match="touched"):
        verified(PAYLOAD, by_token(kind, b"\0")[1])


def test_a_key_that_no_library_reads_proves_nothing(tmp_path: Path) -> None:
    """An elliptic curve's point may be written short, which `cryptography` does not know."""
    begin, *lines, end = by_ssh(keygen(tmp_path, "ec", *KINDS["ecdsa-256"])).strip().splitlines()
    whole = bytearray(base64.b64decode("".join(lines)))
    whole[whole.index(b"nistp256", whole.index(b"nistp256") + 1) + 12] = 2
    changed = f"{begin}\n{base64.b64encode(whole).decode()}\n{end}"
    with pytest.raises(Unproven, match="not that of its key"):
        verified(PAYLOAD, changed)


def test_a_key_that_cannot_sign_is_refused(tmp_path: Path) -> None:
    locked = keygen(tmp_path, "locked")
    command = ["ssh-keygen", "-q", "-p", "-P", "", "-N", "secret", "-f", str(locked)]
    subprocess.run(command, check=True, capture_output=True)
    for text in (
        "",
        "nonsense",
        locked.read_text(),
        keygen(tmp_path, "ec", *KINDS["ecdsa-256"]).read_text(),
    ):
        with pytest.raises(Refused) as refused:
            signing_key(text)
        assert refused.value.code == "LH2040"
        assert not text or text not in refused.value.message
    assert "PRIVATE" not in repr(signing_key(keygen(tmp_path, "good").read_text()))


def test_without_the_package_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "ledger.signatures.keys", raising=False)
    monkeypatch.delattr(signatures, "keys", raising=False)
    monkeypatch.setitem(sys.modules, "cryptography.exceptions", None)
    with pytest.raises(Refused, match="signing") as refused:
        signing_key("x")
    assert refused.value.code == "LH2041"


KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJ1hKKjVf3Cq1YtQ9wDqKkYl9tJ5o2U7T1e4mT3cV7Xk"


@pytest.mark.parametrize(
    ("line", "address", "signs"),
    [
        (f"ana@example.com {KEY}", "ana@example.com", True),
        (f"ana@example.com {KEY} Ana's laptop", "ANA@Example.com", True),
        (f"ana@example.com {KEY}", "ben@example.com", False),
        (f"ana@example.com,ben@example.com {KEY}", "ben@example.com", True),
        (f"*@example.com {KEY}", "ben@example.com", True),
        (f"*@example.com,!ben@example.com {KEY}", "ben@example.com", False),
        (f'ana@example.com namespaces="git,file" {KEY}', "ana@example.com", True),
        (f'ana@example.com namespaces="file" {KEY}', "ana@example.com", False),
        (f'ana@example.com valid-after="20260101" {KEY}', "ana@example.com", True),
        (f'ana@example.com valid-after="20270101" {KEY}', "ana@example.com", False),
        (f'ana@example.com valid-before="20261101Z" {KEY}', "ana@example.com", False),
        (
            f'ana@example.com valid-after="202601010000",valid-before="20270101000000Z" {KEY}',
            "ana@example.com",
            True,
        ),
        (f'ana@example.com valid-before="soon" {KEY}', "ana@example.com", False),
        (f"ana@example.com cert-authority {KEY}", "ana@example.com", False),
        (
            f'ana@example.com namespaces="git",valid-before="20200101"; {KEY}',
            "ana@example.com",
            False,
        ),
        (
            f'ana@example.com namespaces="git";valid-before="20200101" {KEY}',
            "ana@example.com",
            False,
        ),
        (f"ana@example.com valid-after {KEY}", "ana@example.com", False),
        (f"ana@example.com namespaces {KEY}", "ana@example.com", False),
        (
            f'ana@example.com valid-before="20200101",valid-before="20990101" {KEY}',
            "ana@example.com",
            False,
        ),
        (f'ana@example.com NAMESPACES="git" {KEY}', "ana@example.com", True),
        (f"an[ab]@example.com {KEY}", "ana@example.com", False),
        (f"an?@example.com {KEY}", "ana@example.com", True),
        (f'"ana@example.com" {KEY}', "ana@example.com", True),
        (f"# ana@example.com {KEY}", "ana@example.com", False),
        (f"{KEY}", "ssh-ed25519", False),
        ("ana@example.com ssh-ed25519 !!!", "ana@example.com", False),
        ("ana@example.com", "ana@example.com", False),
        ("", "", False),
    ],
)
def test_allowed_signers_are_read_as_openssh_does(line: str, address: str, *, signs: bool) -> None:
    found = [each for each in read_signers(line) if each.signs_for(address) and each.counts_at(AT)]
    assert bool(found) is signs
