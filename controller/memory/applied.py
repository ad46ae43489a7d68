"""How far a plan's commit is carried out, as the status branch notes it. Pure."""

from datetime import datetime

from controller.planning.action import Plan, Verb
from ledger.observed import Applied

# What is as the ledger wants it: also what was suspended or left running on purpose, and leftovers.
_SETTLED = (Verb.KEEP, Verb.HOLD, Verb.COLLECT)


def applied(
    plan: Plan, now: datetime, before: Applied | None = None, set_back_at: datetime | None = None
) -> Applied:
    """Return the note, with the endpoints that are not as the plan's commit wants them yet.

    While the ledger's head is set back, the commit that was applied `before` stays.
    """
    left = tuple(sorted({each.resource_name for each in plan.actions if each.verb not in _SETTLED}))
    if before and set_back_at:
        return Applied(before.commit, left, now, set_back_at, before.verify)
    return Applied(plan.commit, left, now)
