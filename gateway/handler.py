"""The gateway as a Lambda function: `/endpoint-expiry` requests become commits.

An entry point: `handler` reads the environment and the clock, and builds its clients once for a
warm process. `build` makes the same handler from given parts, for `leasehold up` and the tests.

The three routes are matched here: powertools' resolver keeps the current event in a class
attribute, so two threads would answer each other's requests.
"""

import json
import logging
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from http import HTTPStatus
from typing import Any

from gateway import answers, refusals, requests
from gateway.principal import Principal, Scope
from gateway.requests import Event
from ledger.errors import Failure, Refused
from ledger.holdings import Fleet, document_path, read_fleet
from ledger.opening import open_deployed
from ledger.proposals import Request, addition, extension, release
from ledger.repository import Committed, Person, Proposal, Repository
from ledger.settings import LedgerSettings
from ledger.snapshot import answers as answers_request

GATEWAY = Person("Leasehold gateway", "gateway@leasehold.invalid")
DEADLINE_SECONDS = 20.0  # API Gateway gives up after 29
REMEMBERED_CHANGES = 50  # of one lease, in which an Idempotency-Key is looked for
Handler = Callable[[Event, object], dict[str, Any]]

log = logging.getLogger("leasehold.gateway")


def handler(event: Event, context: object) -> dict[str, Any]:
    """Answer one API Gateway proxy event (payload version 1)."""
    return _built()(event, context)


@cache
def _built() -> Handler:
    settings = LedgerSettings.from_env(os.environ)
    return build(open_deployed(settings, GATEWAY, _now), settings.environment, _now)


def _now() -> datetime:
    return datetime.now(UTC)


def build(ledger: Repository, environment: str, clock: Callable[[], datetime]) -> Handler:
    """Make a handler for one environment of a ledger. It may be called from many threads."""
    api = _Api(ledger, environment, clock)

    def handle(event: Event, context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's)
        try:
            return _response(HTTPStatus.OK, api.route(event))
        except Failure as failure:
            log.info("%s %s", failure.code, failure.message)
            status, body, headers = refusals.answer(failure)
            return _response(status, body, headers)

    return handle


@dataclass(frozen=True, slots=True)
class _Api:
    ledger: Repository
    environment: str
    clock: Callable[[], datetime]

    def route(self, event: Event) -> Any:  # noqa: ANN401  (JSON)
        match event.get("httpMethod"), event.get("resource"):
            case "GET", "/endpoint-expiry":
                return self._query(event)
            case "POST", "/endpoint-expiry":
                return self._extend(event)
            case "DELETE", "/endpoint-expiry":
                return self._release(event)
            case _:
                raise Refused("LH4041", "There is no such path or method in this API.")

    def _query(self, event: Event) -> Any:  # noqa: ANN401
        requests.caller(event, Scope.READ)
        name = requests.endpoint_name(event)
        snapshot, now = self.ledger.read(), self.clock()
        fleet = read_fleet(snapshot.files, self.environment)
        if fleet.environment is None:  # unreadable is not absent
            wrong = " ".join(map(str, fleet.violations))
            raise Refused("LH4109", f"the environment {fleet.name} is frozen: {wrong}")
        if name is None:
            items = sorted(fleet.items, key=lambda item: item.endpoint_name)
            return [answers.about(item, now, snapshot.commit) for item in items]
        return self._about(fleet, name, now, snapshot.commit)

    def _extend(self, event: Event) -> dict[str, Any]:
        body = requests.extension_body(event)
        adding = body.endpoint_config_name is not None
        principal = requests.caller(event, Scope.ADD if adding else Scope.EXTEND)
        request = self._request(event, body.endpoint_name, principal, body.reason)
        if (earlier := self._earlier(event, request)) is not None:
            return earlier
        if body.endpoint_config_name is None:
            return self._answer(request, self._commit(extension(request, body.minutes)))
        committed = self._commit(addition(request, body.endpoint_config_name, body.minutes))
        answer = self._answer(request, committed)
        if any(path.endswith(".endpoint.json") for path in committed.change.files):
            answer["TimeLeft"] = body.minutes  # so the predecessor documents it for a new endpoint
        return answer

    def _release(self, event: Event) -> dict[str, Any]:
        name = requests.endpoint_name(event)
        if name is None:
            raise Refused("LH4003", "Say which endpoint to release: ?EndpointName=NAME.")
        request = self._request(event, name, requests.caller(event, Scope.EXTEND))
        if (earlier := self._earlier(event, request)) is not None:
            return earlier
        return self._answer(request, self._commit(release(request)))

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


def _response(
    status: int, body: object, headers: Mapping[str, str] | None = None
) -> dict[str, Any]:
    return {
        "statusCode": int(status),
        "headers": {"Content-Type": "application/json", **(headers or {})},
        "body": json.dumps(body) + "\n",  # so that a terminal's prompt is on a line of its own
    }
