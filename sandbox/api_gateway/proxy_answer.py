"""What a Lambda function answers API Gateway: a proxy integration's answer, whole or streamed.

A streamed answer is a JSON object with status and headers, eight zero bytes, the body.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import replace
from typing import TYPE_CHECKING

from sandbox.api_gateway.http import Answer

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

# API Gateway keeps these for itself; an answer's own value arrives under another name.
_REMAPPED = frozenset(
    {
        "connection",
        "content-length",
        "date",
        "expect",
        "keep-alive",
        "proxy-authenticate",
        "server",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "www-authenticate",
    }
)
_ANSWER_FIELDS = frozenset({"statusCode", "headers", "multiValueHeaders", "body"})
_PRELUDE_END = bytes(8)
_PRELUDE_LIMIT = 16 * 1024


class MalformedAnswerError(Exception):
    """A handler's answer is not what the proxy integration accepts."""


def answer_from(answer: object) -> Answer:
    """Return a proxy integration's answer; raise MalformedAnswerError where AWS says 502."""
    if not isinstance(answer, dict) or not answer.keys() <= _ANSWER_FIELDS | {"isBase64Encoded"}:
        raise MalformedAnswerError(f"not a proxy answer: {type(answer).__name__}")
    return Answer(
        _status(answer.get("statusCode", 200)),
        _headers(answer.get("headers") or {}, answer.get("multiValueHeaders") or {}),
        _body(answer.get("body"), is_base64=answer.get("isBase64Encoded") or False),
    )


def streamed_answer(parts: Iterable[bytes]) -> Answer:
    """Return a streaming integration's answer, whose body is passed on as it comes."""
    coming, begun = iter(parts), b""
    while _PRELUDE_END not in begun:
        part = next(coming, None)
        if part is None or len(begun) > _PRELUDE_LIMIT:
            raise MalformedAnswerError("a stream without its eight zero bytes")
        begun += part
    prelude, _, body = begun.partition(_PRELUDE_END)
    try:
        answer = answer_from(json.loads(prelude))
    except ValueError as error:
        raise MalformedAnswerError("a stream that does not begin with JSON") from error
    return replace(answer, body=_continued(body, coming))


def _continued(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _status(value: object) -> int:
    text = str(value)
    if isinstance(value, bool) or not text.isdecimal() or not 200 <= int(text) <= 599:  # noqa: PLR2004 -- HTTP's range of final answers
        raise MalformedAnswerError(f"statusCode: {value!r}")
    return int(text)


def _headers(single: object, multi: object) -> tuple[tuple[str, str], ...]:
    """Return both mappings merged; for a name in both the list wins."""
    if not isinstance(single, dict) or not isinstance(multi, dict):
        raise MalformedAnswerError("headers: not an object")
    several = {name.lower() for name in multi}
    pairs = [(name, value) for name, value in single.items() if name.lower() not in several]
    for name, values in multi.items():
        if not isinstance(values, list):
            raise MalformedAnswerError(f"multiValueHeaders: {name}: not an array")
        pairs += [(name, value) for value in values]
    if all(name.lower() != "content-type" for name, _ in pairs):
        pairs.append(("Content-Type", "application/json"))
    return tuple((_remapped(name), _header_value(name, value)) for name, value in pairs)


def _remapped(name: str) -> str:
    return f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name


def _header_value(name: str, value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() | float():
            return str(value)
        case str() if value.isprintable() and all(ord(letter) < 256 for letter in value):  # noqa: PLR2004 -- HTTP headers are Latin-1
            return value
        case _:
            raise MalformedAnswerError(f"headers: {name}: not a header's value")


def _body(value: object, *, is_base64: object) -> bytes:
    if not isinstance(value, str | None) or not isinstance(is_base64, bool):
        raise MalformedAnswerError("body: neither text nor null")
    if not is_base64:
        return (value or "").encode("utf-8", "replace")
    try:
        return base64.b64decode(value or "", validate=True)
    except (binascii.Error, ValueError) as error:
        raise MalformedAnswerError("body: not base64") from error
