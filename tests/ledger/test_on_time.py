"""When an endpoint is on between two instants: as `is_on` says of each of them."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ledger.lease import Lease, is_on
from ledger.on_time import Stretch, on_time
from ledger.schedule import Schedule, Window

BEGIN = datetime(2026, 11, 23, tzinfo=UTC)  # a Monday
END = BEGIN + timedelta(days=7)
MONDAY = Schedule(zone=ZoneInfo("UTC"), windows=(Window(frozenset({"mon"}), time(9), time(17)),))


def at(hours: float) -> datetime:
    return BEGIN + timedelta(hours=hours)


def test_what_touches_is_one_stretch() -> None:
    spans = list(on_time(MONDAY, Lease(at(20)), at(8), END))
    assert spans == [Stretch(at(8), at(20))]


def test_a_release_holds_a_window_off() -> None:
    spans = list(on_time(MONDAY, Lease(at(3), off_until=at(17)), BEGIN, END))
    assert spans == []
    assert list(on_time(MONDAY, Lease(at(3), off_until=at(12)), BEGIN, END)) == [
        Stretch(at(12), at(17))
    ]


def test_what_is_always_on_is_on_to_the_end() -> None:
    assert list(on_time(Schedule(always_on=True), None, BEGIN, END)) == [Stretch(BEGIN, END)]
    assert list(on_time(Schedule(), None, BEGIN, END)) == []


@given(
    st.integers(-100, 400),
    st.none() | st.integers(-100, 400),
    st.integers(0, 60),
    st.lists(st.integers(0, 60 * 168), min_size=1, max_size=20),
)
def test_it_is_on_in_a_stretch_and_off_between(
    expires: int, off_until: int | None, begin: int, minutes: list[int]
) -> None:
    lease = Lease(at(expires), None if off_until is None else at(off_until))
    spans = list(on_time(MONDAY, lease, at(begin), END))
    for minute in minutes:
        moment = BEGIN + timedelta(minutes=minute)
        if at(begin) <= moment < END:
            inside = any(span.begin <= moment < span.end for span in spans)
            assert inside is is_on(MONDAY, lease, moment)
    assert all(span.length > timedelta() for span in spans)
