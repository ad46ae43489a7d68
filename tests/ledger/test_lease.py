"""The meter on a chosen clock: what a request adds, what it may not, and when an endpoint is on."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta, timezone
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger import lease as meter
from ledger.errors import Refused
from ledger.lease import Ceiling, Lease
from ledger.schedule import DAYS, Schedule, Window
from tests.ledger.machine_clock import machine_in

MONDAY_9 = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
WEEK = Ceiling(10080, "environments/dev/environment.json")
OFFICE = Schedule(
    zone=ZoneInfo("UTC"),
    windows=(Window(frozenset(DAYS), time(8), time(17)),),
)
NO_SCHEDULE = Schedule()

nows = st.datetimes(datetime(2024, 1, 1), datetime(2034, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001  (hypothesis wants naive bounds)
    lambda moment: moment.replace(microsecond=0)
)
minutes = st.integers(1, 20_000)
ceilings = st.integers(1, 20_000).map(lambda most: Ceiling(most, "environment.json"))


@st.composite
def situations(draw: st.DrawFn) -> tuple[Lease | None, datetime]:
    """A moment, and a lease that ended, runs, or was never given."""
    now = draw(nows)
    offset = draw(st.none() | st.integers(-50_000, 50_000))
    return (None if offset is None else Lease(now + timedelta(minutes=offset))), now


def at(text: str) -> datetime:
    return datetime.fromisoformat(f"2026-11-23T{text}Z")


# 1. Live iff now is before the end.


@pytest.mark.parametrize(
    ("now", "live"), [("09:59:59", True), ("10:00:00", False), ("10:00:01", False)]
)
def test_a_lease_is_live_until_the_second_at_which_it_ends(now: str, live: bool) -> None:  # noqa: FBT001
    assert Lease(at("10:00:00")).is_live(at(now)) is live


# 2. Extensions count from the later of the end and now.


def test_an_extension_adds_to_what_is_left() -> None:
    extended = meter.extend(Lease(at("09:30:00")), 10, MONDAY_9, WEEK)
    assert extended == Lease(at("09:40:00"))


def test_an_extension_of_an_ended_lease_counts_from_now() -> None:
    assert meter.extend(Lease(at("08:00:00")), 10, MONDAY_9, WEEK) == Lease(at("09:10:00"))


def test_an_extension_makes_the_lease_where_there_is_none() -> None:
    assert meter.extend(None, 10, MONDAY_9, WEEK) == Lease(at("09:10:00"))


def test_fractions_of_a_second_are_dropped() -> None:
    now = MONDAY_9.replace(microsecond=999_999)
    assert meter.extend(None, 10, now, WEEK) == Lease(at("09:10:00"))


def test_a_request_from_another_zone_is_answered_in_utc() -> None:
    now = MONDAY_9.astimezone(timezone(timedelta(hours=5, minutes=45)))
    extended = meter.extend(None, 10, now, WEEK)
    assert extended.expires_at.isoformat() == "2026-11-23T09:10:00+00:00"


def test_a_time_is_utc_wherever_the_machine_is() -> None:
    now = MONDAY_9.astimezone(timezone(timedelta(hours=2)))
    with machine_in("Asia/Kathmandu"):
        extended = meter.extend(None, 10, now, WEEK)
        assert extended.expires_at.isoformat() == "2026-11-23T09:10:00+00:00"
        assert meter.stamp(now) == "2026-11-23T09:00:00Z"


def test_an_extension_takes_back_a_release() -> None:
    released = meter.release(Lease(at("12:00:00")), OFFICE, MONDAY_9)
    assert released.off_until is not None
    assert meter.extend(released, 10, MONDAY_9, WEEK).off_until is None


@given(situations(), minutes, minutes)
def test_two_extensions_add_up_to_one_of_both(
    situation: tuple[Lease | None, datetime], first: int, second: int
) -> None:
    lease, now = situation
    endless = Ceiling(10**6, "environment.json")
    twice = meter.extend(meter.extend(lease, first, now, endless), second, now, endless)
    assert twice == meter.extend(lease, first + second, now, endless)


@given(situations(), minutes, ceilings)
def test_an_extension_lengthens_by_what_was_asked_or_is_refused(
    situation: tuple[Lease | None, datetime], asked: int, ceiling: Ceiling
) -> None:
    lease, now = situation
    before = max(lease.expires_at, now) if lease else now
    try:
        after = meter.extend(lease, asked, now, ceiling).expires_at
    except Refused:
        assert before + timedelta(minutes=asked) > ceiling.at(now)
    else:
        assert after - before == timedelta(minutes=asked)
        assert after <= ceiling.at(now)


# 3. An absolute end never shortens by accident.


def test_an_end_can_be_set_to_an_instant() -> None:
    assert meter.set_expiry(None, at("12:00:00"), MONDAY_9, WEEK) == Lease(at("12:00:00"))


def test_a_live_lease_is_shortened_only_on_request() -> None:
    lease = Lease(at("12:00:00"))
    with refused("LH4103", "2026-11-23T12:00:00Z", 'it. Say "shorten": true, or --shorten'):
        meter.set_expiry(lease, at("11:00:00"), MONDAY_9, WEEK)
    shorter = meter.set_expiry(lease, at("11:00:00"), MONDAY_9, WEEK, shorten=True)
    assert shorter == Lease(at("11:00:00"))


def test_the_same_end_once_more_is_no_shortening() -> None:
    lease = Lease(at("12:00:00"))
    assert meter.set_expiry(lease, at("12:00:00"), MONDAY_9, WEEK) == lease


@pytest.mark.parametrize("until", ["07:30:00", "08:30:00", "09:00:00"])
@pytest.mark.parametrize("lease", [None, Lease(at("08:00:00"))], ids=["none", "ended"])
@pytest.mark.parametrize("shorten", [False, True])
def test_where_no_lease_runs_none_is_set_into_the_past_nor_to_now(
    lease: Lease | None,
    until: str,
    shorten: bool,  # noqa: FBT001
) -> None:
    with refused("LH4103", f"2026-11-23T{until}Z is past already, and no lease is running."):
        meter.set_expiry(lease, at(until), MONDAY_9, WEEK, shorten=shorten)


def test_where_none_runs_one_is_set_to_the_second_after_now() -> None:
    until = at("09:00:01")
    assert meter.set_expiry(Lease(at("08:00:00")), until, MONDAY_9, WEEK) == Lease(until)


@pytest.mark.parametrize("until", ["08:30:00", "09:00:00"])
def test_a_live_lease_is_ended_by_an_instant_that_is_past_only_on_request(until: str) -> None:
    lease = Lease(at("12:00:00"))
    with refused("LH4103", "runs until 2026-11-23T12:00:00Z", '"shorten": true'):
        meter.set_expiry(lease, at(until), MONDAY_9, WEEK)
    assert meter.set_expiry(lease, at(until), MONDAY_9, WEEK, shorten=True) == Lease(at(until))


def test_a_lease_that_would_end_at_once_is_none() -> None:
    with refused("LH4103", "past already"):
        meter.set_expiry(None, MONDAY_9, MONDAY_9, WEEK)
    assert meter.set_expiry(None, at("09:00:01"), MONDAY_9, WEEK) == Lease(at("09:00:01"))


@given(situations(), nows, ceilings)
def test_an_end_that_is_set_never_shortens_a_live_lease(
    situation: tuple[Lease | None, datetime], until: datetime, ceiling: Ceiling
) -> None:
    lease, now = situation
    try:
        after = meter.set_expiry(lease, until, now, ceiling)
    except Refused:
        return
    assert after.expires_at == until <= ceiling.at(now)
    assert lease is None or not lease.is_live(now) or until >= lease.expires_at


# 4. The ceiling.


def test_a_refusal_names_the_largest_grant_the_ceiling_and_the_file() -> None:
    ceiling = Ceiling(60, "environments/dev/environment.json")
    with refused("LH4102", "ceiling of 60 min", "environments/dev/environment.json", "is 30 min"):
        meter.extend(Lease(at("09:30:00")), 31, MONDAY_9, ceiling)


def test_a_lease_at_the_ceiling_takes_no_minute_more_and_says_so() -> None:
    with refused("LH4102", "in environment.json; it is reached."):
        meter.extend(Lease(at("10:00:00")), 1, MONDAY_9, Ceiling(60, "environment.json"))


def test_an_instant_past_the_ceiling_is_answered_with_the_latest_possible() -> None:
    with refused("LH4102", "2026-11-23T10:00:00Z"):
        meter.set_expiry(None, at("10:00:01"), MONDAY_9, Ceiling(60, "environment.json"))
    latest = meter.set_expiry(None, at("10:00:00"), MONDAY_9, Ceiling(60, "environment.json"))
    assert latest == Lease(at("10:00:00"))


def test_a_policy_tightened_later_never_cuts_a_live_lease() -> None:
    lease, tightened = Lease(at("20:00:00")), Ceiling(60, "environment.json")
    with refused("LH4102", "it is reached"):
        meter.extend(lease, 1, MONDAY_9, tightened)
    assert meter.is_on(NO_SCHEDULE, lease, at("19:59:59"))


@given(situations(), ceilings)
def test_the_largest_grant_that_a_refusal_names_is_granted_and_one_minute_more_is_not(
    situation: tuple[Lease | None, datetime], ceiling: Ceiling
) -> None:
    lease, now = situation
    with pytest.raises(Refused) as caught:
        meter.extend(lease, 10**8, now, ceiling)
    named = re.search(r"the most that can be added now is (\d+) min", caught.value.message)
    largest = int(named[1]) if named else 0
    if largest:
        meter.extend(lease, largest, now, ceiling)
    with pytest.raises(Refused):
        meter.extend(lease, largest + 1, now, ceiling)


def test_a_first_lease_is_cut_to_the_ceiling_because_nobody_is_there_to_be_asked() -> None:
    assert meter.grant(90, MONDAY_9, WEEK) == Lease(at("10:30:00"))
    assert meter.grant(90, MONDAY_9, Ceiling(60, "environment.json")) == Lease(at("10:00:00"))


def test_near_the_end_of_the_calendar_nothing_overflows() -> None:
    last = datetime(9999, 12, 31, 23, 0, tzinfo=UTC)
    assert meter.grant(10**9, last, WEEK).expires_at.year == 9999
    with refused("LH4102"):
        meter.extend(Lease(last), 10**9, MONDAY_9, WEEK)


# 5. A release.


def test_a_release_ends_the_lease_at_once() -> None:
    released = meter.release(Lease(at("12:00:00")), NO_SCHEDULE, MONDAY_9)
    assert released == Lease(MONDAY_9)
    assert not meter.is_on(NO_SCHEDULE, released, MONDAY_9)


def test_a_release_inside_a_window_holds_off_until_its_end_and_no_longer() -> None:
    released = meter.release(Lease(at("12:00:00")), OFFICE, MONDAY_9)
    assert released == Lease(MONDAY_9, off_until=at("17:00:00"))
    assert not meter.is_on(OFFICE, released, at("16:59:59"))
    assert meter.is_on(OFFICE, released, at("08:00:00") + timedelta(days=1))


def test_a_window_without_a_lease_can_be_released_too() -> None:
    released = meter.release(None, OFFICE, MONDAY_9)
    assert not meter.is_on(OFFICE, released, MONDAY_9)


def test_a_release_does_not_move_the_end_of_an_ended_lease() -> None:
    released = meter.release(Lease(at("06:00:00")), OFFICE, MONDAY_9)
    assert released.expires_at == at("06:00:00")


@pytest.mark.parametrize(
    ("lease", "sentence"),
    [
        (None, "it was never leased"),
        (Lease(at("08:00:00")), "its lease ended at 2026-11-23T08:00:00Z"),
    ],
)
def test_nothing_to_release_is_refused(lease: Lease | None, sentence: str) -> None:
    with refused("LH4105", sentence):
        meter.release(lease, NO_SCHEDULE, MONDAY_9)


def test_a_second_release_in_the_same_window_is_refused() -> None:
    released = meter.release(None, OFFICE, MONDAY_9)
    with refused("LH4105"):
        meter.release(released, OFFICE, at("10:00:00"))


def test_a_window_that_was_made_longer_can_be_released_when_the_first_release_is_over() -> None:
    released = meter.release(None, OFFICE, MONDAY_9)
    longer = Schedule(zone=OFFICE.zone, windows=(Window(frozenset(DAYS), time(8), time(20)),))
    with refused("LH4105"):
        meter.release(released, longer, at("16:59:59"))
    assert meter.release(released, longer, at("17:00:00")).off_until == at("20:00:00")


@given(situations(), st.sampled_from([NO_SCHEDULE, OFFICE]))
def test_after_a_release_it_is_off(
    situation: tuple[Lease | None, datetime], schedule: Schedule
) -> None:
    lease, now = situation
    try:
        released = meter.release(lease, schedule, now)
    except Refused:
        assert not meter.is_on(schedule, lease, now)
    else:
        assert not meter.is_on(schedule, released, now)


# 6. On or off.


def test_always_on_needs_no_lease() -> None:
    assert meter.is_on(Schedule(always_on=True), None, MONDAY_9)


def test_without_a_lease_and_outside_of_windows_it_is_off() -> None:
    assert not meter.is_on(NO_SCHEDULE, None, MONDAY_9)
    assert not meter.is_on(OFFICE, None, at("07:59:59"))


@pytest.mark.parametrize("second", ["07:59:59", "08:00:00", "08:00:01"])
def test_the_seam_between_a_lease_and_a_window_never_stops_it(second: str) -> None:
    assert meter.is_on(OFFICE, Lease(at("08:00:00")), at(second))


@pytest.mark.parametrize("second", ["16:59:59", "17:00:00", "17:00:01"])
def test_the_seam_between_a_window_and_a_lease_never_stops_it(second: str) -> None:
    assert meter.is_on(OFFICE, Lease(at("18:00:00")), at(second))


def test_what_is_held_off_is_on_again_at_the_second_at_which_that_ends() -> None:
    lease = Lease(at("18:00:00"), off_until=at("17:00:00"))
    assert not meter.is_on(NO_SCHEDULE, lease, at("16:59:59"))
    assert meter.is_on(NO_SCHEDULE, lease, at("17:00:00"))


@given(situations(), minutes)
def test_what_was_just_extended_is_on(situation: tuple[Lease | None, datetime], asked: int) -> None:
    lease, now = situation
    extended = meter.extend(lease, asked, now, Ceiling(10**6, "environment.json"))
    assert meter.is_on(NO_SCHEDULE, extended, now)
    assert not meter.is_on(NO_SCHEDULE, extended, extended.expires_at)


# What nobody asked for: credits for starts, and renewals by use.


@pytest.mark.parametrize(
    ("ready", "minutes"),
    [
        ("09:00:59", 0),
        ("09:01:00", 1),
        ("09:01:59", 1),
        ("09:30:00", 30),
        ("11:00:00", 60),
        ("08:59:00", 0),
    ],
)
def test_a_credit_is_the_whole_minutes_of_a_start_up_to_a_limit(ready: str, minutes: int) -> None:
    assert meter.credit(Lease(at("09:10:00")), MONDAY_9, at(ready), 60) == minutes


@pytest.mark.parametrize("ended", ["08:59:59", "09:00:00"])
def test_a_lease_that_ended_before_the_start_has_no_credit(ended: str) -> None:
    assert meter.credit(Lease(at(ended)), MONDAY_9, at("09:30:00"), 60) == 0


def test_fractions_of_a_second_make_no_minute_of_a_credit() -> None:
    start = MONDAY_9.replace(microsecond=999_999)
    assert meter.credit(Lease(at("10:00:00")), start, at("09:01:00"), 60) == 1


def test_a_lease_is_given_the_id_of_its_request_and_keeps_what_else_it_says() -> None:
    lease = Lease(at("10:00:00"), off_until=at("08:00:00"), request_id="r1")
    given_ = meter.with_request(lease, "r2")
    assert given_ == Lease(at("10:00:00"), at("08:00:00"), "r2")


def test_a_prolonged_lease_keeps_what_else_it_says() -> None:
    lease = Lease(at("10:00:00"), off_until=at("08:00:00"), request_id="r1")
    prolonged = meter.prolong(lease, at("11:00:00"), MONDAY_9, WEEK)
    assert prolonged == Lease(at("11:00:00"), at("08:00:00"), "r1")


@given(situations(), st.integers(-50_000, 50_000), ceilings)
def test_a_prolonged_lease_never_ends_sooner_and_is_never_refused(
    situation: tuple[Lease | None, datetime], offset: int, ceiling: Ceiling
) -> None:
    lease, now = situation
    until = now + timedelta(minutes=offset)
    after = meter.prolong(lease, until, now, ceiling).expires_at
    cut = min(until, ceiling.at(now))
    assert after == (max(lease.expires_at, cut) if lease else cut)


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (60, "1 min"),
        (89, "1 min"),
        (90, "2 min"),
        (7199, "120 min"),
        (7200, "2 h"),
        (172_799, "48 h"),
        (172_800, "2 days"),
    ],
)
def test_a_length_is_said_in_the_largest_unit_that_tells_it(seconds: int, said: str) -> None:
    assert meter.duration(timedelta(seconds=seconds)) == said


# 9. What is no number of minutes and no time.


@pytest.mark.parametrize(
    "asked",
    [True, False, 0, -1, 1.0, 10.5, float("nan"), float("inf"), "10", None, [10], b"10"],
    ids=repr,
)
def test_what_is_no_whole_number_from_one_is_refused(asked: Any) -> None:  # noqa: ANN401
    with refused("LH4101", "minutes must be a whole number from 1"):
        meter.extend(None, asked, MONDAY_9, WEEK)
    with refused("LH4101"):
        meter.grant(asked, MONDAY_9, WEEK)


@pytest.mark.parametrize("power", [9, 15, 30, 400, 5000])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_huge_number_is_refused_with_a_sentence(power: int, sign: int) -> None:
    with pytest.raises(Refused):
        meter.extend(None, sign * 10**power, MONDAY_9, WEEK)


def test_a_time_without_a_zone_is_refused() -> None:
    naive = datetime(2026, 11, 23, 12, 0)  # noqa: DTZ001  (that is the point)
    lease = Lease(at("12:00:00"))
    with refused("LH4104", "2026-11-23T12:00:00 has no zone"):
        meter.set_expiry(lease, naive, MONDAY_9, WEEK)
    with refused("LH4104"):
        meter.extend(lease, 10, naive, WEEK)
    with refused("LH4104"):
        meter.release(lease, NO_SCHEDULE, naive)


def test_an_instant_outside_of_the_calendar_is_refused() -> None:
    first = datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))
    with refused("LH4104", "outside of the calendar"):
        meter.set_expiry(None, first, MONDAY_9, WEEK)


@given(st.datetimes(timezones=st.just(UTC)))
def test_a_stamp_is_read_back_as_the_same_second(moment: datetime) -> None:
    written = meter.stamp(moment)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", written)
    assert datetime.fromisoformat(written) == moment.replace(microsecond=0)


def refused(code: str, *words: str) -> Any:  # noqa: ANN401  (pytest's context manager)
    """Expect a refusal with this code that says all of these words."""
    pattern = "".join(f"(?=.*{re.escape(word)})" for word in words)
    return pytest.raises(Refused, match=f"^{code}: (?s:{pattern})")
