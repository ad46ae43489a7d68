"""Lease changes that the controller makes by itself: first leases, credits, idle stops, renewals.

Pure, as `proposals` is. Nobody is there to be asked, so each is cut to the ceiling instead of
refused, and gives way to people: each raises Wait LH3012 where the lease is no longer the one that
was `seen`.
"""

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from ledger import lease as meter
from ledger.budget import ceiling
from ledger.committers import CONTROLLER
from ledger.documents import with_ledger_id
from ledger.errors import Wait
from ledger.history import LeaseAction
from ledger.holdings import Fleet, Holding, environment_path, environments, fleet_of
from ledger.instants import later
from ledger.lease import Lease
from ledger.proposals import Request, lease_change
from ledger.snapshot import Change, Proposal, Snapshot


def first_lease(request: Request) -> Proposal:
    """Grant a definition's `initial_provision_minutes`, if it still has no lease."""

    def grant(fleet: Fleet, holding: Holding) -> Lease:
        if holding.lease:
            return holding.lease
        minutes = holding.definition.schedule.initial_provision_minutes
        return meter.grant(minutes, request.now, ceiling(fleet, holding))

    return lease_change(request, LeaseAction.GRANT, grant)


def start_credit(request: Request, seen: Lease, length: timedelta) -> Proposal:
    """Give back the time that an endpoint took to start."""

    def give_back(fleet: Fleet, holding: Holding) -> Lease:
        lease = _at_least(seen, holding)
        return meter.prolong(
            lease, later(lease.expires_at, length), request.now, ceiling(fleet, holding)
        )

    return lease_change(request, LeaseAction.CREDIT, give_back)


def idle_stop(request: Request, seen: Lease | None) -> Proposal:
    """End a lease that nobody uses, and stay off for the rest of a running window."""

    def end(_fleet: Fleet, holding: Holding) -> Lease:
        _check_same(seen, holding)
        return meter.release(holding.lease, holding.definition.schedule, request.now)

    return lease_change(request, LeaseAction.IDLE, end)


def renewal(request: Request, seen: Lease | None, until: datetime) -> Proposal:
    """Keep an endpoint that is in use."""

    def prolong(fleet: Fleet, holding: Holding) -> Lease:
        _check_same(seen, holding)
        return meter.prolong(holding.lease, until, request.now, ceiling(fleet, holding))

    return lease_change(request, LeaseAction.EXTEND, prolong)


def first_id(environment: str, ledger_id: str) -> Proposal:
    """Give an environment's settings the ledger's id, or a new one where no environment has any.

    The proposal raises Refused LH4109 where the settings cannot be read.
    """
    request_id = uuid5(NAMESPACE_URL, f"ledger {environment} {ledger_id}").hex
    path = environment_path(environment)

    def propose(snapshot: Snapshot) -> Change:
        settings = fleet_of(snapshot, environment).require_settings()
        chosen = settings.ledger_id or _shared_id(snapshot) or ledger_id
        before = snapshot.files[path]
        content = before if settings.ledger_id else with_ledger_id(before, chosen)
        message = (
            f"environment({environment}): mint ledger_id {chosen}\n\n"
            "By it, what this ledger starts at AWS is told from what others do.\n\n"
            f"Request-Id: {request_id}\n"
        )
        return Change({path: content}, message, CONTROLLER, request_id)

    return propose


def _shared_id(snapshot: Snapshot) -> str | None:
    """Return the id that other environments of this ledger have."""
    fleets = (fleet_of(snapshot, name) for name in environments(snapshot.files))
    ids = {each.environment.ledger_id for each in fleets if each.environment}
    return min((each for each in ids if each), default=None)


def _check_same(seen: Lease | None, holding: Holding) -> None:
    if holding.lease != seen:
        raise _moved(holding)


def _at_least(seen: Lease, holding: Holding) -> Lease:
    """Return the lease as it is now, unless somebody cut it short and means it."""
    if holding.lease is None or holding.lease.expires_at < seen.expires_at:
        raise _moved(holding)
    return holding.lease


def _moved(holding: Holding) -> Wait:
    return Wait(
        "LH3012",
        f"somebody changed the lease of {holding.endpoint_name} meanwhile, and that counts; the"
        " next tick looks again.",
    )
