"""How one endpoint's entry follows what SageMaker and the ledger say of it now. Pure.

What SageMaker says always wins over what the entry says.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from controller.planning.desired import definition_tags
from controller.planning.observed import Observed, lacks_capacity
from controller.planning.ownership import Owner
from ledger.holdings import Holding
from ledger.instants import in_utc, whole_second
from ledger.observed import Entry, Record
from ledger.phases import ABSENT, Phase, follows, phase_of
from ledger.tags import LEASE_TAG, NAME_TAG

_FOUND = "seen in SageMaker"


def entry_of(
    record: Record,
    owner: Owner,
    holding: Holding | None,
    item: Observed,
    moments: tuple[datetime, datetime],
) -> Entry:
    """Return the entry of an endpoint that is there.

    `moments` are now, and the latest instant at which its lease can have been set.
    """
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


def entry_without(entry: Entry, holding: Holding | None, now: datetime, set_at: datetime) -> Entry:
    """Return the entry of an endpoint that is not there any more."""
    return _with_documents(_moved(entry, ABSENT, now), holding, now, set_at)


def _first(record: Record, item: Observed, holding: Holding | None, now: datetime) -> Entry:
    """Begin an entry. A start that no tick saw counts too, unless nothing was ever recorded."""
    name = holding.name if holding else item.endpoint_name
    entry = Entry(
        name, item.status, whole_second(item.modified_at), _FOUND, config=item.config_name
    )
    if record.is_new or holding is None or item.created_at is None:
        return entry
    most = timedelta(minutes=2 * holding.definition.schedule.max_creating_minutes)
    young = now - item.created_at <= most
    return replace(entry, starting_since=whole_second(item.created_at)) if young else entry


def _seen(entry: Entry, item: Observed, now: datetime) -> Entry:
    was_busy = entry.phase.is_busy
    entry = _moved(entry, item.status, now, item)
    created_at = whole_second(item.created_at) if item.created_at else None
    if created_at != entry.created_at:
        same = entry.created_at is None
        entry = replace(
            entry, created_at=created_at, config_version=entry.config_version if same else None
        )
        entry = entry if same else replace(entry, hosts=None)
    if item.phase is Phase.STARTING and entry.starting_since is None:
        entry = replace(entry, starting_since=entry.created_at or whole_second(now))
    if item.config_name and item.config_name != entry.config:
        entry = replace(entry, config=item.config_name, previous_config=entry.config, hosts=None)
    return _with_resize(_with_update(entry, item), item, was_busy=was_busy)


def _moved(entry: Entry, status: str, now: datetime, item: Observed | None = None) -> Entry:
    """Follow the status, with the moment that SageMaker gives for it and the cause."""
    if status == entry.status:
        return entry
    phase = phase_of(status)
    cause = entry.cause if follows(entry.status, status) else _FOUND
    since, failures = whole_second(now), entry.failures
    if item and entry.since < item.modified_at <= now:
        since = whole_second(item.modified_at)
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
    renewed_at = whole_second(now) if before and ends > before else entry.renewed_at
    return replace(entry, lease_end=ends, lease_set_at=set_at, renewed_at=renewed_at)


def lease_of(item: Observed) -> datetime | None:
    """Read from its tag when the lease ended that it was started under."""
    return read_lease_tag((item.tags or {}).get(LEASE_TAG, ""))


def read_lease_tag(mark: str) -> datetime | None:
    """Read the mark of a lease; what is none, such as that of an endpoint without one, is None."""
    try:
        return in_utc(datetime.strptime(mark, "%Y-%m-%dT%H:%M:%S%z"))
    except ValueError:
        return None
