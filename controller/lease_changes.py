"""The lease changes of a plan as proposals to the ledger, each with an id of its own. Pure.

A tick that was cut short and runs again chooses the same ids. So a change that was committed
already is not committed twice.
"""

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from controller.planning.action import Action, Verb
from ledger.automatic import first_lease, idle_stop, renewal, start_credit
from ledger.holdings import Fleet, Holding
from ledger.lease import Lease, stamp
from ledger.names import EndpointName
from ledger.observed import Record
from ledger.proposals import Request
from ledger.snapshot import Proposal


def proposal_for(action: Action, fleet: Fleet, request: Request) -> Proposal:
    """Return what the ledger commits for a grant, credit, extension or idle stop."""
    lease = _lease(fleet, action)
    match action.verb, action.target:
        case Verb.GRANT, _:
            return first_lease(request)
        case Verb.CREDIT, timedelta() as length if lease:
            return start_credit(request, lease, length)
        case Verb.EXTEND, datetime() as until:
            return renewal(request, lease, until)
        case Verb.IDLE, _:
            return idle_stop(request, lease)
        case verb, _:
            raise AssertionError(f"{verb} does not change a lease")


def request_id(action: Action, fleet: Fleet, record: Record, commit: str) -> str:
    """Return the id of a change: for a credit from its endpoint's creation, else from `commit`.

    SageMaker says when it was created. So two processes give a credit the same id, though each saw
    the start at another time.
    """
    entry = record.entry(EndpointName(action.resource_name))
    about = commit
    if action.verb is Verb.CREDIT and entry and (began := entry.created_at or entry.starting_since):
        about = stamp(began)
    return uuid5(NAMESPACE_URL, f"{action.verb} {fleet.name} {action.name} {about}").hex


def _lease(fleet: Fleet, action: Action) -> Lease | None:
    item = fleet.find(action.resource_name)
    return item.lease if isinstance(item, Holding) else None
