"""`GET /endpoint-expiry`: one lease, or all of them. It speaks to the ledger alone."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.known import settled
from gateway.leases import answers
from gateway.leases.etags import ETags
from ledger.holdings import document_path, fleet_of
from ledger.repository import Repository


@dataclass(frozen=True, slots=True)
class Query:
    """The leases of one environment. Safe to call from many threads."""

    ledger: Repository
    environment: str
    clock: Callable[[], datetime]
    etags: ETags
    status: Repository | None = None

    def tell(self, call: Call) -> Answer:
        """Answer with the lease that is named, or all. Raises Refused LH4106 or LH4109."""
        snapshot, now = self.ledger.read(), self.clock()
        name = call.parameter("EndpointName")
        fleet = settled(fleet_of(snapshot, self.environment), name, self.status, now)
        fleet.require_settings()
        if name is None:
            items = sorted(fleet.items, key=lambda item: item.endpoint_name)
            return Answer(answers.about_all(items, now, snapshot.commit))
        item = fleet.get(name)
        headers = self.etags.of(document_path(self.environment, item.name, "lease"), snapshot)
        return Answer(answers.about(item, now, snapshot.commit), headers=headers)
