"""What `leasehold top` reads, and the changes that it commits.

Its repositories are opened once, by the thread that begins; afterwards one thread at a time uses
them, which `Source` sees to.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, tzinfo
from itertools import islice
from threading import Lock
from uuid import uuid4

from controller.reconcile import Dependencies, look
from gateway.leases.changes import quote
from leasehold import git_author, git_signing
from leasehold.change_words import price
from leasehold.changing import done_of
from leasehold.context import Context, clock
from leasehold.explain import next_tick
from leasehold.fleet_rows import leased, rows_of
from leasehold.keepers import Keepers
from leasehold.server_time import clock_of
from leasehold.times import both, localized
from leasehold.top.board import Seen
from ledger.errors import Failure, Refused
from ledger.explanation import Told, answers
from ledger.history import read_changes
from ledger.holdings import ROOT, document_path
from ledger.moments import moment_from
from ledger.preconditions import AlreadyApplied, once
from ledger.proposals import Request, extension, release, setting
from ledger.repository import Change, Committed, Person, Proposal, Repository

_LINES_OF_HISTORY = 15


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody wants of endpoints: so many minutes more, an end, or none any longer."""

    minutes: int = 0
    until: str = ""

    @property
    def title(self) -> str:
        if self.minutes:
            hours = f"{self.minutes // 60} h" if self.minutes % 60 == 0 else f"{self.minutes} min"
            return f"Extend {{}} by {hours}"
        return f"Keep {{}} until {self.until}" if self.until else "Release {}"

    def proposal(self, request: Request, now: datetime, zone: tzinfo) -> Proposal:
        """Return what is proposed. Raises Refused LH5200 for an end that is no point in time."""
        if self.minutes:
            return extension(request, self.minutes)
        if self.until:
            return setting(request, moment_from(self.until, now, zone), shorten=True)
        return release(request)


@dataclass(frozen=True, slots=True)
class Quote:
    """What a change would be, or was: its end, its cost, and its commit."""

    name: str
    ends: str
    cost: str
    subject: str
    commit: str = ""


class Source:
    """The ledger, SageMaker, and the person at the keyboard."""

    def __init__(self, context: Context, zone: tzinfo) -> None:
        self._context, self._zone, self._lock = context, zone, Lock()
        self._ledger = context.repository()
        self._history = context.repository()
        fleet = context.fleet(self._ledger.read())
        fleet.require_settings()
        self.environment = fleet.name
        self._dependencies: Dependencies = context.dependencies(fleet, self._ledger)
        self._writer = _Writer.of(context)

    def look(self) -> Seen:
        """Read both sides. Raises Failure."""
        with self._lock:
            tick = look(self._dependencies, self.environment, clock())
            names = leased(tick)
            reader = Keepers(names)
            if names:
                self._history.journal(f"{ROOT}/{self.environment}", reader.begin)
            return Seen(tick, tuple(rows_of(tick, reader.found)))

    def quote(self, endpoint: str, wish: Wish, reason: str) -> Quote:
        """Say what a change would be; nothing is changed. Raises Failure, as the change would."""
        with self._lock:
            writer = self._writer()
            request = self._request(writer, endpoint, reason, "quote")
            proposal = wish.proposal(request, request.now, self._zone)
            return self._told(quote(proposal, writer.ledger.read()), request)

    def change(self, endpoint: str, wish: Wish, reason: str, request_id: str) -> Quote:
        """Commit a change, and say what it was. Raises Failure; then nothing is changed."""
        with self._lock:
            writer = self._writer()
            request = self._request(writer, endpoint, reason, request_id)
            proposal = wish.proposal(request, request.now, self._zone)
            try:
                committed = writer.ledger.commit(once(proposal, request, writer.ledger))
            except AlreadyApplied as earlier:
                record = earlier.record
                done = Change({}, record.message, record.author, "")
                committed = Committed(record.commit, earlier.snapshot, done)
            return self._told(committed, request, committed.commit)

    def explain(self, seen: Seen, endpoint: str) -> list[tuple[str, str]]:
        """Answer what people ask about an endpoint. Raises Failure."""
        item = seen.tick.fleet.get(endpoint)
        with self._lock:
            path = document_path(self.environment, item.name, "lease")
            last = next(read_changes(self._history.changes(path, 1)), None)
        entry = seen.tick.findings.record.entry(item.endpoint_name)
        tick = seen.tick
        told = Told(tick.fleet, item, tick.now, entry, last, next_tick(tick, item))
        return [(each, localized(said, tick.now, self._zone)) for each, said in answers(told)]

    def history(self, seen: Seen, endpoint: str) -> list[str]:
        """Return who kept it on, newest first, a line each. Raises Failure."""
        item = seen.tick.fleet.get(endpoint)
        with self._lock:
            return list(self._lines(document_path(self.environment, item.name, "lease"), seen))

    def curl(self, endpoint: str) -> str:
        """Return the call that extends an endpoint by 30 minutes."""
        url = self._context.gateway_url or "$LEASEHOLD_API_URL"
        body = f'{{"EndpointName": "{endpoint}", "minutes": 30}}'
        return (
            f'curl "{url}/endpoint-expiry" --header "Authorization: $LEASEHOLD_TOKEN"'
            f" --data '{body}'"
        )

    def _lines(self, path: str, seen: Seen) -> Iterator[str]:
        found = read_changes(self._history.changes(path, _LINES_OF_HISTORY))
        for each in islice(found, _LINES_OF_HISTORY):
            change = each.change
            when = both(each.committed_at, seen.tick.now, self._zone, with_date=True)
            until = both(change.expires_at, each.committed_at, self._zone)
            why = f": {change.reason}" if change.reason else ""
            who = change.requested_by.name
            yield f"{when}  {each.commit[:8]}  {who}, {change.action} to {until}{why}"

    def _request(self, writer: "_Writer", endpoint: str, reason: str, request_id: str) -> Request:
        fleet = self._context.fleet(writer.ledger.read())
        known = self._context.known(fleet, endpoint)
        now = writer.clock()
        asked = reason.strip() or None
        digest = hashlib.sha256(request_id.encode()).hexdigest()
        return Request(fleet.name, endpoint, writer.person, request_id, now, asked, digest, known)

    def _told(self, committed: Committed, request: Request, commit: str = "") -> Quote:
        done = done_of(committed, request)
        ends = both(done.lease.expires_at, request.now, self._zone)
        subject = done.message.splitlines()[0]
        return Quote(str(done.holding.name), ends, price(done), subject, commit)


def new_id() -> str:
    """Return the id of one intent: a change that is tried again keeps it."""
    return uuid4().hex


@dataclass(frozen=True, slots=True)
class _Writer:
    """Who changes leases here: a person that git knows, on a clock that the server shares."""

    person: Person
    ledger: Repository
    clock: Callable[[], datetime]

    @classmethod
    def of(cls, context: Context) -> "Callable[[], _Writer]":
        """Return what gives the writer; where git knows nobody it refuses, and reading goes on."""
        try:
            person = git_author.author(None)
        except Refused as refusal:
            return _refusing(refusal)
        on_server = clock_of(context.remote, clock)
        ledger = context.repository(person, on_server, git_signing.signer())
        writer = cls(person, ledger, on_server)
        return lambda: writer


def _refusing(failure: Failure) -> "Callable[[], _Writer]":
    def refuse() -> _Writer:
        raise failure

    return refuse
