"""Names, and for how long: put together again from what a shell has cut at blanks."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from leasehold.spans import Span, span_from
from ledger.errors import Refused
from tests.scene import NOON

BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("words", "names", "minutes"),
    [
        ("Falcon40B 10", "Falcon40B", 10),
        ("Falcon40B 2h30m", "Falcon40B", 150),
        ("Falcon40B 2 h", "Falcon40B", 120),
        ("Falcon40B 2 h 30 min", "Falcon40B", 150),
        ("Falcon40B 2 hours", "Falcon40B", 120),
        ("A B C 1.5h", "A B C", 90),
        ("A B a A 1h", "A B", 60),
        ("2 90", "2", 90),
        ("Model 1 30m", "Model 1", 30),
    ],
)
def test_the_length_is_what_can_be_read_at_the_end(words: str, names: str, minutes: int) -> None:
    assert span_from("extend", words.split(), None, NOON, BERLIN) == Span(
        tuple(names.split()), minutes
    )


@pytest.mark.parametrize(
    ("words", "until", "names", "end"),
    [
        ("A", "18:00", "A", "2026-11-23T18:00+01:00"),
        ("A B", "tomorrow", "A B", "2026-11-25T00:00+01:00"),
        ("A 18:00", "friday", "A", "2026-11-27T18:00+01:00"),
        ("A at 18:00", "friday", "A", "2026-11-27T18:00+01:00"),
        ("A B 6pm", "tomorrow", "A B", "2026-11-24T18:00+01:00"),
        ("A noon", "2026-11-27", "A", "2026-11-27T12:00+01:00"),
        ("90", "18:00", "90", "2026-11-23T18:00+01:00"),
    ],
)
def test_a_day_and_its_time_may_be_two_words(words: str, until: str, names: str, end: str) -> None:
    span = span_from("extend", words.split(), until, NOON, BERLIN)
    assert span == Span(tuple(names.split()), until=datetime.fromisoformat(end))


@pytest.mark.parametrize(
    ("words", "until", "code", "said"),
    [
        ("", None, "LH5202", "which endpoint, and for how long: leasehold extend NAME 2h30m"),
        ("2h", None, "LH5202", "which endpoint"),
        ("Falcon", None, "LH5202", "for how long: leasehold extend Falcon 2h30m"),
        ("Falcon Embed", None, "LH5202", "for how long"),
        ("Falcon 2x", None, "LH4101", "'x' is no unit"),
        ("Falcon 30s", None, "LH4101", "whole minutes"),
        ("", "18:00", "LH5202", "which endpoint"),
        ("18:00", "friday", "LH5202", "which endpoint"),
        ("Falcon 2h", "18:00", "LH5202", "2h is a length of time, and --until is an end"),
        ("Falcon", "soon", "LH5200", "'soon' is no point in time"),
    ],
)
def test_what_is_missing_is_said_with_what_to_type(
    words: str, until: str | None, code: str, said: str
) -> None:
    with pytest.raises(Refused, match=said) as refused:
        span_from("extend", words.split(), until, NOON, BERLIN)
    assert refused.value.code == code
