"""Dates near the ends of the calendar, such as the usual "for ever", in whatever takes a lease."""

from __future__ import annotations

import inspect
import json
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta, timezone
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.memory.transitions import refreshed
from controller.notices import due
from controller.plan import plan
from controller.planning.findings import Findings
from controller.planning.idleness import Use
from controller.planning.looks import Remembered, looks_due
from gateway.leases import answers
from leasehold import times
from leasehold.next import Row
from ledger import automatic, forecast, lease, standing
from ledger.committers import CONTROLLER
from ledger.documents import Suspension
from ledger.errors import Refused, Wait
from ledger.instants import EARLIEST, LATEST, NEVER, earlier, in_utc, in_zone, later
from ledger.lease import Ceiling, Lease, relative, stamp
from ledger.observed import Entry, Record
from ledger.proposals import Request
from ledger.schedule import DAYS, Schedule, Window, spans_between, window_end
from ledger.snapshot import Snapshot
from tests.controller.cases import NAME, NOW, Ticks, fleet_of, there

if TYPE_CHECKING:
    from collections.abc import Callable

    from ledger.holdings import Fleet

FOR_EVER = datetime(9999, 12, 31, 23, 59, 30, tzinfo=UTC)
WEEK = Ceiling(10_080, "environments/dev/environment.json")
ZONES = ["UTC", "Pacific/Kiritimati", "Pacific/Niue", "Europe/Berlin"]
NIGHT = {"days": ["mon", "thu", "fri"], "start": "20:00", "end": "06:00"}
seconds = st.integers(0, 12 * 86_400).map(lambda number: timedelta(seconds=number))
edges = st.one_of(
    seconds.map(lambda length: LATEST - length),
    seconds.map(lambda length: EARLIEST + length),
    seconds.map(lambda length: NEVER + length - timedelta(days=6)),
    seconds.map(lambda length: NOW + length - timedelta(days=6)),
    st.just(FOR_EVER),
)
leases = st.builds(Lease, edges, st.none() | edges)
nights = Window(frozenset({"mon", "thu", "fri"}), time(20), time(6))
schedules = st.sampled_from(
    [Schedule()]
    + [Schedule(zone=ZoneInfo(zone), windows=(nights,), always_on=zone == "UTC") for zone in ZONES]
    + [
        Schedule(zone=ZoneInfo(zone), windows=(Window(frozenset(DAYS), time(), None),))
        for zone in ZONES
    ]
)
documents = (
    st.fixed_dictionaries(
        {"lease_starts": st.sampled_from(["ready", "request"]), "timezone": st.sampled_from(ZONES)},
        optional={
            "windows": st.just([NIGHT]),
            "idle_minutes": st.sampled_from([10, 10_080]),
            "extend_while_active_minutes": st.sampled_from([10, 10_080]),
        },
    )
    .map(lambda found: found if "windows" in found else {**found, "timezone": None})
    .map(lambda found: {key: value for key, value in found.items() if value is not None})
)


@given(leases, edges, edges, st.integers(1, 10**9), schedules)
def test_no_change_of_a_lease_overflows(
    given_: Lease, one: datetime, other: datetime, minutes: int, schedule: Schedule
) -> None:
    for now in (NOW, one):
        for ceiling in (WEEK, Ceiling(10**9, "f")):
            changes: tuple[Callable[[], Lease], ...] = (
                partial(lease.extend, given_, minutes, now, ceiling),
                partial(lease.set_expiry, given_, other, now, ceiling, shorten=True),
                partial(lease.grant, minutes, now, ceiling),
                partial(lease.prolong, given_, other, now, ceiling),
                partial(lease.release, given_, schedule, now),
            )
            for change in changes:
                try:
                    stamp(change().expires_at)
                except Refused:
                    continue
        lease.is_on(schedule, given_, now)
        lease.is_on(schedule, given_, given_.expires_at)
        lease.credit(given_, one, other, minutes)
        lease.duration(other - now)
        assert lease.with_request(given_, "r").request_id == "r"


def test_the_property_above_knows_every_function_that_takes_a_lease() -> None:
    """Whoever adds one adds it there."""
    takes = {
        name
        for name, each in inspect.getmembers(lease, inspect.isfunction)
        if each.__module__ == lease.__name__ and "lease" in inspect.signature(each).parameters
    }
    assert takes == {
        "credit", "extend", "is_on", "prolong", "release", "set_expiry", "with_request"
    }  # fmt: skip


@given(leases, edges, schedules)
def test_nothing_that_is_told_of_a_lease_overflows(
    given_: Lease, now: datetime, schedule: Schedule
) -> None:
    for moment in (NOW, now):
        (holding,) = fleet_of("A").holdings
        definition = replace(holding.definition, schedule=schedule)
        for each in (
            replace(holding, lease=given_, definition=definition),
            replace(holding, lease=None, lost_lease=given_, definition=definition),
        ):
            standing.standing(each, moment)
            told = answers.about(each, moment, "c0ffee")
            assert json.dumps(told)
            if told["ExpiresAt"]:
                assert len(told["EndpointExpiry "]) == len("26-06-2023-12-39-47")
        for step in forecast.forecast(schedule, given_, moment, 5):
            assert step.reason
            row = Row("e", "A", "on", "why", step.at, "on", ZoneInfo("Pacific/Kiritimati"))
            assert row.local
        window_end(schedule, moment)
        list(spans_between(schedule, moment, later(moment, timedelta(days=9))))
        assert relative(given_.expires_at, moment)
        assert times.utc(given_.expires_at)
        assert times.on_day(given_.expires_at, moment)


def edited(fleet: Fleet, wanted: Lease, until: datetime | None) -> Fleet:
    (holding,) = fleet.holdings
    suspended = Suspension("so it is", until) if until else None
    definition = replace(holding.definition, suspended=suspended)
    return replace(fleet, holdings=(replace(holding, lease=wanted, definition=definition),))


@settings(max_examples=40)
@given(leases, edges, st.none() | edges, documents, st.sampled_from(["Creating", "InService"]))
def test_no_tick_overflows(
    given_: Lease,
    tagged: datetime,
    until: datetime | None,
    schedule: dict[str, object],
    status: str,
) -> None:
    fleet = edited(fleet_of("A", schedule=schedule), given_, until)
    began = NOW - timedelta(minutes=7)
    seen = there("Creating", fleet, lease=tagged, created_at=began, modified_at=began)
    ticks = Ticks(Record({NAME: Entry("A", "Absent", began - timedelta(minutes=1))}))
    ticks.see(fleet, None, began)
    ticks.see(fleet, seen, began)
    ready = replace(seen, status=status, modified_at=NOW)
    record = refreshed(ticks.record, fleet, [ready], NOW)
    for use in (Use(NOW), Use(backlog=True), Use()):
        found = Findings(record, uses={NAME: use})
        planned = plan(fleet, [ready], NOW, "c0ffee", found)
        assert planned.actions
        due(fleet, planned, record, NOW)
        looks_due(fleet, [ready], record, Remembered(), NOW)


@given(leases, edges)
def test_no_change_of_the_controllers_own_overflows(given_: Lease, until: datetime) -> None:
    files = {
        "environments/dev/environment.json": b'{"project_prefix": "demo", "region_name":'
        b' "us-east-1", "execution_role_arn": "arn:aws:iam::123456789012:role/demo"}',
        "environments/dev/A.endpoint.json": b'{"name": "A", "inference_type": "realtime",'
        b' "inference_instance_type": "ml.g5.xlarge", "model": {"image": "falcon:1"}}',
        "environments/dev/A.lease.json": json.dumps(
            {"expires_at": stamp(given_.expires_at)}
        ).encode(),
    }
    seen, request = Lease(given_.expires_at), Request("dev", "A", CONTROLLER, "r1", NOW)
    for propose in (
        automatic.start_credit(request, seen, timedelta(days=1)),
        automatic.renewal(request, seen, until),
        automatic.idle_stop(request, seen),
    ):
        try:
            propose(Snapshot("c0ffee", files, NOW))
        except (Refused, Wait):
            continue


def test_a_start_of_what_is_leased_for_ever_is_credited_up_to_the_end_of_the_calendar() -> None:
    fleet = fleet_of("A", expires_at=FOR_EVER)
    began = NOW - timedelta(minutes=7)
    seen = there("Creating", fleet, lease=FOR_EVER, created_at=began, modified_at=began)
    ticks = Ticks(Record({NAME: Entry("A", "Absent", began)}))
    for minute in range(7):
        assert ticks.see(fleet, seen, began + timedelta(minutes=minute)).verb == "wait"
    served = replace(seen, status="InService", modified_at=NOW)
    assert ticks.see(fleet, served, NOW).verb in {"keep", "credit"}


@given(edges, st.integers(-(10**9), 10**9))
def test_a_length_is_added_and_taken_up_to_the_ends(moment: datetime, minutes: int) -> None:
    length = timedelta(minutes=minutes)
    there_, back = later(moment, length), earlier(moment, length)
    assert EARLIEST <= there_ <= datetime.max.replace(tzinfo=UTC)
    assert (there_ >= moment) is (minutes >= 0) or there_ == moment
    assert back == later(moment, -length)


@pytest.mark.parametrize(
    ("moment", "zone", "said"),
    [
        ("9999-12-31T23:59:30+00:00", "Pacific/Kiritimati", "9999-12-31T23:59:59"),
        ("9999-12-31T23:59:30+00:00", "Pacific/Niue", "9999-12-31T12:59:30"),
        ("0001-01-01T00:00:30+00:00", "Pacific/Niue", "0001-01-01T00:00:00"),
    ],
)
def test_a_clock_of_a_zone_stands_still_at_the_ends(moment: str, zone: str, said: str) -> None:
    at = in_zone(datetime.fromisoformat(moment), ZoneInfo(zone))
    assert at.replace(tzinfo=None).isoformat() == said


@pytest.mark.parametrize(
    ("hours", "moment", "said"),
    [
        (-5, LATEST, "9999-12-31T23:59:59Z"),
        (5, EARLIEST, "0001-01-01T00:00:00Z"),
        (5, NOW, "2026-11-23T05:00:00Z"),
    ],
)
def test_an_instant_that_utc_does_not_have_is_written_as_the_end(
    hours: int, moment: datetime, said: str
) -> None:
    aware = moment.replace(tzinfo=timezone(timedelta(hours=hours)))
    assert stamp(aware) == said
    assert stamp(in_utc(aware)) == said
