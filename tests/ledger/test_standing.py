"""Whether an endpoint is on, until when, and the one sentence that says why."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents import Definition, ExistingConfig, Suspension
from ledger.holdings import Broken, Holding
from ledger.json_files import SCHEMAS, Violation
from ledger.lease import Lease, is_on, stamp
from ledger.names import EndpointName, Name
from ledger.schedule import DAYS, Schedule, Window
from ledger.standing import Standing, State, standing

if TYPE_CHECKING:
    from collections.abc import Iterator

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)  # a Monday
LATER, AGO = NOW + timedelta(minutes=30), NOW - timedelta(minutes=30)
NOON = NOW + timedelta(hours=2)
UTC_ZONE = ZoneInfo("UTC")
OPEN = Schedule(zone=UTC_ZONE, windows=(Window(frozenset({"mon"}), time(9), time(12)),))
SHUT = Schedule(zone=UTC_ZONE, windows=(Window(frozenset({"tue"}), time(9), time(12)),))
FULL = Schedule(zone=ZoneInfo("Europe/Berlin"), windows=(Window(frozenset(DAYS), time(0), None),))
DAYS_AND_NIGHTS = (
    Window(frozenset(DAYS), time(6), time(22)),
    Window(frozenset(DAYS), time(22), time(6)),
)
ALWAYS = Schedule(always_on=True)
FIRST = Schedule(initial_provision_minutes=30)
LIVE, ENDED, RELEASED = Lease(LATER), Lease(AGO), Lease(AGO, off_until=NOON)


def holding(
    schedule: Schedule = Schedule(),
    lease: Lease | None = None,
    suspended: Suspension | None = None,
) -> Holding:
    definition = Definition(Name("A"), ExistingConfig("c"), schedule=schedule, suspended=suspended)
    return Holding(definition, EndpointName("demo-A-Endpoint"), lease)


def on(state: State, sentence: str, until: datetime | None = None) -> Standing:
    return Standing(state, is_on=True, sentence=sentence, until=until)


def off(state: State, sentence: str, until: datetime | None = None) -> Standing:
    return Standing(state, is_on=False, sentence=sentence, until=until)


TWELVE = "2026-11-23T12:00:00Z"
AUDIT = Suspension("the model is audited")
NO_JSON = Violation("LH1001", "A.endpoint.json", "", "no JSON.")
BROKEN = Broken(Name("A"), EndpointName("demo-A-Endpoint"), (NO_JSON,))


TABLE: dict[str, tuple[Holding | Broken, Standing]] = {
    "a broken file": (BROKEN, off(State.FROZEN, "frozen until its documents are mended")),
    "suspended while it is leased": (
        holding(lease=LIVE, suspended=AUDIT),
        on(State.SUSPENDED, "suspended: the model is audited"),
    ),
    "suspended until an instant": (
        holding(suspended=replace(AUDIT, until=NOON)),
        off(State.SUSPENDED, f"suspended until {TWELVE}: the model is audited", NOON),
    ),
    "suspended, with a first lease due": (
        holding(FIRST, suspended=AUDIT),
        off(State.SUSPENDED, "suspended: the model is audited"),
    ),
    "suspended until now": (
        holding(suspended=replace(AUDIT, until=NOW)),
        off(State.NEVER_LEASED, "no lease"),
    ),
    "released in a window": (
        holding(OPEN, RELEASED),
        off(State.OFF, f"released, off until {TWELVE}", NOON),
    ),
    "released while leased again": (
        holding(lease=replace(RELEASED, expires_at=LATER)),
        off(State.OFF, f"released, off until {TWELVE}", NOON),
    ),
    "released until now": (
        holding(lease=replace(RELEASED, off_until=NOW)),
        off(State.ENDED, "lease ended at 2026-11-23T09:30:00Z"),
    ),
    "always on, but released": (
        holding(ALWAYS, RELEASED),
        off(State.OFF, f"released, off until {TWELVE}", NOON),
    ),
    "always on": (holding(ALWAYS), on(State.ALWAYS_ON, "always on")),
    "always on and leased": (holding(ALWAYS, LIVE), on(State.ALWAYS_ON, "always on")),
    "leased": (
        holding(lease=LIVE),
        on(State.LIVE, "leased until 2026-11-23T10:30:00Z", LATER),
    ),
    "leased in a window": (
        holding(OPEN, LIVE),
        on(State.LIVE, "leased until 2026-11-23T10:30:00Z", LATER),
    ),
    "in a window": (holding(OPEN), on(State.SCHEDULED, f"scheduled until {TWELVE}", NOON)),
    "in a window after its lease": (
        holding(OPEN, ENDED),
        on(State.SCHEDULED, f"scheduled until {TWELVE}", NOON),
    ),
    "in windows that fill the week": (
        holding(FULL),
        on(State.SCHEDULED, "scheduled around the clock"),
    ),
    "in days and nights that fill it": (
        holding(replace(FULL, windows=DAYS_AND_NIGHTS)),
        on(State.SCHEDULED, "scheduled around the clock"),
    ),
    "after its lease": (
        holding(lease=ENDED),
        off(State.ENDED, "lease ended at 2026-11-23T09:30:00Z"),
    ),
    "at the end of its lease": (
        holding(lease=Lease(NOW)),
        off(State.ENDED, "lease ended at 2026-11-23T10:00:00Z"),
    ),
    "out of its window": (holding(SHUT), off(State.NEVER_LEASED, "no lease")),
    "after its lease file got lost": (
        replace(holding(FIRST), lost_lease=LIVE),
        off(
            State.LEASE_LOST,
            f"A.lease.json is missing, and it was leased until {stamp(LATER)}: it is left as it is"
            " until then, unless it is extended or released",
            LATER,
        ),
    ),
    "after that, in a window": (
        replace(holding(OPEN), lost_lease=LIVE),
        on(State.SCHEDULED, f"scheduled until {TWELVE}", NOON),
    ),
    "before its first lease": (
        holding(FIRST),
        off(State.NEVER_LEASED, "its first lease of 30 min is due"),
    ),
    "before it, in a window": (
        holding(replace(OPEN, initial_provision_minutes=30)),
        on(State.SCHEDULED, "its first lease of 30 min is due", NOON),
    ),
    "after its first lease": (
        holding(FIRST, ENDED),
        off(State.ENDED, "lease ended at 2026-11-23T09:30:00Z"),
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_each_state_has_its_end_and_its_sentence(case: str) -> None:
    item, expected = TABLE[case]
    assert standing(item, NOW) == expected


def test_the_table_has_every_state() -> None:
    assert {expected.state for _, expected in TABLE.values()} == set(State)


def test_a_week_that_is_open_but_for_an_hour_has_an_end() -> None:
    days = (
        Window(frozenset(DAYS) - {"sun"}, time(0), None),
        Window(frozenset({"sun"}), time(1), None),
    )
    for now, zone in all_year():
        told = standing(holding(Schedule(zone=zone, windows=days)), now)
        assert not told.is_on or told.until is not None, (now, zone)


def test_a_week_that_is_open_all_the_time_has_none() -> None:
    for now, zone in all_year():
        told = standing(holding(replace(FULL, zone=zone)), now)
        assert (told.is_on, told.until) == (True, None), (now, zone)


def all_year() -> Iterator[tuple[datetime, ZoneInfo]]:
    """Every hour of the day, and clocks that are put forward and back."""
    for zone in ("UTC", "Europe/Berlin", "Pacific/Apia", "Australia/Lord_Howe"):
        for hours in range(0, 24 * 365, 37):
            yield datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=hours), ZoneInfo(zone)


def test_every_state_is_one_that_the_api_may_answer() -> None:
    schema = json.loads((SCHEMAS / "expiry.schema.json").read_bytes())
    assert set(schema["properties"]["Status"]["enum"]) == {str(state) for state in State}


instants = st.datetimes(datetime(2026, 11, 1), datetime(2026, 12, 20)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=0, tzinfo=UTC)
)
leases = st.builds(Lease, instants, st.none() | instants)
schedules = st.sampled_from([Schedule(), OPEN, SHUT, FULL, ALWAYS, FIRST])
suspensions = st.none() | st.builds(Suspension, st.just("audit"), st.none() | instants)


@given(st.builds(holding, schedules, st.none() | leases, suspensions), instants)
def test_on_and_off_are_the_lease_algebras_and_an_end_is_always_to_come(
    item: Holding, now: datetime
) -> None:
    told = standing(item, now)
    assert told.is_on == is_on(item.definition.schedule, item.lease, now)
    assert told.until is None or told.until > now
    assert told.sentence
