"""Text of others: one line of a terminal, one part of a comment, whatever it holds."""

import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.printable import as_json, in_code, in_line, in_markdown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a plain sentence: 50% of `x` [y]", "a plain sentence: 50% of `x` [y]"),
        ("::error::x", r"\::error::x"),
        (" \t::set-output", r" \t::set-output"),
        ("a ::b", "a ::b"),
        ("a ##[error] ##vso[task]", r"a #\#[error] #\#vso[task]"),
        ("##teamcity[x ## [y", r"#\#teamcity[x ## [y"),
        ("a\nb", r"a\nb"),
    ],
)
def test_a_line_is_no_command(text: str, shown: str) -> None:
    assert in_line(text) == shown


@given(st.text())
def test_a_line_is_one_line(text: str) -> None:
    assert in_line(text).isprintable()
    assert not in_line(text).lstrip().startswith("::")


@pytest.mark.parametrize(
    "text",
    [
        *("@everyone", "@octo-org/team", "<img src=x>", "<!-- x -->", "[x](http://evil.example)"),
        *("![x](y)", "https://evil.example", "HTTP://evil.example", "www.evil.example"),
        *("ana@example.com", "#1", "org/repo#12", "mailto:a@b.org", "a\n# b", "\x1b[31m", "\u202e"),
    ],
)
def test_nothing_of_a_comment_calls_or_leads_anywhere(text: str) -> None:
    shown = in_markdown(f"x {text} y")
    assert not re.search(r"@\w|#\d|[<>]|\][(\[:]|(?i:https?|mailto):|www\.|\n", shown)
    assert shown.replace("\N{ZERO WIDTH SPACE}", "").isprintable()


def test_what_is_harmless_stays() -> None:
    plain = "leased until 2026-11-23T13:00:00Z, `min` of 3 at s3://bucket/x_y (10:00) [LH1001]"
    assert in_markdown(plain) == plain


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("demo-A", "`demo-A`"),
        ("a`b", "`` a`b ``"),
        ("`` ` @everyone", "``` `` ` @everyone ```"),
        ("a|b\nc\x1b", r"`a\|b c\x1b`"),
    ],
)
def test_code_is_not_left(text: str, code: str) -> None:
    assert in_code(text) == code


_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(_VALUES, st.sampled_from([None, 2]))
def test_json_says_the_same_and_is_printable(value: object, indent: int | None) -> None:
    text = as_json(value, indent)
    assert json.loads(text) == value
    assert text.replace("\n", "").isprintable()
    text.encode("ascii", errors="backslashreplace").decode()
    assert not any("\ud800" <= each <= "\udfff" for each in text)
