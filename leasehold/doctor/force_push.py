"""Whether a server would let a branch be rewritten: it is asked in a way that cannot rewrite it.

The request names as the branch's head a commit that it is not, so git's own comparison refuses it
in the end. A server that forbids to rewrite says so before it compares.

libgit2 and the git command line put the true head there, so the request is written here: git's
`receive-pack` over HTTP (gitprotocol-http(5), gitprotocol-pack(5)), with a commit that has no
parent and no file.
"""

import base64
import hashlib
import re
import struct
import urllib.request
import zlib
from enum import StrEnum
from urllib.parse import urlsplit

from ledger.remote import Remote, Token

_PATIENCE_SECONDS = 10
_MOST_BYTES = 64 * 1024
_COMMIT, _TREE = 1, 2  # types of an object in a pack
_BY = b"Leasehold <leasehold@leasehold.invalid> 0 +0000"
_COMPARED = re.compile(
    r"failed to update ref|cannot lock|failed to lock|stale|incorrect old|fetch first|but expected",
    re.IGNORECASE,
)
_FORBIDDEN = re.compile(
    r"non-fast-forward|declined|prohibited|protected|denied|forbid|force|bad ref|not allowed",
    re.IGNORECASE,
)
_LINE = re.compile(rb"ng \S+ ([^\n]+)")


class Verdict(StrEnum):
    FORBIDDEN = "forbidden"
    TAKEN = "taken"
    UNKNOWN = "unknown"


def judged(words: str) -> Verdict:
    """Tell by a server's refusal whether the comparison alone has stopped the request."""
    if _COMPARED.search(words):
        return Verdict.TAKEN
    return Verdict.FORBIDDEN if _FORBIDDEN.search(words) else Verdict.UNKNOWN


def ask(remote: Remote, not_the_head: str) -> tuple[Verdict, str]:
    """Ask to rewrite the branch, and return what the server thinks of it, with its words.

    `not_the_head` is a commit that the branch has below its head, or an id that no commit has.
    Raises OSError where it cannot be asked.
    """
    if urlsplit(remote.url).scheme not in ("http", "https"):
        return Verdict.UNKNOWN, "over SSH it is not asked"
    request = urllib.request.Request(  # noqa: S310  (the schemes above)
        f"{remote.url.rstrip('/')}/git-receive-pack",
        _body(remote.branch, not_the_head),
        headers={
            "Content-Type": "application/x-git-receive-pack-request",
            "Accept": "application/x-git-receive-pack-result",
            "User-Agent": "git/2.0 (leasehold doctor)",
            **_authorization(remote),
        },
    )
    with urllib.request.urlopen(request, timeout=_PATIENCE_SECONDS) as answer:  # noqa: S310
        said = _LINE.search(answer.read(_MOST_BYTES))
    words = said[1].decode(errors="replace").strip() if said else "it gave no verdict"
    return judged(words), words


def _authorization(remote: Remote) -> dict[str, str]:
    credentials = remote.access().credentials
    if not isinstance(credentials, Token):
        return {}
    pair = f"{credentials.username}:{credentials.token}"
    return {"Authorization": f"Basic {base64.b64encode(pair.encode()).decode()}"}


def _body(branch: str, old: str) -> bytes:
    tree = hashlib.sha1(b"tree 0\0", usedforsecurity=False).hexdigest().encode()
    said = b"leasehold doctor asks whether history may be rewritten; this is never taken.\n"
    commit = b"tree %s\nauthor %s\ncommitter %s\n\n%s" % (tree, _BY, _BY, said)
    named = hashlib.sha1(b"commit %d\0%s" % (len(commit), commit), usedforsecurity=False)
    line = f"{old} {named.hexdigest()} refs/heads/{branch}\0 report-status".encode()
    return b"%04x%s0000%s" % (len(line) + 4, line, _pack(commit))


def _pack(commit: bytes) -> bytes:
    head = b"PACK" + struct.pack(">II", 2, 2)
    pack = head + _packed(_COMMIT, commit) + _packed(_TREE, b"")
    return pack + hashlib.sha1(pack, usedforsecurity=False).digest()


def _packed(kind: int, content: bytes) -> bytes:
    """Return an object of a pack: its type and size in groups of bits, then what it has."""
    size, head = len(content) >> 4, bytearray([kind << 4 | len(content) & 15])
    while size:
        head[-1] |= 128
        head.append(size & 127)
        size >>= 7
    return bytes(head) + zlib.compress(content)
