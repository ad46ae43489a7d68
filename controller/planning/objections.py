"""What speaks against a start, before AWS is asked for it. Pure.

A definition may be readable and yet be refused: by AWS, by its environment's lists of what is
allowed, or by its limits in money. Then no first lease is granted, and no start and no update is
tried. The endpoint is left as it is: it still ends with its lease.

A first lease is the controller's own, so it also has to fit beside all that is on. Of several that
are due the first ones by name get theirs, and the next one when there is room.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from functools import partial

from controller.planning.action import Action, Plan, Verb, in_order
from controller.planning.desired import Desired, desired
from controller.planning.fields import Documents
from controller.planning.findings import Findings
from controller.planning.ownership import Owner
from ledger.allowed import not_allowed
from ledger.budget import dearest, dearest_of, no_room, over_budget, running
from ledger.documents import Environment, Prices
from ledger.holdings import Fleet, Holding
from ledger.hosts import Hosts, Usage
from ledger.json_files import Violation, as_sentences
from ledger.names import Name

# What AWS says of the requests that a definition makes.
Limits = Callable[[Documents, Desired], tuple[Violation, ...]]
# A first lease would run down while nothing can start under it.
_STARTS = frozenset({Verb.GRANT, Verb.CREATE, Verb.UPDATE})


def objections(
    fleet: Fleet, settings: Environment, holding: Holding, target: Desired, limits: Limits
) -> tuple[Violation, ...]:
    """Return all that speaks against a start; warnings do not stop one."""
    documents = Documents(fleet.name, holding, settings)
    found = (
        *limits(documents, target),
        *not_allowed(fleet.name, holding, settings),
        *over_budget(fleet, holding),
    )
    return tuple(sorted(found))


def before_a_start(
    planned: Plan, fleet: Fleet, findings: Findings, limits: Limits, now: datetime
) -> Plan:
    """Return the plan with a report in place of each start that would be refused."""
    settings = fleet.environment
    if settings is None:
        return planned
    holdings = {item.name: item for item in fleet.holdings}
    owner = Owner.of(fleet, settings, findings.record)

    def judged(action: Action) -> Action:
        holding = holdings.get(Name(action.name))
        if action.verb not in _STARTS or holding is None:
            return action
        target = desired(holding, settings, owner)
        found = objections(fleet, settings, holding, target, limits)
        errors = [each for each in found if each.level == "error"]
        if not errors:
            return action
        reason = f"no {action.verb} is tried, for it would be refused: {as_sentences(errors)}"
        return replace(action, verb=Verb.REPORT, reason=reason, target=None)

    allowed = map(judged, planned.actions)
    return replace(planned, actions=in_order(_with_room(allowed, fleet, findings, now)))


def _with_room(
    actions: Iterable[Action], fleet: Fleet, findings: Findings, now: datetime
) -> Iterator[Action]:
    """Yield the actions, with a report in place of each first lease that does not fit."""
    settings, prices = fleet.require_settings(), fleet.prices
    on: Decimal | None = None
    for action in actions:
        if action.verb is not Verb.GRANT or settings.max_hourly is None or prices is None:
            yield action
            continue
        if on is None:
            on = running(fleet, now, partial(_noted, findings)).amount
        holding = fleet.holding(Name(action.name))
        hourly = dearest(holding.definition, prices) or _of_config(findings, holding, prices)
        if hourly is None:
            yield action
        elif fault := no_room(fleet, hourly, on):
            reason = f"its first lease waits, for {fault}. Release another one, or change the limit"
            yield replace(
                action, verb=Verb.REPORT, reason=f"{reason}.", target=None, past_limit=True
            )
        else:
            on += hourly
            yield action


def _noted(findings: Findings, holding: Holding) -> Hosts | None:
    entry = findings.record.entry(holding.endpoint_name)
    return entry.hosts if entry else None


def _of_config(findings: Findings, holding: Holding, prices: Prices) -> Decimal | None:
    """Return what an hour on somebody else's config costs at most."""
    seen = findings.configs.get(holding.endpoint_name)
    return dearest_of(seen.parts, Usage.of(is_async=seen.is_async), prices) if seen else None
