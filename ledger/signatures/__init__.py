"""Signatures of commits in SSH's format, as git makes and checks them: PROTOCOL.sshsig of OpenSSH.

Pure. What keys can do is imported when one is used: a function that signs nothing needs no package
for it. It must not know what is committed, nor who may sign.
"""

import base64
import hashlib
from dataclasses import dataclass, field
from types import ModuleType

from ledger.errors import Refused
from ledger.signatures.signers import Signer, read_signers
from ledger.signatures.wire import Unproven, packed, split

__all__ = [
    "Signer",
    "SigningKey",
    "Unproven",
    "read_signers",
    "signing_key",
    "verified",
    "without_signature",
]

_HEAD = b"SSHSIG\0\0\0\1"  # the magic word, and the version of the format
_MAGIC = b"SSHSIG"
_NAMESPACE = b"git"
_HASHES = {b"sha256": hashlib.sha256, b"sha512": hashlib.sha512}
_BEGIN, _END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"
_HEADERS = (b"gpgsig ", b"gpgsig-sha256 ")
_LINE = 70  # letters, as ssh-keygen has it
_MOST_LETTERS = 16 * 1024


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key that signs commits, as its file has it."""

    text: str = field(repr=False)

    def public(self) -> bytes:
        """Return the public key as it stands in a signature. Raises Refused LH2040, LH2041."""
        keys = _keys()
        blob: bytes = keys.public_blob(keys.private(self.text))
        return blob

    def sign(self, payload: bytes) -> str:
        """Return the signature of a commit that has none, as it stands in its header gpgsig."""
        keys, digest = _keys(), hashlib.sha512(payload).digest()
        key = keys.private(self.text)
        made = keys.sign(key, _MAGIC + packed(_NAMESPACE, b"", b"sha512", digest))
        about = packed(keys.public_blob(key), _NAMESPACE, b"", b"sha512", packed(*made))
        text = base64.b64encode(_HEAD + about).decode()
        lines = (text[at : at + _LINE] for at in range(0, len(text), _LINE))
        return "\n".join([_BEGIN, *lines, _END])


def signing_key(text: str) -> SigningKey:
    """Return a key that can sign. Raises Refused LH2040 for one that cannot be used, LH2041."""
    key = SigningKey(text)
    key.public()
    return key


def verified(payload: bytes, signature: str) -> bytes:
    """Return the public key by which a commit was signed. Raises Unproven, Refused LH2041."""
    blob, namespace, _, hashed, made = split(_body(signature), 5)
    if namespace != _NAMESPACE:
        raise Unproven("its signature was made for something else than git")
    if hashed not in _HASHES:
        raise Unproven("its signature goes by a hash that is not known")
    digest = _HASHES[hashed](payload).digest()
    _keys().check(blob, made, _MAGIC + packed(_NAMESPACE, b"", hashed, digest))
    return blob


def without_signature(raw: bytes) -> tuple[bytes, str]:
    """Split a commit as git stores it into what was signed and the signature; "" is none.

    Raises Unproven for one with several.
    """
    head, blank, message = raw.partition(b"\n\n")
    kept: list[bytes] = []
    signature: list[bytes] = []
    count, is_inside = 0, False
    for line in head.split(b"\n"):
        if not (is_inside and line.startswith(b" ")):
            is_inside = line.startswith(_HEADERS)
            count += is_inside
        (signature if is_inside else kept).append(line)
    if count > 1:
        raise Unproven("it has several signatures")
    text = b"\n".join(line.partition(b" ")[2] for line in signature)
    return b"\n".join(kept) + blank + message, text.decode("ascii", errors="replace")


def _body(signature: str) -> bytes:
    text = signature.strip()
    if not text.startswith(_BEGIN) or not text.endswith(_END) or len(text) > _MOST_LETTERS:
        raise Unproven("its signature is not one of SSH's")
    letters = "".join(text.removeprefix(_BEGIN).removesuffix(_END).split())
    try:
        whole = base64.b64decode(letters, validate=True)
    except ValueError as error:
        raise Unproven("its signature cannot be read") from error
    if not whole.startswith(_HEAD):
        raise Unproven("its signature cannot be read")
    return whole.removeprefix(_HEAD)


def _keys() -> ModuleType:
    try:
        from ledger.signatures import keys  # noqa: PLC0415  (only who signs or verifies needs it)
    except ImportError as error:
        raise Refused(
            "LH2041",
            "commits cannot be signed or verified here, for the package cryptography is missing:"
            " install the extra `signing`, or package the function with it.",
        ) from error
    return keys
