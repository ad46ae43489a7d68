"""The planner's table, row by row: what the repository wants, what SageMaker has, what is done."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from controller.desired import ENVIRONMENT_TAG, LEASE_TAG, NAME_TAG, PROJECT_TAG, desired
from controller.plan import CHANGES, Action, Observed, Plan, Verb, plan
from controller.setbacks import BACK_OFF
from ledger.holdings import Fleet, Holding, read_fleet
from ledger.lease import stamp

NOW = datetime(2026, 11, 23, 10, tzinfo=UTC)
LIVE = NOW + timedelta(minutes=30)
ENDED = NOW - timedelta(minutes=30)
NAME = "demo-A-Endpoint"
BUSY = ("Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting")
SETTLED = ("InService", "OutOfService", "UpdateRollbackFailed", "Failed")
CAPACITY = "Unable to provision requested ML compute capacity due to InsufficientInstanceCapacity."
DEFECT = "The primary container did not pass the ping health check."


def fleet_of(
    *names: str, expires_at: datetime | None = LIVE, image: str = "falcon:1", **definition: object
) -> Fleet:
    settings = {
        "project_prefix": "demo",
        "region_name": "us-east-1",
        "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
        "prune": {"max_orphans": 2},
    }
    files = {"environments/dev/environment.json": json.dumps(settings).encode()}
    for name in names:
        document = {
            "name": name,
            "inference_type": "realtime",
            "inference_instance_type": "ml.g5.xlarge",
            "model": {"image": image},
            **definition,
        }
        files[f"environments/dev/{name}.endpoint.json"] = json.dumps(document).encode()
        if expires_at:
            lease = json.dumps({"expires_at": stamp(expires_at)}).encode()
            files[f"environments/dev/{name}.lease.json"] = lease
    return read_fleet(files, "dev")


def broken_fleet() -> Fleet:
    files = {
        "environments/dev/environment.json": b'{"project_prefix": "demo", "region_name":'
        b' "us-east-1", "execution_role_arn": "arn:aws:iam::123456789012:role/demo"}',
        "environments/dev/A.endpoint.json": b"{",
    }
    return read_fleet(files, "dev")


def there(
    status: str,
    fleet: Fleet,
    *,
    endpoint_name: str = NAME,
    name: str = "A",
    config: str | None = None,
    failure: str | None = None,
    lease: datetime = LIVE,
) -> Observed:
    """Have SageMaker hold an endpoint of ours, by default on the config that `fleet` wants."""
    tags = {
        PROJECT_TAG: "demo",
        ENVIRONMENT_TAG: "dev",
        NAME_TAG: name,
        LEASE_TAG: stamp(lease),
    }
    wanted = next((config_of(fleet, h) for h in fleet.holdings if h.name == name), "gone-0")
    return Observed(endpoint_name, status, NOW, config or wanted, failure, tags)


def config_of(fleet: Fleet, holding: Holding) -> str:
    assert fleet.environment is not None
    return desired(holding, fleet.environment, fleet.name).config_name


def only(planned: Plan) -> Action:
    (action,) = planned.actions
    return action


ON, OFF = fleet_of("A"), fleet_of("A", expires_at=ENDED)
NONE, BROKEN = fleet_of(), broken_fleet()
LONG_AGO = NOW - 3 * BACK_OFF

ROWS = [
    *(
        pytest.param(fleet, there(status, fleet), Verb.WAIT, id=f"{what} | {status} | wait")
        for what, fleet in (("on", ON), ("off", OFF), ("none", NONE))
        for status in BUSY
    ),
    *(
        pytest.param(BROKEN, there(s, BROKEN), Verb.REPORT, id=f"broken | {s} | keep and report")
        for s in (*BUSY, *SETTLED)
    ),
    pytest.param(BROKEN, None, Verb.REPORT, id="broken | absent | keep and report"),
    pytest.param(NONE, there("InService", NONE), Verb.DELETE, id="none | tagged ours | delete"),
    pytest.param(ON, None, Verb.CREATE, id="on | absent | create"),
    pytest.param(ON, there("InService", ON), Verb.KEEP, id="on | same config | keep"),
    pytest.param(
        ON, there("InService", ON, config="old-1"), Verb.UPDATE, id="on | other config | update"
    ),
    pytest.param(
        ON,
        replace(there("Failed", ON, failure=CAPACITY), modified_at=LONG_AGO),
        Verb.DELETE,
        id="on | Failed, capacity, backed off | delete",
    ),
    pytest.param(
        ON,
        there("Failed", ON, failure=CAPACITY),
        Verb.WAIT,
        id="on | Failed, capacity, just now | wait",
    ),
    pytest.param(
        ON,
        replace(there("Failed", ON, failure=DEFECT), modified_at=LONG_AGO),
        Verb.REPORT,
        id="on | Failed, defect, same config | keep and report",
    ),
    pytest.param(
        ON,
        there("Failed", ON, failure=DEFECT, config="old-1"),
        Verb.DELETE,
        id="on | Failed, definition changed | delete",
    ),
    pytest.param(
        ON,
        there("Failed", ON, failure=DEFECT, lease=ENDED),
        Verb.DELETE,
        id="on | Failed, lease renewed | delete",
    ),
    pytest.param(
        ON, there("OutOfService", ON), Verb.REPORT, id="on | OutOfService | keep and report"
    ),
    pytest.param(
        ON,
        there("UpdateRollbackFailed", ON),
        Verb.REPORT,
        id="on | UpdateRollbackFailed | keep and report",
    ),
    *(
        pytest.param(OFF, there(status, OFF), Verb.DELETE, id=f"off | {status} | delete")
        for status in SETTLED
    ),
    pytest.param(OFF, None, Verb.KEEP, id="off | absent | keep"),
    *(
        pytest.param(
            fleet, there("Hibernating", fleet), Verb.REPORT, id=f"{what} | unknown | report"
        )
        for what, fleet in (("on", ON), ("off", OFF), ("none", NONE))
    ),
    pytest.param(
        fleet_of("A", expires_at=None, schedule={"initial_provision_minutes": 90}),
        None,
        Verb.GRANT,
        id="first lease due | absent | grant",
    ),
    *(
        pytest.param(
            fleet,
            replace(there("InService", fleet), tags={}),
            Verb.REPORT,
            id=f"{what} | there, untagged | keep and report",
        )
        for what, fleet in (("on", ON), ("off", OFF))
    ),
]


@pytest.mark.parametrize(("fleet", "observed", "verb"), ROWS)
def test_the_table(fleet: Fleet, observed: Observed | None, verb: Verb) -> None:
    action = only(plan(fleet, [observed] if observed else [], NOW))
    assert action.verb is verb
    assert action.endpoint_name == NAME
    assert action.reason


def test_what_is_neither_defined_nor_tagged_is_not_even_mentioned() -> None:
    stranger = Observed("somebody-elses", "InService", NOW, "theirs", tags={"team": "other"})
    assert plan(NONE, [stranger], NOW).actions == ()


def test_what_is_tagged_for_another_environment_is_not_ours() -> None:
    other = there("InService", NONE)
    other = replace(other, tags={**(other.tags or {}), ENVIRONMENT_TAG: "prod"})
    assert plan(NONE, [other], NOW).actions == ()


def test_a_stop_met_while_creating_is_pending_and_says_so() -> None:
    reason = only(plan(OFF, [there("Creating", OFF)], NOW)).reason
    assert reason == (
        "lease ended at 2026-11-23T09:30:00Z; SageMaker refuses to stop it while Creating,"
        " so the stop is pending"
    )


def test_an_environment_without_settings_is_frozen_whole() -> None:
    fleet = read_fleet({"environments/dev/A.endpoint.json": b"{}"}, "dev")
    planned = plan(fleet, [there("InService", ON)], NOW)
    assert planned.changes == ()
    assert planned.needs_a_person


def test_a_broken_definition_protects_every_endpoint_that_carries_its_name() -> None:
    elsewhere = there("InService", BROKEN, endpoint_name="a-name-of-its-own")
    verbs = {a.endpoint_name: a.verb for a in plan(BROKEN, [elsewhere], NOW).actions}
    assert verbs["a-name-of-its-own"] is Verb.REPORT


def orphans(count: int) -> list[Observed]:
    return [
        there("InService", NONE, endpoint_name=f"demo-O{n}-Endpoint", name=f"O{n}")
        for n in range(count)
    ]


def test_orphans_up_to_the_limit_are_deleted() -> None:
    assert [a.verb for a in plan(NONE, orphans(2), NOW).actions] == [Verb.DELETE] * 2


def test_the_brake_names_number_limit_and_way_out() -> None:
    actions = plan(NONE, orphans(3), NOW).actions
    assert [action.verb for action in actions] == [Verb.REPORT] * 3
    reason = actions[0].reason
    assert "3 endpoints" in reason
    assert "at most 2" in reason
    assert "prune.max_orphans in environments/dev/environment.json" in reason


def test_the_brake_never_holds_an_ended_lease() -> None:
    names = [f"E{n}" for n in range(9)]
    fleet = fleet_of(*names, expires_at=ENDED)
    ended = [there("InService", fleet, endpoint_name=f"demo-{n}-Endpoint", name=n) for n in names]
    assert [a.verb for a in plan(fleet, ended, NOW).actions] == [Verb.DELETE] * 9


def test_deletes_come_before_creates() -> None:
    planned = plan(ON, orphans(1), NOW)
    assert [action.verb for action in planned.actions] == [Verb.DELETE, Verb.CREATE]


def test_the_back_off_ends_between_one_and_two_times_its_length() -> None:
    failed = there("Failed", ON, failure=CAPACITY)
    before = only(plan(ON, [failed], NOW + BACK_OFF - timedelta(seconds=1)))
    after = only(plan(ON, [failed], min(NOW + 2 * BACK_OFF, LIVE - timedelta(seconds=1))))
    assert (before.verb, after.verb) == (Verb.WAIT, Verb.DELETE)


def test_names_are_matched_ignoring_case_as_sagemaker_does() -> None:
    shouted = there("InService", ON, endpoint_name=NAME.upper())
    assert only(plan(ON, [shouted], NOW)).verb is Verb.KEEP


STATUSES = st.sampled_from([*BUSY, *SETTLED, "Hibernating"])


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Fleet, list[Observed], set[str]]:
    """Draw fleets with live and ended leases, and endpoints with and without our tags."""
    live = draw(st.sets(st.sampled_from("ABCD")))
    ended = draw(st.sets(st.sampled_from("EFGH")))
    fleet_live = fleet_of(*sorted(live))
    fleet_ended = fleet_of(*sorted(ended), expires_at=ENDED)
    fleet = replace(fleet_live, holdings=(*fleet_live.holdings, *fleet_ended.holdings))
    observed = []
    for name in draw(st.sets(st.sampled_from("ABCDEFGHIJ"))):
        item = there(
            draw(STATUSES),
            fleet,
            endpoint_name=f"demo-{name}-Endpoint",
            name=name,
            config=draw(st.sampled_from([None, "old-1"])),
            failure=draw(st.sampled_from([None, CAPACITY, DEFECT])),
        )
        observed.append(item if draw(st.booleans()) else replace(item, tags=None))
    return fleet, observed, {f"demo-{name}-Endpoint" for name in live}


@given(worlds())
def test_a_plan_is_safe_whatever_it_meets(world: tuple[Fleet, list[Observed], set[str]]) -> None:
    fleet, observed, leased = world
    planned = plan(fleet, observed, NOW)
    by_name = {item.endpoint_name: item for item in observed}
    deleted = [a.endpoint_name for a in planned.actions if a.verb is Verb.DELETE]
    assert all(by_name[name].tags for name in deleted)
    assert all(by_name[name].status == "Failed" for name in deleted if name in leased)
    names = [action.endpoint_name for action in planned.actions]
    assert len(names) == len(set(names))
    assert planned == plan(fleet, list(reversed(observed)), NOW)


@given(worlds())
def test_only_settled_endpoints_are_changed(
    world: tuple[Fleet, list[Observed], set[str]],
) -> None:
    fleet, observed, _ = world
    status = {item.endpoint_name: item.status for item in observed}
    for action in plan(fleet, observed, NOW).actions:
        if action.verb in CHANGES:
            assert status.get(action.endpoint_name, "InService") in SETTLED
