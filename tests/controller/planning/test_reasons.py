"""Actions to the letter: what a person reads in a plan, and what the action is done with."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from controller.plan import plan
from controller.planning.action import Action, Verb
from controller.planning.desired import VARIANT
from controller.planning.findings import Findings
from controller.planning.scaling_policy import wanted_scale
from ledger.lease import stamp
from ledger.tags import ADOPTABLE_TAG, ENVIRONMENT_TAG, ON_REMOVE_TAG
from tests.controller.cases import (
    CAPACITY,
    DEFECT,
    ENDED,
    LIVE,
    NAME,
    NOW,
    ago,
    fleet_of,
    remembering,
    target_of,
    there,
    untagged,
)

if TYPE_CHECKING:
    from controller.planning.observed import Observed
    from ledger.holdings import Fleet

ON, OFF, NONE = fleet_of("A"), fleet_of("A", expires_at=ENDED), fleet_of()
HELD = fleet_of("A", suspended={"reason": "Load test", "until": "2026-11-24T08:00:00Z"})
DUE = fleet_of("A", expires_at=None, schedule={"initial_provision_minutes": 90})
ADOPTING, ADOPTING_OFF = fleet_of("A", adopt=True), fleet_of("A", expires_at=ENDED, adopt=True)
CONSENT = {ADOPTABLE_TAG: "demo/dev"}
SCALING = fleet_of("A", autoscaling={"min_instances": 1, "max_instances": 4})
TAGGED = fleet_of("A", tags={"team": "search", "cost": "42"})
NOWHERE = Findings()
TARGET = target_of(ON, ON.holdings[0])
TRIED = {"attempted_config": TARGET.config_name}
SCALE = wanted_scale(SCALING.holdings[0].definition, NAME, VARIANT)
OLD = "old-1"


def scaled(fleet: Fleet, *, now: bool) -> Findings:
    return Findings(scales={NAME: SCALE if now else None})


def action(fleet: Fleet, observed: Observed | None, findings: Findings = NOWHERE) -> Action:
    (only,) = plan(fleet, [observed] if observed else [], NOW, findings=findings).actions
    return only


ROWS: dict[str, tuple[Fleet, Observed | None, Findings, Verb, str]] = {
    "leased": (
        ON,
        there("InService", ON),
        NOWHERE,
        Verb.KEEP,
        f"leased until {stamp(LIVE)}",
    ),
    "leased, after a failed update": (
        ON,
        there("InService", ON),
        remembering(update_failure=DEFECT),
        Verb.KEEP,
        f"leased until {stamp(LIVE)}; the last update failed: {DEFECT}",
    ),
    "first lease": (
        DUE,
        None,
        NOWHERE,
        Verb.GRANT,
        "its first lease of 90 min is due: it runs until 2026-11-23T11:30:00Z",
    ),
    "suspended just now": (
        HELD,
        None,
        NOWHERE,
        Verb.HOLD,
        "suspended until 2026-11-24T08:00:00Z: Load test (for 0 s so far)",
    ),
    "suspended for a while": (
        HELD,
        there("InService", HELD),
        remembering(suspended_since=ago(180)),
        Verb.HOLD,
        "suspended until 2026-11-24T08:00:00Z: Load test (for 3 h so far)",
    ),
    "somebody else's": (
        ON,
        untagged(ON),
        NOWHERE,
        Verb.REPORT,
        (
            "an endpoint of this name is there, but without Leasehold's tags: it is not touched."
            ' Choose another endpoint_name, remove that endpoint, or say "adopt": true.'
        ),
    ),
    "another environment's": (
        ADOPTING,
        untagged(ADOPTING, **{ENVIRONMENT_TAG: "prod"}),
        NOWHERE,
        Verb.REPORT,
        (
            "the endpoint of this name belongs to another environment or ledger of Leasehold: it is"
            " not touched. Choose another endpoint_name."
        ),
    ),
    "nobody agreed": (
        ADOPTING,
        untagged(ADOPTING),
        NOWHERE,
        Verb.REPORT,
        (
            "it is not adopted, for nobody has agreed to that at AWS: its owner gives it the tag"
            " leasehold:adoptable with the value demo/dev. `leasehold adopt demo-A-Endpoint` shows"
            " the command."
        ),
    ),
    "on another config": (
        ADOPTING,
        replace(untagged(ADOPTING, **CONSENT), config_name="by-hand"),
        NOWHERE,
        Verb.REPORT,
        (
            "it is not adopted, for it would be changed at once: it runs on by-hand, and its"
            f" definition wants {TARGET.config_name}. First adopt it with"
            ' "endpoint_config_name": "by-hand", and change the definition afterwards.'
        ),
    ),
    "adopted while it is off": (
        ADOPTING_OFF,
        untagged(ADOPTING_OFF, **CONSENT),
        NOWHERE,
        Verb.REPORT,
        (
            "it is not adopted, for it would be stopped at once (lease ended at"
            " 2026-11-23T09:30:00Z): lease it first."
        ),
    ),
    "a start that is noted and takes too long": (
        ON,
        there("Creating", ON),
        remembering("Creating", starting_since=ago(61)),
        Verb.REPORT,
        (
            "it is Creating since 2026-11-23T08:59:00Z, longer than max_creating_minutes (60), and"
            " SageMaker lets nobody stop it. Look at its logs in CloudWatch,"
            " /aws/sagemaker/Endpoints/demo-A-Endpoint."
        ),
    ),
    "out of service": (
        ON,
        there("OutOfService", ON, failure="...the disk is full..."),
        NOWHERE,
        Verb.REPORT,
        (
            "SageMaker says OutOfService: ...the disk is full. It takes no requests; change its"
            " definition to update it, or release and extend it to start it anew."
        ),
    ),
    "rolled back in part": (
        ON,
        there("UpdateRollbackFailed", ON),
        NOWHERE,
        Verb.REPORT,
        (
            "SageMaker says UpdateRollbackFailed: no reason given. It serves a mix of its old and"
            " its new config; change its definition to update it, or release and extend it to"
            " start it anew."
        ),
    ),
    "failed, and its definition changed": (
        ON,
        there("Failed", ON, config=OLD, failure=DEFECT),
        NOWHERE,
        Verb.DELETE,
        f"it failed ({DEFECT.rstrip('.')}), and its definition changed: it starts anew",
    ),
    "failed, and its lease was renewed": (
        ON,
        there("Failed", ON, failure=DEFECT, lease=ENDED),
        NOWHERE,
        Verb.DELETE,
        f"it failed ({DEFECT.rstrip('.')}), and its lease was renewed: it starts anew",
    ),
    "rollback of an update failed": (
        ON,
        there("UpdateRollbackFailed", ON, config=OLD, failure=DEFECT),
        remembering("UpdateRollbackFailed", **TRIED),
        Verb.REPORT,
        (
            f"the update to {TARGET.config_name} failed, and its rollback too: {DEFECT} It serves a"
            " mix of both configs; change its definition to update it again."
        ),
    ),
    "an update was rolled back": (
        ON,
        there("InService", ON, config=OLD),
        remembering(update_failure="Xhealth checkX.", **TRIED),
        Verb.REPORT,
        (
            f"the update to {TARGET.config_name} failed: Xhealth checkX. It serves on with {OLD};"
            " change its definition to try again."
        ),
    ),
    "no autoscaling any more": (
        ON,
        there("InService", ON),
        scaled(ON, now=True),
        Verb.SCALE,
        "its definition has no autoscaling any more",
    ),
    "no definition any more": (
        NONE,
        there("InService", NONE),
        NOWHERE,
        Verb.DELETE,
        "no definition any more",
    ),
}


@pytest.mark.parametrize("row", ROWS.values(), ids=ROWS)
def test_a_reason_says(row: tuple[Fleet, Observed | None, Findings, Verb, str]) -> None:
    fleet, observed, findings, verb, reason = row
    done = action(fleet, observed, findings)
    assert (done.verb, done.reason) == (verb, reason)
    assert (done.name, done.resource_name, done.target) == ("A", NAME, None)


WITH_TARGET = {
    "start": (ON, None, NOWHERE, Verb.CREATE, f"leased until {stamp(LIVE)}", TARGET),
    "update": (
        ON,
        there("InService", ON, config=OLD),
        NOWHERE,
        Verb.UPDATE,
        f"its definition changed: {OLD} becomes {TARGET.config_name}",
        TARGET,
    ),
    "adopt": (
        ADOPTING,
        untagged(ADOPTING, **CONSENT),
        NOWHERE,
        Verb.ADOPT,
        "it is there already, and gets Leasehold's tags",
        target_of(ADOPTING, ADOPTING.holdings[0]),
    ),
    "tag": (
        TAGGED,
        there("InService", TAGGED),
        NOWHERE,
        Verb.TAG,
        "its tags changed: cost, team",
        replace(
            target_of(TAGGED, TAGGED.holdings[0]),
            tags={"team": "search", "cost": "42"},
        ),
    ),
    "scale": (
        SCALING,
        there("InService", SCALING),
        scaled(SCALING, now=False),
        Verb.SCALE,
        "it scales from 1 to 4 instances",
        SCALE,
    ),
}


@pytest.mark.parametrize("row", WITH_TARGET.values(), ids=WITH_TARGET)
def test_what_is_done_has_what_it_needs(
    row: tuple[Fleet, Observed | None, Findings, Verb, str, object],
) -> None:
    fleet, observed, findings, verb, reason, target = row
    done = action(fleet, observed, findings)
    assert (done.verb, done.reason, done.target) == (verb, reason, target)


def test_one_that_is_scaled_as_its_definition_says_is_kept() -> None:
    observed = there("InService", SCALING)
    assert action(SCALING, observed, scaled(SCALING, now=True)).verb is Verb.KEEP
    assert action(SCALING, observed).verb is Verb.KEEP


def test_on_remove_is_taken_back_by_a_value() -> None:
    retained = there("InService", ON)
    retained = replace(retained, tags={**(retained.tags or {}), ON_REMOVE_TAG: "retain"})
    done = action(ON, retained)
    assert (done.verb, done.target) == (Verb.TAG, replace(TARGET, tags={ON_REMOVE_TAG: "delete"}))


def test_the_first_failure_for_lack_of_capacity_waits_five_to_ten_minutes() -> None:
    """And the next moment is the same for each tick, whether the failure was noted or not."""
    failed = there("Failed", ON, failure=CAPACITY, modified_at=ago(4.9))
    words = {action(ON, failed).reason, action(ON, failed, remembering("Failed")).reason}
    (said,) = words
    assert said.startswith(f"no capacity ({CAPACITY.rstrip('.')}); next try at 2026-11-23T10:0")
    over = there("Failed", ON, failure=CAPACITY, modified_at=ago(10))
    assert action(ON, over).reason == f"no capacity ({CAPACITY.rstrip('.')}); it starts anew"
