"""A request that AWS refused, and would refuse again: it is not asked at every tick. Pure.

    what was refused             what is done
    ---------------------------  --------------------------------------------------------------
    the same request             report, with AWS's own words, until its pause is over
    the same, after its pause    ask again; the next pause is twice as long, 5 min to 6 h
    another request, or the      ask at once
    same for a renewed lease

A pause is drawn from the endpoint's name, as that after a failure. An end is never put off so, for
what runs on costs; nor is a change of a lease. What is refused of an endpoint that serves (tags,
scaling, capacity) keeps no lease from following its use: `planning.in_service`.
"""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta

from controller.planning.action import Action, Verb
from controller.planning.decision import Decision
from controller.planning.desired import Desired
from controller.planning.failures import back_off
from ledger.lease import stamp
from ledger.observed import Entry

LONGEST_PAUSE = timedelta(hours=6)
_ASKS = frozenset(
    {Verb.CREATE, Verb.UPDATE, Verb.RESIZE, Verb.TAG, Verb.ADOPT, Verb.SCALE},
)
# A renewal makes another request of these, to be tried again. It makes none of a resize, a tag or a
# scaling: the lease of what serves is prolonged by its use, too.
_OF_A_LEASE = frozenset({Verb.CREATE, Verb.UPDATE, Verb.ADOPT})


def request_mark(action: Action) -> str | None:
    """Return a mark that is the same for the same request; None for what is never put off.

    The lease is part of what starts, or becomes ours.
    """
    if action.verb not in _ASKS:
        return None
    rest: list[object] = [action.verb, repr(action.target)]
    what = str(action.verb)
    if isinstance(target := action.target, Desired):
        what = target.config_name
        lease = target.lease_tag if action.verb in _OF_A_LEASE else None
        rest = [action.verb, dict(target.tags), lease, target.count, target.config_version]
        rest.append(sorted(target.dropped_tags))
    digest = hashlib.sha256(json.dumps(rest, sort_keys=True).encode()).hexdigest()
    return f"{what}@{digest[:10]}"


def paced(decision: Decision, action: Action) -> Action:
    """Return an action, or the report of a refusal as long as that was not long ago."""
    entry = decision.entry
    if entry is None or not entry.refused or entry.refused_at is None:
        return action
    if request_mark(action) != entry.refused_config:
        return action
    name = decision.holding.endpoint_name
    retry_at = back_off(name, entry.refused_at, entry.refusals, LONGEST_PAUSE)
    if entry.refused_at <= decision.now < retry_at:
        reason = (
            f"{action.reason}; but there is no {action.verb}. {entry.refused} Next try at"
            f" {stamp(retry_at)}, or at once after a change of its definition or its lease."
        )
        return decision.act(Verb.REPORT, reason)
    return replace(action, reason=f"{action.reason}; tried again: {entry.refused}")


def is_put_off(before: Action, after: Action) -> bool:
    """Tell whether an action became the report of a refusal."""
    return after.verb is Verb.REPORT and before.verb is not Verb.REPORT


def is_refusal(action: Action | None, entry: Entry | None) -> bool:
    """Tell whether what is planned is still about the refusal that an entry notes."""
    if action is None or entry is None or not entry.refused:
        return False
    return request_mark(action) == entry.refused_config or entry.refused in action.reason
