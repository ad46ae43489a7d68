"""The lease changes of a plan as proposals to the ledger, each under an id that finds it again.

Called by `reconcile`. Pure. A tick that was cut short and comes again chooses the same ids, so a
change that was committed already is not committed twice.
"""

from datetime import datetime, timedelta
from uuid import NAMESPACE_URL, uuid5

from controller.memory.record import Record
from controller.planning.action import Action, Verb
from ledger.automatic import first_lease, idle_stop, renewal, start_credit
from ledger.holdings import Fleet, Holding
from ledger.lease import Lease, stamp
from ledger.proposals import Request
from ledger.snapshot import Proposal


def proposal_for(action: Action, fleet: Fleet, request: Request) -> Proposal:
    """Turn a grant, credit, extension or idle stop into what the ledger commits."""
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
            raise AssertionError(f"{verb} is no change of a lease")


def request_id(action: Action, fleet: Fleet, record: Record, commit: str) -> str:
    """Name a change by what it is about: a credit by its endpoint's creation, the rest by `commit`.

    SageMaker knows when it was created, so two processes that saw the start at different times
    name it alike.
    """
    entry = record.entry(action.endpoint_name)
    about = commit
    if action.verb is Verb.CREDIT and entry and (began := entry.created_at or entry.starting_since):
        about = stamp(began)
    return uuid5(NAMESPACE_URL, f"{action.verb} {fleet.name} {action.name} {about}").hex


def _lease(fleet: Fleet, action: Action) -> Lease | None:
    item = fleet.find(action.endpoint_name)
    return item.lease if isinstance(item, Holding) else None
