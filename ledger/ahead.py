"""What the ledger promises of an endpoint: when it will be on, as things are now. Pure.

    its documents                  until                        it is
    -----------------------------  ---------------------------  -----------------------------------
    cannot be read                 somebody mends them          left as it is
    say that it is suspended       the suspension ends          left as it is
    lack the lease, which ran on   the end that was noted       left as it is
    have its first lease due       -                            as if that were granted now
    any other                      -                            as its lease and its windows say

What is left as it is goes on, and goes on costing, if it runs. Nobody knows who will extend.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from ledger.budget import ceiling
from ledger.fleet import Broken, Fleet, Holding
from ledger.instants import NEVER
from ledger.lease import Lease, grant
from ledger.on_time import Stretch, on_time


@dataclass(frozen=True, slots=True)
class Ahead:
    """When an endpoint will be on, in order, and the part of it in which it is left as it is."""

    on: tuple[Stretch, ...] = ()
    held: tuple[Stretch, ...] = ()


def ahead(
    fleet: Fleet, item: Holding | Broken, begin: datetime, end: datetime, *, runs: bool
) -> Ahead:
    """Tell when an endpoint will be on between two instants; `runs` is what it does at the first.

    Of a fleet whose settings can be read.
    """
    until = min(_held_until(item, begin), end)
    held = (Stretch(begin, until),) if runs and begin < until else ()
    if isinstance(item, Broken):
        return Ahead(held, held)
    start = until if _is_suspended(item, begin) else begin
    lease = lease_of(fleet, item, begin)
    on = tuple(on_time(item.definition.schedule, lease, start, end)) if start < end else ()
    return Ahead(_joined((*held, *on)), held)


def lease_of(fleet: Fleet, holding: Holding, now: datetime) -> Lease | None:
    """Return the lease, or the first one that the controller is about to grant."""
    if not holding.first_lease_due:
        return holding.lease
    minutes = holding.definition.schedule.initial_provision_minutes
    return grant(minutes, now, ceiling(fleet, holding))


def _held_until(item: Holding | Broken, now: datetime) -> datetime:
    if isinstance(item, Broken):
        return NEVER
    suspended = item.definition.suspended
    if suspended and suspended.holds(now):
        return suspended.until or NEVER
    return item.lost_lease.expires_at if item.lost_lease else now


def _is_suspended(holding: Holding, now: datetime) -> bool:
    suspended = holding.definition.suspended
    return suspended is not None and suspended.holds(now)


def _joined(stretches: Iterable[Stretch]) -> tuple[Stretch, ...]:
    found: list[Stretch] = []
    for each in sorted(stretches):
        if found and each.begin <= found[-1].end:
            found[-1] = Stretch(found[-1].begin, max(found[-1].end, each.end))
        else:
            found.append(each)
    return tuple(found)
