"""JSON that cannot be read: the place and a sentence of our own, the same on every Python."""

from __future__ import annotations

import pytest

from ledger.json_text import MAX_BYTES, decode

UNEXPECTED = "is not expected; perhaps a comma, a colon or a quote is missing"
IN_A_TEXT = "a text holds a line break or a control character; write \\n for a line break"
BACKSLASH = "a backslash begins nothing that JSON knows; write \\\\ for a backslash"


def refusal(content: bytes) -> str:
    with pytest.raises(ValueError, match=r".+") as told:
        decode(content)
    return str(told.value)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "it is empty"),
        (b" \n\t\n", "it is empty"),
        (b"{", "line 1, column 2: it ends here and is not complete"),
        (b"\n{", "line 2, column 2: it ends here and is not complete"),
        (b'{"name": "A",\n', "line 2, column 1: it ends here and is not complete"),
        (b'{"a": 1,}', "line 1, column 8: the comma before } is one too many"),
        (b'{\n  "a": 1,\n}\n', "line 2, column 9: the comma before } is one too many"),
        (b"[1, 2 ,\n ]", "line 1, column 7: the comma before ] is one too many"),
        (b'{"a": "x}', "line 1, column 7: the text that begins here has no closing quote"),
        (b'{"a": "\\d"}', f"line 1, column 8: {BACKSLASH}"),
        (b'{"a": "x\ny"}', f"line 1, column 9: {IN_A_TEXT}"),
        (b'{"a": 1\n "b": 2}', f"line 2, column 2: '\"b\"' {UNEXPECTED}"),
        (b"<<<<<<< HEAD\n{}\n", f"line 1, column 1: '<<<<<<<' {UNEXPECTED}"),
        ("{'ü': 1}".encode(), f"line 1, column 2: \"'\\xfc':\" {UNEXPECTED}"),
        (b"\xef\xbb\xbf{} x", f"line 1, column 4: 'x' {UNEXPECTED}"),
        (b'{"a": 1, "a": 2}', "the key 'a' stands twice in one object"),
        (b'{"b": 1, "a": 2, "b": 3}', "the key 'b' stands twice in one object"),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1e999}', "a number in it is too large"),
        (b"9" * 5000, "a number in it has more than 4300 digits"),
        (b'{"a": "\xff"}', "byte 8 is not UTF-8; save it as UTF-8"),
        (b'{"a": "\\ud800"}', "a text in it holds '\\ud800', which is half a character"),
        (b" " * (MAX_BYTES + 1), f"it has {MAX_BYTES + 1} bytes, and at most {MAX_BYTES} are read"),
    ],
    ids=lambda value: ascii(value[:40]),
)
def test_what_cannot_be_read_is_told_with_its_place(content: bytes, sentence: str) -> None:
    assert refusal(content) == sentence


def test_a_long_word_is_cut_and_shows_nothing_that_a_terminal_would_obey() -> None:
    told = refusal(b'{"a": \x1b[31m' + b"x" * 5000)
    assert told.isprintable()
    assert len(told) < 150


@pytest.mark.parametrize("begin", [b"[", b'{"a":'])
def test_what_is_nested_deeper_than_a_document_needs_is_refused(begin: bytes) -> None:
    for depth in (33, 900, 40_000):
        with pytest.raises(RecursionError):
            decode(begin * depth + b"1" + (b"]" if begin == b"[" else b"}") * depth)


def test_what_is_as_large_and_as_deep_as_may_be_is_read() -> None:
    assert decode(b"1" + b" " * (MAX_BYTES - 1)) == 1
    deep = decode(b"[" * 32 + b"1" + b"]" * 32)
    for _ in range(32):
        (deep,) = deep
    assert deep == 1


def test_what_is_in_order_is_read_as_it_is() -> None:
    digits = "9" * 4300
    assert decode(f"-{digits}".encode()) == -int(digits)
    text = '{"a": [1, -2.5, true, null, "é\\n\\u00e9"]}'
    assert decode(text.encode()) == {"a": [1, -2.5, True, None, "é\né"]}
