"""Who is told what, and once: what is true now, less what the record says was delivered. Pure.

A notice has a key that names what it is about. The record keeps the keys of those delivered:

- `due` returns the notices that are true now and whose keys the record does not have;
- `delivered` notes what arrived, so a notice comes twice only if a tick ended just before that;
- `pruned` forgets the keys that cannot come again;
- `baseline` notes old starts and stops as delivered where the record is new.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial

from controller.notices.lease import expiring, idle
from controller.notices.life import (
    CAPACITY_KEY,
    blocked,
    blocked_key,
    failed,
    failure_key,
    is_blocked,
    life_key,
    refused,
    refused_key,
    started,
    stopped,
)
from controller.notices.notice import Delivery, Kind, Notice
from controller.notices.view import View
from controller.planning.action import Action, Plan, Verb
from ledger.faults import Faults
from ledger.holdings import Broken, Fleet, Holding
from ledger.lease import Lease, stamp
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from ledger.phases import ABSENT, Phase

__all__ = ["Delivery", "Notice", "baseline", "delivered", "due", "pruned"]

_TAKEN_BY = "@"  # between a key and a target that took it while another did not


def due(
    fleet: Fleet, plan: Plan, record: Record, now: datetime, faults: Faults | None = None
) -> tuple[Notice, ...]:
    """Return what is to be told: it is true now, and its key is in no entry yet."""
    true = _true(View(fleet, plan, record, now), faults or Faults())
    return tuple(
        replace(notice, taken=_taken(record, notice))
        for notice in true
        if any(notice.key not in _known(record, name) for name in notice.settles)
    )


def delivered(record: Record, deliveries: Iterable[Delivery], now: datetime) -> Record:
    """Return the record with what arrived; where only some targets took it, with those."""
    changed: dict[EndpointName, Entry | None] = {}
    for delivery in deliveries:
        notice = delivery.notice
        marks = frozenset(f"{notice.key}{_TAKEN_BY}{target}" for target in delivery.taken)
        for name, keys in notice.settles.items():
            entry = changed.get(name) or record.entry(name)
            entry = entry or Entry(notice.name, ABSENT, now.replace(microsecond=0))
            notices = (entry.notices - marks) | keys if delivery.ok else entry.notices | marks
            changed[name] = replace(entry, notices=notices)
    return _with(record, changed)


def baseline(record: Record, notices: Iterable[Notice], now: datetime) -> Record:
    """Return the record with old starts and stops as told: they were before it began."""
    old = (notice for notice in notices if notice.kind in (Kind.STARTED, Kind.STOPPED))
    return delivered(record, (Delivery(notice, ok=True) for notice in old), now)


def pruned(record: Record, fleet: Fleet, plan: Plan, faults: Faults | None = None) -> Record:
    """Return the record without the keys of another expiry, an older endpoint, a solved report.

    What comes back later is told again. Without readable settings nothing is forgotten.
    """
    if fleet.environment is None:
        return record
    faults = faults or Faults()
    items = {item.endpoint_name: item for item in fleet.items}
    actions: dict[EndpointName, list[Action]] = defaultdict(list)
    for action in plan.actions:
        if name := action.endpoint_name:
            actions[name].append(action)
    changed: dict[EndpointName, Entry | None] = {}
    for name, entry in record.entries.items():
        keep = partial(_kept, entry, items.get(name), actions[name])
        kept = faults.around(name, keep, entry.notices)
        if kept != entry.notices:
            changed[name] = replace(entry, notices=kept)
    return _with(record, changed)


def _kept(entry: Entry, item: Holding | Broken | None, actions: Sequence[Action]) -> frozenset[str]:
    matters = tuple(f"{it}:" for it in _relevant(entry, item, actions))
    return frozenset(key for key in entry.notices if f"{_bare(key)}:".startswith(matters))


def _true(view: View, faults: Faults) -> Iterator[Notice]:
    """Yield whatever there is to tell now, whether or not it was told before.

    Without readable settings that is nothing, for they say whom to tell.
    """
    if view.fleet.environment is None:
        return
    nothing: tuple[Notice, ...] = ()
    for holding in view.fleet.holdings:
        name = holding.endpoint_name
        yield from faults.around(name, partial(_of_lease, view, holding), nothing)
    for name, entry in view.record.entries.items():
        yield from faults.around(name, partial(_of_life, view, name, entry), nothing)
    yield from blocked(view, faults)


def _of_lease(view: View, holding: Holding) -> tuple[Notice, ...]:
    settings = view.fleet.require_settings()
    return (*expiring(view, settings, holding), *idle(view, holding))


def _of_life(view: View, name: EndpointName, entry: Entry) -> tuple[Notice, ...]:
    return tuple(
        notice for rule in (started, stopped, failed, refused) for notice in rule(view, name, entry)
    )


def _relevant(
    entry: Entry, item: Holding | Broken | None, actions: Sequence[Action]
) -> Iterator[str]:
    """Yield the keys of an entry, or how they begin, that may still be true."""
    match item:
        case Holding(lease=Lease() as lease):
            yield f"{Kind.EXPIRING}:{stamp(lease.expires_at)}"
        case Broken():
            yield Kind.EXPIRING  # nobody can tell what its lease is
    lives = (life_key(kind, entry) for kind in (Kind.STARTED, Kind.STOPPED))
    yield from filter(None, (*lives, failure_key(entry), refused_key(entry)))
    goes_on = entry.phase is not Phase.ABSENT or any(a.verb is Verb.CREATE for a in actions)
    if entry.failures and goes_on:
        yield CAPACITY_KEY
    if entry.held:
        yield Kind.BLOCKED  # also while nobody can look whether it still is
    for action in actions:
        if action.verb is Verb.IDLE:
            yield Kind.IDLE
        elif is_blocked(action, entry):
            yield blocked_key(action)


def _known(record: Record, endpoint_name: EndpointName) -> frozenset[str]:
    entry = record.entry(endpoint_name)
    return entry.notices if entry else frozenset()


def _taken(record: Record, notice: Notice) -> frozenset[str]:
    """Name the targets that took a notice already, for every endpoint that it is about."""
    start = f"{notice.key}{_TAKEN_BY}"
    targets = [
        {key.removeprefix(start) for key in _known(record, name) if key.startswith(start)}
        for name in notice.settles
    ]
    return frozenset(set.intersection(*targets))


def _bare(key: str) -> str:
    return key.partition(_TAKEN_BY)[0]


def _with(record: Record, changed: Mapping[EndpointName, Entry | None]) -> Record:
    return record.with_entries(changed) if changed else record
