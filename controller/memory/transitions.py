"""How the record goes on: what a tick sees, and what it did. Pure.

A tick begins with `sighted`, and ends with `acted` and `settled` when its plan was carried out.
What SageMaker says always wins over what an entry says.
"""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from controller.memory.refusals import without_refusal
from controller.planning.action import Action, Plan, Verb
from controller.planning.desired import Desired, definition_tags
from controller.planning.existing_config import drift
from controller.planning.findings import Findings, Scales
from controller.planning.observed import Observed, lacks_capacity
from controller.planning.ownership import Owner
from controller.planning.scaling_policy import ours
from ledger.faults import Faults
from ledger.holdings import Fleet, Holding
from ledger.hosts import describe
from ledger.instants import in_utc
from ledger.names import EndpointName
from ledger.observed import Entry, Record
from ledger.phases import ABSENT, Phase, follows, phase_of
from ledger.refusal_log import Kept, refusal_line
from ledger.tags import LEASE_TAG, NAME_TAG

# A start goes on in these: what failed, or is deleted for it, is tried again.
_STARTS = frozenset({Phase.STARTING, Phase.FAILED, Phase.ENDING})
# What is planned while a start goes on; a credit that is held back or reported may still come.
_GOES_ON = {
    Phase.ABSENT: frozenset({Verb.CREATE}),
    Phase.SERVING: frozenset({Verb.CREDIT, Verb.HOLD, Verb.REPORT, Verb.WAIT}),
}
_FOUND = "seen in SageMaker"


def sighted(  # noqa: PLR0913  (the last two are what a real tick has besides)
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
    faults, set_at = faults or Faults(), _whole(min(now, committed_at or now))
    holdings = {item.endpoint_name: item for item in fleet.holdings}
    owner = Owner.of(fleet, fleet.require_settings(), record)
    there: dict[EndpointName, Entry | None] = {}
    for item in observed:
        holding = holdings.get(item.endpoint_name)
        name = holding.endpoint_name if holding else item.endpoint_name
        if item.unread:  # it is there, and no more is known than before
            there[name] = record.entry(name)
            continue
        do = partial(_with_sight, record, owner, holding, item, (now, set_at))
        there[name] = faults.around(name, do, record.entry(name))
    for name, entry in record.entries.items():
        if name not in there:
            gone = partial(_without_sight, entry, holdings.get(name), now, set_at)
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
        name: faults.around(name, partial(_after, record, action, now), None)
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


def news(before: Record, after: Record) -> Iterator[str]:
    """Yield what moved, a line for each endpoint."""
    for name in after.moved(before):
        was, entry = before.entry(name), after.entry(name)
        said = entry.refused if entry and (was is None or was.refusals != entry.refusals) else None
        if entry is None:
            yield f"{name}: forgotten, it is gone and defined nowhere"
        elif was is None or was.status != entry.status:
            path = f"{was.status} -> {entry.status}" if was else entry.status
            refused = said and refusal_line(name, path, Kept.REFUSED, said)
            yield refused or f"{name}: {path} ({entry.cause})"
        elif said:
            yield refusal_line(name, entry.status, Kept.REFUSED, said)
        elif entry.held and was.held != entry.held:
            yield refusal_line(name, entry.status, Kept.HELD, entry.held)
        else:
            yield f"{name}: {_news_of(was, entry)}"


def _news_of(was: Entry, entry: Entry) -> str:
    """Say what moved of an endpoint whose status stays."""
    if was.config != entry.config:
        return f"{entry.status} on {entry.config}"
    if was.hosts != entry.hosts:
        runs_on = describe(entry.hosts) if entry.hosts is not None else "instances unknown"
        return f"{entry.status} with {runs_on}"
    if was.tag_keys != entry.tag_keys:
        return f"its definition sets {', '.join(sorted(entry.tag_keys)) or 'no tag'}"
    if entry.update_failure and was.update_failure != entry.update_failure:
        return f"the update to {entry.attempted_config} failed ({entry.update_failure})"
    if told := sorted(entry.notices - was.notices):
        return f"told {', '.join(told)}"
    return entry.status


def _with_sight(
    record: Record,
    owner: Owner,
    holding: Holding | None,
    item: Observed,
    moments: tuple[datetime, datetime],
) -> Entry:
    now, set_at = moments
    known = record.entry(holding.endpoint_name if holding else item.endpoint_name)
    entry = known or _first(record, item, holding, now)
    entry = _with_lease(_seen(entry, item, now), item, holding)
    foreign = not owner.owns(item.tags)
    entry = entry if entry.foreign == foreign else replace(entry, foreign=foreign)
    entry = _with_tags(entry, item, holding)
    # One that starts was noted by nobody yet, but its lease is no older than that.
    is_new = known is not None or entry.starting_since is not None
    return _with_documents(entry, holding, now, set_at if is_new else None)


def _without_sight(entry: Entry, holding: Holding | None, now: datetime, set_at: datetime) -> Entry:
    return _with_documents(_moved(entry, ABSENT, now), holding, now, set_at)


def _first(record: Record, item: Observed, holding: Holding | None, now: datetime) -> Entry:
    """Begin an entry. A start that no tick saw counts too, unless nothing was ever recorded."""
    name = holding.name if holding else item.endpoint_name
    entry = Entry(name, item.status, _whole(item.modified_at), _FOUND, config=item.config_name)
    if record.is_new or holding is None or item.created_at is None:
        return entry
    most = timedelta(minutes=2 * holding.definition.schedule.max_creating_minutes)
    young = now - item.created_at <= most
    return replace(entry, starting_since=_whole(item.created_at)) if young else entry


def _seen(entry: Entry, item: Observed, now: datetime) -> Entry:
    was_busy = entry.phase.is_busy
    entry = _moved(entry, item.status, now, item)
    created_at = _whole(item.created_at) if item.created_at else None
    if created_at != entry.created_at:
        same = entry.created_at is None
        entry = replace(
            entry, created_at=created_at, config_version=entry.config_version if same else None
        )
        entry = entry if same else replace(entry, hosts=None)
    if item.phase is Phase.STARTING and entry.starting_since is None:
        entry = replace(entry, starting_since=entry.created_at or _whole(now))
    if item.config_name and item.config_name != entry.config:
        entry = replace(entry, config=item.config_name, previous_config=entry.config, hosts=None)
    return _with_resize(_with_update(entry, item), item, was_busy=was_busy)


def _moved(entry: Entry, status: str, now: datetime, item: Observed | None = None) -> Entry:
    """Follow the status, with the moment that SageMaker gives for it and the cause."""
    if status == entry.status:
        return entry
    phase = phase_of(status)
    cause = entry.cause if follows(entry.status, status) else _FOUND
    since, failures = _whole(now), entry.failures
    if item and entry.since < item.modified_at <= now:
        since = _whole(item.modified_at)
    if item and phase is Phase.FAILED:
        cause = item.failure_reason or "no reason given"
        failures += lacks_capacity(cause)
    if (entry.phase, phase) == (Phase.STARTING, Phase.SERVING):
        failures = 0
    hosts = entry.hosts if phase.is_billed else None
    return replace(entry, status=status, since=since, cause=cause, failures=failures, hosts=hosts)


def _with_update(entry: Entry, item: Observed) -> Entry:
    """Follow an update: under way, arrived, or rolled back with a reason."""
    if item.pending_config and entry.attempted_config != item.pending_config:
        entry = replace(entry, config_version=None)  # somebody else updates it
    if item.pending_config and item.pending_config != item.config_name:
        return replace(entry, attempted_config=item.pending_config, update_failure=None)
    if item.phase.is_busy or entry.attempted_config is None:
        return entry
    if item.config_name == entry.attempted_config:
        return replace(entry, attempted_config=None, update_failure=None, failures=0)
    if item.failure_reason and item.failure_reason != entry.update_failure:
        failures = entry.failures + lacks_capacity(item.failure_reason)
        return replace(entry, update_failure=item.failure_reason, failures=failures)
    return entry


def _with_resize(entry: Entry, item: Observed, *, was_busy: bool) -> Entry:
    """Follow a change of capacity: it arrived, or the endpoint came back without it."""
    if not entry.attempted_count or item.phase.is_busy:
        return entry
    if item.count == entry.attempted_count:
        return replace(entry, attempted_count=0, failures=0)
    return replace(entry, failures=entry.failures + 1) if was_busy else entry


def _with_lease(entry: Entry, item: Observed, holding: Holding | None) -> Entry:
    """Keep the latest end that the lease had while it starts: a shorter one is somebody's will."""
    if entry.starting_since is None or holding is None or holding.lease is None:
        return entry
    ends = (holding.lease.expires_at, entry.starting_lease, lease_of(item))
    return replace(entry, starting_lease=max(end for end in ends if end))


def _with_tags(entry: Entry, item: Observed, holding: Holding | None) -> Entry:
    """Know the tags that its definition has set, so that they can go when it sets them no more.

    A tag that is neither wanted nor there is forgotten: whoever sets it later is somebody else.
    """
    if holding is None or item.tags is None or NAME_TAG not in item.tags:
        return entry
    wanted = definition_tags(holding.definition)
    known = {key for key in entry.tag_keys if key in wanted or key in item.tags}
    known |= {key for key, value in wanted.items() if item.tags.get(key) == value}
    return entry if known == entry.tag_keys else replace(entry, tag_keys=frozenset(known))


def _with_documents(
    entry: Entry, holding: Holding | None, now: datetime, set_at: datetime | None
) -> Entry:
    """Note whose the endpoint is, where it answers, and its lease; a renewal counts as use.

    A lease whose file is gone stays as it was: a lease ends by its end, or by a release.
    """
    if holding is None:
        return entry
    path = holding.api_resource_name
    if (entry.name, entry.api_resource_name) != (holding.name, path):
        entry = replace(entry, name=holding.name, api_resource_name=path)
    ends, before = holding.lease.expires_at if holding.lease else None, entry.lease_end
    if ends is None or ends == before:
        return entry
    renewed_at = _whole(now) if before and ends > before else entry.renewed_at
    return replace(entry, lease_end=ends, lease_set_at=set_at, renewed_at=renewed_at)


def lease_of(item: Observed) -> datetime | None:
    """Read from its tag when the lease ended that it was started under."""
    return _instant((item.tags or {}).get(LEASE_TAG, ""))


def _instant(mark: str) -> datetime | None:
    """Read the mark of a lease; what is none, such as that of an endpoint without one, is None."""
    try:
        return in_utc(datetime.strptime(mark, "%Y-%m-%dT%H:%M:%S%z"))
    except ValueError:
        return None


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
            entry = entry or Entry(holding.name, ABSENT, _whole(now))
            changed[name] = replace(entry, suspended_since=_whole(now))
        elif not holds and entry is not None and entry.suspended_since is not None:
            changed[name] = replace(entry, suspended_since=None)
    return record.with_entries(changed)


def _after(record: Record, action: Action, now: datetime) -> Entry | None:
    entry = record.entry(EndpointName(action.resource_name))
    entry = entry or Entry(action.name, ABSENT, _whole(now))
    moved = replace(
        without_refusal(entry),
        status=action.verb.begins or entry.status,
        since=_whole(now),
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
    lease_end = _instant(target.lease_tag) or entry.lease_end
    known = entry.lease_end == lease_end
    return replace(
        moved,
        foreign=False,
        lease_end=lease_end,
        lease_set_at=entry.lease_set_at if known else _whole(now),
        starting_since=entry.starting_since or _whole(now),
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


def _whole(moment: datetime) -> datetime:
    return moment.replace(microsecond=0)
