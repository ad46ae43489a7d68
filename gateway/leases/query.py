"""`GET /endpoint-expiry`: one lease, or all of them.

What SageMaker says of them is read beside the ledger, as the controller noted it; AWS is not asked.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.known import Seen, seen
from gateway.leases import answers
from gateway.leases.etags import ETags
from ledger.claims import Known, settle
from ledger.deadline import carried
from ledger.holdings import Broken, Holding, document_path, fleet_of
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
        """Answer with the lease that is named, or all. Raises Refused LH4106, LH4109, LH4231."""
        with ThreadPoolExecutor(1) as beside:
            fetched = beside.submit(carried(seen), self.status, self.environment)
            snapshot, now = self.ledger.read(), self.clock()
            there = fetched.result()
        fleet = settle(fleet_of(snapshot, self.environment), Known(there.record), now)
        fleet.require_settings()

        name = call.parameter("EndpointName")
        if name is None:
            reach = call.principal.reaches
            reached = (it for it in fleet.items if reach(it.endpoint_name, it.owner))
            items = sorted(reached, key=lambda item: item.endpoint_name)
            told_of = answers.about_all(items, now, snapshot.commit)
            return Answer([one | _seen(there, it) for one, it in zip(told_of, items, strict=True)])
        item = fleet.get(name)
        call.principal.check_reach(item.endpoint_name, item.owner)
        headers = self.etags.of(document_path(self.environment, item.name, "lease"), snapshot)
        told = answers.about(item, now, snapshot.commit) | _seen(there, item)
        return Answer(told, headers=headers)


def _seen(there: Seen, item: Holding | Broken) -> dict[str, Any]:
    return answers.at_sagemaker(there.noted.get(item.endpoint_name), there.at)
