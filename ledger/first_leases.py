"""First leases on a clock that runs ahead: each is granted as soon as `max_hourly` has room. Pure.

Those that are first by name get theirs first, as the controller does it. What is on is priced by
what documents ask for.
"""

from collections.abc import Iterator
from datetime import datetime

from ledger.ahead import ahead, lease_of
from ledger.budget import dearest, no_room, running
from ledger.fleet import Fleet, Holding
from ledger.lease import Lease
from ledger.names import Name


def granted(fleet: Fleet, now: datetime, end: datetime) -> tuple[Fleet, frozenset[Name]]:
    """Return the fleet with first leases that are due, and the names of those that wait to the end.

    One that waits for a while is off until then.
    """
    due = [each for each in fleet.holdings if each.first_lease_due]
    waiting = set[Name]()
    for holding in sorted(due, key=lambda each: str(each.endpoint_name)):
        at = next((at for at in _instants(fleet, now, end) if _fits(fleet, holding, at)), None)
        lease = None if at is None else lease_of(fleet, holding, at)
        if at is None or lease is None:
            waiting.add(holding.name)
            continue
        begins = at if at > now else None
        fleet = fleet.with_leases({holding.name: Lease(lease.expires_at, begins)})
    return fleet, frozenset(waiting)


def _fits(fleet: Fleet, holding: Holding, at: datetime) -> bool:
    prices = fleet.prices
    hourly = dearest(holding.definition, prices) if prices else None
    return hourly is None or no_room(fleet, hourly, running(fleet, at).amount) is None


def _instants(fleet: Fleet, now: datetime, end: datetime) -> Iterator[datetime]:
    """Yield now, and when something turns off."""
    items = [each for each in fleet.holdings if not each.first_lease_due]
    ends = {
        stretch.end
        for item in items
        for stretch in ahead(fleet, item, now, end, runs=True).on
        if now < stretch.end < end
    }
    yield from sorted({now, *ends})
