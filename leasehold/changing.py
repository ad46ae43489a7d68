"""Changes of leases that a person asks for: of one endpoint or of several, made or only quoted.

Each endpoint's change is a commit of its own, for the history is read endpoint by endpoint; they
share a push. One that is refused keeps no other from being made.
"""

from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import uuid4

from gateway.leases.changes import quote
from leasehold import git_author, git_signing
from leasehold.context import Context, clock
from leasehold.server_time import clock_of
from ledger.budget import asked_for
from ledger.errors import Failure
from ledger.history import added_by
from ledger.holdings import Fleet, Holding
from ledger.hosts import Hosts
from ledger.lease import Lease
from ledger.names import EndpointName
from ledger.observed import Noted
from ledger.proposals import Request
from ledger.repository import Committed, Proposal

Propose = Callable[[Request], Proposal]
_MOST_AT_A_TIME = 32


@dataclass(frozen=True, slots=True)
class Done:
    """A change that the remote has accepted, or what it would be; `added` may be negative."""

    committed: Committed
    fleet: Fleet
    holding: Holding
    lease: Lease
    added: timedelta
    noted: Hosts | None = None  # what it runs on, where its definition does not say it

    @property
    def hosts(self) -> Hosts | None:
        """Return what it runs on, as far as somebody knows."""
        return asked_for(self.holding.definition) or self.noted

    @property
    def message(self) -> str:
        return self.committed.change.message


@dataclass(frozen=True, slots=True)
class Asked:
    """What became of one name: a change, or why there is none."""

    name: str
    outcome: Done | Failure


class Changes:
    """The changes of one call of the command line, by one person and for one reason."""

    def __init__(self, context: Context, author: str | None, reason: str | None) -> None:
        self._context, self._reason = context, reason
        self._person = git_author.author(author)
        self._clock = clock_of(context.remote, clock)
        self._ledger = context.repository(self._person, self._clock, git_signing.signer())
        self._quoted = self._ledger.read()
        self._fleet = context.fleet(self._quoted)
        self.now = self._clock()

    @property
    def later(self) -> datetime:
        """Return the time after the changes."""
        return self._clock()

    def make(self, names: Sequence[str], propose: Propose, *, is_dry_run: bool) -> list[Asked]:
        """Commit the change of each name, or quote it; the results are in the order of names."""
        known = self._context.known(self._fleet, names[0] if len(names) == 1 else None)
        requests = [
            Request(
                self._fleet.name, name, self._person, uuid4().hex, self.now, self._reason,
                known=known,
            )
            for name in names
        ]  # fmt: skip
        if is_dry_run:
            self._quoted = self._ledger.read()
            return self._priced([self._asked(each, propose, self._quote) for each in requests])
        self._ledger.expect(len(requests))
        with ThreadPoolExecutor(min(len(requests), _MOST_AT_A_TIME)) as pool:
            made = pool.map(lambda each: self._asked(each, propose, self._commit), requests)
            found = list(made)
        return self._priced(found)

    def _asked(
        self, request: Request, propose: Propose, carry_out: Callable[[Proposal], Committed]
    ) -> Asked:
        try:
            committed = carry_out(propose(request))
            return Asked(request.endpoint, done_of(committed, request))
        except Failure as failure:
            return Asked(request.endpoint, failure)

    def _priced(self, found: list[Asked]) -> list[Asked]:
        """Add what the status branch says that configs of somebody else run on."""
        unknown = (each.outcome for each in found if isinstance(each.outcome, Done))
        if not any(each.fleet.prices and each.hosts is None for each in unknown):
            return found
        with suppress(Failure):  # the changes are made, whatever they cost
            noted = self._context.noted(self._fleet)
            return [replace(each, outcome=_with_noted(each.outcome, noted)) for each in found]
        return found

    def _quote(self, proposal: Proposal) -> Committed:
        """Say what a change would be, beside those that were quoted before it."""
        found = quote(proposal, self._quoted)
        self._quoted = found.snapshot
        return found

    def _commit(self, proposal: Proposal) -> Committed:
        try:
            return self._ledger.commit(proposal)
        finally:
            self._ledger.excuse()


def _with_noted(
    outcome: Done | Failure, noted: Mapping[EndpointName, Noted | None]
) -> Done | Failure:
    if isinstance(outcome, Failure) or (entry := noted.get(outcome.holding.endpoint_name)) is None:
        return outcome
    return replace(outcome, noted=entry.hosts)


def done_of(committed: Committed, request: Request) -> Done:
    """Return what a commit, or one that is only quoted, makes of the lease that was asked for."""
    fleet = request.fleet(committed.snapshot)
    holding = fleet.holding(request.endpoint)
    if holding.lease is None:
        raise AssertionError("a change of a lease leaves a lease")
    added = added_by(committed.change.message, request.now)
    return Done(committed, fleet, holding, holding.lease, added)
