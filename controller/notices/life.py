"""Notices about the endpoint itself: started, stopped, failed, or waiting for a person.

Called by `notices`. Pure. Each rule looks at what is so now, and never at a change.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import replace

from controller.memory.record import ABSENT, Entry
from controller.notices.notice import Kind, Notice
from controller.notices.view import About, View, cut
from controller.planning.action import Action, Verb
from controller.planning.observed import lacks_capacity
from ledger.lease import stamp

CAPACITY_KEY = f"{Kind.FAILED}:capacity"
_GONE = frozenset({ABSENT, "Deleting"})


def life_key(kind: Kind, entry: Entry) -> str | None:
    """Name one life of an endpoint, from its creation to its end; None where it never was."""
    return f"{kind}:{stamp(entry.created_at)}" if entry.created_at else None


def failure_key(entry: Entry) -> str | None:
    """Name the failure that an entry is in, if any.

    Lack of capacity is tried again by itself: it is told the 1st, 2nd, 4th, 8th time in a row.
    """
    if entry.status != "Failed" and entry.update_failure is None:
        return None
    if entry.failures and lacks_capacity(_reason(entry)):
        return f"{CAPACITY_KEY}:{entry.failures.bit_length()}"
    if entry.status == "Failed":
        return f"{Kind.FAILED}:{stamp(entry.since)}"
    return f"{Kind.FAILED}:{entry.attempted_config}"


def blocked_key(action: Action) -> str:
    return f"{Kind.BLOCKED}:{hashlib.sha256(action.reason.encode()).hexdigest()[:12]}"


def is_blocked(action: Action, entry: Entry | None) -> bool:
    """Tell whether a person has to look, and no failure says so already."""
    return action.verb is Verb.REPORT and (entry is None or failure_key(entry) is None)


def started(view: View, endpoint_name: str, entry: Entry) -> Iterator[Notice]:
    """Tell of what serves. While something is wrong with it, that is told instead."""
    key = life_key(Kind.STARTED, entry)
    if key is None or key in entry.notices or entry.status != "InService":
        return
    if Verb.REPORT in view.verbs(endpoint_name):
        return
    about, holding = About(view, entry.name, endpoint_name), view.holding(endpoint_name)
    lease = holding.lease if holding else None
    until = lease.expires_at if lease and lease.is_live(view.now) else None
    yield about.notice(
        key,
        "in service",
        f"{about} is in service{f', leased until {stamp(until)}' if until else ''}.\n",
        created_at=entry.created_at,
        expires_at=until,
    )


def stopped(view: View, endpoint_name: str, entry: Entry) -> Iterator[Notice]:
    """Tell of what is gone, unless it goes only to be started anew."""
    key = life_key(Kind.STOPPED, entry)
    if key is None or key in entry.notices or entry.status not in _GONE:
        return
    if view.is_wanted(endpoint_name):
        return
    about, cause = About(view, entry.name, endpoint_name), cut(entry.cause or "no reason is known")
    yield about.notice(
        key,
        "stopped",
        f"{about} is stopped: {cause}.\n",
        created_at=entry.created_at,
        status=entry.status,
        cause=cause,
    )


def failed(view: View, endpoint_name: str, entry: Entry) -> Iterator[Notice]:
    """Tell of a failure with AWS's reason, and with the plan's words for what comes next."""
    key = failure_key(entry)
    if key is None or key in entry.notices:
        return
    about, dead = About(view, entry.name, endpoint_name), entry.status == "Failed"
    headline = "failed" if dead else "its update failed, and it serves on as before"
    reason = cut(_reason(entry))
    steps = " ".join(f"{item.verb}: {cut(item.reason)}" for item in view.actions(endpoint_name))
    yield about.notice(
        key,
        headline,
        f"{about}: {headline}.\n\nSageMaker says: {reason}\n\nWhat Leasehold does: {steps}\n",
        status=entry.status,
        since=entry.since,
        reason=reason,
        attempted_config=None if dead else entry.attempted_config,
    )


def _reason(entry: Entry) -> str:
    words = entry.cause if entry.status == "Failed" else entry.update_failure
    return words or "no reason given"


def blocked(view: View) -> Iterator[Notice]:
    """Tell what waits for a person. Orphans that share a reason share a notice."""
    groups: dict[tuple[str, str], list[Action]] = defaultdict(list)
    for action in view.plan.actions:
        if is_blocked(action, view.record.entry(action.endpoint_name)):
            groups["" if action.is_orphan else action.endpoint_name, action.reason].append(action)
    for actions in groups.values():
        yield _blocked(view, actions)


def _blocked(view: View, actions: list[Action]) -> Notice:
    first, names = actions[0], sorted(action.endpoint_name for action in actions)
    about = About(view, first.name, first.endpoint_name)
    if len(names) > 1:
        about = About(view, f"{len(names)} endpoints", view.fleet.name)
    notice = about.notice(
        blocked_key(first),
        "a person has to look",
        f"{about}: {cut(first.reason)}\n\n{cut(', '.join(names))}\n",
        reason=cut(first.reason),
        endpoints=names,
    )
    return replace(notice, settles={name: frozenset({notice.key}) for name in names})
