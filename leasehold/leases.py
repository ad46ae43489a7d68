"""`leasehold extend`, `release` and `log`: a lease's changes, made and read back.

The log has beside them what AWS refused, as the controller noted it on the status branch.
Each change is one commit, by the caller's own git identity, and is answered when the remote has it.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any
from uuid import uuid4

import click

from gateway.leases.answers import cost
from leasehold import git_author, git_signing
from leasehold.console import dim, note, output_option, say, show_json, stream_json, stream_table
from leasehold.context import Context, clock, connected
from leasehold.server_time import clock_of
from leasehold.times import on_day, relative
from ledger.budget import asked_for
from ledger.claims import settle
from ledger.errors import Failure
from ledger.history import RecordedChange, added_by, read_changes
from ledger.holdings import Fleet, Holding, document_path
from ledger.lease import Lease, stamp
from ledger.money import for_time, money, per_hour
from ledger.names import EndpointName
from ledger.proof import Signers, is_proven
from ledger.proposals import Request, extension
from ledger.proposals import release as ending
from ledger.refusal_log import Refusal, read_refusals
from ledger.repository import Committed, Person, Proposal, Repository
from ledger.standing import standing
from ledger.unread import Unread

_author = click.option(
    "--author", metavar='"NAME <EMAIL>"', help="Who asks; by default git's user.name and email."
)
_HEADERS = ("WHEN (UTC)", "ACTION", "FROM", "TO", "COMMIT", "WHO", "WHY")
_NEWEST_NOTES = 200  # commits of the status branch, of all endpoints
_Event = RecordedChange | Refusal
_reason = click.option("--reason", metavar="TEXT", help="Why, for those who read the history.")


@click.command
@connected
@click.argument("name")
@click.argument("minutes", type=int)
@_reason
@_author
@output_option
def extend(  # noqa: PLR0913  (click hands over each option by itself)
    context: Context,
    *,
    name: str,
    minutes: int,
    reason: str | None,
    author: str | None,
    output: str,
) -> None:
    """Keep the endpoint NAME for MINUTES longer.

    An ended lease counts from now. The change is a commit, and you are its author.
    """
    change = _Change(context, git_author.author(author), name, reason)
    change.make(extension(change.request, minutes), output)


@click.command
@connected
@click.argument("name")
@_reason
@_author
@output_option
def release(
    context: Context, *, name: str, reason: str | None, author: str | None, output: str
) -> None:
    """End the lease of the endpoint NAME now."""
    change = _Change(context, git_author.author(author), name, reason)
    change.make(ending(change.request), output)


@click.command
@connected
@click.argument("name")
@click.option("--limit", type=click.IntRange(min=1), default=20, show_default=True)
@output_option
def log(context: Context, *, name: str, limit: int, output: str) -> None:
    """Show who kept NAME alive, when and why, and what AWS refused it meanwhile.

    Where the environment names allowed signers, a name that no signature proves is said to be that.
    """
    ledger = context.repository()
    snapshot = ledger.read()
    fleet = context.fleet(snapshot)
    item = settle(fleet, context.known(fleet, name), clock()).get(name)
    path = document_path(fleet.name, item.name, "lease")
    signers = Signers.of(snapshot.files, fleet.name)
    unread = _Unread(item.endpoint_name)
    changes: Iterator[_Event] = read_changes(ledger.changes(path, limit), unread.changes)
    refusals = _refusals(context.status(), fleet.name, unread)
    newest_first = merge(refusals, changes, key=attrgetter("committed_at"), reverse=True)
    events = (
        (each, None if isinstance(each, Refusal) else is_proven(ledger, each.commit, signers))
        for each in islice(newest_first, limit)
    )
    if output == "json":
        stream_json(_as_data(each, proven=proven) for each, proven in events)
    else:
        rows = stream_table(_HEADERS, (_cells(each, proven=proven) for each, proven in events))
        if not rows and not unread.changes:
            say(f"{item.endpoint_name} was never leased.")
    for sentence in unread.sentences():
        note(sentence)


def _refusals(status: Repository, environment: str, unread: "_Unread") -> Iterator[Refusal]:
    """Yield what was refused lately; nothing where the branch cannot be read, which is noted."""
    try:
        if status.read().files:
            records = status.changes(f"{environment}.json", _NEWEST_NOTES)
            yield from read_refusals(records, unread.endpoint_name, unread.refusals)
    except Failure as failure:
        unread.failure = failure


@dataclass
class _Unread:
    """What a log passed over: changes of the lease, notes of refusals, or all of these."""

    endpoint_name: EndpointName
    changes: Unread = field(default_factory=Unread)
    refusals: Unread = field(default_factory=Unread)
    failure: Failure | None = None

    def sentences(self) -> Iterator[str]:
        if self.changes:
            yield (
                f"Not shown: {self.changes.named()} that changed this lease, in messages that do"
                " not say how, perhaps by hand. `git show` tells more of each."
            )
        if self.refusals:
            yield (
                f"Not shown: what AWS refused by {self.refusals.named()} of the branch"
                " leasehold/status, in words that cannot be read."
            )
        if self.failure:
            yield f"Not shown: what AWS refused. {self.failure.message} [{self.failure.code}]"


class _Change:
    """One lease change that a person asks for."""

    def __init__(self, context: Context, person: Person, name: str, reason: str | None) -> None:
        self._clock = clock_of(context.remote, clock)
        self._ledger = context.repository(person, self._clock, git_signing.signer())
        fleet = context.fleet(self._ledger.read())
        known = context.known(fleet, name)
        now = self._clock()
        self.request = Request(fleet.name, name, person, uuid4().hex, now, reason, known=known)

    def make(self, proposal: Proposal, output: str) -> None:
        """Commit, and answer with the new expiry and the commit that made it so."""
        committed = self._ledger.commit(proposal)
        fleet = self.request.fleet(committed.snapshot)
        holding = fleet.holding(self.request.endpoint)
        if holding.lease is None:
            raise AssertionError("a change of a lease leaves a lease")
        added = added_by(committed.change.message, self.request.now)
        if output == "json":
            _show_data(committed, holding, holding.lease, cost(fleet, holding, added))
        else:
            _answer(committed, holding, holding.lease, self._clock())
            if said := _cost(fleet, holding, added):
                say(dim(said))


def _show_data(
    committed: Committed, holding: Holding, lease: Lease, cost: dict[str, Any] | None
) -> None:
    show_json(
        {
            "endpoint_name": holding.endpoint_name,
            "expires_at": stamp(lease.expires_at),
            "commit": committed.commit,
            "cost": cost and {"added": cost["Added"], "currency": cost["Currency"]},
        }
    )


def _cost(fleet: Fleet, holding: Holding, added: timedelta) -> str:
    """Say what a change costs, or gives back, where the environment has prices."""
    prices = fleet.prices
    if prices is None:
        return ""
    hourly = per_hour(asked_for(holding.definition), prices)
    if hourly is None:
        return "what it costs is not known: prices.json has no price of what it runs on"
    amount = money(for_time(hourly, abs(added)), prices.currency)
    verb = "gives back" if added < timedelta() else "costs"
    example = ", by example prices" if prices.is_example else ""
    return f"{verb} {amount}, at {money(hourly, prices.currency)} an hour{example}"


def _answer(committed: Committed, holding: Holding, lease: Lease, now: datetime) -> None:
    ends = f"its lease {'ends' if lease.is_live(now) else 'ended'}"
    sentence = standing(holding, now).sentence
    say(f"{holding.endpoint_name}: {sentence} ({ends} {relative(lease.expires_at, now)}).")
    author = committed.change.author
    say(dim(f"commit {committed.commit[:8]} by {author.name} <{author.email}>"))


def _cells(recorded: _Event, *, proven: bool | None) -> tuple[str, ...]:
    day = recorded.committed_at
    if isinstance(recorded, Refusal):
        commit, who = recorded.commit[:8], recorded.author.name
        return (f"{day:%Y-%m-%d %H:%M}", str(recorded.kept), "-", "-", commit, who, recorded.said)
    change = recorded.change
    return (
        f"{day:%Y-%m-%d %H:%M}",
        str(change.action),
        on_day(change.previous, day) if change.previous else "-",
        on_day(change.expires_at, day),
        recorded.commit[:8],
        change.requested_by.name + (" (not proven)" if proven is False else ""),
        change.reason or "",
    )


def _as_data(recorded: _Event, *, proven: bool | None) -> dict[str, Any]:
    if isinstance(recorded, Refusal):
        return {
            "commit": recorded.commit,
            "committed_at": stamp(recorded.committed_at),
            "author": {"name": recorded.author.name, "email": recorded.author.email},
            "action": str(recorded.kept),
            "endpoint_name": recorded.endpoint_name,
            "previous": None,
            "expires_at": None,
            "reason": recorded.said,
            "request_id": None,
            "proven": None,
        }
    change = recorded.change
    return {
        "commit": recorded.commit,
        "committed_at": stamp(recorded.committed_at),
        "author": {"name": change.requested_by.name, "email": change.requested_by.email},
        "action": str(change.action),
        "endpoint_name": change.endpoint_name,
        "previous": stamp(change.previous) if change.previous else None,
        "expires_at": stamp(change.expires_at),
        "reason": change.reason,
        "request_id": change.request_id,
        "proven": proven,
    }
