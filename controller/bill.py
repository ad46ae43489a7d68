"""What a plan costs: what each action starts, stops or changes, and all of it together. Pure.

`before` is what runs, or with a base what that one's plan would make run. What nobody knows, or
has no price, is counted and never taken for nothing.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property

from controller.planning.action import Action, Verb
from controller.planning.desired import Desired
from controller.planning.hosts import hosts_of_config
from controller.tick import Tick
from ledger.budget import asked_for
from ledger.changed_fields import FieldChange, changed_fields
from ledger.documents import Amount, Prices, dump_prices
from ledger.forecast import forecast
from ledger.holdings import Broken, Fleet, Holding, document_path
from ledger.hosts import Hosts, as_data
from ledger.lease import Lease, grant
from ledger.money import NOTHING, Total, cents, for_time, per_hour, total
from ledger.names import EndpointName
from ledger.observed import Entry
from ledger.on_time import on_time
from ledger.standing import standing

AHEAD = timedelta(hours=24)
MONTH_HOURS = 730
_CHANGES = frozenset({Verb.CREATE, Verb.GRANT, Verb.UPDATE, Verb.RESIZE})
_STOPS = frozenset({Verb.DELETE, Verb.IDLE})
_LETTERS = 8
Files = Mapping[str, bytes]


@dataclass(frozen=True)
class Base:
    """What a plan is compared with: documents of another commit, and perhaps what they would plan.

    `files` are that commit's, and `planned` its tick, where the plan of both is asked for.
    """

    commit: str
    files: Files
    head_files: Files
    planned: Tick | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One action that matters, with what it costs. Costs are None where something has no price."""

    action: Action
    before: Hosts | None
    after: Hosts | None
    hourly_before: Decimal | None
    hourly_after: Decimal | None
    lease: Decimal | None = None  # what is left of its lease costs; None too where it has no end
    ends: datetime | None = None
    changes: tuple[FieldChange, ...] = ()
    is_new: bool = False

    @property
    def moves_money(self) -> bool:
        return self.before != self.after


@dataclass(frozen=True, slots=True)
class Ending:
    """An endpoint that turns off in the next 24 hours."""

    name: str
    at: datetime
    hourly: Decimal | None
    reason: str
    by_lease: bool = False  # it has a live one, whose last change somebody made
    kept_by: str = ""  # who changed its lease last, and why, where that is known


@dataclass(frozen=True)
class Bill:
    """A plan with its price. All sums are in the currency of `prices`, or there are none."""

    prices: Prices | None
    rows: tuple[Row, ...] = ()
    before: Total = field(default_factory=Total)
    after: Total = field(default_factory=Total)
    promised_before: Total = field(default_factory=Total)
    promised_after: Total = field(default_factory=Total)
    ends: tuple[Ending, ...] = ()
    on: int = 0
    limit: Amount | None = None
    digest: str = ""
    base: Base | None = None

    @property
    def change(self) -> Decimal:
        """Return what an hour costs more, as the rounded sums say it."""
        return cents(self.after.amount) - cents(self.before.amount)

    @property
    def is_over(self) -> bool:
        """Tell whether it would run past the limit of an hour, and cost more than it does."""
        return self.limit is not None and self.after.amount > self.limit.amount and self.change > 0

    @property
    def moves_money(self) -> bool:
        return any(row.moves_money for row in self.rows)

    def kept(self, keepers: Mapping[str, str]) -> "Bill":
        """Return it with who keeps on what ends, as the ledger's history has it."""
        return replace(
            self,
            ends=tuple(replace(each, kept_by=keepers.get(each.name, "")) for each in self.ends),
        )


def bill(tick: Tick, base: Base | None = None) -> Bill:
    """Return what a plan costs."""
    return _Pricing(tick, base).bill()


@dataclass(frozen=True)
class _Pricing:
    tick: Tick
    base: Base | None

    @property
    def fleet(self) -> Fleet:
        return self.tick.fleet

    @property
    def prices(self) -> Prices | None:
        return self.fleet.prices

    @cached_property
    def holdings(self) -> Mapping[EndpointName, Holding]:
        return {each.endpoint_name: each for each in self.fleet.holdings}

    @cached_property
    def base_bill(self) -> "_Pricing | None":
        planned = self.base.planned if self.base else None
        return _Pricing(planned, None) if planned else None

    def bill(self) -> Bill:
        names = self._names()
        before = {name: self.before(name) for name in names}
        after = {name: self.after(name) for name in names}
        settings = self.fleet.environment
        limit = settings.max_hourly if settings else None
        currency = self.prices.currency if self.prices else None
        return Bill(
            self.prices,
            tuple(self._rows()),
            total(per_hour(hosts, self.prices) for hosts in before.values()),
            total(per_hour(hosts, self.prices) for hosts in after.values()),
            total(self._promised_before(name) for name in names),
            total(self.promised(name) for name in names),
            tuple(sorted(self._ends(), key=lambda each: (each.at, each.name))),
            sum(1 for hosts in after.values() if hosts != ()),
            limit if limit and limit.currency == currency else None,
            self._digest(),
            self.base,
        )

    def _names(self) -> list[EndpointName]:
        found = {name for each in self.tick.plan.actions if (name := each.endpoint_name)}
        found |= {name for name, each in self._entries() if _runs(each)}
        if self.base_bill:
            found |= set(self.base_bill._names())  # noqa: SLF001  (its own kind)
        return sorted(found, key=str)

    def _entries(self) -> Iterator[tuple[EndpointName, Entry]]:
        return iter(self.tick.findings.record.entries.items())

    def before(self, name: EndpointName) -> Hosts | None:
        return self.base_bill.after(name) if self.base_bill else self.runs(name)

    def runs(self, name: EndpointName) -> Hosts | None:
        """Return what runs of this environment's own."""
        entry = self.tick.findings.record.entry(name)
        return entry.hosts if entry and _runs(entry) else ()

    def after(self, name: EndpointName) -> Hosts | None:
        """Return what runs once the plan is carried out, with what a limit keeps from it."""
        action = self.tick.plan.action_for(name)
        if action is None:
            return self.runs(name)
        if action.verb in _STOPS:
            return ()
        is_wanted = action.verb in _CHANGES or action.past_limit
        return self._asked(name) if is_wanted else self.runs(name)

    def _asked(self, name: EndpointName) -> Hosts | None:
        holding = self.holdings.get(name)
        if holding is None:
            return None
        is_async = holding.definition.async_inference is not None
        seen = self.tick.findings.configs.get(name)
        return asked_for(holding.definition) or hosts_of_config(seen, is_async=is_async)

    def _rows(self) -> Iterator[Row]:
        for action in self.tick.plan.actions:
            name = action.endpoint_name
            if name is None or action.verb in (Verb.KEEP, Verb.WAIT, Verb.HOLD):
                continue
            if self._same_in_base(action, name):
                continue
            yield self._row(action, name)

    def _same_in_base(self, action: Action, name: EndpointName) -> bool:
        planned = self.base.planned if self.base else None
        there = planned.plan.action_for(name) if planned else None
        return there is not None and _essence(there) == _essence(action)

    def _row(self, action: Action, name: EndpointName) -> Row:
        before, after = self.before(name), self.after(name)
        hourly = per_hour(after, self.prices)
        ends = self._end(name, action) if action.verb not in _STOPS else None
        left = ends - self.tick.now if ends and after else None
        return Row(
            action,
            before,
            after,
            per_hour(before, self.prices),
            hourly,
            for_time(hourly, left) if hourly is not None and left else None,
            ends,
            self._changes(action),
            self._is_new(action),
        )

    def _end(self, name: EndpointName, action: Action) -> datetime | None:
        """Return when what is on now, or is granted now, turns off again."""
        holding = self.holdings.get(name)
        if holding is None:
            return None
        if action.verb is Verb.GRANT:
            return self._lease(holding).expires_at
        return standing(holding, self.tick.now).until

    def _lease(self, holding: Holding) -> Lease:
        minutes = holding.definition.schedule.initial_provision_minutes
        return grant(minutes, self.tick.now, self.fleet.ceiling)

    def _changes(self, action: Action) -> tuple[FieldChange, ...]:
        if self.base is None:
            return ()
        found: list[FieldChange] = []
        for kind in ("endpoint", "lock"):
            path = document_path(self.fleet.name, action.name, kind)
            found += changed_fields(self.base.files.get(path), self.base.head_files.get(path))
        return tuple(found)

    def _is_new(self, action: Action) -> bool:
        path = document_path(self.fleet.name, action.name, "endpoint")
        files = self.base.files if self.base else {}
        return self.base is not None and path not in files and path in self.base.head_files

    def _promised_before(self, name: EndpointName) -> Decimal | None:
        if self.base_bill:
            return self.base_bill.promised(name)
        holding, runs = self.holdings.get(name), self.runs(name)
        if holding and holding.first_lease_due and runs == ():
            return NOTHING
        return self._promise(name, runs)

    def promised(self, name: EndpointName) -> Decimal | None:
        """Return what lease and windows promise to cost in the next 24 hours."""
        action = self.tick.plan.action_for(name)
        if action and action.verb is Verb.IDLE:
            return NOTHING
        return self._promise(name, self.after(name))

    def _promise(self, name: EndpointName, hosts: Hosts | None) -> Decimal | None:
        """Return it for these hosts; what has no definition promises nothing."""
        holding, now = self.holdings.get(name), self.tick.now
        if holding is None:
            return NOTHING
        lease = self._lease(holding) if holding.first_lease_due else holding.lease
        spans = on_time(holding.definition.schedule, lease, now, now + AHEAD)
        length = sum((each.length for each in spans), timedelta())
        if not length:
            return NOTHING
        hourly = per_hour(hosts or self._asked(name), self.prices)
        return None if hourly is None else for_time(hourly, length)

    def _ends(self) -> Iterator[Ending]:
        now = self.tick.now
        for name, holding in self.holdings.items():
            after = self.after(name)
            if after == () or holding.first_lease_due:
                continue
            for turn in forecast(holding.definition.schedule, holding.lease, now, 1):
                if not turn.turns_on and turn.at <= now + AHEAD:
                    hourly = per_hour(after, self.prices)
                    by_lease = holding.lease is not None and holding.lease.is_live(now)
                    yield Ending(str(holding.name), turn.at, hourly, turn.reason, by_lease)

    def _digest(self) -> str:
        """Return a digest of actions and prices: the same plan has the same one at any time."""
        actions = [
            [*_essence(each), as_data(hosts) if (hosts := self._hosts_of(each)) else None]
            for each in self.tick.plan.actions
            if each.verb is not Verb.KEEP
        ]
        broken = [str(each) for each in self.fleet.violations]
        content = json.dumps([self.fleet.name, actions, broken]).encode()
        content += dump_prices(self.prices) if self.prices else b""
        return hashlib.sha256(content).hexdigest()[:_LETTERS]

    def _hosts_of(self, action: Action) -> Hosts | None:
        return self.after(action.endpoint_name) if action.endpoint_name else None


def refused(tick: Tick) -> tuple[str, ...]:
    """Return what is wrong with documents, each with its place."""
    return tuple(dict.fromkeys(str(each) for each in tick.fleet.errors))


def frozen(tick: Tick) -> int:
    return sum(1 for each in tick.fleet.items if isinstance(each, Broken))


def _runs(entry: Entry) -> bool:
    return entry.phase.is_billed and not entry.foreign


def _essence(action: Action) -> tuple[str, str, str, str]:
    """Return what an action is about, without what the time of day makes of it."""
    config = action.target.config_name if isinstance(action.target, Desired) else ""
    return str(action.verb), str(action.kind), str(action.resource_name), config
