"""Notices about the endpoint itself: started, stopped, failed, or waiting for a person.

Pure. Each rule looks at how things are now, and not at what changed since the last tick.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial

from controller.notices.notice import Kind, Notice
from controller.notices.view import About, View, cut
from controller.planning.action import Action, Verb
from controller.planning.components import without_cost
from controller.planning.observed import lacks_capacity
from controller.planning.refusals import is_refusal
from ledger.faults import Faults
from ledger.lease import stamp
from ledger.names import EndpointName, Name
from ledger.observed import Entry
from ledger.phases import Phase

CAPACITY_KEY = f"{Kind.FAILED}:capacity"
_GONE = frozenset({Phase.ABSENT, Phase.ENDING})


def life_key(kind: Kind, entry: Entry) -> str | None:
    """Return a key for an endpoint from its creation to its end; None where it never was."""
    return f"{kind}:{stamp(entry.created_at)}" if entry.created_at else None


def failure_key(entry: Entry) -> str | None:
    """Return a key for the failure that an entry notes, if any.

    Lack of capacity is tried again by itself: it is told the 1st, 2nd, 4th, 8th time in a row.
    """
    if entry.phase is not Phase.FAILED and entry.update_failure is None:
        return None
    if entry.failures and lacks_capacity(_reason(entry)):
        return f"{CAPACITY_KEY}:{entry.failures.bit_length()}"
    if entry.phase is Phase.FAILED:
        return f"{Kind.FAILED}:{stamp(entry.since)}"
    return f"{Kind.FAILED}:{entry.attempted_config}"


def refused_key(entry: Entry) -> str | None:
    """Return a key for the request that AWS refuses, however often it is tried."""
    if not entry.refused:
        return None
    return f"{Kind.BLOCKED}:refused:{_digest(entry.refused_config or entry.refused)}"


def blocked_key(action: Action) -> str:
    return f"{Kind.BLOCKED}:{_digest(without_cost(action.reason))}"


def is_blocked(action: Action, entry: Entry | None) -> bool:
    """Tell whether a person has to look, and no other notice says so already."""
    if action.verb is not Verb.REPORT or is_refusal(action, entry):
        return False
    return entry is None or entry.held is not None or failure_key(entry) is None


def started(view: View, endpoint_name: EndpointName, entry: Entry) -> Iterator[Notice]:
    """Yield a notice of what serves now. While something is wrong with it, that is told instead."""
    key = life_key(Kind.STARTED, entry)
    if key is None or key in entry.notices or entry.phase is not Phase.SERVING:
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


def stopped(view: View, endpoint_name: EndpointName, entry: Entry) -> Iterator[Notice]:
    """Yield a notice of what is gone, unless it goes only to be started anew."""
    key = life_key(Kind.STOPPED, entry)
    if key is None or key in entry.notices or entry.phase not in _GONE:
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


def failed(view: View, endpoint_name: EndpointName, entry: Entry) -> Iterator[Notice]:
    """Yield a notice of a failure: AWS's reason, and the plan's words for what comes next."""
    key = failure_key(entry)
    if key is None or key in entry.notices:
        return
    about, dead = About(view, entry.name, endpoint_name), entry.phase is Phase.FAILED
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


def refused(view: View, endpoint_name: EndpointName, entry: Entry) -> Iterator[Notice]:
    """Yield a notice of what AWS refuses, once for each request."""
    key = refused_key(entry)
    if key is None or key in entry.notices:
        return
    about, reason = About(view, entry.name, endpoint_name), cut(entry.refused or "")
    yield about.notice(
        key,
        "AWS refuses what it needs",
        f"{about}: AWS refuses what it needs.\n\n{reason}\n\nIt is tried again after a growing"
        " pause, and at once after a change of its definition or its lease.\n",
        status=entry.status,
        since=entry.refused_at,
        reason=reason,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _reason(entry: Entry) -> str:
    words = entry.cause if entry.phase is Phase.FAILED else entry.update_failure
    return words or "no reason given"


def blocked(view: View, faults: Faults) -> Iterator[Notice]:
    """Yield what waits for a person. Orphans that share a reason share a notice."""
    groups: dict[tuple[str, str], dict[EndpointName, Action]] = defaultdict(dict)
    for action in view.plan.actions:
        name = action.endpoint_name
        if name is None:
            continue
        asked = partial(is_blocked, action, view.record.entry(name))
        if faults.around(name, asked, otherwise=False):
            groups["" if action.is_orphan else name, action.reason][name] = action
    for actions in groups.values():
        yield from faults.around(
            min(actions), partial(_blocked, view, actions), tuple[Notice, ...]()
        )


def _blocked(view: View, actions: Mapping[EndpointName, Action]) -> tuple[Notice, ...]:
    first, names = next(iter(actions.values())), sorted(actions)
    about = About(view, first.name, first.resource_name)
    if len(names) > 1:
        about = About(view, f"{len(names)} endpoints", Name(view.fleet.name))
    notice = about.notice(
        blocked_key(first),
        "a person has to look",
        f"{about}: {cut(first.reason)}\n\n{cut(', '.join(names))}\n",
        reason=cut(first.reason),
        endpoints=names,
    )
    return (replace(notice, settles={name: frozenset({notice.key}) for name in names}),)
