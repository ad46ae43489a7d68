"""How one endpoint's entry goes on with what was done: SageMaker accepted it. Pure."""

from dataclasses import replace
from datetime import datetime

from controller.memory.observation import read_lease_tag
from controller.memory.refusals import without_refusal
from controller.planning.action import Action, Verb
from controller.planning.desired import Desired
from ledger.instants import whole_second
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from ledger.phases import ABSENT


def entry_after(record: Record, action: Action, now: datetime) -> Entry | None:
    """Return the entry that an action leaves; None where it leaves all as it was."""
    entry = record.entry(EndpointName(action.resource_name))
    entry = entry or Entry(action.name, ABSENT, whole_second(now))
    moved = replace(
        without_refusal(entry),
        status=action.verb.begins or entry.status,
        since=whole_second(now),
        cause=action.reason,
        hosts=None if action.verb is Verb.DELETE else entry.hosts,
    )
    match action.verb, action.target:
        case Verb.CREATE, Desired() as target:
            after: Entry | None = _created(entry, moved, target, now)
        case Verb.UPDATE, Desired() as target:
            after = replace(
                moved,
                attempted_config=target.config_name,
                attempted_count=0,
                config_version=target.config_version or entry.config_version,
                update_failure=None,
            )
        case Verb.RESIZE, Desired(count=int(count)):
            failures = entry.failures if count == entry.attempted_count else 0
            after = replace(moved, attempted_count=count, failures=failures)
        case Verb.DELETE, _:
            after = replace(moved, lease_end=None) if action.is_orphan else moved
        case (Verb.ADOPT | Verb.TAG) as verb, Desired() as target:
            kept = entry.tag_keys - target.dropped_tags if verb is Verb.TAG else frozenset()
            after = replace(entry, tag_keys=kept | target.tag_keys)
        case Verb.SCALE, scale:
            after = replace(entry, scaled=scale is not None)
        case Verb.CREDIT, _:
            after = replace(entry, starting_since=None, starting_lease=None)
        case _:
            after = None
    return after


def _created(entry: Entry, moved: Entry, target: Desired, now: datetime) -> Entry:
    same = entry.config == target.config_name
    lease_end = read_lease_tag(target.lease_tag) or entry.lease_end
    known = entry.lease_end == lease_end
    return replace(
        moved,
        foreign=False,
        lease_end=lease_end,
        lease_set_at=entry.lease_set_at if known else whole_second(now),
        starting_since=entry.starting_since or whole_second(now),
        attempted_config=None,
        attempted_count=0,
        update_failure=None,
        created_at=None,
        config=target.config_name,
        hosts=target.hosts,
        config_version=target.config_version,
        previous_config=entry.previous_config if same else entry.config,
        tag_keys=target.tag_keys,
    )
