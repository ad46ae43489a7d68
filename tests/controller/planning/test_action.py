"""What a verb means, and what an action is about."""

from __future__ import annotations

import pytest

from controller.planning.action import Action, Plan, Verb
from controller.planning.artifact import ResourceKind
from ledger.names import EndpointName, Name
from ledger.phases import Status, phase_of
from tests.controller.cases import NAME

CHANGES = {
    *(Verb.GRANT, Verb.CREDIT, Verb.EXTEND, Verb.IDLE),
    *(Verb.ADOPT, Verb.DELETE, Verb.UPDATE, Verb.CREATE, Verb.TAG, Verb.SCALE, Verb.COLLECT),
    Verb.RESIZE,
}


def test_what_changes_something_is_done_and_the_rest_is_only_said() -> None:
    assert {verb for verb in Verb if verb.changes} == CHANGES


def test_what_ends_something_is_a_change_and_no_commit() -> None:
    assert {verb for verb in Verb if verb.ends} == {Verb.DELETE, Verb.COLLECT}


def test_what_changes_a_lease_is_a_commit() -> None:
    commits = {verb for verb in Verb if verb.commits}
    assert commits == {Verb.GRANT, Verb.CREDIT, Verb.EXTEND, Verb.IDLE}


def test_deletes_come_before_commits_and_whatever_costs_money() -> None:
    order = list(Verb)
    assert order[0] is Verb.DELETE
    assert max(map(order.index, (verb for verb in Verb if verb.commits))) < order.index(Verb.CREATE)


def test_what_begins_a_status_begins_a_busy_one() -> None:
    begun = {verb: verb.begins for verb in Verb if verb.begins}
    assert begun == {
        Verb.CREATE: Status.CREATING,
        Verb.UPDATE: Status.UPDATING,
        Verb.DELETE: Status.DELETING,
        Verb.RESIZE: Status.UPDATING,
    }
    assert all(phase_of(status).is_busy for status in begun.values())


@pytest.mark.parametrize("kind", ResourceKind)
def test_only_an_endpoint_has_an_endpoints_name(kind: ResourceKind) -> None:
    action = Action(Verb.REPORT, "A", NAME, "?", kind=kind)
    assert action.endpoint_name == (NAME if kind is ResourceKind.ENDPOINT else None)
    assert action.resource_name == NAME


def test_a_plan_finds_an_endpoints_action_and_no_config_of_that_name() -> None:
    config = Action(Verb.COLLECT, "A", Name(NAME), "?", kind=ResourceKind.ENDPOINT_CONFIG)
    keep = Action(Verb.KEEP, "A", NAME, "?")
    plan = Plan("dev", "", (config, keep))
    assert plan.action_for(EndpointName(NAME.upper())) is keep
    assert Plan("dev", "", (config,)).action_for(NAME) is None
