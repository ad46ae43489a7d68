"""`leasehold log`: a lease's changes read back, who made them and why.

It has beside them what AWS refused, as the controller noted it on the status branch.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import tzinfo
from heapq import merge
from itertools import islice
from operator import attrgetter
from typing import Any

import click

from leasehold import completing
from leasehold.console import note, output_option, say, stream_json, stream_table
from leasehold.context import Context, clock, connected
from leasehold.own_zone import own_zone
from leasehold.times import on_day, zone_name
from ledger.claims import settle
from ledger.errors import Failure
from ledger.history import RecordedChange, read_changes
from ledger.holdings import document_path
from ledger.instants import in_zone
from ledger.lease import stamp
from ledger.names import EndpointName
from ledger.observed import Applied, read_applied
from ledger.proof import is_proven, signers_that_count
from ledger.refusal_log import Refusal, read_refusals
from ledger.repository import Repository
from ledger.unread import Unread

_REST = ("ACTION", "FROM", "TO", "COMMIT", "WHO", "WHY")
_NEWEST_NOTES = 200  # commits of the status branch, of all endpoints
_Event = RecordedChange | Refusal


@click.command
@connected
@click.argument("name", shell_complete=completing.names)
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
    status = context.status()
    signers = signers_that_count(ledger, snapshot, fleet.name, _applied(status, fleet.name))
    unread = _Unread(item.endpoint_name)
    changes: Iterator[_Event] = read_changes(ledger.changes(path, limit), unread.changes)
    refusals = _refusals(status, fleet.name, unread)
    newest_first = merge(refusals, changes, key=attrgetter("committed_at"), reverse=True)
    events = (
        (each, None if isinstance(each, Refusal) else is_proven(ledger, each.commit, signers))
        for each in islice(newest_first, limit)
    )
    if output == "json":
        stream_json(_as_data(each, proven=proven) for each, proven in events)
    else:
        zone = own_zone()
        headers = (f"WHEN ({zone_name(clock().astimezone(zone))})", *_REST)
        rows = (_cells(each, zone, proven=proven) for each, proven in events)
        if not stream_table(headers, rows, spare=("FROM",)) and not unread.changes:
            say(f"{item.endpoint_name} was never leased.")
    for sentence in unread.sentences():
        note(sentence)


def _applied(status: Repository, environment: str) -> Applied | None:
    try:
        return read_applied(status.read().files, environment)
    except Failure:  # which is noted where refusals are read
        return None


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


def _cells(recorded: _Event, zone: tzinfo, *, proven: bool | None) -> tuple[str, ...]:
    day = in_zone(recorded.committed_at, zone)
    if isinstance(recorded, Refusal):
        commit, who = recorded.commit[:8], recorded.author.name
        return (f"{day:%Y-%m-%d %H:%M}", str(recorded.kept), "-", "-", commit, who, recorded.said)
    change = recorded.change
    return (
        f"{day:%Y-%m-%d %H:%M}",
        str(change.action),
        on_day(change.previous, day, zone) if change.previous else "-",
        on_day(change.expires_at, day, zone),
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
