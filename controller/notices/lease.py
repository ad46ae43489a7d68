"""Notices about the meter: a lease that ends soon, and one that is ended because nobody uses it.

Pure. A lead time counts that was crossed since the lease was set: who has just extended one by half
an hour is not told that it ends within the hour. Of several lead times that are due, only the
shortest is told: after an outage nobody wants to hear that an hour was left.
"""

import json
import math
import shlex
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from controller.notices.notice import Ending, Kind, Notice
from controller.notices.view import About, View, cut
from controller.planning.action import Verb
from ledger.documents import Environment
from ledger.documents.prices import plain
from ledger.holdings import Holding, document_path
from ledger.lease import Lease, duration, is_on, stamp
from ledger.money import for_time, money, per_hour
from ledger.names import EndpointName
from ledger.observed import Entry
from ledger.phases import Phase
from ledger.schedule import window_end

EXTRA_MINUTES = 60  # that the command in a notice adds
_NOTHING_TO_STOP = frozenset({Phase.ABSENT, Phase.ENDING, Phase.FAILED})
_MINUTE = timedelta(minutes=1)


def expiring_key(lease: Lease, lead: int | str) -> str:
    return f"{Kind.EXPIRING}:{stamp(lease.expires_at)}:{lead}"


def expiring(view: View, environment: Environment, holding: Holding) -> Iterator[Notice]:
    """Yield the notice of the shortest lead time that was crossed; longer ones count as told."""
    about = About(view, holding.name, holding.endpoint_name)
    lease, entry = holding.lease, view.record.entry(holding.endpoint_name)
    if lease is None or entry is None:
        return
    left, leads = lease.expires_at - view.now, _leads(environment, holding)
    had = _minutes_when_set(lease, entry)
    due = sorted(lead for lead in leads if left / _MINUTE <= lead < had)
    if not due or not _will_stop(view, holding, lease, entry):
        return
    if _may_grow(view, holding, entry) and due[0] != min(leads):
        return
    until = f"{stamp(lease.expires_at)}, in {duration(left)}"
    local = in_zone(lease.expires_at, holding.definition.schedule.zone or environment.zone)
    owner = holding.definition.owner
    act = (
        f"\nThis keeps it for {duration(EXTRA_MINUTES * _MINUTE)} more:\n\n"
        f"{extension(environment, holding.endpoint_name)}\n"
    )
    notice = about.notice(
        expiring_key(lease, due[0]),
        f"lease ends at {until}",
        f"The lease of {about} ends at {stamp(lease.expires_at)}{local}, in {duration(left)}."
        " Then it is stopped.\n"
        + (f"Its owner is {cut(owner)}.\n" if owner else "Its definition names no owner.\n")
        + cost_of(view, holding)
        + act,
        expires_at=lease.expires_at,
        minutes_left=int(left / _MINUTE),
        owner=owner,
        per_hour=plain(hourly) if (hourly := _hourly(view, holding)) is not None else None,
        currency=view.fleet.prices.currency if view.fleet.prices else None,
    )
    told = frozenset(expiring_key(lease, lead) for lead in due)
    ending = Ending(
        path=document_path(view.fleet.name, holding.name, "lease"),
        expires_at=lease.expires_at,
        lease_id=lease.request_id or "",
        commit=view.plan.commit,
        now=view.now,
    )
    settles = {holding.endpoint_name: told}
    yield replace(notice, settles=settles, act=act, ending=ending)


def in_zone(moment: datetime, zone: ZoneInfo | None) -> str:
    """Say the same moment by a zone's clock; nothing where none is named."""
    if zone is None:
        return ""
    local = moment.astimezone(zone)
    return f" ({local:%a %d %b %H:%M} {local.tzname()})"


def cost_of(view: View, holding: Holding) -> str:
    """Say what it costs in a line, where the environment has prices."""
    prices, hourly = view.fleet.prices, _hourly(view, holding)
    if prices is None:
        return ""
    if hourly is None:
        return "What it costs is not known: prices.json has no price of what it runs on.\n"
    entry = view.record.entry(holding.endpoint_name)
    since = entry.created_at if entry else None
    so_far = ""
    if since is not None and since < view.now:
        spent = money(for_time(hourly, view.now - since), prices.currency)
        so_far = f", and about {spent} since it was made at {stamp(since)}"
    more = for_time(hourly, EXTRA_MINUTES * _MINUTE)
    length = duration(EXTRA_MINUTES * _MINUTE)
    example = " (example prices)" if prices.is_example else ""
    return (
        f"It costs {money(hourly, prices.currency)} an hour{so_far}; {length} more cost"
        f" {money(more, prices.currency)}{example}.\n"
    )


def _hourly(view: View, holding: Holding) -> Decimal | None:
    entry = view.record.entry(holding.endpoint_name)
    return per_hour(entry.hosts if entry else None, view.fleet.prices)


def idle(view: View, holding: Holding) -> Iterator[Notice]:
    """Yield the notice of an idle lease in the tick that ends it."""
    about = About(view, holding.name, holding.endpoint_name)
    for action in view.actions(holding.endpoint_name):
        if action.verb is Verb.IDLE and (until := _runs_until(holding, view.now)):
            yield about.notice(
                f"{Kind.IDLE}:{stamp(until)}",
                "idle, and its lease is ended",
                f"Nobody uses {about}: {cut(action.reason)}. So its lease is ended; it would have"
                f" run until {stamp(until)}. An extension starts it again.\n",
                reason=action.reason,
                until=until,
            )


def extension(environment: Environment, endpoint_name: EndpointName) -> str:
    """Return the command that extends a lease, ready for a shell."""
    path = "/endpoint-expiry"
    url = f'"$LEASEHOLD_API{path}"'
    if environment.api_url:
        url = shlex.quote(environment.api_url.rstrip("/") + path)
    body = json.dumps({"EndpointName": endpoint_name, "minutes": EXTRA_MINUTES})
    return f'curl {url} --header "Authorization: $TOKEN" --data {shlex.quote(body)}'


def _will_stop(view: View, holding: Holding, lease: Lease, entry: Entry) -> bool:
    """Tell whether the end of the lease will be the end of an endpoint that runs."""
    schedule, suspended = holding.definition.schedule, holding.definition.suspended
    if entry.phase in _NOTHING_TO_STOP or not lease.is_live(view.now):
        return False
    if suspended and suspended.holds(lease.expires_at):
        return False
    if Verb.IDLE in view.verbs(holding.endpoint_name):
        return False
    return is_on(schedule, lease, view.now) and not is_on(schedule, lease, lease.expires_at)


def _minutes_when_set(lease: Lease, entry: Entry) -> float:
    """Return how many minutes a lease had when it was set: any number, where nobody knows."""
    if entry.lease_end != lease.expires_at or entry.lease_set_at is None:
        return math.inf
    return (lease.expires_at - entry.lease_set_at) / _MINUTE


def _leads(environment: Environment, holding: Holding) -> tuple[int, ...]:
    """Return the lead times. A lease that use prolongs is short all the time: it is told later."""
    leads = environment.lead_minutes
    active = holding.definition.schedule.extend_while_active_minutes
    if not leads or active is None:
        return leads
    return tuple(lead for lead in leads if lead * 2 < active) or (max(active // 3, 1),)


def _may_grow(view: View, holding: Holding, entry: Entry) -> bool:
    """Tell whether the lease is about to be prolonged by itself: then only the last call counts."""
    growing = {Verb.CREDIT, Verb.EXTEND} & view.verbs(holding.endpoint_name)
    credited = holding.definition.schedule.lease_starts == "ready"
    return bool(growing) or (credited and entry.starting_since is not None)


def _runs_until(holding: Holding, now: datetime) -> datetime | None:
    """Return when the run that is under way would end by itself."""
    lease, end = holding.lease, window_end(holding.definition.schedule, now)
    live = lease.expires_at if lease and lease.is_live(now) else None
    return max(live, end) if live and end else live or end
