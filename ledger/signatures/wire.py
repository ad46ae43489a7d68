"""What SSH puts into a signature: strings with their length before them. Pure."""

import struct

_LENGTH = 4  # bytes


class Unproven(Exception):  # noqa: N818 - it is what a signature is, and no bug
    """A signature does not count; says why."""


def packed(*parts: bytes) -> bytes:
    return b"".join(struct.pack(">I", len(each)) + each for each in parts)


def split(content: bytes, count: int) -> list[bytes]:
    """Read so many strings, and nothing after them. Raises Unproven."""
    found, rest = [], content
    for _ in range(count):
        first, rest = split_first(rest)
        found.append(first)
    if rest:
        raise Unproven("its signature has more than a signature")
    return found


def split_first(content: bytes) -> tuple[bytes, bytes]:
    """Read one string, and return it with what follows. Raises Unproven."""
    size = int.from_bytes(content[:_LENGTH], "big")
    end = _LENGTH + size
    if len(content) < end or len(content) < _LENGTH:
        raise Unproven("its signature is cut off")
    return content[_LENGTH:end], content[end:]
