"""Changes of leases by the API: extend, add and release. Every change is a commit.

A change goes through the same steps, whatever it is:
- a request whose Idempotency-Key is in the history gets its first answer again, for 24 hours, as
  does one that several processes may apply;
- If-Match holds it to the lease that its caller knows;
- the proposal is made of the newest snapshot, and committed, or with dry_run only shown.

It speaks to the ledger alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from gateway.http.answer import Answer
from gateway.http.call import Call, digest
from gateway.known import known_of
from gateway.leases import answers, ending
from gateway.leases.etags import ETags, if_match
from gateway.principal import Scope
from ledger.claims import Unsettled
from ledger.durations import minutes_from
from ledger.errors import Refused
from ledger.history import LeaseAction, added_by, trailers
from ledger.holdings import Fleet, Holding, document_path
from ledger.hosts import Hosts
from ledger.lease import instant_from
from ledger.preconditions import AlreadyApplied, check_same, once
from ledger.proposals import Request, addition, extension, release, setting
from ledger.repository import Change, Committed, Proposal, Repository, Snapshot

_LOOKS = 3  # at a lease that others change at the same time
DEADLINE_SECONDS = 20.0  # API Gateway gives up after 29


class NoTimeLeftError(Exception):
    """There was no time to commit a change, and the history does not have it."""


@dataclass(frozen=True, slots=True)
class Made:
    """A change that was made, or with dry_run only shown; `earlier` is a request's first answer."""

    request: Request
    done: Committed
    fleet: Fleet
    at: datetime
    earlier: bool = False

    @property
    def message(self) -> str:
        return self.done.change.message


@dataclass(frozen=True, slots=True)
class Changes:
    """The leases of one environment. Safe to call from many threads.

    With no second left, a change is looked for in the history and not committed.
    """

    ledger: Repository
    environment: str
    clock: Callable[[], datetime]
    etags: ETags
    deadline_seconds: float = DEADLINE_SECONDS
    status: Repository | None = None

    def within(self, seconds: float) -> "Changes":
        """Return the same, with another time for each change."""
        return replace(self, deadline_seconds=seconds)

    def extend(self, call: Call) -> Answer:
        """Keep an endpoint for a length of time more, or until an instant."""
        return self._told(call, self.extended(call))

    def add(self, call: Call) -> Answer:
        """Define an endpoint on an endpoint config that exists, and lease it."""
        asked = call.document
        request = self._request(call, "POST", asked)
        config, minutes = asked["EndpointConfigName"], _minutes(asked)
        made = self._settled(call, lambda it: addition(it, config, minutes), request)
        return self._told(call, made)

    def release(self, call: Call) -> Answer:
        """End a lease now."""
        return self._told(call, self.released(call, str(call.parameter("EndpointName"))))

    def extended(self, call: Call) -> Made:
        asked = call.document
        request = self._request(call, "POST", asked)
        if "until" not in asked:
            minutes = _minutes(asked)
            return self._settled(call, lambda it: extension(it, minutes), request)
        until, shorten = _instant(asked["until"]), asked.get("shorten", False)
        if not shorten:
            return self._settled(call, lambda it: setting(it, until), request)
        return self._end(call, lambda it: setting(it, until, shorten=True), request, until)

    def released(self, call: Call, name: str) -> Made:
        request = self._request(call, "DELETE", {"EndpointName": name})
        return self._end(call, release, request)

    def _end(
        self,
        call: Call,
        propose: Callable[[Request], Proposal],
        request: Request,
        until: datetime | None = None,
    ) -> Made:
        """End a lease now or sooner, if its caller may. Raises Refused LH4233, LH4234."""
        if call.principal.allows(Scope.RELEASE):
            return self._settled(call, propose, request)
        for _ in range(_LOOKS):
            found = ending.look(self.ledger, request, call.principal, self.status)

            def guarded(it: Request, found: ending.Ending = found) -> Proposal:
                return found.guarded(propose(it), it, until)

            try:
                return self._settled(call, guarded, request)
            except ending.ChangedMeanwhileError:
                continue
        raise Refused(
            "LH4234",
            f"The lease of {request.endpoint} was changed by others while this request looked at"
            " it; nothing was done. Look at it, and send the request again.",
        )

    def _request(self, call: Call, method: str, asked: Mapping[str, Any]) -> Request:
        return Request(
            self.environment,
            asked["EndpointName"],
            call.principal.as_person(),
            call.request_id,
            self.clock(),
            reason=asked.get("reason"),
            digest=digest(method, asked) if call.counts_once else None,
            known=None,
            via="link" if call.link else None,
        )

    def _settled(
        self, call: Call, propose: Callable[[Request], Proposal], request: Request
    ) -> Made:
        """Go by the documents, and where these leave it open by what is known besides."""
        try:
            return self._made(call, reaching(propose(request), request, call), request)
        except Unsettled:
            request = replace(request, known=known_of(self.status, self.environment))
            return self._made(call, reaching(propose(request), request, call), request)

    def _made(self, call: Call, proposal: Proposal, request: Request) -> Made:
        try:
            done = self._done(self._guarded(call, proposal, request), is_dry_run=_is_dry_run(call))
            made = Made(request, done, request.fleet(done.snapshot), request.now)
        except AlreadyApplied as earlier:
            done, at = self._again(earlier), earlier.record.committed_at
            made = Made(request, done, request.fleet(done.snapshot), at, earlier=True)
        check_same(request, made.message)
        return made

    def _told(self, call: Call, made: Made) -> Answer:
        done, fleet = made.done, made.fleet
        item = fleet.get(made.request.endpoint)
        body = answers.about(item, self.clock(), done.commit)
        body["Cost"] = self.cost(made)
        if trailers(made.message).get("Lease-Action") == LeaseAction.GRANT:
            body["TimeLeft"] = _minutes(call.document)  # so the predecessor documents it
        if _is_dry_run(call):
            return Answer({**body, "CommitMessage": done.change.message, "DryRun": True})
        path = document_path(self.environment, item.name, "lease")
        return Answer(body, headers=self.etags.learn(path, done.snapshot))

    def cost(self, made: Made) -> dict[str, Any] | None:
        """Say what a change costs; None where nobody knows."""
        item = made.fleet.get(made.request.endpoint)
        return answers.cost(made.fleet, item, added_by(made.message, made.at), self._noted)

    def _noted(self, item: Holding) -> Hosts | None:
        """Return what something runs on by the status branch; None where that is not known."""
        entry = known_of(self.status, self.environment).record.entry(item.endpoint_name)
        return entry.hosts if entry else None

    def _guarded(self, call: Call, proposal: Proposal, request: Request) -> Proposal:
        """Put the conditions of a request around what it asks."""
        if (header := call.headers.get("if-match")) is not None:
            proposal = self.etags.guarded(proposal, request, if_match(header))
        if call.counts_once:
            self.ledger.answers(request.request_id)  # reads the history here, not in the queue
            proposal = once(proposal, request, self.ledger)
        return proposal

    def _done(self, proposal: Proposal, *, is_dry_run: bool) -> Committed:
        """Return only after the remote has accepted the commit, or what it would be."""
        if is_dry_run:
            return quote(proposal, self.ledger.read())
        if self.deadline_seconds <= 0:  # too late to commit it, but not to find it in the history
            proposal(self.ledger.read())
            raise NoTimeLeftError
        return self.ledger.commit(proposal, deadline_seconds=self.deadline_seconds)

    def _again(self, earlier: AlreadyApplied) -> Committed:
        """Return what a request's first answer was made of."""
        record = earlier.record
        change = Change({}, record.message, record.author, "")
        return Committed(record.commit, earlier.snapshot, change)


def reaching(proposal: Proposal, request: Request, call: Call) -> Proposal:
    """Let a proposal be made only of an endpoint that its caller's scopes are for (LH4231)."""
    principal = call.principal
    if not principal.only:
        return proposal

    def propose(snapshot: Snapshot) -> Change:
        found = request.fleet(snapshot).find(request.endpoint)
        if found is None:
            principal.check_reach(request.endpoint, None)
        else:
            principal.check_reach(found.endpoint_name, found.owner)
        return proposal(snapshot)

    return propose


def quote(proposal: Proposal, snapshot: Snapshot) -> Committed:
    """Return the files as a change would leave them, as of the commit that was looked at.

    Whatever refuses the real request refuses this one.
    """
    change = proposal(snapshot)
    after = {**snapshot.files, **change.files}
    files = {path: content for path, content in after.items() if content is not None}
    return Committed(snapshot.commit, replace(snapshot, files=files), change)


def _is_dry_run(call: Call) -> bool:
    return call.parameter("dry_run") == "true"


def _minutes(asked: Mapping[str, Any]) -> int:
    """Return how many minutes a body asks for. Raises Refused LH4101 for what is no length."""
    return int(asked["minutes"]) if "minutes" in asked else minutes_from(asked["duration"])


def _instant(until: str) -> datetime:
    try:
        return instant_from(until)
    except ValueError as error:
        raise Refused("LH4002", f"The body is not as expected: /until: {error}") from None
