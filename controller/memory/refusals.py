"""What AWS refused, as the record keeps it; `planning.refusals` says what follows. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import partial

from controller.planning.action import Action, Plan
from controller.planning.refusals import is_refusal, request_mark
from ledger.faults import Faults
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from ledger.phases import ABSENT


def refused(
    record: Record,
    plan: Plan,
    said: Iterable[tuple[Action, str]],
    now: datetime,
    faults: Faults | None = None,
) -> Record:
    """Return the record with what AWS refused now, and without what is not wanted any more."""
    faults = faults or Faults()
    changed: dict[EndpointName, Entry | None] = {
        name: faults.around(name, partial(_wanted, entry, name, plan), entry)
        for name, entry in record.entries.items()
        if entry.refused
    }
    for action, sentence in said:
        if name := action.endpoint_name:
            entry = faults.around(name, partial(_refused, record, action, sentence, now), None)
            changed |= {name: entry} if entry else {}
    return record.with_entries(changed) if changed else record


def held(record: Record, said: Iterable[tuple[Action, str]]) -> Record:
    """Return the record with the ends that AWS refused for what is on an endpoint.

    The next tick looks what that is.
    """
    changed = {
        name: replace(entry, held=" ".join(sentence.split()))
        for action, sentence in said
        if (name := action.endpoint_name) and (entry := record.entry(name))
    }
    return record.with_entries(changed) if changed else record


def _wanted(entry: Entry, name: EndpointName, plan: Plan) -> Entry:
    return entry if is_refusal(plan.action_for(name), entry) else without_refusal(entry)


def _refused(record: Record, action: Action, sentence: str, now: datetime) -> Entry | None:
    name, mark, at = action.endpoint_name, request_mark(action), now.replace(microsecond=0)
    if name is None or not mark:
        return None
    entry = record.entry(name) or Entry(action.name, ABSENT, at)
    again = entry.refusals if entry.refused_config == mark else 0
    return replace(
        entry,
        refused=" ".join(sentence.split()),
        refused_at=at,
        refused_config=mark,
        refusals=again + 1,
    )


def without_refusal(entry: Entry) -> Entry:
    return replace(entry, refused=None, refused_at=None, refused_config=None, refusals=0)
