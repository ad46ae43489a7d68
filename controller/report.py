"""Plans and outcomes for people and machines: text and JSON. Pure.

A comment for a pull request is `markdown`'s.
"""

import textwrap
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Any

from controller.bill import Bill, Ending, Row
from controller.plan_words import (
    ARROW,
    TIMES,
    cost_of,
    counted,
    footer,
    instances,
    lease_cost,
    of_the_environment,
    totals,
    verdict,
    when_on,
    word_of,
)
from controller.planning.action import Action, Verb
from controller.pricing import bill
from controller.tick import Tick
from controller.tick_data import as_data, thing
from ledger import hosts
from ledger.changed_fields import FieldChange
from ledger.documents.prices import plain
from ledger.json_files import Violation
from ledger.lease import stamp
from ledger.money import NO_PRICE, Total, cents
from ledger.printable import in_line

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


def as_text(
    tick: Tick,
    found: Bill | None = None,
    width: int | None = None,
    on_clock: Callable[[str], str] = str,
) -> str:
    """Return a plan, or what became of it, as lines for a terminal of so many columns.

    Without a width no line is folded, as whoever searches them wants it. `on_clock` writes the
    instants in a line as its reader's clock has them.
    """
    found = found or bill(tick)
    said = verdict(found)
    head = f"{tick.plan.environment} at {tick.plan.commit[:8]}, {stamp(tick.now)}"
    lines = [f"{head}: {said}" if said else head]
    rows = {thing(row.action): row for row in found.rows}
    shown = [
        (action, rows.get(thing(action)))
        for action in tick.plan.actions
        if (action.verb is not Verb.KEEP or thing(action) in rows)
        and action not in found.due_anyway
    ]
    told = {thing(action) for action, _ in shown}
    shown += [(row.action, row) for key, row in rows.items() if key not in told]
    names = max((len(action.resource_name) for action, _ in shown), default=0)
    verbs = max((len(_word(action, row)) for action, row in shown), default=0)
    for action, row in sorted(shown, key=lambda each: each[0].verb is not Verb.REPORT):
        sign, verb = _sign(action, row), _word(action, row).ljust(verbs)
        reason = _reason(action, row)
        lines.append(f"  {sign} {verb}  {action.resource_name.ljust(names)}  {reason}")
        lines += [f"      {each}" for each in _money(row, found)]
        lines += [f"      {sentence}" for sentence in _became(tick, action)]
    lines += [f"  ! {_leveled(violation)}" for violation in unsaid(tick)]
    lines += [f"  ! {trouble}" for trouble in tick.troubles]
    lines += [f"  > told {each.notice.subject}" for each in tick.deliveries if each.ok]
    lines += [*_totals(found), *map(_ascii, of_the_environment(found, tick.plan.environment))]
    lines += [*(footer(tick, found) if found.prices else ()), counted(tick, found)]
    folded = (part for line in map(on_clock, map(in_line, lines)) for part in _folded(line, width))
    return "\n".join(folded) + "\n"


def _word(action: Action, row: Row | None) -> str:
    return word_of(row)[1] if row and action.verb is Verb.KEEP else str(action.verb)


def _sign(action: Action, row: Row | None) -> str:
    return word_of(row)[0] if row and action.verb is Verb.KEEP else _SIGNS[action.verb]


def _reason(action: Action, row: Row | None) -> str:
    """Return why; fields say more of an update than the names of two configs."""
    if row is None:
        return action.reason
    if row.changes and action.verb is Verb.UPDATE:
        is_lock_alone = all(each.document for each in row.changes)
        return f"its {'lock' if is_lock_alone else 'definition'} changed"
    if row.is_later and (row.is_new or row.is_removed):
        return f"{'new definition' if row.is_new else 'its definition is removed'}: {action.reason}"
    return action.reason


def _money(row: Row | None, found: Bill) -> Iterator[str]:
    """Yield what an action changes, field by field, and what it costs."""
    if row is None:
        return
    yield from map(str, (*row.changes, *row.lease_changes))
    if said := when_on(row, found.prices):
        yield f"{_ascii(instances(row))}: {said}"
    if found.prices is None or not (row.before or row.after):
        return
    before, after = cost_of(row.before, row.hourly_before), cost_of(row.after, row.hourly_after)
    moved = f"{before} -> {after}" if before != after else after
    unit = "" if NO_PRICE in after else f" {found.prices.currency}/h"
    said = f"{_ascii(instances(row))}: {moved}{unit}"
    left = lease_cost(row, found.prices)
    yield said if left == "-" else f"{said}, this lease {left}"


def _ascii(text: str) -> str:
    return text.replace(TIMES, "x").replace(ARROW, "->")


def _totals(found: Bill) -> Iterator[str]:
    if not (found.moves_money or found.moves_promises):
        return
    for what, before, after, change in totals(found):
        yield f"{what}: {before} -> {after} ({change})"


def _folded(line: str, width: int | None) -> list[str]:
    """Fold a line so that what follows is below its words."""
    if width is None or len(line) <= width:
        return [line]
    indent = " " * (8 if line.startswith(" ") else 2)
    return textwrap.wrap(
        line, width, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )


def as_json(tick: Tick, found: Bill | None = None) -> dict[str, Any]:
    """Return a plan, or what became of it, as data; with its price where that was worked out."""
    data = as_data(tick)
    if found is None:
        return data
    rows = {thing(row.action): row for row in found.rows}
    actions = [
        told | _priced(rows.get(thing(action)))
        for action, told in zip(tick.plan.actions, data["actions"], strict=True)
    ]
    return data | _priced_plan(found) | _documents(found) | {"actions": actions}


def _priced_plan(found: Bill) -> dict[str, Any]:
    return {
        "plan": found.digest,
        "against": found.base.commit if found.base else None,
        "money": _sums(found),
        "ends": [_ending(each) for each in found.ends],
    }


def _documents(found: Bill) -> dict[str, Any]:
    """Return what changes of documents that no action is about."""
    repriced = found.repriced.changes if found.repriced else ()
    return {
        "removed": [row.action.name for row in found.later if row.is_removed],
        "settings_changes": [_change(each, "environment") for each in found.settings_changes],
        "price_changes": [_change(each, "prices") for each in repriced],
    }


def _became(tick: Tick, action: Action) -> Iterator[str]:
    for outcome in tick.outcomes:
        if outcome.action == action:
            code = f" [{outcome.code}]" if outcome.code else ""
            yield f"{outcome.state}{': ' + outcome.detail if outcome.detail else ''}{code}"


def unsaid(tick: Tick) -> Iterator[Violation]:
    """Yield the violations that no action's reason repeats: warnings, in practice."""
    said = " ".join(action.reason for action in tick.plan.actions)
    return (violation for violation in tick.fleet.violations if str(violation) not in said)


def _leveled(violation: Violation) -> str:
    return f"{'warning: ' if violation.level == 'warning' else ''}{violation}"


def _sums(found: Bill) -> dict[str, Any] | None:
    """Return the sums as decimal numbers in strings; None where there are no prices."""
    if found.prices is None:
        return None
    factor = found.prices.savings_plan_factor
    return {
        "currency": found.prices.currency,
        "prices_read_at": stamp(found.prices.read_at),
        "example_prices": found.prices.is_example,
        "savings_plan_factor": plain(factor) if factor is not None else None,
        "hourly": _pair(found.before, found.after, found.change),
        "next_24_hours": _pair(found.promised_before, found.promised_after, found.promised_change),
        "max_hourly": plain(found.limit.amount) if found.limit else None,
        "over_max_hourly": found.is_over,
    }


def _pair(before: Total, after: Total, change: Total) -> dict[str, Any]:
    return {
        "before": f"{before.amount:f}",
        "after": f"{after.amount:f}",
        "change": f"{change.amount:f}",
        "without_price_before": before.without,
        "without_price_after": after.without,
        "without_price_change": change.without,
    }


def _ending(each: Ending) -> dict[str, Any]:
    hourly = None if each.hourly is None else plain(each.hourly)
    return {
        "name": each.name,
        "at": stamp(each.at),
        "per_hour": hourly,
        "reason": each.reason,
        "kept_by": each.kept_by or None,
    }


def _priced(row: Row | None) -> dict[str, Any]:
    """Return what an action costs; null is no price, or nobody knows what it runs on."""
    if row is None:
        return {}
    return {
        "instances_before": None if row.before is None else hosts.as_data(row.before),
        "instances_after": None if row.after is None else hosts.as_data(row.after),
        "per_hour_before": None if row.hourly_before is None else plain(row.hourly_before),
        "per_hour_after": None if row.hourly_after is None else plain(row.hourly_after),
        "lease_cost": None if row.lease is None else f"{cents(row.lease):f}",
        "new": row.is_new,
        "changes": [_change(each, "endpoint") for each in (*row.changes, *row.lease_changes)],
    }


def _change(change: FieldChange, document: str) -> dict[str, str]:
    """Return a change with the kind of its document, which is mostly that one."""
    return asdict(change) | {"document": change.document or document}
