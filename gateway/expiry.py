"""`/endpoint-expiry`: query, extend, add and release. Every change is a commit.

Called by `handler` with an event whose route was found. It speaks to the ledger alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from gateway import answers, requests
from gateway.principal import Principal, Scope
from gateway.reply import Reply
from gateway.requests import Event
from ledger.errors import Refused
from ledger.holdings import Fleet, document_path, read_fleet
from ledger.proposals import Request, addition, extension, release
from ledger.repository import Committed, Proposal, Repository
from ledger.snapshot import answers as answers_request

DEADLINE_SECONDS = 20.0  # API Gateway gives up after 29
REMEMBERED_CHANGES = 50  # of one lease, in which an Idempotency-Key is looked for


@dataclass(frozen=True, slots=True)
class Expiry:
    """The leases of one environment. Safe to call from many threads."""

    ledger: Repository
    environment: str
    clock: Callable[[], datetime]

    def query(self, event: Event) -> Reply:
        requests.caller(event, Scope.READ)
        name = requests.endpoint_name(event)
        snapshot, now = self.ledger.read(), self.clock()
        fleet = read_fleet(snapshot.files, self.environment)
        if fleet.environment is None:  # unreadable is not absent
            wrong = " ".join(map(str, fleet.violations))
            raise Refused("LH4109", f"the environment {fleet.name} is frozen: {wrong}")
        if name is None:
            items = sorted(fleet.items, key=lambda item: item.endpoint_name)
            return Reply([answers.about(item, now, snapshot.commit) for item in items])
        return Reply(self._about(fleet, name, now, snapshot.commit))

    def extend(self, event: Event) -> Reply:
        body = requests.extension_body(event)
        adding = body.endpoint_config_name is not None
        principal = requests.caller(event, Scope.ADD if adding else Scope.EXTEND)
        request = self._request(event, body.endpoint_name, principal, body.reason)
        if (earlier := self._earlier(event, request)) is not None:
            return Reply(earlier)
        if body.endpoint_config_name is None:
            return Reply(self._answer(request, self._commit(extension(request, body.minutes))))
        committed = self._commit(addition(request, body.endpoint_config_name, body.minutes))
        answer = self._answer(request, committed)
        if any(path.endswith(".endpoint.json") for path in committed.change.files):
            answer["TimeLeft"] = body.minutes  # so the predecessor documents it for a new endpoint
        return Reply(answer)

    def release(self, event: Event) -> Reply:
        name = requests.endpoint_name(event)
        if name is None:
            raise Refused("LH4003", "Say which endpoint to release: ?EndpointName=NAME.")
        request = self._request(event, name, requests.caller(event, Scope.EXTEND))
        if (earlier := self._earlier(event, request)) is not None:
            return Reply(earlier)
        return Reply(self._answer(request, self._commit(release(request))))

    def _request(
        self, event: Event, name: str, principal: Principal, reason: str | None = None
    ) -> Request:
        request_id = requests.request_id(event, principal)
        person = principal.as_person()
        return Request(self.environment, name, person, request_id, self.clock(), reason)

    def _earlier(self, event: Event, request: Request) -> dict[str, Any] | None:
        """Answer a request whose Idempotency-Key is in the history already, with its commit."""
        if not requests.has_key(event):
            return None
        fleet = read_fleet(self.ledger.read().files, self.environment)
        if (item := fleet.find(request.endpoint)) is None:
            return None
        path = document_path(self.environment, item.name, "lease")
        for record in self.ledger.changes(path, REMEMBERED_CHANGES):
            if answers_request(record, request.request_id):
                return self._about(fleet, request.endpoint, self.clock(), record.commit)
        return None

    def _commit(self, proposal: Proposal) -> Committed:
        """Return only after the remote has accepted the commit."""
        return self.ledger.commit(proposal, deadline_seconds=DEADLINE_SECONDS)

    def _answer(self, request: Request, committed: Committed) -> dict[str, Any]:
        fleet = read_fleet(committed.snapshot.files, self.environment)
        return self._about(fleet, request.endpoint, self.clock(), committed.commit)

    def _about(self, fleet: Fleet, name: str, now: datetime, commit: str) -> dict[str, Any]:
        item = fleet.find(name)
        if item is None:
            raise Refused("LH4106", f"no endpoint is called {name} in {self.environment}.")
        return answers.about(item, now, commit)
