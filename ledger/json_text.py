"""JSON text to data, more strictly than the standard library, with a sentence for what is wrong.

Pure. The sentences are our own, so that they are the same on every Python. It must not know what
the data means.
"""

import json
import math
import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

MAX_BYTES = 256 * 1024
MAX_DEPTH = 32  # levels of objects and arrays; a definition has six
_MOST_DIGITS = 4300  # what Python itself reads by default
_LONGEST_SHOWN = 20
_BLANKS = " \t\r\n"
_TEXT = re.compile(r'"(?:[^"\\]|\\.)*"', re.DOTALL)
_TRAILING_COMMA = re.compile(r",[ \t\r\n]*([\]}])")
_WORD = re.compile(r'"[^"\n]*"?|[\w.+-]+|\S+')


def decode(content: bytes, most_bytes: int = MAX_BYTES) -> Any:  # noqa: ANN401  (whatever JSON holds)
    """Return what a JSON text says.

    Raises ValueError with a sentence for what is no JSON or not safe to read, and RecursionError
    for what is nested too deeply.
    """
    if len(content) > most_bytes:
        raise ValueError(f"it has {len(content)} bytes, and at most {most_bytes} are read")
    text = _as_text(content)
    try:
        data = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_constant=_no_constant,
            parse_float=_finite,
            parse_int=_whole,
        )
    except json.JSONDecodeError as error:
        raise ValueError(_explained(text, error.pos)) from error
    _check_depth(data)
    _check_characters(data)
    return data


def with_text_member(content: bytes, key: str, value: str, after: str) -> bytes:
    """Return a JSON object with one text set and every other byte as it was.

    A member that is new comes right after the member `after`, or first where there is no such one,
    and is laid out as that neighbour. Raises as `decode` does, and ValueError for no object.
    """
    if not isinstance(decode(content), dict):
        raise ValueError("it is not an object, which begins with {")  # noqa: TRY004  (a file's fault)
    text = content.decode()
    opening = text.index("{") + 1
    members = tuple(_members(text, opening))
    if old := next((each for each in members if each.key == key), None):
        changed = text[: old.value_at] + json.dumps(value) + text[old.end :]
    elif neighbour := next((each for each in members if each.key == after), None):
        changed = _inserted(text, neighbour.end, members, key, value)
    else:
        changed = _inserted(text, members[0].at if members else opening, members, key, value)
    return changed.encode()


@dataclass(frozen=True, slots=True)
class _Member:
    """One member of an object: its key, and where it, its value and what follows them begin."""

    key: str
    at: int
    colon: str  # with the blanks around it
    value_at: int
    end: int


def _members(text: str, at: int) -> Iterator[_Member]:
    """Yield the members of an object that can be read, whose brace is just before `at`."""
    decoder = json.JSONDecoder()
    at = _past_blanks(text, at)
    while text[at] != "}":
        key, key_end = decoder.raw_decode(text, at)
        value_at = _past_blanks(text, text.index(":", key_end) + 1)
        _, end = decoder.raw_decode(text, value_at)
        yield _Member(key, at, text[key_end:value_at], value_at, end)
        at = _past_blanks(text, end)
        at = _past_blanks(text, at + 1) if text[at] == "," else at


def _past_blanks(text: str, at: int) -> int:
    while text[at] in _BLANKS:
        at += 1
    return at


def _inserted(text: str, at: int, members: tuple[_Member, ...], key: str, value: str) -> str:
    """Put a member where one ends, or before the first one, with the others' blanks."""
    colon = members[0].colon if members else ": "
    member = json.dumps(key) + colon + json.dumps(value)
    if not members:
        return text[:at] + member + text[at:]
    if len(members) > 1:
        comma = text[members[0].end : members[1].at]
    else:
        comma = "," + text[text.index("{") + 1 : members[0].at]
    before = at == members[0].at
    return text[:at] + (member + comma if before else comma + member) + text[at:]


def _as_text(content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ValueError(f"byte {error.start + 1} is not UTF-8; save it as UTF-8") from error


def _explained(text: str, at: int) -> str:
    """Say where reading stopped, and what stands there."""
    if not text.strip(_BLANKS):
        return "it is empty"
    at = _comma_before(text, at)
    line, column = text.count("\n", 0, at) + 1, at - text.rfind("\n", 0, at)
    return f"line {line}, column {column}: {_found(text, at)}"


def _comma_before(text: str, at: int) -> int:
    """Return the place of a comma that a closing bracket follows.

    Python up to 3.12 stops at the bracket, a later one at the comma.
    """
    if text[at : at + 1] not in ("]", "}"):
        return at
    before = text[:at].rstrip(_BLANKS)
    return len(before) - 1 if before.endswith(",") else at


def _found(text: str, at: int) -> str:
    if at >= len(text.rstrip(_BLANKS)):
        return "it ends here and is not complete"
    if comma := _TRAILING_COMMA.match(text, at):
        return f"the comma before {comma[1]} is one too many"
    match text[at]:
        case '"' if not _TEXT.match(text, at):
            return "the text that begins here has no closing quote"
        case "\\":
            return r"a backslash begins nothing that JSON knows; write \\ for a backslash"
        case character if character < " ":
            return r"a text holds a line break or a control character; write \n for a line break"
    word = _WORD.match(text, at)
    shown = word[0][:_LONGEST_SHOWN] if word else text[at]
    return f"{shown!a} is not expected; perhaps a comma, a colon or a quote is missing"


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        counted = Counter(key for key, _ in pairs)
        twice = min(key for key, times in counted.items() if times > 1)
        raise ValueError(f"the key {twice!r:.60} stands twice in one object")
    return found


def _no_constant(constant: str) -> None:
    raise ValueError(f"{constant} is not JSON")


def _whole(number: str) -> int:
    if len(number.lstrip("-")) > _MOST_DIGITS:
        raise ValueError(f"a number in it has more than {_MOST_DIGITS} digits")
    return int(number)


def _finite(number: str) -> float:
    """Read a fraction. JSON has no infinity, but 1e999 becomes one."""
    if math.isinf(found := float(number)):
        raise ValueError("a number in it is too large")
    return found


def _check_depth(data: object) -> None:
    """Refuse what Python could read but not everybody after it. Raises RecursionError."""
    level, depth = [data], 0
    while level := [each for item in level for each in _inside(item)]:
        depth += 1
        if depth > MAX_DEPTH:
            raise RecursionError


def _check_characters(data: object) -> None:
    try:
        json.dumps(data, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        half = ascii(error.object[error.start])
        raise ValueError(f"a text in it holds {half}, which is half a character") from error


def _inside(item: object) -> Iterable[object]:
    match item:
        case dict():
            return item.values()
        case list():
            return item
        case _:
            return ()
