"""How the record goes on: what a tick sees, and what it did. Pure.

A tick begins with `refreshed`, and ends with `acted` and `settled` when its plan was carried out.
What SageMaker says always wins over what an entry says.
"""

from collections.abc import Collection, Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial

from controller.memory.observation import entry_of, entry_without
from controller.memory.outcome import entry_after
from controller.planning.action import Action, Plan, Verb
from controller.planning.existing_config import drift
from controller.planning.findings import Findings, Scales
from controller.planning.observed import Observed
from controller.planning.ownership import Owner
from controller.planning.scaling_policy import ours
from ledger.faults import Faults
from ledger.holdings import Fleet
from ledger.instants import whole_second
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from ledger.phases import ABSENT, Phase

# A start goes on in these: what failed, or is deleted for it, is tried again.
_STARTS = frozenset({Phase.STARTING, Phase.FAILED, Phase.ENDING})
# What is planned while a start goes on; a credit that is held back or reported may still come.
_GOES_ON = {
    Phase.ABSENT: frozenset({Verb.CREATE}),
    Phase.SERVING: frozenset({Verb.CREDIT, Verb.HOLD, Verb.REPORT, Verb.WAIT}),
}


def refreshed(  # noqa: PLR0913  (the last two are what a real tick has besides)
    record: Record,
    fleet: Fleet,
    observed: Iterable[Observed],
    now: datetime,
    faults: Faults | None = None,
    *,
    committed_at: datetime | None = None,
) -> Record:
    """Return the record brought up to what is there now; the entry of a fault stays as it was.

    The fleet was committed at `committed_at`, so none of its leases was set later.
    """
    faults, set_at = faults or Faults(), whole_second(min(now, committed_at or now))
    holdings = {item.endpoint_name: item for item in fleet.holdings}
    owner = Owner.of(fleet, fleet.require_settings(), record)
    there: dict[EndpointName, Entry | None] = {}
    for item in observed:
        holding = holdings.get(item.endpoint_name)
        name = holding.endpoint_name if holding else item.endpoint_name
        if item.unread:  # it is there, and no more is known than before
            there[name] = record.entry(name)
            continue
        do = partial(entry_of, record, owner, holding, item, (now, set_at))
        there[name] = faults.around(name, do, record.entry(name))
    for name, entry in record.entries.items():
        if name not in there:
            gone = partial(entry_without, entry, holdings.get(name), now, set_at)
            there[name] = faults.around(name, gone, entry)
    return _with_suspensions(record.with_entries(there), fleet, now, faults)


def scaled(record: Record, scales: Scales) -> Record:
    """Return the record with a note of which endpoints have scaling of ours."""
    changed = {
        name: replace(entry, scaled=ours(scale) is not None)
        for name, scale in scales.items()
        if (entry := record.entry(name)) and entry.scaled != (ours(scale) is not None)
    }
    return record.with_entries(changed) if changed else record


def noted(
    record: Record,
    findings: Findings,
    observed: Iterable[Observed],
    faults: Faults | None = None,
) -> Record:
    """Return the record with what was found out of its endpoints besides."""
    faults = faults or Faults()
    record = scaled(record, findings.scales)
    looks = {there.endpoint_name: partial(_noted, record, findings, there) for there in observed}
    found = {name: faults.around(name, look, None) for name, look in looks.items()}
    changed = {name: entry for name, entry in found.items() if entry}
    return record.with_entries(changed) if changed else record


def _noted(record: Record, findings: Findings, there: Observed) -> Entry | None:
    """Return the entry with the version of the config that an endpoint runs on, where it is new."""
    seen, entry = findings.configs.get(there.endpoint_name), record.entry(there.endpoint_name)
    if seen is None or entry is None or there.config_name != seen.name:
        return None
    if there.phase is not Phase.SERVING:
        return None  # it may be taking another one of that name
    if (entry.config_version or "").startswith(f"{seen.name}@") or not seen.version:
        return None
    if drift(seen, there.modified_at, None):
        return None
    return replace(entry, config_version=seen.version)


def acted(
    record: Record,
    done: Iterable[Action],
    now: datetime,
    faults: Faults | None = None,
    *,
    clock_is_right: bool = True,
) -> Record:
    """Return the record with what was done: SageMaker has accepted it, and nobody has seen it yet.

    The begin of a start is noted by this machine's clock only while that is right; else the next
    tick takes SageMaker's own time.
    """
    faults = faults or Faults()
    changed = {
        name: faults.around(name, partial(entry_after, record, action, now), None)
        for action in done
        if (name := action.endpoint_name)
    }
    if not clock_is_right:
        for name, entry in changed.items():
            before = record.entry(name)
            since = before.starting_since if before else None
            changed[name] = replace(entry, starting_since=since) if entry else None
    return record.with_entries({name: entry for name, entry in changed.items() if entry})


def settled(record: Record, plan: Plan, faults: Faults | None = None) -> Record:
    """End the starts that are over: no credit is to come, or it is not wanted any more."""
    faults = faults or Faults()
    return record.with_entries(
        {
            name: faults.around(name, partial(_settled, entry, name, plan), entry)
            for name, entry in record.entries.items()
            if entry.starting_since or entry.failures
        }
    )


def _settled(entry: Entry, name: EndpointName, plan: Plan) -> Entry:
    if entry.phase in _STARTS:
        return entry
    action = plan.action_for(name)
    if action is not None and action.verb in _GOES_ON.get(entry.phase, ()):
        return entry
    failures = 0 if entry.phase is Phase.ABSENT else entry.failures
    return replace(entry, starting_since=None, starting_lease=None, failures=failures)


def forgotten(record: Record, plan: Plan, untold: Collection[EndpointName]) -> Record:
    """Drop the endpoints that are gone and have no definition, unless a notice is still to come."""
    gone = {
        name: None
        for name, entry in record.entries.items()
        if entry.phase is Phase.ABSENT and name not in untold and plan.action_for(name) is None
    }
    return record.with_entries(gone) if gone else record


def _with_suspensions(record: Record, fleet: Fleet, now: datetime, faults: Faults) -> Record:
    changed = {}
    for holding in fleet.holdings:
        suspended, name = holding.definition.suspended, holding.endpoint_name
        if suspended is None:
            holds = False
        else:
            holds = faults.around(name, partial(suspended.holds, now), otherwise=True)
        entry = record.entry(name)
        if holds and (entry is None or entry.suspended_since is None):
            entry = entry or Entry(holding.name, ABSENT, whole_second(now))
            changed[name] = replace(entry, suspended_since=whole_second(now))
        elif not holds and entry is not None and entry.suspended_since is not None:
            changed[name] = replace(entry, suspended_since=None)
    return record.with_entries(changed)
