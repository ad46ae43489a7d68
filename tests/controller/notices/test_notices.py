"""Who hears what, and how often: stories of leases and endpoints on a chosen clock."""

from __future__ import annotations

import json
import subprocess
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from controller.notices import baseline, delivered, due, pruned
from controller.notices.notice import Delivery, Kind, Notice
from controller.plan import plan
from controller.planning.action import Action, Plan, Verb
from controller.planning.artifact import ResourceKind
from ledger.holdings import Fleet, read_fleet
from ledger.lease import stamp
from ledger.names import EndpointName, Name
from ledger.observed import Applied, Entry, Record, read_record, write

NINE = datetime(2026, 11, 23, 9, tzinfo=UTC)
TEN = NINE + timedelta(hours=1)
NAME = EndpointName("demo-Falcon-Endpoint")
NO_CAPACITY = "Unable to provision requested ML compute capacity"
CRASH = "The primary container did not pass the ping health check."
OFFICE_HOURS = {
    "timezone": "UTC",
    "windows": [{"days": ["mon"], "start": "08:00", "end": "18:00"}],
}


def at(hour: int, minute: int) -> datetime:
    return NINE.replace(hour=hour, minute=minute)


@dataclass
class Story:
    """One environment with the endpoint Falcon, whatever has been recorded, and all that is told.

    The world is told what to be: the lease, the status, the plan. Deliveries work unless told not.
    """

    lease: datetime | None = None
    definition: dict[str, Any] = field(default_factory=dict)
    notifications: dict[str, Any] = field(default_factory=dict)
    content: bytes | None = None
    actions: tuple[Action, ...] = ()
    record: Record = field(default_factory=Record)

    @property
    def fleet(self) -> Fleet:
        settings = {
            "project_prefix": "demo",
            "region_name": "us-east-1",
            "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
            "notifications": self.notifications,
        }
        definition = {
            "name": "Falcon",
            "inference_type": "realtime",
            "inference_instance_type": "ml.g5.xlarge",
            "model": {"image": "falcon:1"},
            **self.definition,
        }
        files = {
            "environments/dev/environment.json": json.dumps(settings).encode(),
            "environments/dev/Falcon.endpoint.json": self.content
            or json.dumps(definition).encode(),
        }
        if self.lease:
            lease = {"expires_at": stamp(self.lease)}
            files["environments/dev/Falcon.lease.json"] = json.dumps(lease).encode()
        fleet = read_fleet(files, "dev")
        assert self.content or not fleet.violations, fleet.violations
        return fleet

    def see(self, status: str, since: datetime = NINE, **facts: Any) -> None:  # noqa: ANN401 - an entry's
        """Let the record say what Falcon's endpoint is now."""
        notices = self.told_keys()
        self.record = Record(
            {NAME: Entry("Falcon", status, since, **{"notices": notices, **facts})}
        )

    def plan(self, verb: Verb, reason: str = "so it is") -> None:
        self.actions = (Action(verb, "Falcon", NAME, reason),)

    def told_keys(self) -> frozenset[str]:
        entry = self.record.entry(NAME)
        return entry.notices if entry else frozenset()

    def due(self, now: datetime) -> tuple[Notice, ...]:
        return due(self.fleet, Plan("dev", "c0ffee", self.actions), self.record, now)

    def tick(self, now: datetime, *, works: bool = True) -> list[Notice]:
        """Tell what is due; return what arrived. The record goes through its file and back."""
        found = self.due(now)
        self.record = delivered(self.record, (Delivery(it, ok=works) for it in found), now)
        self.record = pruned(self.record, self.fleet, Plan("dev", "c0ffee", self.actions))
        self.record = read_record(write("dev", self.record, Applied("", (), now)), "dev")
        return [*found] if works else []

    def kinds(self, now: datetime) -> list[Kind]:
        return [notice.kind for notice in self.tick(now)]


@pytest.fixture
def story() -> Story:
    """Falcon is in service, and its lease ends at ten."""
    made = Story(lease=TEN)
    made.see("InService")
    return made


def orphan(name: str, reason: str) -> Action:
    return Action(Verb.REPORT, name, EndpointName(name), reason, is_orphan=True)


# A lease comes to its end.


def test_an_ending_lease_is_told_at_each_lead_time_and_once(story: Story) -> None:
    minutes = range(-5, 70)
    told = {m: story.tick(NINE + timedelta(minutes=m)) for m in minutes}
    keys = {m: [notice.key for notice in notices] for m, notices in told.items() if notices}
    assert keys == {0: [f"expiring:{stamp(TEN)}:60"], 45: [f"expiring:{stamp(TEN)}:15"]}


def test_the_message_says_until_when_how_long_that_is_and_who_owns_it(story: Story) -> None:
    story.definition["owner"] = "ana@example.com"
    (notice,) = story.tick(at(9, 45))
    assert notice.subject == "[dev] Falcon: lease ends at 2026-11-23T10:00:00Z, in 15 min"
    assert "(Falcon in dev) ends at 2026-11-23T10:00:00Z, in 15 min." in notice.text
    assert "Its owner is ana@example.com." in notice.text
    assert notice.detail == {
        "environment": "dev",
        "name": "Falcon",
        "endpoint_name": NAME,
        "at": "2026-11-23T09:45:00Z",
        "expires_at": "2026-11-23T10:00:00Z",
        "minutes_left": 15,
        "owner": "ana@example.com",
    }


def test_the_command_in_the_message_asks_the_api_for_an_hour(story: Story) -> None:
    story.notifications["api_url"] = "https://api.example.com/prod/"
    assert arguments_of_curl(story) == [
        "https://api.example.com/prod/endpoint-expiry",
        "--header",
        "Authorization: s3cret",
        "--data",
        json.dumps({"EndpointName": NAME, "minutes": 60}),
    ]


def test_the_command_takes_the_api_from_the_shell_where_the_ledger_names_none(
    story: Story,
) -> None:
    assert arguments_of_curl(story)[0] == "https://from.example.com/endpoint-expiry"


def test_an_address_in_the_settings_cannot_run_a_command_of_its_own(story: Story) -> None:
    story.notifications["api_url"] = "https://x/$(exit)`exit`;exit&exit"
    assert arguments_of_curl(story)[0] == "https://x/$(exit)`exit`;exit&exit/endpoint-expiry"


def arguments_of_curl(story: Story) -> list[str]:
    """What curl is given when somebody pastes the command of a notice into a shell."""
    (notice,) = story.tick(at(9, 50))
    (command,) = (line for line in notice.text.splitlines() if line.startswith("curl "))
    script = 'curl() { for argument; do printf "%s\\n" "$argument"; done; }; ' + command
    ran = subprocess.run(
        ["sh", "-eu", "-c", script],
        env={"TOKEN": "s3cret", "LEASEHOLD_API": "https://from.example.com"},
        capture_output=True,
        text=True,
        check=True,
    )
    return ran.stdout.splitlines()


def test_after_an_outage_only_the_nearest_lead_time_is_told(story: Story) -> None:
    assert [notice.key for notice in story.tick(at(9, 50))] == [f"expiring:{stamp(TEN)}:15"]
    assert story.tick(at(9, 51)) == []


def test_an_extended_lease_is_told_of_again(story: Story) -> None:
    assert story.kinds(at(9, 50)) == [Kind.EXPIRING]
    story.lease = at(12, 0)
    assert story.kinds(at(9, 51)) == []
    assert story.kinds(at(11, 0)) == [Kind.EXPIRING]


def test_the_keys_of_a_former_expiry_are_forgotten(story: Story) -> None:
    story.tick(at(9, 50))
    story.lease = at(12, 0)
    story.tick(at(9, 51))
    assert story.told_keys() == frozenset()


def test_nobody_hears_of_an_end_that_has_come(story: Story) -> None:
    assert story.kinds(TEN) == []


def test_nobody_hears_of_an_end_that_stops_nothing(story: Story) -> None:
    for status in ("absent", "Deleting"):
        story.see(status)
        assert story.kinds(at(9, 50)) == []


def test_what_runs_on_by_its_schedule_does_not_end_with_its_lease(story: Story) -> None:
    story.definition["schedule"] = OFFICE_HOURS
    assert story.kinds(at(9, 50)) == []
    story.lease = at(18, 30)
    assert story.kinds(at(18, 20)) == [Kind.EXPIRING]


def test_what_is_always_on_does_not_end_with_its_lease(story: Story) -> None:
    story.definition["schedule"] = {"always_on": True}
    assert story.kinds(at(9, 50)) == []


def test_what_is_suspended_beyond_its_lease_does_not_end_with_it(story: Story) -> None:
    story.definition["suspended"] = {"reason": "load test", "until": "2026-11-23T11:00:00Z"}
    assert story.kinds(at(9, 50)) == []
    story.definition["suspended"] = {"reason": "load test", "until": "2026-11-23T09:55:00Z"}
    assert story.kinds(at(9, 50)) == [Kind.EXPIRING]


def test_a_start_that_is_given_back_to_the_lease_waits_for_the_last_call(story: Story) -> None:
    story.see("Creating", starting_since=NINE)
    assert story.kinds(at(9, 10)) == []
    assert story.kinds(at(9, 45)) == [Kind.EXPIRING]


def test_a_lease_that_use_prolongs_is_told_of_when_the_use_ends(story: Story) -> None:
    """It is short all the time: prolonged as soon as half of its 40 minutes are gone."""
    story.definition["schedule"] = {"extend_while_active_minutes": 40}
    assert [m for m in range(60) if story.tick(NINE + timedelta(minutes=m))] == [45]
    story.definition["schedule"] = {"extend_while_active_minutes": 12}
    story.lease = at(11, 0)
    assert [m for m in range(120) if story.tick(NINE + timedelta(minutes=m))] == [116]


def test_an_environment_may_want_no_lead_times(story: Story) -> None:
    story.notifications["lead_minutes"] = []
    story.definition["schedule"] = {"extend_while_active_minutes": 12}
    assert story.kinds(at(9, 59)) == []


def test_a_lead_time_longer_than_any_lease_is_told_at_once(story: Story) -> None:
    story.notifications["lead_minutes"] = [10**30]
    assert story.kinds(NINE) == [Kind.EXPIRING]


@pytest.mark.parametrize(
    ("set_at", "told"),
    [
        (at(8, 0), {0: 60, 45: 15}),
        (at(9, 0), {45: 15}),  # it had an hour then, and not more
        (at(9, 30), {45: 15}),
        (at(9, 45), {}),
        (None, {0: 60, 45: 15}),
    ],
    ids=str,
)
def test_a_lead_time_is_told_that_was_crossed_since_the_lease_was_set(
    story: Story, set_at: datetime | None, told: dict[int, int]
) -> None:
    story.see("InService", lease_end=TEN, lease_set_at=set_at)
    found = {m: story.tick(NINE + timedelta(minutes=m)) for m in range(60)}
    keys = {m: notices[0].key for m, notices in found.items() if notices}
    assert keys == {m: f"expiring:{stamp(TEN)}:{lead}" for m, lead in told.items()}


def test_a_lease_that_no_tick_has_seen_yet_is_told_of_by_all_lead_times(story: Story) -> None:
    story.see("InService", lease_end=at(9, 30), lease_set_at=at(9, 20))
    assert story.kinds(at(9, 25)) == [Kind.EXPIRING]


# An endpoint lives.


def test_a_start_is_told_once_for_each_creation(story: Story) -> None:
    story.lease = at(20, 0)
    story.see("Creating", created_at=NINE)
    assert story.tick(at(9, 1)) == []
    story.see("InService", at(9, 5), created_at=NINE)
    (notice,) = story.tick(at(9, 5))
    assert (notice.kind, notice.key) == (Kind.STARTED, f"started:{stamp(NINE)}")
    assert notice.text == (
        "demo-Falcon-Endpoint (Falcon in dev) is in service, leased until 2026-11-23T20:00:00Z.\n"
    )
    story.see("Updating", at(9, 20), created_at=NINE)
    assert story.tick(at(9, 20)) == []
    story.see("InService", at(9, 30), created_at=NINE)
    assert story.tick(at(9, 30)) == []
    story.see("InService", at(9, 50), created_at=at(9, 40))
    assert story.kinds(at(9, 50)) == [Kind.STARTED]


def test_a_start_is_not_told_of_what_is_not_ours(story: Story) -> None:
    story.lease = at(20, 0)
    story.see("InService", created_at=NINE)
    story.plan(Verb.REPORT, "an endpoint of this name is there")
    assert story.kinds(NINE) == [Kind.BLOCKED]


def test_a_stop_is_told_with_its_cause_and_once(story: Story) -> None:
    story.see("InService", created_at=NINE)
    story.tick(at(9, 1))
    story.see("Deleting", TEN, created_at=NINE, cause=f"lease ended at {stamp(TEN)}")
    (notice,) = story.tick(TEN)
    assert notice.kind is Kind.STOPPED
    assert notice.text.endswith("is stopped: lease ended at 2026-11-23T10:00:00Z.\n")
    story.see("absent", at(10, 3), created_at=NINE)
    assert story.tick(at(10, 3)) == []


def test_what_is_deleted_to_be_started_anew_is_not_told_as_stopped(story: Story) -> None:
    story.see("Deleting", at(9, 20), created_at=NINE)
    assert story.kinds(at(9, 20)) == []


def test_what_is_gone_while_nobody_may_touch_it_is_told_as_stopped(story: Story) -> None:
    story.see("absent", at(9, 20), created_at=NINE)
    story.plan(Verb.HOLD)
    assert story.kinds(at(9, 20)) == [Kind.STOPPED]


def test_an_endpoint_without_a_definition_is_told_as_stopped_too() -> None:
    story = Story()
    story.record = Record({EndpointName("old-one"): Entry("Old", "absent", NINE, created_at=NINE)})
    assert story.kinds(TEN) == [Kind.STOPPED]


def test_what_never_was_cannot_stop(story: Story) -> None:
    story.lease = None
    story.see("absent")
    assert story.kinds(NINE) == []


def test_a_failure_is_told_with_its_reason_and_what_comes_next(story: Story) -> None:
    story.see("Failed", cause=CRASH)
    story.plan(Verb.REPORT, "it failed. Renew its lease to try again.")
    (notice,) = story.tick(at(9, 50))
    assert notice.kind is Kind.FAILED
    assert f"SageMaker says: {CRASH}" in notice.text
    assert "report: it failed. Renew its lease to try again." in notice.text
    assert story.tick(at(9, 51)) == []


def test_a_second_failure_is_told_again(story: Story) -> None:
    story.see("Failed", NINE, cause=CRASH)
    assert story.kinds(at(9, 1)) == [Kind.FAILED]
    story.see("Failed", at(9, 30), cause=CRASH)
    assert story.kinds(at(9, 31)) == [Kind.FAILED]


def test_a_lack_of_capacity_is_told_less_and_less_often(story: Story) -> None:
    told = []
    for failure in range(1, 20):
        story.see("Failed", NINE + timedelta(minutes=failure), cause=NO_CAPACITY, failures=failure)
        told += [failure] * len(story.tick(NINE))
        story.see("Creating", failures=failure)
        story.tick(NINE)
    assert told == [1, 2, 4, 8, 16]


def test_capacity_that_came_and_went_is_told_from_the_beginning(story: Story) -> None:
    story.lease = at(20, 0)
    story.see("Failed", cause=NO_CAPACITY, failures=1)
    assert story.kinds(at(9, 1)) == [Kind.FAILED]
    story.see("InService", at(9, 9))
    assert story.kinds(at(9, 9)) == []
    story.see("Failed", at(9, 30), cause=NO_CAPACITY, failures=1)
    assert story.kinds(at(9, 30)) == [Kind.FAILED]


def test_a_defect_after_a_lack_of_capacity_is_told(story: Story) -> None:
    story.see("Failed", NINE, cause=NO_CAPACITY, failures=1)
    assert story.kinds(at(9, 1)) == [Kind.FAILED]
    story.see("Failed", at(9, 30), cause=CRASH, failures=1)
    assert story.kinds(at(9, 31)) == [Kind.FAILED]


def test_an_update_that_was_rolled_back_is_told_once_for_each_config(story: Story) -> None:
    story.lease = at(20, 0)
    story.see("InService", attempted_config="falcon-2", update_failure=CRASH)
    (notice,) = story.tick(at(9, 20))
    assert (notice.kind, notice.key) == (Kind.FAILED, "failed:falcon-2")
    assert notice.subject == "[dev] Falcon: its update failed, and it serves on as before"
    assert story.tick(at(9, 21)) == []
    story.see("InService", attempted_config="falcon-22", update_failure=CRASH)
    assert [notice.key for notice in story.tick(at(9, 40))] == ["failed:falcon-22"]
    assert story.told_keys() == {"failed:falcon-22"}


def test_an_idle_stop_is_told_in_the_tick_that_does_it(story: Story) -> None:
    story.plan(Verb.IDLE, "no invocation since 2026-11-23T09:15:00Z, longer than 30 min")
    (notice,) = story.tick(at(9, 45))
    assert notice.kind is Kind.IDLE
    assert "no invocation since 2026-11-23T09:15:00Z, longer than 30 min" in notice.text
    assert "until 2026-11-23T10:00:00Z" in notice.text
    assert story.tick(at(9, 46)) == []


def test_an_idle_stop_inside_a_window_is_told_again_in_the_next_window() -> None:
    story = Story(definition={"schedule": {**OFFICE_HOURS, "idle_minutes": 30}})
    story.see("InService")
    story.plan(Verb.IDLE)
    assert story.kinds(at(9, 45)) == [Kind.IDLE]
    assert story.kinds(at(9, 46)) == []
    assert story.kinds(at(9, 45) + timedelta(days=7)) == [Kind.IDLE]


# Something waits for a person.


def test_what_a_person_has_to_look_at_is_told_once_for_each_reason(story: Story) -> None:
    story.plan(Verb.REPORT, "it is not adopted")
    assert story.kinds(NINE - timedelta(hours=1)) == [Kind.BLOCKED]
    assert story.kinds(NINE - timedelta(hours=1)) == []
    story.plan(Verb.REPORT, "it belongs to another environment")
    (notice,) = story.tick(NINE - timedelta(hours=1))
    assert notice.text.startswith("demo-Falcon-Endpoint (Falcon in dev): it belongs to another")


def test_a_report_that_comes_back_is_told_again(story: Story) -> None:
    quiet = NINE - timedelta(hours=1)
    story.plan(Verb.REPORT, "it is not adopted")
    assert story.kinds(quiet) == [Kind.BLOCKED]
    story.plan(Verb.KEEP)
    assert story.kinds(quiet) == []
    story.plan(Verb.REPORT, "it is not adopted")
    assert story.kinds(quiet) == [Kind.BLOCKED]


def test_a_failure_is_not_told_a_second_time_as_a_report(story: Story) -> None:
    story.plan(Verb.REPORT, "the update failed")
    story.see("Failed", cause=CRASH)
    assert story.kinds(NINE - timedelta(hours=1)) == [Kind.FAILED]
    story.see("InService", attempted_config="falcon-2", update_failure=CRASH)
    assert story.kinds(NINE - timedelta(hours=1)) == [Kind.FAILED]


def test_what_is_no_endpoint_is_nobodys_notice(story: Story) -> None:
    """A wrong clock makes reports of collections too, and they are no reason to write to people."""
    config = Action(
        Verb.REPORT, "Falcon", Name("falcon-0123456789"), "clock", kind=ResourceKind.ENDPOINT_CONFIG
    )
    story.actions = (config,)
    assert story.kinds(NINE - timedelta(hours=1)) == []


def test_a_broken_definition_of_an_endpoint_that_never_was_is_told_once() -> None:
    story = Story(content=b"{")
    story.plan(Verb.REPORT, "frozen until its documents are mended: it is not JSON")
    assert story.kinds(NINE) == [Kind.BLOCKED]
    assert story.kinds(at(9, 1)) == []


def test_a_broken_lease_keeps_what_was_told_of_it(story: Story) -> None:
    assert story.kinds(at(9, 1)) == [Kind.EXPIRING]
    story.content = b"{"
    assert story.kinds(at(9, 2)) == []
    story.content = None
    assert story.kinds(at(9, 3)) == []


def test_orphans_past_the_brake_share_one_notice() -> None:
    story = Story()
    names = [EndpointName(f"orphan-{number:03}") for number in range(500)]
    story.record = Record({name: Entry(name, "InService", NINE) for name in names})
    story.actions = tuple(orphan(name, "500 endpoints have no definition") for name in names)
    (notice,) = story.tick(NINE)
    assert notice.subject == "[dev] 500 endpoints: a person has to look"
    assert "orphan-000, orphan-001, " in notice.text
    assert notice.detail["endpoints"] == names
    assert story.tick(at(9, 1)) == []


def test_settings_that_cannot_be_read_name_nobody_to_tell_and_nothing_is_forgotten(
    story: Story,
) -> None:
    story.see("InService", created_at=NINE, notices=frozenset({f"started:{stamp(NINE)}"}))
    before = story.record
    fleet = Fleet("dev", None)
    planned = plan(fleet, [], NINE)
    assert planned.needs_a_person
    assert due(fleet, planned, before, NINE) == ()
    assert pruned(before, fleet, planned) is before


# What is remembered.


def test_what_was_told_of_a_name_in_another_case_is_not_told_again(story: Story) -> None:
    story.see("InService", created_at=NINE)
    assert story.kinds(at(9, 1)) == [Kind.EXPIRING, Kind.STARTED]
    story.record = Record({EndpointName(NAME.upper()): story.record.entries[NAME]})
    story.plan(Verb.KEEP)
    assert story.kinds(at(9, 2)) == []
    assert story.kinds(at(9, 45)) == [Kind.EXPIRING]


def test_a_new_record_does_not_tell_of_old_starts_and_stops() -> None:
    story = Story(lease=TEN)
    names = [EndpointName(f"old-{number}") for number in range(500)]
    entries = {name: Entry(name, "InService", NINE, created_at=NINE) for name in names}
    entries[EndpointName("gone")] = Entry("gone", "absent", NINE, created_at=NINE)
    entries[EndpointName("bad")] = Entry("bad", "Failed", NINE, "?", created_at=NINE)
    entries[NAME] = Entry("Falcon", "InService", NINE, created_at=NINE)
    story.record = Record(entries)
    story.record = baseline(story.record, story.due(NINE), NINE)
    assert story.kinds(at(9, 1)) == [Kind.EXPIRING, Kind.FAILED]


def test_a_notice_that_one_target_took_goes_to_the_other_alone(story: Story) -> None:
    (notice,) = story.due(at(9, 50))
    partly = Delivery(notice, ok=False, taken=frozenset({"sns"}))
    story.record = pruned(delivered(story.record, [partly], NINE), story.fleet, Plan("dev", "", ()))
    (again,) = story.due(at(9, 51))
    assert again.taken == {"sns"}
    both = Delivery(again, ok=True, taken=frozenset({"sns", "events"}))
    story.record = delivered(story.record, [both], NINE)
    assert story.due(at(9, 52)) == ()
    assert not [key for key in story.told_keys() if "@" in key]


@settings(deadline=None, max_examples=40)
@given(
    extensions=st.dictionaries(st.integers(0, 180), st.integers(1, 90), max_size=5),
    outages=st.sets(st.integers(0, 300)),
    leads=st.sets(st.integers(1, 60), min_size=1, max_size=3).map(sorted),
)
def test_each_end_is_announced_whatever_fails_and_never_twice_nor_late(
    extensions: dict[int, int], outages: set[int], leads: list[int]
) -> None:
    story = Story(lease=at(9, 30), notifications={"lead_minutes": leads})
    story.see("InService")
    arrived: Counter[str] = Counter()
    expected: set[str] = set()
    for minute in range(300):
        now = NINE + timedelta(minutes=minute)
        if minute in extensions:
            assert story.lease
            story.lease = max(story.lease, now) + timedelta(minutes=extensions[minute])
        assert story.lease
        left = (story.lease - now) // timedelta(minutes=1)
        due_leads = [lead for lead in leads if 0 < left <= lead]
        if due_leads and minute not in outages:
            expected.add(f"expiring:{stamp(story.lease)}:{min(due_leads)}")
        for notice in story.tick(now, works=minute not in outages):
            assert now < story.lease
            arrived[notice.key] += 1
    assert set(arrived) == expected
    assert set(arrived.values()) <= {1}


@settings(deadline=None, max_examples=40)
@given(st.lists(st.sampled_from(["InService", "Updating", "Deleting", "absent", "Failed"])))
def test_the_record_of_one_endpoint_does_not_grow(statuses: list[str]) -> None:
    story = Story(lease=TEN)
    for number, status in enumerate(statuses):
        now = NINE + timedelta(minutes=5 * number)
        story.lease = now + timedelta(minutes=10)
        story.see(status, now, created_at=now, cause=CRASH)
        story.tick(now)
    assert len(story.told_keys()) <= 4


def test_a_message_has_room_for_a_long_reason_but_not_for_any(story: Story) -> None:
    story.plan(Verb.REPORT, "x" * 10**6)
    (notice,) = story.tick(NINE - timedelta(hours=1))
    assert len(notice.text) < 5000
