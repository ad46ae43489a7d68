"""Points in time as people write them, on the clock of the zone that they live in."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.errors import Refused
from ledger.moments import moment_from

BERLIN = ZoneInfo("Europe/Berlin")
MONDAY = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)  # 13:00 in Berlin

READ = {
    "18:00": "2026-11-23T18:00+01:00",
    " 18:00 ": "2026-11-23T18:00+01:00",
    "9:30": "2026-11-24T09:30+01:00",
    "13:00": "2026-11-24T13:00+01:00",
    "13:00:01": "2026-11-23T13:00:01+01:00",
    "6pm": "2026-11-23T18:00+01:00",
    "6 PM": "2026-11-23T18:00+01:00",
    "6:30 p.m.": "2026-11-23T18:30+01:00",
    "12am": "2026-11-24T00:00+01:00",
    "12pm": "2026-11-24T12:00+01:00",
    "noon": "2026-11-24T12:00+01:00",
    "midnight": "2026-11-24T00:00+01:00",
    "24:00": "2026-11-24T00:00+01:00",
    "00:00": "2026-11-24T00:00+01:00",
    "18:00 UTC": "2026-11-23T18:00+00:00",
    "18:00Z": "2026-11-23T18:00+00:00",
    "today": "2026-11-24T00:00+01:00",
    "today 09:00": "2026-11-23T09:00+01:00",
    "tomorrow": "2026-11-25T00:00+01:00",
    "Tomorrow 9:00": "2026-11-24T09:00+01:00",
    "tomorrow at 9am": "2026-11-24T09:00+01:00",
    "tomorrow noon": "2026-11-24T12:00+01:00",
    "monday": "2026-11-24T00:00+01:00",
    "monday 18:00": "2026-11-23T18:00+01:00",
    "monday 09:00": "2026-11-30T09:00+01:00",
    "friday": "2026-11-28T00:00+01:00",
    "fri": "2026-11-28T00:00+01:00",
    "friday 18:00": "2026-11-27T18:00+01:00",
    "Friday  18:00 UTC": "2026-11-27T18:00+00:00",
    "2026-11-27": "2026-11-28T00:00+01:00",
    "2026-11-27 18:00": "2026-11-27T18:00+01:00",
    "2026-11-27 18:00 utc": "2026-11-27T18:00+00:00",
    "2026-11-27T18:00": "2026-11-27T18:00+01:00",
    "2026-11-27T18:00:00": "2026-11-27T18:00+01:00",
    "2026-11-27T18:00:00Z": "2026-11-27T18:00+00:00",
    "2026-11-27t18:00:00z": "2026-11-27T18:00+00:00",
    "2026-11-27T18:00:00+05:30": "2026-11-27T18:00+05:30",
    "2026-11-27T18:00:00-0500": "2026-11-27T18:00-05:00",
    "2026-11-27T18:00:00.5Z": "2026-11-27T18:00:00.500+00:00",
}
NO_TIME = (
    *("", " ", "soon", "18", "25:00", "18:60", "13pm", "0am", "tomorrow soon", "mo", "friday13"),
    *("2026-02-30", "2026-11-27T25:00", "yesterday", "18:00 CET", "2h", "9999-12-31 24:00"),
    *("x" * 50, "٣:00", "friday 18:00 19:00", "at 18", "\x1b[31m", "0001-01-01T00:00:00+14:00"),
)


@pytest.mark.parametrize(("text", "moment"), READ.items())
def test_a_time_is_read_on_the_clock_of_the_zone(text: str, moment: str) -> None:
    assert moment_from(text, MONDAY, BERLIN) == datetime.fromisoformat(moment)
    assert moment_from(text, MONDAY, BERLIN).tzinfo is UTC


@pytest.mark.parametrize("text", NO_TIME)
def test_what_is_no_time_is_refused_with_examples(text: str) -> None:
    with pytest.raises(Refused, match="friday 18:00") as refused:
        moment_from(text, MONDAY, BERLIN)
    assert refused.value.code == "LH5200"
    assert refused.value.message.isprintable()


@pytest.mark.parametrize(
    ("now", "text", "moment"),
    [
        ("2026-03-28T12:00Z", "tomorrow 02:30", "2026-03-29T01:00Z"),  # jumped over: 03:00 CEST
        ("2026-10-24T12:00Z", "tomorrow 02:30", "2026-10-25T01:30Z"),  # twice: the second
        ("2026-10-24T12:00Z", "tomorrow", "2026-10-25T23:00Z"),  # a day of 25 hours
        ("2026-10-24T22:30Z", "today", "2026-10-25T23:00Z"),
        ("2026-10-25T00:45Z", "02:30", "2026-10-25T01:30Z"),
    ],
)
def test_where_the_clock_jumps_it_is_the_end_of_the_gap_or_the_second_pass(
    now: str, text: str, moment: str
) -> None:
    found = moment_from(text, datetime.fromisoformat(now), BERLIN)
    assert found == datetime.fromisoformat(moment)


@given(st.times(), st.datetimes(datetime(2024, 1, 1), datetime(2034, 1, 1)))  # noqa: DTZ001
def test_a_time_of_day_is_always_ahead_and_within_a_day(at: object, now: datetime) -> None:
    now = now.replace(tzinfo=UTC)
    found = moment_from(f"{at:%H:%M}", now, BERLIN)
    assert now < found <= now + timedelta(hours=25)


@given(st.text(max_size=50))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        found = moment_from(text, MONDAY, BERLIN)
    except Refused as error:
        code = error.code
    else:
        code, _ = "LH5200", found.isoformat()
    assert code == "LH5200"
