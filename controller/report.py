"""Plans and outcomes for people and machines: text, Markdown, JSON. Pure."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from controller.planning.action import Action, Plan, Verb
from controller.planning.artifact import ResourceKind
from controller.planning.desired import Desired
from controller.tick import Outcome, Tick
from ledger.json_files import Violation
from ledger.lease import stamp
from ledger.names import Name
from ledger.printable import in_code, in_line, in_markdown

_SIGNS = {
    Verb.GRANT: "+",
    Verb.CREDIT: "+",
    Verb.EXTEND: "+",
    Verb.IDLE: "-",
    Verb.ADOPT: "~",
    Verb.DELETE: "-",
    Verb.UPDATE: "~",
    Verb.CREATE: "+",
    Verb.TAG: "~",
    Verb.SCALE: "~",
    Verb.RESIZE: "~",
    Verb.COLLECT: "-",
    Verb.WAIT: ".",
    Verb.REPORT: "!",
    Verb.HOLD: "=",
    Verb.KEEP: " ",
}


def as_text(tick: Tick) -> str:
    """Return a plan, or what became of it, as lines for a terminal."""
    lines = [f"{tick.plan.environment} at {tick.plan.commit[:8]}, {stamp(tick.now)}"]
    width = max((len(action.resource_name) for action in tick.plan.actions), default=0)
    verb_width = max((len(action.verb) for action in tick.plan.actions), default=0)
    for action in tick.plan.actions:
        sign, verb = _SIGNS[action.verb], action.verb.ljust(verb_width)
        lines.append(f"  {sign} {verb}  {action.resource_name.ljust(width)}  {action.reason}")
        lines += [f"      {sentence}" for sentence in _became(tick, action)]
    lines += [f"  ! {_leveled(violation)}" for violation in _unsaid(tick)]
    lines += [f"  ! {trouble}" for trouble in tick.troubles]
    lines += [f"  > told {each.notice.subject}" for each in tick.deliveries if each.ok]
    return "\n".join(map(in_line, [*lines, summary(tick.plan)])) + "\n"


def as_markdown(tick: Tick) -> str:
    """Return a plan as a comment for a pull request."""
    lines = [f"### Leasehold plan for {in_code(tick.plan.environment)}", "", summary(tick.plan), ""]
    shown = [action for action in tick.plan.actions if action.verb is not Verb.KEEP]
    if shown:
        lines += ["| | Endpoint | Why |", "|---|---|---|"]
        lines += map(_row, shown)
    if violations := list(_unsaid(tick)):
        lines += ["", "Documents:", ""] if shown else ["Documents:", ""]
        lines += [f"- {in_markdown(_leveled(violation))}" for violation in violations]
    return "\n".join(lines).rstrip() + "\n"


def _row(action: Action) -> str:
    name, why = in_code(action.resource_name), in_markdown(action.reason)
    return f"| **{action.verb}** | {name} | {why} |"


def as_json(tick: Tick) -> dict[str, Any]:
    """Return a plan, or what became of it, as data."""
    outcomes = {_thing(outcome.action): outcome for outcome in tick.outcomes}
    return {
        "environment": tick.plan.environment,
        "commit": tick.plan.commit,
        "now": stamp(tick.now),
        "actions": [_action(each, outcomes.get(_thing(each))) for each in tick.plan.actions],
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


def _became(tick: Tick, action: Action) -> Iterator[str]:
    for outcome in tick.outcomes:
        if outcome.action == action:
            code = f" [{outcome.code}]" if outcome.code else ""
            yield f"{outcome.state}{': ' + outcome.detail if outcome.detail else ''}{code}"


def _unsaid(tick: Tick) -> Iterator[Violation]:
    """Yield the violations that no action's reason repeats: warnings, in practice."""
    said = " ".join(action.reason for action in tick.plan.actions)
    return (violation for violation in tick.fleet.violations if str(violation) not in said)


def _leveled(violation: Violation) -> str:
    return f"{'warning: ' if violation.level == 'warning' else ''}{violation}"


def _thing(action: Action) -> tuple[ResourceKind, Name]:
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
