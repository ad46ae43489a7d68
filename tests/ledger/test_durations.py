"""Lengths of time as people write them, and the sentences for those that cannot be read."""

import re
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.durations import MOST_MINUTES, minutes_from
from ledger.errors import Refused

READ = {
    "90": 90,
    " 90 ": 90,
    "+30": 30,
    "90m": 90,
    "90 min": 90,
    "90 minutes": 90,
    "1 minute": 1,
    "2h": 120,
    "2 h": 120,
    "2H30M": 150,
    "2h30m": 150,
    "2h 30 min": 150,
    "2 hours 30 minutes": 150,
    "2h30": 150,
    "1.5h": 90,
    "1,5 h": 90,
    "0.5h": 30,
    "1d": 1440,
    "1d2h": 1560,
    "2 days": 2880,
    "1w": 10080,
    "120s": 2,
    "PT2H30M": 150,
    "pt2h30m": 150,
    "PT90M": 90,
    "P1D": 1440,
    "P1DT2H": 1560,
    "P1W": 10080,
    "PT1.5H": 90,
    "PT0.5H": 30,
    "PT7200S": 120,
    str(MOST_MINUTES): MOST_MINUTES,
}
REFUSED = {
    "": "it is empty",
    "  ": "it is empty",
    "+": "it is empty",
    "+-2h": "it is no length",
    "0": "from 1 min",
    "0h": "from 1 min",
    "PT0S": "from 1 min",
    str(MOST_MINUTES + 1): "from 1 min",
    "9" * 41: "too long",
    "-2h": "negative",
    "1.5": "a fraction needs its unit",
    "2:30": "time of day",
    "18:00": "time of day",
    "30s": "whole minutes",
    "1.51h": "whole minutes",
    "PT90S": "whole minutes",
    "2x": "'x' is no unit",
    "h": "it is no length",
    "soon": "it is no length",
    "2h and 30m": "it is no length",
    "30m2h": "the largest first",
    "2h2h": "each unit comes once",
    "1.5h30m": "only the last number",
    "1 month": "no fixed length",
    "2 months": "no fixed length",
    "1y": "no fixed length",
    "P1M": "no fixed length",
    "P1Y": "no fixed length",
    "P": "ISO 8601",
    "PT": "ISO 8601",
    "P2H": "days come before T",
    "PT1D": "days come before T",
    "PTM": "ISO 8601",
    "PT1.5.5H": "ISO 8601",
    "PT2H 30M": "ISO 8601",
    "٣h": "it is no length",
    "²": "it is no length",
    "NaN": "it is no length",
    "1e3": "no unit of time",
    "inf": "it is no length",
}


@pytest.mark.parametrize(("text", "minutes"), READ.items())
def test_a_length_is_read_as_people_write_it(text: str, minutes: int) -> None:
    assert minutes_from(text) == minutes


@pytest.mark.parametrize(("text", "why"), REFUSED.items())
def test_what_is_no_length_is_refused_with_an_example(text: str, why: str) -> None:
    with pytest.raises(Refused, match=re.escape(why)) as refused:
        minutes_from(text)
    assert refused.value.code == "LH4101"
    assert "2h30m" in refused.value.message
    assert len(refused.value.message) < 250


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        minutes = minutes_from(text)
    except Refused as error:
        refused = error
    else:
        assert 1 <= minutes <= MOST_MINUTES
        return
    assert refused.code == "LH4101"
    assert refused.message.isprintable()


@given(st.integers(0, 30), st.integers(0, 23), st.integers(1, 59))
def test_the_same_length_is_the_same_in_each_form(days: int, hours: int, minutes: int) -> None:
    whole = (days * 24 + hours) * 60 + minutes
    assert minutes_from(f"{days}d{hours}h{minutes}m") == whole
    assert minutes_from(f"P{days}DT{hours}H{minutes}M") == whole
    assert minutes_from(f"{whole}") == whole
    assert minutes_from(f"{Decimal(whole * 60)} seconds") == whole
