"""A plan and what became of it, as data and in one line: what a controller's tick says. Pure.

Nobody reads a plan's price there, and a tick has a minute: who reads one is told by `report`.
"""

from dataclasses import asdict
from typing import Any

from controller.planning.action import Action, Plan, Verb
from controller.planning.artifact import ResourceKind
from controller.planning.desired import Desired
from controller.tick import Outcome, Tick
from ledger.lease import stamp
from ledger.names import Name


def as_data(tick: Tick) -> dict[str, Any]:
    outcomes = {thing(outcome.action): outcome for outcome in tick.outcomes}
    return {
        "environment": tick.plan.environment,
        "commit": tick.plan.commit,
        "now": stamp(tick.now),
        "actions": [_action(each, outcomes.get(thing(each))) for each in tick.plan.actions],
        "violations": [asdict(violation) for violation in tick.fleet.violations],
        "notices": [
            {"kind": str(each.notice.kind), "key": each.notice.key, "delivered": each.ok}
            for each in tick.deliveries
        ],
        "troubles": list(tick.troubles),
    }


def summary(plan: Plan) -> str:
    """Return how many changes of each kind a plan has, in one line."""
    counts = {verb: sum(a.verb is verb for a in plan.actions) for verb in Verb}
    changes = [f"{counts[verb]} to {verb}" for verb in Verb if verb.changes and counts[verb]]
    rest = [f"{counts[Verb.WAIT]} in progress"] if counts[Verb.WAIT] else []
    rest += [f"{counts[Verb.REPORT]} for a person to look at"] if counts[Verb.REPORT] else []
    rest += [f"{counts[Verb.HOLD]} held"] if counts[Verb.HOLD] else []
    rest += [f"{counts[Verb.KEEP]} kept"] if counts[Verb.KEEP] else []
    return f"Plan: {', '.join([*(changes or ['nothing to change']), *rest])}."


def thing(action: Action) -> tuple[ResourceKind, Name]:
    """Return what an action is about: a config and its model have the same name."""
    return action.kind, action.resource_name


def _action(action: Action, outcome: Outcome | None) -> dict[str, Any]:
    data: dict[str, Any] = {
        "action": str(action.verb),
        "name": action.name,
        "endpoint_name": action.resource_name,
        "kind": str(action.kind),
        "reason": action.reason,
        "orphan": action.is_orphan,
    }
    if isinstance(action.target, Desired):
        data["endpoint_config_name"] = action.target.config_name
    if outcome:
        data["outcome"] = {"state": str(outcome.state), "detail": outcome.detail}
        data["outcome"] |= {"code": outcome.code} if outcome.code else {}
    return data
