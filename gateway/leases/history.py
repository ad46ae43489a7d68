"""`GET /endpoint-expiry/history`: who kept an endpoint alive, when and why, as git has it.

It reads the ledger and changes nothing.
"""

from dataclasses import dataclass
from typing import Any

from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.http.parameters import DEFAULT_LIMIT
from gateway.known import settled
from ledger.history import RecordedChange, read_changes
from ledger.holdings import document_path, fleet_of
from ledger.lease import stamp
from ledger.repository import Repository


@dataclass(frozen=True, slots=True)
class History:
    """The lease changes of one environment. Safe to call from many threads."""

    ledger: Repository
    environment: str
    status: Repository | None = None

    def tell(self, call: Call) -> Answer:
        """Answer with the newest changes of one lease, the newest first.

        Raises Refused LH4106 or LH4109.
        """
        name, limit = call.parameter("EndpointName") or "", call.parameter("limit")
        snapshot = self.ledger.read()
        fleet = fleet_of(snapshot, self.environment)
        item = settled(fleet, name, self.status, snapshot.committed_at).get(name)
        path = document_path(self.environment, item.name, "lease")
        records = self.ledger.changes(path, int(limit or DEFAULT_LIMIT))
        return Answer([_entry(each) for each in read_changes(records)])


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
