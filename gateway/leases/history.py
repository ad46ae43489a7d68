"""`/endpoint-expiry/history`: who kept an endpoint alive, when and why, as git has it.

Called by `handler`. It reads the ledger and changes nothing.
"""

from dataclasses import dataclass
from typing import Any

from gateway.callers.principal import Scope
from gateway.http import requests
from gateway.http.answer import Answer
from gateway.http.requests import Event
from ledger.errors import Refused
from ledger.history import RecordedChange, read_changes
from ledger.holdings import document_path, fleet_of
from ledger.lease import stamp
from ledger.repository import Repository

_FEW = 20


@dataclass(frozen=True, slots=True)
class History:
    """The lease changes of one environment. Safe to call from many threads."""

    ledger: Repository
    environment: str

    def tell(self, event: Event) -> Answer:
        """Answer with the newest changes of one lease, the newest first."""
        requests.caller(event, Scope.READ)
        name, limit = requests.endpoint_name(event), requests.limit(event, _FEW)
        if name is None:
            raise Refused("LH4003", "Say whose history you want: ?EndpointName=NAME.")
        item = fleet_of(self.ledger.read(), self.environment).get(name)
        path = document_path(self.environment, item.name, "lease")
        return Answer([_entry(each) for each in read_changes(self.ledger.changes(path, limit))])


def _entry(recorded: RecordedChange) -> dict[str, Any]:
    change = recorded.change
    return {
        "At": stamp(recorded.committed_at),
        "By": {"Name": change.requested_by.name, "Email": change.requested_by.email},
        "Action": str(change.action),
        "From": stamp(change.previous) if change.previous else None,
        "To": stamp(change.expires_at),
        "Reason": change.reason,
        "Commit": recorded.commit,
        "RequestId": change.request_id,
    }
