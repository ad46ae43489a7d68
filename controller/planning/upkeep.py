"""What a serving endpoint needs besides: its tags, its scaling, an end when nobody uses it. Pure.

Called by `decision` for an endpoint that is in service on the config of its definition.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from controller.planning.action import Action, Verb
from controller.planning.case import Case
from controller.planning.desired import VARIANT
from controller.planning.idleness import Use, bump, idle_since
from controller.planning.observed import Observed
from controller.planning.scaling_policy import wanted_scale
from ledger.lease import prolong, stamp
from ledger.schedule import window_end


def upkeep(case: Case, there: Observed) -> Action:
    """Decide for an endpoint that is as its definition says: what else is there to do?"""
    if stale := _stale_tags(case, there):
        target = replace(case.target, tags=stale)
        return case.act(Verb.TAG, f"its tags changed: {', '.join(sorted(stale))}", target)
    if scaled := _scaled(case, there):
        return scaled
    if used := _used(case, there):
        return used
    failed = case.entry.update_failure if case.entry else None
    return case.act(Verb.KEEP, case.why + (f"; the last update failed: {failed}" if failed else ""))


def _stale_tags(case: Case, there: Observed) -> dict[str, str]:
    there_now = there.tags or {}
    wanted = case.target.tags_over(there_now)
    return {key: value for key, value in wanted.items() if there_now.get(key) != value}


def _scaled(case: Case, there: Observed) -> Action | None:
    scales, name = case.world.scales, there.endpoint_name
    if name not in scales:
        return None
    wanted = wanted_scale(case.holding.definition, there.endpoint_name, VARIANT)
    if scales[name] == wanted:
        return None
    if wanted is None:
        return case.act(Verb.SCALE, "its definition has no autoscaling any more")
    least, most = wanted.min_instances, wanted.max_instances
    return case.act(Verb.SCALE, f"it scales from {least} to {most} instances", wanted)


def _used(case: Case, there: Observed) -> Action | None:
    """End an idle lease, or carry one along that is in use."""
    use = case.world.uses.get(there.endpoint_name)
    return (_idle(case, there, use) or _carried_on(case, use)) if use else None


def _idle(case: Case, there: Observed, use: Use) -> Action | None:
    minutes, renewed_at = case.schedule.idle_minutes, case.entry and case.entry.renewed_at
    begin = max(there.modified_at, renewed_at or there.modified_at)
    since = idle_since(use, begin, minutes, case.now) if minutes else None
    if since is None:
        return None
    return case.act(Verb.IDLE, f"no invocation since {stamp(since)}, longer than {minutes} min")


def _carried_on(case: Case, use: Use) -> Action | None:
    """Extend as far as its use carries it, unless the ceiling makes the gain not worth a commit."""
    minutes, on_until = case.schedule.extend_while_active_minutes, _on_until(case)
    until = bump(on_until, use, minutes, case.now) if minutes else None
    if until is None or minutes is None:
        return None
    ends = prolong(case.lease, until, case.now, case.fleet.ceiling).expires_at
    if 2 * (ends - on_until) < timedelta(minutes=minutes):
        return None
    return case.act(Verb.EXTEND, f"it is in use, and kept until {stamp(ends)}", ends)


def _on_until(case: Case) -> datetime:
    """Say until when lease and window keep it on."""
    end = window_end(case.schedule, case.now)
    lease_end = case.lease.expires_at if case.lease else case.now
    return max(case.now, lease_end, end or case.now)
