"""What is done about an endpoint that failed, or whose update did: try again later, or never. Pure.

A lack of capacity passes, so it is tried again after a back-off. A defect does not: it is kept and
reported until somebody changes something.
"""

import hashlib
from datetime import datetime, timedelta

from controller.planning.action import Action, Verb
from controller.planning.decision import Decision
from controller.planning.observed import Observed, lacks_capacity
from ledger.instants import later
from ledger.lease import stamp
from ledger.names import EndpointName
from ledger.phases import Phase

BACK_OFF = timedelta(minutes=5)
LONGEST_BACK_OFF = timedelta(hours=1)


def after_failure(decision: Decision, there: Observed, *, changed: bool) -> Action:
    words = cause(there)
    if changed or decision.renewed(there):
        news = "its definition changed" if changed else "its lease was renewed"
        return decision.act(Verb.DELETE, f"it failed ({words}), and {news}: it starts anew")
    if lacks_capacity(words):
        retry_at = next_try(decision, there)
        if decision.now < retry_at:
            return decision.act(Verb.WAIT, f"no capacity ({words}); next try at {stamp(retry_at)}")
        return decision.act(Verb.DELETE, f"no capacity ({words}); it starts anew")
    return decision.act(
        Verb.REPORT, f"it failed: {words}. Change its definition or renew its lease to try again."
    )


def update(decision: Decision, there: Observed) -> Action:
    """Update to the desired config, unless that was tried and rolled back."""
    target, entry = decision.target, decision.entry
    tried = entry is not None and entry.attempted_config == target.config_name
    failure = entry.update_failure if entry and tried else None
    if tried and there.phase is Phase.DEGRADED:
        return decision.act(
            Verb.REPORT,
            f"the update to {target.config_name} failed, and its rollback too: {cause(there)}. It"
            " serves a mix of both configs; change its definition to update it again.",
        )
    if failure and not lacks_capacity(failure):
        return decision.act(
            Verb.REPORT,
            f"the update to {target.config_name} failed: {failure.rstrip('.')}. It serves on with"
            f" {there.config_name}; change its definition to try again.",
        )
    if failure and decision.now < (retry_at := next_try(decision, there)):
        return decision.act(
            Verb.WAIT, f"no capacity for its update ({failure}); next try at {stamp(retry_at)}"
        )
    reason = f"its definition changed: {there.config_name} becomes {target.config_name}"
    return decision.act(Verb.UPDATE, reason, target)


def cause(there: Observed) -> str:
    return (there.failure_reason or "no reason given").rstrip(".")


def next_try(decision: Decision, there: Observed) -> datetime:
    """Return the failure's time plus 5 min, doubled with each failure up to 1 h, times 1 to 2.

    The last factor is random, so that endpoints do not all come back at once, but drawn from the
    endpoint's own name: the next tick finds the same moment.
    """
    failures = decision.entry.failures if decision.entry else 1
    return back_off(there.endpoint_name, there.modified_at, failures, LONGEST_BACK_OFF)


def back_off(name: EndpointName, since: datetime, times: int, longest: timedelta) -> datetime:
    """Return when a pause is over that began at the last of so many times in a row."""
    pause = min(BACK_OFF * (1 << min(max(times, 1) - 1, 8)), longest)
    seed = f"{name} {since.isoformat()}"
    share = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4]) / 2**32
    return later(since, pause * (1 + share))
