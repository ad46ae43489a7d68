"""What a plan costs: what each action starts, stops or changes, and all of it together. Pure.

`before` is what runs, and what the documents promise that the last tick went by; or what another
commit's plan would make run. All of it is by one list of prices, the plan's own.

A change of a document that moves nothing now is a row as well: a window, or a type for the next
start, is money of another day.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from controller.bill import Base, Bill, Ending, Files, Repriced, Row
from controller.planning.action import Action, Verb
from controller.planning.desired import Desired
from controller.planning.hosts import hosts_of_config
from controller.tick import Tick
from ledger.ahead import ahead, lease_of
from ledger.budget import asked_for
from ledger.changed_fields import FieldChange, changed_fields
from ledger.documents import Prices, dump_prices
from ledger.fleet import prices_path
from ledger.forecast import forecast
from ledger.holdings import (
    Broken,
    Fleet,
    Holding,
    document_path,
    environment_path,
    read_fleet,
)
from ledger.hosts import Hosts, as_data
from ledger.money import NOTHING, for_time, per_hour, total
from ledger.names import EndpointName
from ledger.observed import Entry
from ledger.standing import standing

AHEAD, _SECOND = timedelta(hours=24), timedelta(seconds=1)
_CHANGES = frozenset({Verb.CREATE, Verb.GRANT, Verb.UPDATE, Verb.RESIZE})
_STOPS = frozenset({Verb.DELETE, Verb.IDLE})
_LETTERS = 8
_LEASE_FIELDS = frozenset({"/expires_at", "/off_until"})


class _Promise(NamedTuple):
    """What is on in the next 24 hours, and how long."""

    hosts: Hosts | None
    length: timedelta

    def cost(self, prices: Prices | None) -> Decimal | None:
        if not self.length:
            return NOTHING
        hourly = per_hour(self.hosts, prices)
        return None if hourly is None else for_time(hourly, self.length)


_NO_PROMISE = _Promise((), timedelta())


def bill(tick: Tick, base: Base | None = None) -> Bill:
    """Return what a plan costs."""
    return _Pricing(tick, base, tick.fleet.prices).bill()


@dataclass(frozen=True)
class _Pricing:
    tick: Tick
    base: Base | None
    prices: Prices | None

    @property
    def fleet(self) -> Fleet:
        return self.tick.fleet

    @cached_property
    def items(self) -> Mapping[EndpointName, Holding | Broken]:
        return {each.endpoint_name: each for each in self.fleet.items}

    @cached_property
    def base_bill(self) -> "_Pricing | None":
        planned = self.base.planned if self.base else None
        return _Pricing(planned, None, self.prices) if planned else None

    @cached_property
    def base_fleet(self) -> Fleet:
        """Return the documents that it is compared with; its own where there are none."""
        if self.base is None:
            return self.fleet
        planned = self.base.planned
        return planned.fleet if planned else read_fleet(self.base.files, self.fleet.name)

    @cached_property
    def base_items(self) -> Mapping[EndpointName, Holding | Broken]:
        return {each.endpoint_name: each for each in self.base_fleet.items}

    def bill(self) -> Bill:
        names = self._names()
        before = {name: self.before(name) for name in names}
        after = {name: self.after(name) for name in names}
        promises = {name: (self._promised_before(name), self.promised(name)) for name in names}
        settings = self.fleet.environment
        limit = settings.max_hourly if settings else None
        currency = self.prices.currency if self.prices else None
        rows = tuple(self._rows())
        return Bill(
            self.prices,
            rows,
            before=total(per_hour(hosts, self.prices) for hosts in before.values()),
            after=total(per_hour(hosts, self.prices) for hosts in after.values()),
            moved=total(
                _difference(per_hour(before[name], self.prices), per_hour(after[name], self.prices))
                for name in names
                if before[name] != after[name]
            ),
            promised_before=total(old.cost(self.prices) for old, _ in promises.values()),
            promised_after=total(new.cost(self.prices) for _, new in promises.values()),
            promised_moved=total(
                _difference(old.cost(self.prices), new.cost(self.prices))
                for old, new in promises.values()
                if old != new
            ),
            ends=tuple(sorted(self._ends(), key=lambda each: (each.at, each.name))),
            on=sum(1 for hosts in after.values() if hosts != ()),
            limit=limit if limit and limit.currency == currency else None,
            digest=self._digest(rows),
            base=self.base,
            settings_changes=self._changes_of(environment_path(self.fleet.name)),
            repriced=self._repriced(before.values()),
            due_anyway=tuple(self._due_anyway(rows)),
        )

    def _repriced(self, before: Iterable[Hosts | None]) -> Repriced | None:
        found = self._changes_of(prices_path(self.fleet.name), or_none=True)
        changes = tuple(each for each in found if each.pointer.startswith("/prices/"))
        old = self.base_fleet.prices
        currencies = {each.currency if each else None for each in (old, self.prices)}
        if self.fleet.environment is None or (not changes and len(currencies) == 1):
            return None
        sums = total(per_hour(hosts, old) for hosts in before) if old else None
        return Repriced(changes, sums, old.currency if old else "")

    def _names(self) -> list[EndpointName]:
        found = {name for each in self.tick.plan.actions if (name := each.endpoint_name)}
        found |= {name for name, each in self._entries() if _runs(each)}
        if self.base_bill:
            found |= set(self.base_bill._names())  # noqa: SLF001  (its own kind)
        found |= self.base_items.keys()
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
        if action.verb is Verb.ADOPT:
            entry = self.tick.findings.record.entry(name)
            return entry.hosts if entry else self._asked(name)
        if action.verb in _STOPS or self._ends_later(action, name):
            return ()
        if action.verb in _CHANGES or action.past_limit or self._waits(action, name):
            return self._counted(action, self._asked(name), self.runs(name))
        return self.runs(name)

    def _counted(self, action: Action, asked: Hosts | None, runs: Hosts | None) -> Hosts | None:
        """Return what it gets: an update leaves to autoscaling the number of instances."""
        target = action.target
        is_left = (
            action.verb is Verb.UPDATE and isinstance(target, Desired) and target.retain_counts
        )
        if not asked or not runs or not is_left:
            return asked
        count = sum(each.count for each in runs)
        return (replace(asked[0], count=count),) if len(asked) == 1 else asked

    def _waits(self, action: Action, name: EndpointName) -> bool:
        """Tell whether it gets what its documents now ask for once SageMaker is done with it."""
        if action.verb is not Verb.WAIT or self._asked_before(name) == self._asked(name):
            return False
        item = self.items.get(name)
        return isinstance(item, Holding) and standing(item, self.tick.now).is_on

    def _ends_later(self, action: Action, name: EndpointName) -> bool:
        """Tell whether its documents now end it, and SageMaker lets nobody do that yet."""
        if action.verb is not Verb.WAIT or name not in self.base_items:
            return False
        is_left = isinstance(self.items.get(name), Broken) or self._is_on(self.items.get(name))
        return self._is_on(self.base_items.get(name)) and not is_left

    def _is_on(self, item: Holding | Broken | None) -> bool:
        return isinstance(item, Holding) and standing(item, self.tick.now).is_on

    def _asked(self, name: EndpointName) -> Hosts | None:
        return self._asked_by(self.items.get(name), name)

    def _asked_before(self, name: EndpointName) -> Hosts | None:
        return self._asked_by(self.base_items.get(name), name)

    def _asked_by(self, item: Holding | Broken | None, name: EndpointName) -> Hosts | None:
        if not isinstance(item, Holding):
            return None
        is_async = item.definition.async_inference is not None
        seen = self.tick.findings.configs.get(name)
        return asked_for(item.definition) or hosts_of_config(seen, is_async=is_async)

    def _rows(self) -> Iterator[Row]:
        told = set[EndpointName]()
        for action in self.tick.plan.actions:
            name = action.endpoint_name
            if name is None:
                continue
            row = self._row(action, name)
            told.add(name)
            is_same = row.is_later or self._same_in_base(action)
            if row.is_said or not is_same:
                yield row
        for name, item in self.base_items.items():
            if name in told:
                continue
            row = self._row(Action(Verb.KEEP, str(item.name), name, "it is off"), name)
            if row.is_removed:
                yield row

    def _same_in_base(self, action: Action) -> bool:
        return _essence(action) in self._essences_of_base

    @cached_property
    def _essences_of_base(self) -> frozenset[tuple[str, ...]]:
        planned = self.base.planned if self.base else None
        return frozenset(map(_essence, planned.plan.actions)) if planned else frozenset()

    def _due_anyway(self, rows: Sequence[Row]) -> Iterator[Action]:
        told = {id(row.action) for row in rows}
        for action in self.tick.plan.actions:
            if action.verb.changes and id(action) not in told and self._same_in_base(action):
                yield action

    def _row(self, action: Action, name: EndpointName) -> Row:
        before, after = self.before(name), self.after(name)
        hourly = per_hour(after, self.prices)
        ends = self._end(name, action) if action.verb not in _STOPS else None
        left = ends - self.tick.now if ends and after else None
        asked = self._asked(name)
        definition = document_path(self.fleet.name, action.name, "endpoint")
        was, will = (definition in each for each in self._files)
        return Row(
            action,
            before,
            after,
            per_hour(before, self.prices),
            hourly,
            for_time(hourly, left) if hourly is not None and left else None,
            ends,
            (
                *self._changes_of(definition),
                *self._changes_of(document_path(self.fleet.name, action.name, "lock"), "lock"),
            ),
            self._lease_changes(action) if was and will else (),
            is_new=will and not was,
            is_removed=was and not will,
            asked_before=self._asked_before(name),
            asked_after=asked,
            hourly_when_on=per_hour(asked, self.prices),
        )

    @property
    def _files(self) -> tuple[Files, Files]:
        return (self.base.files, self.base.head_files) if self.base else ({}, {})

    def _end(self, name: EndpointName, action: Action) -> datetime | None:
        """Return when what is on now, or is granted now, turns off again."""
        item = self.items.get(name)
        if not isinstance(item, Holding):
            return None
        if action.verb is Verb.GRANT:
            lease = lease_of(self.fleet, item, self.tick.now)
            return lease.expires_at if lease else None
        return standing(item, self.tick.now).until

    def _changes_of(
        self, path: str, document: str = "", *, or_none: bool = False
    ) -> tuple[FieldChange, ...]:
        """Return what changes of a document; with `or_none` one that is not there has no fields."""
        missing = b"{}" if or_none else None
        old, new = (each.get(path, missing) for each in self._files)
        return () if old == new else changed_fields(old, new, document)

    def _lease_changes(self, action: Action) -> tuple[FieldChange, ...]:
        path = document_path(self.fleet.name, action.name, "lease")
        found = self._changes_of(path, "lease", or_none=True)
        return tuple(each for each in found if each.pointer in _LEASE_FIELDS)

    def _promised_before(self, name: EndpointName) -> _Promise:
        if self.base_bill:
            return self.base_bill.promised(name)
        item, runs = self.base_items.get(name), self.runs(name)
        waits = isinstance(item, Holding) and item.first_lease_due and runs == ()
        if waits or self._is_anothers(name):
            return _NO_PROMISE
        return self._promise(self.base_fleet, item, runs, name)

    def promised(self, name: EndpointName) -> _Promise:
        """Return what lease and windows promise of the next 24 hours."""
        action = self.tick.plan.action_for(name)
        is_idle = action is not None and action.verb is Verb.IDLE
        is_adopted = action is not None and action.verb is Verb.ADOPT
        if is_idle or (self._is_anothers(name) and not is_adopted):
            return _NO_PROMISE
        return self._promise(self.fleet, self.items.get(name), self.after(name), name)

    def _is_anothers(self, name: EndpointName) -> bool:
        """Tell whether what runs under this name is somebody else's: ours is not started."""
        entry = self.tick.findings.record.entry(name)
        return entry is not None and entry.foreign and entry.phase.is_billed

    def _promise(
        self, fleet: Fleet, item: Holding | Broken | None, hosts: Hosts | None, name: EndpointName
    ) -> _Promise:
        """Return it for these hosts; what has no definition promises nothing."""
        if item is None:
            return _NO_PROMISE
        now = self.tick.now
        spans = ahead(fleet, item, now, now + AHEAD, runs=hosts != ()).on
        length = sum((each.length for each in spans), timedelta())
        return _Promise(hosts or self._asked_by(item, name), length) if length else _NO_PROMISE

    def _ends(self) -> Iterator[Ending]:
        now = self.tick.now
        for name, item in self.items.items():
            after = self.after(name)
            if after == () or not isinstance(item, Holding) or item.first_lease_due:
                continue
            found = ahead(self.fleet, item, now, now + AHEAD + _SECOND, runs=True)
            if not found.on or found.on[0].begin > now or found.on[0].end > now + AHEAD:
                continue
            ends = found.on[0].end
            by_lease = item.lease is not None and item.lease.is_live(now)
            reason = self._why_off(item, ends, is_held=bool(found.held))
            yield Ending(str(item.name), ends, per_hour(after, self.prices), reason, by_lease)

    def _why_off(self, item: Holding, at: datetime, *, is_held: bool) -> str:
        now, schedule = self.tick.now, item.definition.schedule
        turns = forecast(schedule, item.lease, now, 9)
        why = next((each.reason for each in turns if each.at == at and not each.turns_on), None)
        return why or (standing(item, now).sentence if is_held else "it is off by its documents")

    def _digest(self, rows: Sequence[Row]) -> str:
        """Return a digest of actions, changes and prices: a plan has the same one at any time."""
        actions = [
            [*_essence(each), as_data(hosts) if (hosts := self._hosts_of(each)) else None]
            for each in self.tick.plan.actions
            if each.verb is not Verb.KEEP
        ]
        broken = [str(each) for each in self.fleet.violations]
        settings = self._changes_of(environment_path(self.fleet.name))
        moved = (row for row in rows if row.changes or row.is_new or row.is_removed)
        changes = [[*map(str, settings)], *map(self._changed, moved)]
        content = json.dumps([self.fleet.name, actions, changes, broken]).encode()
        content += dump_prices(self.prices) if self.prices else b""
        return hashlib.sha256(content).hexdigest()[:_LETTERS]

    def _changed(self, row: Row) -> list[str]:
        """Return what changes of its definition and its lock, and of a new one all."""
        path = document_path(self.fleet.name, row.action.name, "endpoint")
        whole = self._files[1][path].hex() if row.is_new else ""
        return [str(row.action.resource_name), whole, str(row.is_removed), *map(str, row.changes)]

    def _hosts_of(self, action: Action) -> Hosts | None:
        return self.after(action.endpoint_name) if action.endpoint_name else None


def _difference(before: Decimal | None, after: Decimal | None) -> Decimal | None:
    return None if before is None or after is None else after - before


def _runs(entry: Entry) -> bool:
    return entry.phase.is_billed and not entry.foreign


def _essence(action: Action) -> tuple[str, str, str, str]:
    """Return what an action is about, without what the time of day makes of it."""
    config = action.target.config_name if isinstance(action.target, Desired) else ""
    return str(action.verb), str(action.kind), str(action.resource_name), config
