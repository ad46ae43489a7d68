"""Which time zone keys a schedule may name, and what it is told to write instead of the others."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.zones import _LETTERS, is_accepted, known, refusal, suggestion

REFUSED = sorted(available_timezones() - known())


@pytest.mark.parametrize(
    "key",
    [
        "Europe/Berlin",
        "America/Argentina/Buenos_Aires",
        "Asia/Kathmandu",
        "Antarctica/Troll",
        "UTC",
    ],
)
def test_a_region_and_a_city_are_accepted_and_so_is_utc(key: str) -> None:
    assert is_accepted(key)
    assert suggestion(key) is None


@pytest.mark.parametrize(
    ("key", "today"), [("Asia/Calcutta", "Asia/Kolkata"), ("Europe/Kiev", "Europe/Kyiv")]
)
def test_an_old_name_of_a_city_stays_accepted_and_has_a_newer_one(key: str, today: str) -> None:
    assert is_accepted(key)
    assert suggestion(key) == today


@pytest.mark.parametrize("key", ["Europe/Oslo", "Atlantic/Reykjavik", "Asia/Kuwait"])
def test_no_country_is_sent_to_a_neighbour_with_the_same_clocks(key: str) -> None:
    assert suggestion(key) is None


@pytest.mark.parametrize(
    ("key", "instead"),
    [
        # aliases
        ("US/Eastern", "America/New_York"),
        ("us/eastern", "America/New_York"),
        ("Canada/Pacific", "America/Vancouver"),
        ("Brazil/East", "America/Sao_Paulo"),
        ("GB", "Europe/London"),
        ("Japan", "Asia/Tokyo"),
        ("NZ", "Pacific/Auckland"),
        ("Iceland", "Atlantic/Reykjavik"),
        ("EST5EDT", "America/New_York"),
        ("posix/Europe/Berlin", "Europe/Berlin"),
        ("right/US/Pacific", "America/Los_Angeles"),
        ("SystemV/EST5EDT", "America/New_York"),
        # UTC by its other names
        ("Etc/UTC", "UTC"),
        ("Etc/GMT", "UTC"),
        ("Zulu", "UTC"),
        ("Z", "UTC"),
        ("utc", "UTC"),
        # abbreviations, of which some mean several places
        ("PDT", "America/Los_Angeles"),
        ("EST", "America/New_York or America/Panama"),
        ("MST", "America/Denver or America/Phoenix"),
        ("GMT", "UTC or Europe/London"),
        ("CET", "Europe/Berlin, Europe/Paris or Europe/Madrid"),
        ("CEST", "Europe/Berlin, Europe/Paris or Europe/Madrid"),
        ("IST", "Asia/Kolkata, Europe/Dublin or Asia/Jerusalem"),
        # spelling
        ("europe/berlin", "Europe/Berlin"),
        ("Europe/Berln", "Europe/Berlin"),
        ("Europe/Berlin\n", "Europe/Berlin"),
        ("America/New York", "America/New_York"),
        ("america/newyork", "America/New_York"),
        ("America/London", "Europe/London"),
        ("Berlin", "Europe/Berlin"),
    ],
)  # fmt: skip
def test_what_is_refused_is_told_what_to_write(key: str, instead: str) -> None:
    assert not is_accepted(key)
    assert suggestion(key) == instead
    assert refusal(key).endswith(f"; write {instead}.")


@pytest.mark.parametrize(
    "key",
    [
        "+02:00",
        "-0500",
        "+1",
        "GMT+1",
        "UTC+2",
        "UTC-03:30",
        "Etc/GMT+1",
        "Etc/GMT-14",
        "etc/gmt-2",
    ],
)
def test_a_fixed_offset_is_refused_because_it_has_no_daylight_saving(key: str) -> None:
    assert not is_accepted(key)
    assert suggestion(key) is None
    assert refusal(key) == (
        f"{key!r} is a fixed offset, which has no daylight saving; write the Region/City key of the"
        " place, such as Europe/Berlin, or UTC."
    )


@pytest.mark.parametrize("key", ["Mars/Olympus", "../../etc/passwd", "", "Europe/", "localtime"])
def test_where_nothing_comes_near_no_place_is_guessed(key: str) -> None:
    assert not is_accepted(key)
    assert suggestion(key) is None
    assert refusal(key) == f"{key!r} is no IANA time zone; write one such as Europe/Berlin or UTC."


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("EST", "is an abbreviation and names no place; "),
        ("US/Eastern", "is an alias; "),
        ("europe/berlin", "is no IANA time zone; "),
    ],
)
def test_a_refusal_says_of_what_kind_the_key_is(key: str, kind: str) -> None:
    assert refusal(key).startswith(f"{key!r} {kind}")


def test_every_key_of_the_database_that_is_refused_says_why() -> None:
    sentence = re.compile(
        r"'.+' is (an alias|an abbreviation|a fixed offset|no IANA time zone)\b.*"
    )
    assert {"EST", "CET", "US/Pacific", "Etc/GMT+5", "GMT0"} <= set(REFUSED)
    assert all(sentence.fullmatch(refusal(key)) for key in REFUSED)


@pytest.mark.parametrize(
    "key",
    [key for key in REFUSED if key.startswith(("US/", "Canada/", "Mexico/", "Brazil/", "Chile/"))],
)
def test_the_suggestion_for_a_countrys_alias_has_the_same_clocks(key: str) -> None:
    instead = suggestion(key)
    assert instead is not None
    for month in range(1, 13):
        moment = datetime(2025, month, 15, 12, tzinfo=UTC)
        there, here = moment.astimezone(ZoneInfo(key)), moment.astimezone(ZoneInfo(instead))
        assert there.utcoffset() == here.utcoffset()


@pytest.mark.parametrize("letters", sorted(_LETTERS))
def test_an_abbreviation_is_sent_to_places_that_are_accepted(letters: str) -> None:
    assert not is_accepted(letters)
    assert all(is_accepted(place) for place in _LETTERS[letters])


@given(st.text(max_size=200) | st.sampled_from(sorted(available_timezones())))
def test_any_key_is_either_accepted_or_refused_in_one_line(key: str) -> None:
    if is_accepted(key):
        assert ZoneInfo(key).key == key
    else:
        assert refusal(key).isprintable()
        assert refusal(key).endswith(".")


@given(st.sampled_from(sorted(known())), st.data())
def test_a_letter_left_out_of_a_city_leads_back_to_a_key(key: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(key) - 1))
    typo = key[:place] + key[place + 1 :]
    if not is_accepted(typo) and len(key) > len("Asia/Aden"):
        assert suggestion(typo) is not None


def test_a_key_without_an_end_is_not_repeated_in_full() -> None:
    assert len(refusal("x" * 1_000_000)) < 200
