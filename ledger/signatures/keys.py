"""Keys of SSH that sign and verify, by the package `cryptography`. Pure.

Only a process that signs or verifies imports this.
"""

import base64
from hashlib import sha256

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ec import ECDSA, EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, RSAPublicKey
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    PublicFormat,
    SSHPublicKeyTypes,
    load_ssh_private_key,
    load_ssh_public_key,
)

from ledger.errors import Refused
from ledger.signatures.wire import Unproven, packed, split, split_first

PrivateKey = Ed25519PrivateKey | RSAPrivateKey
_OF_TOKENS = {
    b"sk-ssh-ed25519@openssh.com": b"ssh-ed25519",
    b"sk-ecdsa-sha2-nistp256@openssh.com": b"ecdsa-sha2-nistp256",
}
_FLAGS_AND_COUNTER, _TOUCHED = 5, 1  # bytes; a bit
_OF_CURVE = {256: SHA256(), 384: SHA384(), 521: SHA512()}  # by its bits


def private(text: str) -> PrivateKey:
    """Read a private key as its file has it. Raises Refused LH2040."""
    try:
        key = load_ssh_private_key(f"{text.strip()}\n".encode(), None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # said below, without the text
        key = None
    if isinstance(key, PrivateKey):
        return key
    raise Refused(
        "LH2040",
        "signing_key in the git secret is none that signs: put the private half of `ssh-keygen"
        " -t ed25519 -N ''` there, as it stands in its file and without a passphrase.",
    )


def public_blob(key: PrivateKey) -> bytes:
    """Return the public half, as it stands in a signature."""
    text = key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH)
    return base64.b64decode(text.split()[1])


def sign(key: PrivateKey, content: bytes) -> tuple[bytes, bytes]:
    """Return a signature with the name of how it was made."""
    if isinstance(key, Ed25519PrivateKey):
        return b"ssh-ed25519", key.sign(content)
    return b"rsa-sha2-512", key.sign(content, PKCS1v15(), SHA512())


def check(blob: bytes, made: bytes, content: bytes) -> None:
    """Raise Unproven unless the signature is that of the key."""
    kind, _ = split_first(blob)
    algorithm, rest = split_first(made)
    value, more = split_first(rest)
    if kind in _OF_TOKENS:
        blob, algorithm, content = _by_token(blob, algorithm, content, more)
        kind = algorithm
    elif more:
        raise Unproven("its signature has more than a signature")
    try:
        key = load_ssh_public_key(kind + b" " + base64.b64encode(blob))
        _verify(key, algorithm, value, content)
    except Unproven:
        raise
    except Exception as error:  # whatever becomes of bytes that strangers wrote
        raise Unproven("its signature is not that of its key") from error


def _by_token(
    blob: bytes, algorithm: bytes, content: bytes, more: bytes
) -> tuple[bytes, bytes, bytes]:
    """Return the key of a FIDO token as a plain one, and what such a token really signs.

    That is PROTOCOL.u2f of OpenSSH. Somebody has to have touched the token.
    """
    plain = _OF_TOKENS[split_first(blob)[0]]
    if algorithm not in _OF_TOKENS or _OF_TOKENS[algorithm] != plain:
        raise Unproven("its signature is not that of its key")
    if len(more) != _FLAGS_AND_COUNTER or not more[0] & _TOUCHED:
        raise Unproven("nobody touched the token of its key")
    _, *parts, application = split(blob, 3 if plain == b"ssh-ed25519" else 4)
    signed = sha256(application).digest() + more + sha256(content).digest()
    return packed(plain, *parts), plain, signed


def _verify(key: SSHPublicKeyTypes, algorithm: bytes, value: bytes, content: bytes) -> None:
    match key:
        case Ed25519PublicKey() if algorithm == b"ssh-ed25519":
            key.verify(value, content)
        case RSAPublicKey() if algorithm in (b"rsa-sha2-256", b"rsa-sha2-512"):
            hashed = SHA256() if algorithm.endswith(b"256") else SHA512()
            key.verify(value, content, PKCS1v15(), hashed)
        case EllipticCurvePublicKey() if algorithm == f"ecdsa-sha2-nistp{key.key_size}".encode():
            r, s = (int.from_bytes(each, "big") for each in split(value, 2))
            key.verify(encode_dss_signature(r, s), content, ECDSA(_OF_CURVE[key.key_size]))
        case _:
            raise Unproven("its key is of a kind that is not known here: Ed25519, ECDSA, RSA are")
