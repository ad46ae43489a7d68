"""`/endpoint-expiry`: query, extend, add and release. Every change is a commit.

Called by `handler` with an event whose route was found. It speaks to the ledger alone.

A change goes through the same steps, whatever it is:
- a request whose Idempotency-Key is in the history gets its first answer again;
- If-Match holds it to the lease that its caller knows;
- the proposal is made of the newest snapshot, and committed, or with dry_run only shown.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from gateway.callers.principal import Scope
from gateway.http import requests
from gateway.http.answer import Answer
from gateway.http.requests import Event, ExtensionBody
from gateway.leases import answers
from gateway.leases.etags import Tags
from gateway.leases.quotes import quote
from ledger.errors import Refused
from ledger.history import LeaseAction, trailers
from ledger.holdings import Broken, Fleet, Holding, document_path, fleet_of
from ledger.preconditions import AlreadyApplied, check_same, once
from ledger.proposals import Request, addition, extension, release, setting
from ledger.repository import Change, Committed, Proposal, Repository, Snapshot

DEADLINE_SECONDS = 20.0  # API Gateway gives up after 29


class Expiry:
    """The leases of one environment. Safe to call from many threads."""

    def __init__(
        self,
        ledger: Repository,
        environment: str,
        clock: Callable[[], datetime],
        deadline_seconds: float = DEADLINE_SECONDS,
    ) -> None:
        self._ledger = ledger
        self._environment = environment
        self._clock = clock
        self._deadline_seconds = deadline_seconds
        self._tags = Tags(ledger)

    def query(self, event: Event) -> Answer:
        requests.caller(event, Scope.READ)
        name = requests.endpoint_name(event)
        snapshot, now = self._ledger.read(), self._clock()
        fleet = self._fleet(snapshot)
        fleet.require_settings()
        if name is None:
            items = sorted(fleet.items, key=lambda item: item.endpoint_name)
            return Answer([answers.about(item, now, snapshot.commit) for item in items])
        item = fleet.get(name)
        headers = self._tags.of(self._path(item), snapshot)
        return Answer(answers.about(item, now, snapshot.commit), headers=headers)

    def extend(self, event: Event) -> Answer:
        body = requests.extension_body(event)
        adding = body.endpoint_config_name is not None
        request = self._request(event, Scope.ADD if adding else Scope.EXTEND, body.endpoint_name)
        request = replace(request, reason=body.reason)
        if requests.has_key(event):
            request = replace(request, digest=body.digest)
        return self._answer(event, request, _proposal(request, body), body.amount)

    def release(self, event: Event) -> Answer:
        name = requests.endpoint_name(event)
        if name is None:
            raise Refused("LH4003", "Say which endpoint to release: ?EndpointName=NAME.")
        request = self._request(event, Scope.EXTEND, name)
        if requests.has_key(event):
            digest = requests.digest("DELETE", {"EndpointName": name})
            request = replace(request, digest=digest)
        return self._answer(event, request, release(request))

    def _request(self, event: Event, scope: Scope, name: str) -> Request:
        principal = requests.caller(event, scope)
        request_id = requests.request_id(event, principal)
        return Request(self._environment, name, principal.as_person(), request_id, self._clock())

    def _answer(
        self, event: Event, request: Request, proposal: Proposal, amount: object = None
    ) -> Answer:
        dry_run = requests.is_dry_run(event)
        try:
            done = self._done(self._guarded(event, request, proposal), dry_run=dry_run)
        except AlreadyApplied as earlier:
            done = self._again(earlier)
        check_same(request, done.change.message)
        item = self._fleet(done.snapshot).get(request.endpoint)
        body = answers.about(item, self._clock(), done.commit)
        if trailers(done.change.message).get("Lease-Action") == LeaseAction.GRANT:
            body["TimeLeft"] = amount  # so the predecessor documents it for a new endpoint
        if dry_run:
            return Answer({**body, "DryRun": True})
        return Answer(body, headers=self._tags.learn(self._path(item), done.snapshot))

    def _guarded(self, event: Event, request: Request, proposal: Proposal) -> Proposal:
        """Put the conditions of a request around what it asks."""
        if (wanted := requests.if_match(event)) is not None:
            proposal = self._tags.guarded(proposal, request, wanted)
        if requests.has_key(event):
            self._ledger.answer_to(request.request_id)  # reads the history here, not in the queue
            proposal = once(proposal, request, self._ledger.answer_to)
        return proposal

    def _done(self, proposal: Proposal, *, dry_run: bool) -> Committed:
        """Return only after the remote has accepted the commit, or what it would be."""
        if dry_run:
            return quote(proposal, self._ledger.read())
        return self._ledger.commit(proposal, deadline_seconds=self._deadline_seconds)

    def _again(self, earlier: AlreadyApplied) -> Committed:
        """Give what a request's first answer was made of."""
        record = earlier.record
        change = Change({}, record.message, record.author, "")
        return Committed(record.commit, self._ledger.at(record.commit), change)

    def _fleet(self, snapshot: Snapshot) -> Fleet:
        return fleet_of(snapshot, self._environment)

    def _path(self, item: Holding | Broken) -> str:
        return document_path(self._environment, item.name, "lease")


def _proposal(request: Request, body: ExtensionBody) -> Proposal:
    match body.amount:
        case datetime() as until:
            return setting(request, until, shorten=body.shorten)
        case minutes if body.endpoint_config_name is not None:
            return addition(request, body.endpoint_config_name, minutes)
        case minutes:
            return extension(request, minutes)
