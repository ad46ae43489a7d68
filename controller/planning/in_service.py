"""What an endpoint needs that serves on the config of its definition. Pure.

Its tags, its scaling and its number of instances follow the definition, and its lease follows its
use, where the definition asks for that.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from controller.planning.action import Action, Verb
from controller.planning.capacity import resize
from controller.planning.components import has_any, idle_unknown
from controller.planning.decision import Decision
from controller.planning.desired import VARIANT
from controller.planning.existing_config import drift, objection
from controller.planning.idleness import Use, bump, idle_since
from controller.planning.observed import Observed
from controller.planning.refusals import is_put_off, paced
from controller.planning.scaling_policy import ours, wanted_scale
from ledger.budget import ceiling
from ledger.holdings import environment_path
from ledger.lease import prolong, stamp
from ledger.schedule import window_end


def in_service(decision: Decision, there: Observed) -> Action:
    """Return what is left to do: the first of tags, scaling, use, capacity; else keep it.

    While the first is put off because AWS refused it, its lease follows its use all the same. The
    record has room for one refusal, so nothing else is asked of AWS meanwhile.
    """
    put_off: Action | None = None
    for rule in (_tagged, _scaled, _used, resize, _config_moved):
        action = rule(decision, there)
        if action is None or (put_off and not action.verb.commits):
            continue
        judged = paced(decision, action)
        if not is_put_off(action, judged):
            return action
        put_off = judged
    return put_off or _kept(decision, there)


def _kept(decision: Decision, there: Observed) -> Action:
    failed = decision.entry.update_failure if decision.entry else None
    said = f"; the last update failed: {failed}" if failed else ""
    hosted = decision.findings.hosted.get(there.endpoint_name)
    return decision.act(Verb.KEEP, f"{decision.why}{said}{idle_unknown(hosted)}")


def _config_moved(decision: Decision, there: Observed) -> Action | None:
    """Report that its config is not what it was, or is past the limits: it serves on."""
    seen, entry = decision.config_seen, decision.entry
    if seen is None:
        return None
    news = drift(seen, there.modified_at, entry.config_version if entry else None)
    if news:
        return decision.act(Verb.REPORT, news)
    wrong = None if seen.problem else objection(seen, decision.environment, decision.fleet)
    if not wrong:
        return None
    return decision.act(
        Verb.REPORT,
        f"{wrong}: it serves on until its lease ends. Choose another endpoint_config_name, or"
        f" change the limits in {environment_path(decision.fleet.name)}.",
    )


def _tagged(decision: Decision, there: Observed) -> Action | None:
    """Set the tags that differ, and take away those that its definition set once."""
    there_now = there.tags or {}
    wanted = decision.target.tags_over(there_now)
    stale = {key: value for key, value in wanted.items() if there_now.get(key) != value}
    set_once = decision.entry.tag_keys if decision.entry else frozenset()
    dropped = (set_once & there_now.keys()) - wanted.keys()
    if not stale and not dropped:
        return None
    changed = [f"its tags changed: {', '.join(sorted(stale))}"] if stale else []
    gone = [f"its definition has no tag {', '.join(sorted(dropped))} any more"] if dropped else []
    target = replace(decision.target, tags=stale, dropped_tags=dropped)
    return decision.act(Verb.TAG, "; ".join([*changed, *gone]), target)


def _scaled(decision: Decision, there: Observed) -> Action | None:
    scales, name = decision.findings.scales, there.endpoint_name
    if name not in scales:
        return None
    wanted = wanted_scale(decision.holding.definition, there.endpoint_name, VARIANT)
    if (ours(scales[name]) if wanted is None else scales[name]) == wanted:
        return None
    if wanted is None:
        return decision.act(Verb.SCALE, "its definition has no autoscaling any more")
    least, most = wanted.min_instances, wanted.max_instances
    return decision.act(Verb.SCALE, f"it scales from {least} to {most} instances", wanted)


def _used(decision: Decision, there: Observed) -> Action | None:
    """End the lease of an endpoint that is idle, or extend that of one in use."""
    use = decision.findings.uses.get(there.endpoint_name)
    return (_idle(decision, there, use) or _carried_on(decision, use)) if use else None


def _idle(decision: Decision, there: Observed, use: Use) -> Action | None:
    minutes, renewed_at = (
        decision.schedule.idle_minutes,
        decision.entry and decision.entry.renewed_at,
    )
    begin = max(there.modified_at, renewed_at or there.modified_at)
    since = idle_since(use, begin, minutes, decision.now) if minutes else None
    if since is None or has_any(decision.findings.hosted.get(there.endpoint_name)):
        return None
    return decision.act(Verb.IDLE, f"no invocation since {stamp(since)}, longer than {minutes} min")


def _carried_on(decision: Decision, use: Use) -> Action | None:
    """Extend as far as its use carries it, if that is worth a commit below the ceiling."""
    minutes, on_until = decision.schedule.extend_while_active_minutes, _on_until(decision)
    until = bump(on_until, use, minutes, decision.now) if minutes else None
    if until is None or minutes is None:
        return None
    ends = prolong(
        decision.lease, until, decision.now, ceiling(decision.fleet, decision.holding)
    ).expires_at
    if 2 * (ends - on_until) < timedelta(minutes=minutes):
        return None
    return decision.act(Verb.EXTEND, f"it is in use, and kept until {stamp(ends)}", ends)


def _on_until(decision: Decision) -> datetime:
    """Return until when lease and window keep it on."""
    end = window_end(decision.schedule, decision.now)
    lease_end = decision.lease.expires_at if decision.lease else decision.now
    return max(decision.now, lease_end, end or decision.now)
