"""What AWS refused, as the record keeps it; `planning.refusals` says what follows. Pure."""

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from typing import TYPE_CHECKING

from controller.planning.action import Action, Plan
from controller.planning.refusals import is_refusal, request_mark
from ledger.observed import Entry, Record
from ledger.phases import ABSENT

if TYPE_CHECKING:
    from ledger.names import EndpointName


def refused(
    record: Record, plan: Plan, said: Iterable[tuple[Action, str]], now: datetime
) -> Record:
    """Return the record with what AWS refused now, and without what is not wanted any more."""
    changed: dict[EndpointName, Entry | None] = {
        name: without_refusal(entry)
        for name, entry in record.entries.items()
        if entry.refused and not is_refusal(plan.action_for(name), entry)
    }
    for action, sentence in said:
        if (name := action.endpoint_name) and (mark := request_mark(action)):
            entry = record.entry(name) or Entry(action.name, ABSENT, now.replace(microsecond=0))
            again = entry.refusals if entry.refused_config == mark else 0
            changed[name] = replace(
                entry,
                refused=" ".join(sentence.split()),
                refused_at=now.replace(microsecond=0),
                refused_config=mark,
                refusals=again + 1,
            )
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


def without_refusal(entry: Entry) -> Entry:
    return replace(entry, refused=None, refused_at=None, refused_config=None, refusals=0)
