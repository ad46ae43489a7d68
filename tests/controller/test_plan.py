"""The planner's table, row by row: what the repository wants, what SageMaker has, what is done."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import controller.plan
from controller.plan import plan
from controller.planning.action import Action, Plan, Verb
from controller.planning.artifact import Artifact, ResourceKind
from controller.planning.components import Hosted
from controller.planning.desired import VARIANT
from controller.planning.existing_config import ConfigSeen, Hosting
from controller.planning.failures import BACK_OFF
from controller.planning.findings import Findings
from controller.planning.idleness import Use
from controller.planning.observed import Observed
from controller.planning.scaling_policy import Scale
from ledger.claims import Known, settle
from ledger.holdings import Fleet, read_fleet
from ledger.json_files import Violation
from ledger.names import EndpointName, Name
from ledger.observed import Entry, Record
from ledger.tags import ADOPTABLE_TAG, ENVIRONMENT_TAG, LEDGER_TAG, ON_REMOVE_TAG, RECORD_TAG
from tests.controller.cases import (
    BUSY,
    CAPACITY,
    DEFECT,
    ENDED,
    LIVE,
    NAME,
    NOW,
    SETTLED,
    ago,
    broken_fleet,
    claimed_twice,
    config_of,
    fleet_of,
    remembering,
    there,
    untagged,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from _pytest.mark import ParameterSet

STATUSES = (*BUSY, *SETTLED, "Hibernating")
ON, OFF = fleet_of("A"), fleet_of("A", expires_at=ENDED)
NONE, BROKEN = fleet_of(), broken_fleet()
HELD = fleet_of("A", suspended={"reason": "Load test", "until": "2026-11-24T08:00:00Z"})
HELD_OFF = fleet_of("A", expires_at=ENDED, suspended={"reason": "Load test"})
DUE = fleet_of("A", expires_at=None, schedule={"initial_provision_minutes": 90})
CLAIMED, CLAIMED_OFF = claimed_twice(LIVE), claimed_twice(ENDED)
LOST = settle(
    fleet_of("A", expires_at=None, schedule={"initial_provision_minutes": 90}),
    Known(Record({NAME: Entry("A", "InService", NOW, lease_end=LIVE)})),
    NOW,
)
HIDDEN = Violation("LH1017", "environments/dev/nlp/A.endpoint.json", "", "it may be a definition.")
IN_DOUBT = replace(NONE, violations=(HIDDEN,), unreadable=(HIDDEN,))
ADOPTING, ADOPTING_OFF = fleet_of("A", adopt=True), fleet_of("A", expires_at=ENDED, adopt=True)
IDLING = fleet_of("A", schedule={"idle_minutes": 30})
ACTIVE = fleet_of("A", schedule={"extend_while_active_minutes": 120})
SCALING = fleet_of("A", autoscaling={"min_instances": 1, "max_instances": 4})
LONG_AGO = NOW - 3 * BACK_OFF
NOWHERE = Findings()
WANTED = config_of(ON, ON.holdings[0])
TRIED = {"attempted_config": WANTED}
LEFTOVER = Artifact(
    ResourceKind.MODEL, Name("demo-a-endpoint-0123456789"), Name("A"), Name("arn:model/demo-a")
)

UNSCALED = Findings(scales={NAME: None})
EXISTING: dict[str, Any] = {
    "model": None,
    "inference_instance_type": None,
    "endpoint_config_name": "theirs",
}

THEIRS = fleet_of(
    "A", limits={"allowed_instance_types": ["ml.g5.*"], "max_instances": 2}, **EXISTING
)
MINUTE = timedelta(minutes=1)

Row = tuple[Fleet, Observed | None, Findings, Verb | None]


def row(
    verb: Verb | None, fleet: Fleet, observed: Observed | None, findings: Findings = NOWHERE
) -> Row:
    return fleet, observed, findings, verb


def unclaimed(fleet: Fleet, which: str) -> Observed:
    found = there("InService", fleet)
    tags = dict(found.tags or {})
    match which:
        case "no ledger":
            del tags[LEDGER_TAG]
        case "another record":
            tags[RECORD_TAG] = "a copy's"
        case _:
            tags[ENVIRONMENT_TAG] = "former"
    return replace(found, tags=tags)


def offered(fleet: Fleet, **tags: str) -> Observed:
    """An endpoint whose owner lets us adopt it."""
    return untagged(fleet, **{ADOPTABLE_TAG: "demo/dev", **tags})


def config(
    made_at: datetime | None = LONG_AGO,
    kinds: tuple[str, ...] = ("ml.g5.xlarge",),
    most: int = 1,
    tags: dict[str, str] | None = None,
    problem: str = "",
) -> Findings:
    """A config of somebody else's, as it was looked at."""
    hosting = (Hosting("main", kinds, most),)
    seen = ConfigSeen("theirs", None if problem else made_at, hosting, tags, problem)
    return Findings(configs={NAME: seen})


def counted(
    fleet: Fleet, count: int, config: str | None = None, modified_at: datetime = NOW
) -> Observed:
    found = there("InService", fleet, config=config, modified_at=modified_at)
    return replace(found, count=count)


def retained(fleet: Fleet) -> Observed:
    found = there("InService", fleet)
    return replace(found, tags={**(found.tags or {}), ON_REMOVE_TAG: "retain"})


def tagged(fleet: Fleet, **tags: str) -> Observed:
    found = there("InService", fleet)
    return replace(found, tags={**(found.tags or {}), **tags})


def used(use: Use) -> Findings:
    return Findings(uses={NAME: use})


BUSY_ROWS = {
    f"{what}, {status}": row(Verb.WAIT, fleet, there(status, fleet))
    for what, fleet in (("on", ON), ("off", OFF), ("none", NONE))
    for status in BUSY
}
# Keyed by the first two columns of the table in `controller.plan`, word for word.
TABLE: dict[tuple[str, str], dict[str, Row]] = {
    ("document broken", "any"): {
        status: row(Verb.REPORT, BROKEN, there(status, BROKEN)) for status in STATUSES
    }
    | {"absent": row(Verb.REPORT, BROKEN, None)},
    ("claimed twice", "tagged with the first one's name"): {
        "on": row(Verb.KEEP, CLAIMED, there("InService", CLAIMED)),
        "off": row(Verb.DELETE, CLAIMED_OFF, there("InService", CLAIMED_OFF)),
    },
    ("suspended", "any"): {
        f"{what}, {status}": row(Verb.HOLD, fleet, there(status, fleet))
        for what, fleet in (("on", HELD), ("off", HELD_OFF))
        for status in STATUSES
    }
    | {"absent": row(Verb.HOLD, HELD, None), "untagged": row(Verb.HOLD, HELD, untagged(HELD))},
    ("none, and what may be one is unreadable", "tagged ours"): {
        status: row(Verb.REPORT, IN_DOUBT, there(status, IN_DOUBT)) for status in SETTLED
    },
    ("none", "tagged ours"): {
        status: row(Verb.DELETE, NONE, there(status, NONE)) for status in SETTLED
    },
    ("none, was on_remove retain", "tagged ours"): {"": row(Verb.HOLD, NONE, retained(NONE))},
    ("any", "ours but for its ledger's id or its record"): {
        f"{what}, {which}": row(Verb.REPORT, fleet, unclaimed(fleet, which))
        for what, fleet in (("on", ON), ("off", OFF), ("none", NONE))
        for which in ("no ledger", "another record", "a former environment")
    },
    ("none", "untagged"): {"": row(None, NONE, untagged(NONE, team="other"))},
    ("adopt, on", "same config, adoptable"): {
        "leased": row(Verb.ADOPT, ADOPTING, offered(ADOPTING)),
        "tagged by others": row(Verb.ADOPT, ADOPTING, offered(ADOPTING, team="other")),
        "first lease due": row(
            Verb.ADOPT,
            fleet := fleet_of(
                "A", expires_at=None, adopt=True, schedule={"initial_provision_minutes": 90}
            ),
            offered(fleet),
        ),
    },
    ("on or off", "there, but untagged"): {
        "on": row(Verb.REPORT, ON, untagged(ON)),
        "off": row(Verb.REPORT, OFF, untagged(OFF)),
        "adoptable, but not asked for": row(Verb.REPORT, ON, offered(ON)),
        "adopt, off": row(Verb.REPORT, ADOPTING_OFF, offered(ADOPTING_OFF)),
        "adopt, nobody agreed": row(Verb.REPORT, ADOPTING, untagged(ADOPTING)),
        "adopt, agreed with prod": row(
            Verb.REPORT, ADOPTING, offered(ADOPTING, **{ADOPTABLE_TAG: "demo/prod"})
        ),
        "adopt, another project": row(
            Verb.REPORT, ADOPTING, offered(ADOPTING, **{ADOPTABLE_TAG: "shop/dev"})
        ),
        "adopt, on another config": row(
            Verb.REPORT, ADOPTING, replace(offered(ADOPTING), config_name="by-hand")
        ),
        "adopt, its config is unknown": row(
            Verb.REPORT, ADOPTING, replace(offered(ADOPTING), config_name=None)
        ),
        "adopt, another environment's": row(
            Verb.REPORT, ADOPTING, offered(ADOPTING, **{ENVIRONMENT_TAG: "prod"})
        ),
        "adopt, another ledger's": row(
            Verb.REPORT, ADOPTING, offered(ADOPTING, **{LEDGER_TAG: "5f2c9a7be01d4386"})
        ),
    },
    ("first lease due", "any"): {
        status: row(Verb.GRANT, DUE, there(status, DUE)) for status in STATUSES
    }
    | {"absent": row(Verb.GRANT, DUE, None)},
    ("any", "Creating, Updating, SystemUpdating, RollingBack, Deleting"): {
        **BUSY_ROWS,
        "a start past max_creating_minutes": row(
            Verb.REPORT, ON, there("Creating", ON, created_at=ago(61))
        ),
    },
    ("any", "unknown status"): {
        what: row(Verb.REPORT, fleet, there("Hibernating", fleet))
        for what, fleet in (("on", ON), ("off", OFF), ("none", NONE))
    },
    ("any", "InService after a start"): {
        what: row(
            Verb.CREDIT,
            fleet,
            there("InService", fleet),
            remembering(starting_since=ago(40), since=ago(2)),
        )
        for what, fleet in (("on", ON), ("off unless credited", OFF))
    },
    ("lease file lost", "present"): {
        status: row(Verb.HOLD, LOST, there(status, LOST)) for status in SETTLED
    },
    ("off", "present"): {status: row(Verb.DELETE, OFF, there(status, OFF)) for status in SETTLED},
    ("any", "about to be deleted, and there are inference components on it"): {
        f"{what}, {status}": row(
            Verb.REPORT,
            fleet,
            there(status, fleet, config="studio", failure=DEFECT),
            Findings(hosted={NAME: Hosted(("llama",))}),
        )
        for what, fleet, status in (
            *(("off", OFF, status) for status in SETTLED),
            *(("none", NONE, status) for status in SETTLED),
            ("on", ON, "Failed"),
        )
    },
    ("off", "absent"): {"": row(Verb.KEEP, OFF, None)},
    ("on", "absent or other config, and the wanted one is past the limits"): {
        "instance type": row(Verb.REPORT, THEIRS, None, config(kinds=("ml.p4d.24xlarge",))),
        "another config before": row(
            Verb.REPORT,
            THEIRS,
            there("InService", THEIRS, config="old-1"),
            config(kinds=("ml.p4d.24xlarge",)),
        ),
        "instances": row(Verb.REPORT, THEIRS, None, config(most=3)),
        "another environment's": row(
            Verb.REPORT, THEIRS, None, config(tags={ENVIRONMENT_TAG: "prod"})
        ),
        "not readable": row(Verb.REPORT, THEIRS, None, config(problem="LH3006: AWS does not.")),
        "not looked at yet": row(Verb.WAIT, THEIRS, None),
    },
    ("on", "absent"): {
        "": row(Verb.CREATE, ON, None),
        "on a config of others": row(Verb.CREATE, THEIRS, None, config()),
    },
    ("on", "other config"): {
        status: row(Verb.UPDATE, ON, there(status, ON, config="old-1"))
        for status in ("InService", "OutOfService", "UpdateRollbackFailed")
    }
    | {
        "of others": row(Verb.UPDATE, THEIRS, there("InService", THEIRS, config="old-1"), config()),
        "another update failed": row(
            Verb.UPDATE,
            ON,
            there("InService", ON, config="old-1"),
            remembering(attempted_config="old-2", update_failure=DEFECT),
        ),
    },
    ("on", "other config, update to it failed"): {
        "rolled back": row(
            Verb.REPORT,
            ON,
            there("InService", ON, config="old-1"),
            remembering(update_failure=DEFECT, **TRIED),
        ),
        "rollback failed too": row(
            Verb.REPORT,
            ON,
            there("UpdateRollbackFailed", ON, config="old-1", failure=DEFECT),
            remembering("UpdateRollbackFailed", **TRIED),
        ),
    },
    ("on", "the same, for lack of capacity"): {
        "just now": row(
            Verb.WAIT,
            ON,
            there("InService", ON, config="old-1"),
            remembering(update_failure=CAPACITY, failures=1, **TRIED),
        ),
        "backed off": row(
            Verb.UPDATE,
            ON,
            there("InService", ON, config="old-1", modified_at=LONG_AGO),
            remembering(update_failure=CAPACITY, failures=1, **TRIED),
        ),
    },
    ("on", "Failed, capacity"): {
        "just now": row(Verb.WAIT, ON, there("Failed", ON, failure=CAPACITY)),
        "backed off": row(
            Verb.DELETE, ON, there("Failed", ON, failure=CAPACITY, modified_at=LONG_AGO)
        ),
    },
    ("on", "Failed, other reason, same config and same lease"): {
        "with a reason": row(
            Verb.REPORT, ON, there("Failed", ON, failure=DEFECT, modified_at=LONG_AGO)
        ),
        "without": row(Verb.REPORT, ON, there("Failed", ON, modified_at=LONG_AGO)),
    },
    ("on", "Failed, config or lease changed"): {
        "config": row(Verb.DELETE, ON, there("Failed", ON, failure=DEFECT, config="old-1")),
        "lease": row(Verb.DELETE, ON, there("Failed", ON, failure=DEFECT, lease=ENDED)),
        "capacity, config": row(
            Verb.DELETE, ON, there("Failed", ON, failure=CAPACITY, config="old-1")
        ),
    },
    ("on", "OutOfService, same config"): {
        "": row(Verb.REPORT, ON, there("OutOfService", ON)),
        "lease extended": row(Verb.REPORT, ON, there("OutOfService", ON, lease=ENDED)),
    },
    ("on", "UpdateRollbackFailed, same config"): {
        "": row(Verb.REPORT, ON, there("UpdateRollbackFailed", ON))
    },
    ("on", "same config, other tags"): {
        "owner": row(
            Verb.TAG, fleet := fleet_of("A", owner="ana@example.com"), there("InService", fleet)
        ),
        "retained": row(
            Verb.TAG, fleet := fleet_of("A", on_remove="retain"), there("InService", fleet)
        ),
        "retained no more": row(Verb.TAG, ON, retained(ON)),
        "one that it set once": row(
            Verb.TAG, ON, tagged(ON, team="a"), remembering(tag_keys=frozenset({"team"}))
        ),
    },
    ("on", "same config, other scaling"): {
        "none yet": row(
            Verb.SCALE, SCALING, there("InService", SCALING), Findings(scales={NAME: None})
        )
    },
    ("on", "same config, idle too long"): {
        "": row(Verb.IDLE, IDLING, there("InService", IDLING, modified_at=ago(60)), used(Use()))
    },
    ("on", "same config, in use near its end"): {
        "": row(Verb.EXTEND, ACTIVE, there("InService", ACTIVE), used(Use(ago(2))))
    },
    ("on", "same config, other number of instances, nothing scales it"): {
        "more": row(Verb.RESIZE, ON, counted(ON, 3), UNSCALED),
        "none at all": row(Verb.RESIZE, ON, counted(ON, 0), UNSCALED),
        "a config that was made for another number": row(
            Verb.RESIZE,
            fleet := fleet_of("A", inference_instance_count=2),
            counted(fleet, 1, config=WANTED),
            UNSCALED,
        ),
        "came back without them": row(
            Verb.WAIT,
            ON,
            counted(ON, 3),
            replace(remembering(attempted_count=1, failures=1), scales={NAME: None}),
        ),
        "backed off": row(
            Verb.RESIZE,
            ON,
            counted(ON, 3, modified_at=LONG_AGO),
            replace(remembering(attempted_count=1, failures=1), scales={NAME: None}),
        ),
        "another number came back": row(
            Verb.RESIZE,
            ON,
            counted(ON, 3),
            replace(remembering(attempted_count=2, failures=1), scales={NAME: None}),
        ),
    },
    ("on", "same config, other number of instances, others scale it"): {
        "": row(
            Verb.REPORT, ON, counted(ON, 3), Findings(scales={NAME: Scale(NAME, VARIANT, 2, 9)})
        )
    },
    ("on", "same config, of others, and it is made anew, gone or past limits"): {
        "made anew": row(
            Verb.REPORT, THEIRS, there("InService", THEIRS), config(made_at=NOW + MINUTE)
        ),
        "made anew, as the record knows": row(
            Verb.REPORT,
            THEIRS,
            there("InService", THEIRS),
            replace(
                remembering(config_version="theirs@2026-01-01T00:00:00Z"), configs=config().configs
            ),
        ),
        "gone": row(Verb.REPORT, THEIRS, there("InService", THEIRS), config(made_at=None)),
        "past the limits": row(Verb.REPORT, THEIRS, there("InService", THEIRS), config(most=3)),
    },
    ("on", "same config"): {
        "of others, as it was": row(Verb.KEEP, THEIRS, there("InService", THEIRS), config()),
        "of others, not readable now": row(
            Verb.KEEP, THEIRS, there("InService", THEIRS), config(problem="LH3001: AWS.")
        ),
        "the right number, others scale it": row(
            Verb.KEEP, ON, counted(ON, 1), Findings(scales={NAME: Scale(NAME, VARIANT, 1, 9)})
        ),
        "the number of a definition that scales": row(Verb.KEEP, SCALING, counted(SCALING, 3)),
        "nobody looked whether it scales": row(Verb.KEEP, ON, counted(ON, 3)),
        "the number of instances of somebody else's config": row(
            Verb.KEEP,
            THEIRS,
            counted(THEIRS, 3),
            UNSCALED,
        ),
        "": row(Verb.KEEP, ON, there("InService", ON)),
        "tagged by hand": row(
            Verb.KEEP, ON, tagged(ON, team="a"), remembering(tag_keys=frozenset({"owner"}))
        ),
        "nobody knows its use": row(
            Verb.KEEP,
            IDLING,
            there("InService", IDLING, modified_at=ago(60)),
            used(Use(known=False, problem="LH3022: CloudWatch does not say.")),
        ),
        "its scaling was not looked at": row(Verb.KEEP, SCALING, there("InService", SCALING)),
        "a former update failed": row(
            Verb.KEEP, ON, there("InService", ON), remembering(update_failure=DEFECT)
        ),
    },
    ("digest unwanted", "config or model of ours, unused"): {
        "": row(Verb.COLLECT, NONE, None, Findings(collectible=(LEFTOVER,)))
    },
}


def rows() -> Iterator[ParameterSet]:
    for (repository, sagemaker), cases in TABLE.items():
        for what, case in cases.items():
            label = f" ({what})" if what else ""
            yield pytest.param(*case, id=f"{repository} | {sagemaker}{label} | {case[-1]}")


def rows_of_the_docstring() -> Iterator[tuple[str, str]]:
    """Read the first two columns of the table that the planner draws, with what is carried over."""
    lines = (controller.plan.__doc__ or "").splitlines()
    start = next(n for n, line in enumerate(lines) if line.lstrip().startswith("----"))
    second, third = [rule.start() for rule in re.finditer("-+", lines[start])][1:]
    found: list[list[str]] = []
    for line in lines[start + 1 :]:
        if not line.strip():
            break
        columns = line[:second].strip(), line[second:third].strip(), line[third:].strip()
        if columns[0] and columns[2]:
            found.append(["", ""])
        for at in (0, 1):
            found[-1][at] = f"{found[-1][at]} {columns[at]}".strip()
    return ((repository, sagemaker) for repository, sagemaker in found)


def only(planned: Plan) -> Action:
    (action,) = planned.actions
    return action


def test_every_row_that_the_planner_draws_is_tested_in_its_order() -> None:
    assert list(TABLE) == list(rows_of_the_docstring())


@pytest.mark.parametrize(("fleet", "observed", "findings", "verb"), list(rows()))
def test_the_table(
    fleet: Fleet, observed: Observed | None, findings: Findings, verb: Verb | None
) -> None:
    planned = plan(fleet, [observed] if observed else [], NOW, findings=findings)
    if verb is None:
        assert planned.actions == ()
        return
    action = planned.action_for(NAME) or only(planned)
    assert action.verb is verb
    of = (
        (ResourceKind.ENDPOINT, NAME)
        if verb is not Verb.COLLECT
        else (LEFTOVER.kind, LEFTOVER.name)
    )
    assert (action.kind, action.resource_name) == of
    assert action.reason


def test_what_is_neither_defined_nor_tagged_is_not_even_mentioned() -> None:
    stranger = Observed(
        EndpointName("somebody-elses"), "InService", NOW, "theirs", tags={"team": "other"}
    )
    assert plan(NONE, [stranger], NOW).actions == ()


def test_what_is_tagged_for_another_environment_is_not_ours() -> None:
    other = there("InService", NONE)
    other = replace(other, tags={**(other.tags or {}), ENVIRONMENT_TAG: "prod"})
    both = replace(NONE, siblings=frozenset({"prod"}))
    assert plan(both, [other], NOW).actions == ()


def test_what_is_tagged_for_another_ledger_is_not_ours() -> None:
    other = there("InService", NONE)
    other = replace(other, tags={**(other.tags or {}), LEDGER_TAG: "anothers-ledger"})
    assert plan(NONE, [other], NOW).actions == ()


def test_a_stop_met_while_creating_is_pending_and_says_so() -> None:
    reason = only(plan(OFF, [there("Creating", OFF)], NOW)).reason
    assert reason == (
        "lease ended at 2026-11-23T09:30:00Z; SageMaker refuses to stop it while Creating,"
        " so the stop is pending"
    )


def test_a_stop_that_is_under_way_is_not_pending() -> None:
    reason = only(plan(OFF, [there("Deleting", OFF)], NOW)).reason
    assert reason == "SageMaker says Deleting; lease ended at 2026-11-23T09:30:00Z"


def test_an_environment_without_settings_is_frozen_whole() -> None:
    fleet = read_fleet({"environments/dev/A.endpoint.json": b"{}"}, "dev")
    planned = plan(fleet, [there("InService", ON)], NOW)
    assert planned.changes == ()
    assert planned.needs_a_person


def test_a_broken_definition_protects_every_endpoint_that_carries_its_name() -> None:
    elsewhere = there("InService", BROKEN, endpoint_name="a-name-of-its-own")
    action = plan(BROKEN, [elsewhere], NOW).action_for(elsewhere.endpoint_name)
    assert action is not None
    assert action.verb is Verb.REPORT


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


@pytest.mark.parametrize(
    ("failures", "minutes"),
    [(0, 5), (1, 5), (2, 10), (3, 20), (4, 40), (5, 60), (6, 60), (60, 60)],
)
@pytest.mark.parametrize("what", ["start", "update"])
def test_the_back_off_doubles_up_to_an_hour_and_ends_by_twice_that(
    failures: int, minutes: int, what: str
) -> None:
    fleet = fleet_of("A", expires_at=NOW + timedelta(hours=9))
    failed, again = (
        there("Failed", fleet, failure=CAPACITY, lease=NOW + timedelta(hours=9)),
        Verb.DELETE,
    )
    findings = remembering("Failed", failures=failures)
    if what == "update":
        failed, again = there("InService", fleet, config="old-1"), Verb.UPDATE
        findings = remembering(failures=failures, update_failure=CAPACITY, **TRIED)
    pause = timedelta(minutes=minutes)
    verbs = [
        only(plan(fleet, [failed], NOW + passed, findings=findings)).verb
        for passed in (pause - timedelta(seconds=1), 2 * pause)
    ]
    assert verbs == [Verb.WAIT, again]


def test_endpoints_that_failed_together_do_not_come_back_together() -> None:
    names = [f"E{number}" for number in range(20)]
    fleet = fleet_of(*names)
    failed = [
        there("Failed", fleet, endpoint_name=f"demo-{name}-Endpoint", name=name, failure=CAPACITY)
        for name in names
    ]
    reasons = {action.reason for action in plan(fleet, failed, NOW).actions}
    assert len(reasons) > 10


def test_the_next_try_is_at_the_moment_that_was_named() -> None:
    failed = there("Failed", ON, failure=CAPACITY)
    named = only(plan(ON, [failed], NOW)).reason.rpartition(" ")[2]
    retry_at = datetime.fromisoformat(named)
    assert only(plan(ON, [failed], retry_at)).verb is Verb.WAIT
    assert only(plan(ON, [failed], retry_at + timedelta(seconds=1))).verb is Verb.DELETE


FAULT = "this machine's clock is 6 min ahead of AWS's"


@pytest.mark.parametrize(
    ("fleet", "observed", "findings", "verb"),
    [
        pytest.param(*case, id=str(case[-1]))
        for case in (
            row(Verb.DELETE, OFF, there("InService", OFF)),
            row(Verb.DELETE, NONE, there("InService", NONE)),
            row(Verb.COLLECT, NONE, None, Findings(collectible=(LEFTOVER,))),
            row(Verb.GRANT, DUE, None),
            row(Verb.IDLE, IDLING, there("InService", IDLING, modified_at=ago(60)), used(Use())),
            row(Verb.EXTEND, ACTIVE, there("InService", ACTIVE), used(Use(ago(2)))),
        )
    ],
)
def test_a_wrong_clock_ends_nothing_and_writes_no_lease(
    fleet: Fleet, observed: Observed | None, findings: Findings, verb: Verb
) -> None:
    seen = [observed] if observed else []
    wanted = only(plan(fleet, seen, NOW, findings=findings))
    assert wanted.verb is verb
    held = only(plan(fleet, seen, NOW, findings=replace(findings, clock_fault=FAULT)))
    assert (held.verb, held.target) == (Verb.REPORT, None)
    assert held.reason == f"{FAULT}, so there is no {verb} now ({wanted.reason})"
    assert (held.kind, held.resource_name) == (wanted.kind, wanted.resource_name)


@pytest.mark.parametrize("fleet", [ON, SCALING])
def test_a_wrong_clock_keeps_nothing_from_its_start(fleet: Fleet) -> None:
    assert only(plan(fleet, [], NOW, findings=Findings(clock_fault=FAULT))).verb is Verb.CREATE


def test_names_are_matched_ignoring_case_as_sagemaker_does() -> None:
    shouted = there("InService", ON, endpoint_name=NAME.upper())
    assert only(plan(ON, [shouted], NOW)).verb is Verb.KEEP


@st.composite
def worlds(draw: st.DrawFn) -> tuple[Fleet, list[Observed], set[EndpointName]]:
    """Draw fleets with live and ended leases, and endpoints with and without our tags."""
    live = draw(st.sets(st.sampled_from("ABCD")))
    ended = draw(st.sets(st.sampled_from("EFGH")))
    fleet_live = fleet_of(*sorted(live))
    fleet_ended = fleet_of(*sorted(ended), expires_at=ENDED)
    fleet = replace(fleet_live, holdings=(*fleet_live.holdings, *fleet_ended.holdings))
    observed = []
    for name in draw(st.sets(st.sampled_from("ABCDEFGHIJ"))):
        item = there(
            draw(st.sampled_from(STATUSES)),
            fleet,
            endpoint_name=f"demo-{name}-Endpoint",
            name=name,
            config=draw(st.sampled_from([None, "old-1"])),
            failure=draw(st.sampled_from([None, CAPACITY, DEFECT])),
        )
        observed.append(item if draw(st.booleans()) else replace(item, tags=None))
    return fleet, observed, {EndpointName(f"demo-{name}-Endpoint") for name in live}


@given(worlds())
def test_a_plan_is_safe_whatever_it_meets(
    findings: tuple[Fleet, list[Observed], set[EndpointName]],
) -> None:
    fleet, observed, leased = findings
    planned = plan(fleet, observed, NOW)
    by_name = {item.endpoint_name: item for item in observed}
    deleted = [name for a in planned.actions if a.verb.ends and (name := a.endpoint_name)]
    assert all(by_name[name].tags for name in deleted)
    assert all(by_name[name].status == "Failed" for name in deleted if name in leased)
    names = [action.endpoint_name for action in planned.actions]
    assert len(names) == len(set(names))
    assert planned == plan(fleet, list(reversed(observed)), NOW)


@given(worlds())
def test_only_settled_endpoints_are_changed(
    findings: tuple[Fleet, list[Observed], set[EndpointName]],
) -> None:
    fleet, observed, _ = findings
    status = {item.endpoint_name: item.status for item in observed}
    for action in plan(fleet, observed, NOW).actions:
        if action.verb.changes:
            assert action.endpoint_name is not None
            assert status.get(action.endpoint_name, "InService") in SETTLED
