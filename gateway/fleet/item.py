"""One endpoint as the list has it: what the ledger says, what SageMaker has, what it costs. Pure.

Where the two disagree, both are told, and nothing is made of it but whether a person is needed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import Any

from gateway.fleet.last_changes import LastChange
from ledger.budget import asked_for, ceiling, over_budget
from ledger.documents.prices import plain
from ledger.fleet import FROZEN
from ledger.forecast import Transition, describe, forecast
from ledger.holdings import Broken, Fleet, Holding
from ledger.hosts import Hosts
from ledger.lease import stamp
from ledger.money import cents, for_time, per_hour
from ledger.observed import Entry, Noted
from ledger.phases import Phase
from ledger.schedule import Schedule
from ledger.standing import Standing, State, standing

Row = dict[str, Any]
KIND = "endpoint"
ORPHAN = "orphan"
_HOUR = timedelta(hours=1)
_PATIENCE = timedelta(minutes=15)  # what is off and still there so long waits for a person
_WRONG = frozenset({Phase.FAILED, Phase.DEGRADED, Phase.STRANGE})
_HELD = frozenset({State.SUSPENDED, State.LEASE_LOST})
_FAULTY = (
    "what its files say cannot be told: a fault of Leasehold's, and `leasehold plan` says more"
)
_ORPHANED = "it has no definition in the ledger; `leasehold status` says what becomes of it"
_IN_DOUBT = "no definition that can be read is its; one that cannot may be, so it is left as it is"
_NOT_OURS = "somebody else's endpoint has this name, by its tags: it is not touched"


@dataclass(frozen=True)
class Seen:
    """What the controller noted of one endpoint; without either, nothing."""

    noted: Noted | None = None
    entry: Entry | None = None
    at: datetime | None = None

    @property
    def phase(self) -> Phase | None:
        return self.noted.phase if self.noted else None

    @property
    def is_foreign(self) -> bool:
        return self.noted is not None and self.noted.foreign

    @property
    def is_billed(self) -> bool:
        return self.noted is not None and self.noted.phase.is_billed and not self.is_foreign

    @property
    def runs_since(self) -> datetime | None:
        if not self.is_billed or self.noted is None:
            return None
        return (self.entry.created_at if self.entry else None) or self.noted.since


@dataclass(frozen=True)
class Item:
    """One endpoint at one instant."""

    fleet: Fleet
    commit: str
    item: Holding | Broken
    seen: Seen
    now: datetime

    @cached_property
    def told(self) -> Standing:
        return standing(self.item, self.now)

    @cached_property
    def next(self) -> Transition | None:
        holding = self.holding
        if holding is None or self.told.state in _HELD:
            return None
        schedule = holding.definition.schedule
        return next(iter(forecast(schedule, holding.lease, self.now, 1)), None)

    @property
    def holding(self) -> Holding | None:
        return self.item if isinstance(self.item, Holding) else None

    @property
    def hosts(self) -> Hosts | None:
        """Return on what it runs, or would run."""
        if self.seen.is_billed and self.seen.noted:
            return self.seen.noted.hosts
        return asked_for(self.holding.definition) if self.holding else None

    @property
    def hourly(self) -> Decimal | None:
        return per_hour(self.hosts, self.fleet.prices)

    @property
    def is_on(self) -> bool:
        """Tell whether it is there; where nothing is noted, whether the ledger has it on."""
        return self.seen.is_billed if self.seen.noted else self.told.is_on

    @property
    def ends_within_hour(self) -> bool:
        turn = self.next
        return self.is_on and turn is not None and not turn.turns_on and turn.at - self.now < _HOUR

    @property
    def needs_person(self) -> bool:
        said = self.seen.noted.reason if self.seen.noted else None
        return bool(
            self.told.state in {State.FROZEN, State.LEASE_LOST}
            or self.seen.is_foreign
            or self.seen.phase in _WRONG
            or said
            or self._is_overdue
        )

    @property
    def _is_overdue(self) -> bool:
        off_since = self._off_since
        late = off_since is not None and self.now - off_since >= _PATIENCE
        return self.seen.is_billed and late

    @property
    def _off_since(self) -> datetime | None:
        """Return since when it is off by its lease, as far as that says so."""
        holding = self.holding
        if holding is None or self.told.is_on or self.told.state in _HELD or holding.lease is None:
            return None
        return holding.lease.expires_at if holding.lease.expires_at <= self.now else None

    def turns(self) -> Iterator[datetime]:
        """Yield the instants from now on at which the clock alone changes what is told of it."""
        if self.told.until:
            yield self.told.until
        if self.next:
            yield self.next.at
            yield self.next.at - _HOUR
        if self._off_since:
            yield self._off_since + _PATIENCE

    def as_data(self, last: LastChange | None = None, starts: int | None = None) -> Row:
        """Return it as the schema `fleet` has it; a start takes so many seconds."""
        holding, told = self.holding, self.told
        schedule = holding.definition.schedule if holding else Schedule()
        lease = holding.lease if holding and not schedule.always_on else None
        said = {
            "LeaseState": str(told.state),
            "Why": told.sentence,
            "IsOn": told.is_on,
            "Until": _stamp(told.until),
            "ExpiresAt": _stamp(lease.expires_at if lease else None),
            "Next": _next(self.next),
            "Owner": self.item.owner,
            "Windows": [describe(schedule, each) for each in schedule.windows],
            "IdleMinutes": schedule.idle_minutes,
            "ActiveMinutes": schedule.extend_while_active_minutes,
            "LastChange": _last(last),
            "Limits": self._limits(),
            "StartTakes": starts,
            "NeedsPerson": self.needs_person,
            "ETag": f'"{self.commit}"' if holding and holding.lease else None,
            "Errors": self._errors(),
        }
        names = self.item.name, self.item.endpoint_name
        return _row(names, self.seen, (self.hosts, self.hourly), self.now) | said

    def _limits(self) -> dict[str, Any] | None:
        holding = self.holding
        if holding is None or holding.definition.schedule.always_on:
            return None
        most = ceiling(self.fleet, holding)
        rule = f"{most.rule} in {most.ruled_by}"
        return {"Minutes": most.minutes, "LatestPossible": stamp(most.at(self.now)), "Rule": rule}

    def _errors(self) -> list[str]:
        if isinstance(self.item, Broken):
            return [str(each) for each in self.item.violations]
        return [str(each) for each in over_budget(self.fleet, self.item)]


def orphan(names: tuple[str, str], seen: Seen, fleet: Fleet, now: datetime) -> Row:
    """Return what costs at SageMaker and has no definition, as far as that can be told."""
    hosts = seen.noted.hosts if seen.noted else None
    return _row(names, seen, (hosts, per_hour(hosts, fleet.prices)), now) | {
        "LeaseState": ORPHAN,
        "Why": _IN_DOUBT if fleet.unreadable else _ORPHANED,
    }


def untold(item: Holding | Broken, seen: Seen, now: datetime) -> Row:
    """Return an endpoint of which something cannot be told, for a fault of the code."""
    said = f"{item.endpoint_name}: {_FAULTY}"
    return _row((item.name, item.endpoint_name), seen, (None, None), now) | {"Errors": [said]}


def _row(
    names: tuple[str, str], seen: Seen, runs_on: tuple[Hosts | None, Decimal | None], now: datetime
) -> Row:
    """Return a row with what SageMaker has, and nothing of the ledger: that waits for a person."""
    hosts, hourly = runs_on
    return {
        "Kind": KIND,
        "Name": str(names[0]),
        "EndpointName": str(names[1]),
        "LeaseState": str(State.FROZEN),
        "Why": FROZEN,
        "IsOn": False,
        "Until": None,
        "ExpiresAt": None,
        "Next": None,
        "SageMaker": at_sagemaker(seen),
        "Instances": _instances(hosts),
        "IsBilled": seen.is_billed,
        "PerHour": None if hourly is None else plain(hourly),
        "RunsSince": _stamp(seen.runs_since),
        "SoFar": _so_far(hourly, seen, now),
        "StartTakes": None,
        "Owner": None,
        "Windows": [],
        "IdleMinutes": None,
        "ActiveMinutes": None,
        "LastChange": None,
        "Limits": None,
        "NeedsPerson": True,
        "ETag": None,
        "Errors": [],
    }


def at_sagemaker(seen: Seen) -> dict[str, Any]:
    """Say what SageMaker has; null where nothing is noted."""
    noted = seen.noted
    return {
        "Status": noted.status if noted else None,
        "Since": _stamp(noted.since if noted else None),
        "Cause": (seen.entry.cause or None) if seen.entry else None,
        "Failure": _NOT_OURS if seen.is_foreign else noted.reason if noted else None,
        "IsForeign": seen.is_foreign,
        "AsOf": _stamp(seen.at),
    }


def _so_far(hourly: Decimal | None, seen: Seen, now: datetime) -> str | None:
    begun = seen.runs_since
    if hourly is None or begun is None:
        return None
    return f"{cents(for_time(hourly, now - begun)):f}"


def _instances(hosts: Hosts | None) -> list[dict[str, Any]] | None:
    if hosts is None:
        return None
    return [{"InstanceType": each.instance_type, "Count": each.count} for each in hosts]


def _next(turn: Transition | None) -> dict[str, Any] | None:
    if turn is None:
        return None
    return {"At": stamp(turn.at), "Turns": "on" if turn.turns_on else "off", "Reason": turn.reason}


def _last(last: LastChange | None) -> dict[str, Any] | None:
    if last is None:
        return None
    return {
        "By": {"Name": last.by.name, "Email": last.by.email},
        "At": stamp(last.at),
        "Action": last.action,
        "Reason": last.reason,
        "Commit": last.commit,
    }


def _stamp(moment: datetime | None) -> str | None:
    return stamp(moment) if moment else None
