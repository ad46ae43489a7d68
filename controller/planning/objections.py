"""What speaks against a start, before AWS is asked for it. Pure.

A definition may be readable and yet be refused: by AWS, by its environment's lists of what is
allowed, or by its limits in money. Then no first lease is granted, and no start and no update is
tried. The endpoint is left as it is: it still ends with its lease.
"""

from collections.abc import Callable
from dataclasses import replace

from controller.planning.action import Action, Plan, Verb, in_order
from controller.planning.desired import Desired, desired
from controller.planning.fields import Documents
from controller.planning.ownership import Owner
from ledger.allowed import not_allowed
from ledger.budget import over_budget
from ledger.documents import Environment
from ledger.holdings import Fleet, Holding
from ledger.json_files import Violation, as_sentences
from ledger.names import Name
from ledger.observed import Record

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


def before_a_start(planned: Plan, fleet: Fleet, record: Record, limits: Limits) -> Plan:
    """Return the plan with a report in place of each start that would be refused."""
    settings = fleet.environment
    if settings is None:
        return planned
    holdings = {item.name: item for item in fleet.holdings}
    owner = Owner.of(fleet, settings, record)

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

    return replace(planned, actions=in_order(map(judged, planned.actions)))
