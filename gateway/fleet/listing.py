"""`GET /fleet`: the whole environment in one answer, made of one commit of each branch.

The ledger says what is wanted and what it costs, the status branch what SageMaker has: AWS is not
asked. The tag of an answer is of both commits, of what the caller may see, and of the instant up to
which the clock alone changes nothing: before that, who has the answer needs no other.
"""

import hashlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property, partial
from http import HTTPStatus
from statistics import median_low
from types import MappingProxyType
from typing import Any, Self

from gateway.fleet.item import Item, Row, Seen, orphan, untold
from gateway.fleet.last_changes import LastChange, LastChanges
from gateway.http.answer import Answer, TextAnswer
from gateway.http.call import Call
from gateway.http.etags import is_known
from gateway.known import Seen as Noticed
from gateway.known import seen
from gateway.principal import Principal
from ledger.claims import Known, settle
from ledger.deadline import MOST_SECONDS_OF_A_CALL, carried, left, within
from ledger.documents import Prices
from ledger.documents.prices import OLD
from ledger.errors import Failure
from ledger.faults import Faults
from ledger.forges import commit_url
from ledger.holdings import Broken, Fleet, Holding, fleet_of
from ledger.lease import stamp
from ledger.meter import midnight, ran_since, start_seconds
from ledger.money import NOTHING, cents, for_time, per_hour, total
from ledger.names import EndpointName, Name
from ledger.observed import Entry
from ledger.repository import Repository, Snapshot

_FORM = "1"  # the version of the answer's format; a new one makes every ETag a new one
_NOBODY: Mapping[Name, LastChange] = MappingProxyType({})
_DAY = timedelta(days=1)
_CACHED = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}


@dataclass(frozen=True)
class View:
    """What one caller may see of an environment at one instant."""

    fleet: Fleet
    commit: str
    noticed: Noticed
    now: datetime
    principal: Principal

    @property
    def prices(self) -> Prices | None:
        return self.fleet.prices

    def seen(self, name: EndpointName) -> Seen:
        """Return what was noted of an endpoint."""
        there = self.noticed
        return Seen(there.noted.get(name), there.record.entry(name), there.at)

    @cached_property
    def defined(self) -> list[Holding | Broken]:
        """Return the endpoints that have a definition, by name."""
        reach = self.principal.reaches
        found = (it for it in self.fleet.items if reach(it.endpoint_name, it.owner))
        return sorted(found, key=lambda each: (each.name.lower(), each.endpoint_name.lower()))

    def orphans(self) -> Iterator[tuple[EndpointName, Entry]]:
        """Yield what costs and has no definition; what is somebody else's is none of ours."""
        defined = {each.endpoint_name for each in self.fleet.items}
        for name, entry in self.noticed.record.entries.items():
            is_ours = not entry.foreign and entry.phase.is_billed
            if is_ours and name not in defined and self.principal.reaches(name, None):
                yield name, entry

    @property
    def entries(self) -> Iterator[Entry]:
        """Yield what was noted of all that the caller may see, gone or not."""
        owners = {each.endpoint_name: each.owner for each in self.fleet.items}
        for name, entry in self.noticed.record.entries.items():
            if self.principal.reaches(name, owners.get(name)):
                yield entry

    def starts(self, name: EndpointName) -> int | None:
        """Return how many seconds a start takes: this endpoint's, or else any one's."""
        entry = self.noticed.record.entry(name)
        own = start_seconds(entry) if entry else None
        return self._any_start if own is None else own

    @cached_property
    def _any_start(self) -> int | None:
        entries = self.noticed.record.entries.values()
        known = [each for entry in entries if (each := start_seconds(entry)) is not None]
        return median_low(known) if known else None


@dataclass(frozen=True)
class Listing:
    """The items of a view; one that cannot be worked out hides no other."""

    view: View
    items: tuple[Item | None, ...]

    @classmethod
    def of(cls, view: View) -> Self:
        faults = Faults()
        return cls(
            view,
            tuple(
                faults.around(it.endpoint_name, partial(_looked_at, view, it), None)
                for it in view.defined
            ),
        )

    @property
    def until(self) -> datetime:
        """Return up to when the clock alone changes nothing."""
        view = self.view
        turns = [at for each in self.items if each for at in each.turns() if at > view.now]
        if view.prices and not view.prices.is_old(view.now):
            turns.append(view.prices.read_at + OLD)
        return min((*turns, midnight(view.now) + _DAY))

    @property
    def tag(self) -> str:
        """Return the answer's ETag; a weak one, for amounts grow while it stays."""
        view = self.view
        only = ",".join(sorted(view.principal.only))
        parts = (_FORM, view.commit, view.noticed.commit, stamp(self.until), only)
        return f'W/"{hashlib.sha256(" ".join(parts).encode()).hexdigest()[:32]}"'


def _looked_at(view: View, item: Holding | Broken) -> Item:
    found = Item(view.fleet, view.commit, item, view.seen(item.endpoint_name), view.now)
    # Worked out here, where what raises is a fault of this endpoint alone.
    _ = found.told, found.next
    return found


@dataclass(frozen=True)
class FleetList:
    """The endpoints of one environment. Safe to call from many threads."""

    ledger: Repository
    environment: str
    clock: Callable[[], datetime]
    status: Repository | None = None
    changes: LastChanges = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "changes", LastChanges(self.ledger, self.environment))

    def tell(self, call: Call) -> Answer:
        """Answer with all endpoints, or that nothing has changed. Raises Refused LH4109."""
        snapshot, view = self.view(call.principal)
        listing = Listing.of(view)
        headers = {"ETag": listing.tag, **_CACHED}
        if is_known(listing.tag, call.headers.get("if-none-match")):
            return TextAnswer("", HTTPStatus.NOT_MODIFIED, headers)
        last = self._last_changes(snapshot, view)
        if last is None:  # it could not be found in time, so the next poll asks anew
            last, headers = _NOBODY, dict(_CACHED)
        return Answer(answer(listing, last, commit_url(self.ledger.url)), headers=headers)

    def view(self, principal: Principal) -> tuple[Snapshot, View]:
        """Read both branches once, beside each other."""
        with ThreadPoolExecutor(1) as beside:
            fetched = beside.submit(carried(seen), self.status, self.environment)
            snapshot, now = self.ledger.read(), self.clock()
            noticed = fetched.result()
        fleet = settle(fleet_of(snapshot, self.environment), Known(noticed.record), now)
        fleet.require_settings()
        return snapshot, View(fleet, snapshot.commit, noticed, now, principal)

    def _last_changes(self, snapshot: Snapshot, view: View) -> Mapping[Name, LastChange] | None:
        """Return who changed leases last; None where the history cannot be read in time."""
        holdings = {each.name: each for each in view.fleet.holdings}
        try:
            with within(left(MOST_SECONDS_OF_A_CALL) / 2):
                return self.changes.of(snapshot, holdings, view.now)
        except Failure:
            return None


def answer(
    listing: Listing, last: Mapping[Name, LastChange] = _NOBODY, url: str | None = None
) -> dict[str, Any]:
    """Return a listing as the schema `fleet` has it."""
    view = listing.view
    prices, faults = view.prices, Faults()
    rows = []
    for defined, item in zip(view.defined, listing.items, strict=True):
        do = _told(view, item, last) if item else _nothing
        row = faults.around(defined.endpoint_name, do, None)
        rows.append(row or untold(defined, view.seen(defined.endpoint_name), view.now))
    for name, entry in view.orphans():
        rows.append(orphan((entry.name, name), view.seen(name), view.fleet, view.now))
    return {
        "Now": stamp(view.now),
        "Environment": view.fleet.name,
        "Commit": view.commit,
        "CommitUrl": url,
        "StatusCommit": view.noticed.commit or None,
        "ObservedAt": stamp(view.noticed.at) if view.noticed.at else None,
        "Currency": prices.currency if prices else None,
        "PricesReadAt": stamp(prices.read_at) if prices else None,
        "PricesAreOld": bool(prices and prices.is_old(view.now)),
        "PricesAreExamples": bool(prices and prices.is_example),
        "Totals": _totals(listing, rows),
        "Violations": _violations(view),
        "Endpoints": rows,
    }


def _told(view: View, item: Item, last: Mapping[Name, LastChange]) -> Callable[[], Row | None]:
    starts = view.starts(item.item.endpoint_name)
    return partial(item.as_data, last.get(item.item.name), starts)


def _nothing() -> Row | None:
    return None


def _violations(view: View) -> list[str]:
    """Return what is wrong beside the endpoints, for whoever may see all of them."""
    theirs = {each for item in view.fleet.broken for each in item.violations}
    found = (each for each in view.fleet.errors if each not in theirs)
    return [] if view.principal.only else [str(each) for each in found]


def _totals(listing: Listing, rows: Sequence[Row]) -> dict[str, Any]:
    items = [each for each in listing.items if each]
    on = [row for row in rows if row["IsBilled"] or (row["IsOn"] and _is_unknown(row))]
    cost = total(None if row["PerHour"] is None else Decimal(row["PerHour"]) for row in on)
    has_prices = listing.view.prices is not None
    return {
        "Endpoints": len(rows),
        "On": len(on),
        "PerHour": f"{cost.amount:f}" if has_prices else None,
        "WithoutPrice": cost.without,
        "EndsWithinHour": sum(each.ends_within_hour for each in items),
        "NeedsPerson": sum(row["NeedsPerson"] for row in rows),
        "SpentToday": _spent(listing.view) if has_prices else None,
    }


def _is_unknown(row: Row) -> bool:
    return row["SageMaker"]["Status"] is None


def _spent(view: View) -> dict[str, Any]:
    """Add up what ran since midnight, also of what is gone by now."""
    since, found, without = midnight(view.now), NOTHING, 0
    for entry in view.entries:
        costs = [
            (ran, per_hour(ran.hosts, view.prices)) for ran in ran_since(entry, since, view.now)
        ]
        without += any(hourly is None for _, hourly in costs)
        found += sum(
            (for_time(hourly, ran.end - ran.begin) for ran, hourly in costs if hourly is not None),
            start=NOTHING,
        )
    return {"Amount": f"{cents(found):f}", "Since": stamp(since), "WithoutPrice": without}
