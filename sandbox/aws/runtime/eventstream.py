"""PURE: AWS's event stream encoding, as far as a payload needs it.

A message is: total length, header length, CRC of those eight bytes; headers; payload; CRC of it
all.
"""

import struct
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"
STRING = 7


def event(kind: str, payload: bytes, content_type: str = "application/octet-stream") -> bytes:
    return _message("event", kind, payload, content_type)


def exception(kind: str, payload: bytes) -> bytes:
    """Return a message that says in JSON why the stream ends here."""
    return _message("exception", kind, payload, "application/json")


def _message(message_type: str, kind: str, payload: bytes, content_type: str) -> bytes:
    headers = b"".join(
        _header(name, value)
        for name, value in (
            (":message-type", message_type),
            (f":{message_type}-type", kind),
            (":content-type", content_type),
        )
    )
    framing = 4 + 4 + 4 + 4
    prelude = struct.pack("!II", framing + len(headers) + len(payload), len(headers))
    message = prelude + struct.pack("!I", crc32(prelude)) + headers + payload
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    return struct.pack(
        f"!B{len(name)}sBH{len(value)}s",
        len(name),
        name.encode(),
        STRING,
        len(value),
        value.encode(),
    )
