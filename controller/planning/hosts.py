"""What endpoints run on: instance types from their config, and how many from SageMaker. Pure.

    the instance types of an endpoint are known from  which costs
    ------------------------------------------------  ----------------------------
    its record, on the config that it has             nothing
    its definition, where that wants this config      nothing
    its config, which somebody looks at               a call, a few with each tick

A type that nobody knows is no reason to do or to leave anything: what it costs is unknown then.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from controller.planning.config_looks import ConfigLook, ConfigLooks, ConfigQuestion
from controller.planning.desired import VARIANT, has_config
from controller.planning.existing_config import SERVERLESS, ConfigSeen, Hosting
from controller.planning.findings import Findings
from controller.planning.observed import Capacity, Observed, by_name
from ledger.faults import Faults
from ledger.holdings import Fleet, Holding
from ledger.hosts import Host, Hosts, Usage, together
from ledger.observed import Entry, Record

if TYPE_CHECKING:
    from ledger.names import EndpointName

MOST_LOOKS = 5  # with each tick
_AGAIN = timedelta(hours=1)  # until what could not be read is looked at again
_Hostings = Mapping[str, Hosting]  # by variant


def hosts_of_config(seen: ConfigSeen | None, *, is_async: bool) -> Hosts | None:
    """Return what an endpoint begins with on a config; None where nobody knows."""
    if seen is None or seen.made_at is None:
        return None
    return _first(seen.hosting, Usage.of(is_async=is_async))


def hosts_due(
    fleet: Fleet,
    observed: Iterable[Observed],
    record: Record,
    known: ConfigLooks,
    now: datetime,
) -> tuple[ConfigQuestion, ...]:
    """Return the configs to look at for what runs on unknown instances."""
    holdings = {each.endpoint_name: each for each in fleet.holdings}
    due = []
    for item in observed:
        look = known.get(item.endpoint_name)
        if _is_fresh(look, item, now) or not _is_unknown(item, record.entry(item.endpoint_name)):
            continue
        if item.config_name and not _wants(fleet, holdings.get(item.endpoint_name), item):
            due.append(ConfigQuestion(item.endpoint_name, item.config_name))
    return tuple(due[:MOST_LOOKS])


def hosting_looks(
    before: ConfigLooks,
    found: Mapping[ConfigQuestion, ConfigSeen],
    observed: Iterable[Observed],
    now: datetime,
) -> ConfigLooks:
    """Return what is known of the configs that were looked at for their instances."""
    there = by_name(observed)
    kept = {
        name: look
        for name, look in before.items()
        if (item := there.get(name)) and _is_fresh(look, item, now)
    }
    for question, seen in found.items():
        name = question.endpoint_name
        if name in there:
            kept[name] = ConfigLook(now, seen, there[name].modified_at)
    return kept


def with_hosts(
    record: Record, fleet: Fleet, findings: Findings, observed: Iterable[Observed]
) -> Record:
    """Return the record with what each endpoint runs on, as far as somebody knows."""
    holdings = {each.endpoint_name: each for each in fleet.holdings}
    changed: dict[EndpointName, Entry | None] = {}
    for item in observed:
        name = item.endpoint_name
        entry, holding = record.entry(name), holdings.get(name)
        if entry is None or not item.phase.is_billed:
            continue
        ask = partial(_hosts, item, entry, fleet, holding, _seen(findings, item))
        hosts = Faults().around(name, ask, entry.hosts)
        if hosts != entry.hosts:
            changed[name] = replace(entry, hosts=hosts)
    return record.with_entries(changed) if changed else record


def _seen(findings: Findings, item: Observed) -> ConfigSeen | None:
    """Return the config that an endpoint runs on, if it was made before the endpoint took it."""
    for looks in (findings.hostings, findings.configs):
        seen = looks.get(item.endpoint_name)
        if seen and seen.name == item.config_name and _is_before(seen.made_at, item.modified_at):
            return seen
    return None


def _is_before(made_at: datetime | None, moment: datetime) -> bool:
    return made_at is not None and made_at <= moment


def _is_fresh(look: ConfigLook | None, item: Observed, now: datetime) -> bool:
    """Tell whether another look would find nothing new."""
    if look is None or look.seen.name != item.config_name:
        return False
    if look.seen.made_at is None:
        return now - look.at < _AGAIN
    return look.modified_at == item.modified_at


def _is_unknown(item: Observed, entry: Entry | None) -> bool:
    """Tell whether the instance types have to be looked up."""
    if not item.phase.is_billed or _is_told(item):
        return False
    return entry is None or entry.hosts is None or len(_types(entry.hosts)) > 1


def _is_told(item: Observed) -> bool:
    """Tell whether SageMaker itself says all of it."""
    return bool(item.capacities) and all(
        each.pools or each.is_serverless for each in item.capacities
    )


def _wants(fleet: Fleet, holding: Holding | None, item: Observed) -> bool:
    settings = fleet.environment
    if holding is None or settings is None:
        return False
    ask = partial(has_config, item.config_name, holding, settings)
    return Faults().around(item.endpoint_name, ask, otherwise=False)


def _hosts(
    item: Observed,
    entry: Entry,
    fleet: Fleet,
    holding: Holding | None,
    seen: ConfigSeen | None,
) -> Hosts | None:
    if _is_told(item):
        return _counted(item, {})
    if seen:
        return _counted(item, {each.variant: each for each in seen.hosting})
    if entry.hosts is not None:
        return _recounted(item, entry.hosts)
    if holding and _wants(fleet, holding, item):
        return _counted(item, {VARIANT: _wanted(holding)})
    return None


def _wanted(holding: Holding) -> Hosting:
    definition = holding.definition
    kinds = (*filter(None, [definition.instance_type]), *definition.instance_pools)
    count = definition.instance_count
    return Hosting(VARIANT, kinds, count, count)


def _recounted(item: Observed, hosts: Hosts) -> Hosts:
    """Count anew where one type is all there is; else the record stands until somebody looks."""
    if not item.capacities or len(_types(hosts)) != 1:
        return hosts
    (kind,) = _types(hosts)
    hosting = {each.variant: Hosting(each.variant, (kind,), 0) for each in item.capacities}
    return _counted(item, hosting) or hosts


def _counted(item: Observed, hostings: _Hostings) -> Hosts | None:
    """Count what SageMaker says; while it starts, what it starts with. None: nobody knows."""
    usage = Usage.of(is_async=item.is_async)
    if not item.capacities:
        return _first(hostings.values(), usage)
    found: list[Host] = []
    for each in item.capacities:
        if each.is_serverless:
            continue
        if each.pools:
            found += _pooled(each, usage)
            continue
        kinds = hostings[each.variant].instance_types if each.variant in hostings else ()
        if not kinds or each.count is None:
            return None
        found.append(Host(kinds[0], each.count, usage))
    return together(found)


def _pooled(capacity: Capacity, usage: Usage) -> list[Host]:
    """Return the pools that have instances; where none has, the first is at zero."""
    used = [Host(kind, count, usage) for kind, count in capacity.pools if count]
    return used or [Host(capacity.pools[0][0], 0, usage)]


def _first(hostings: Iterable[Hosting], usage: Usage) -> Hosts:
    return together(
        Host(each.instance_types[0], each.first_instances, usage)
        for each in hostings
        if each.instance_types and each.instance_types[0] != SERVERLESS
    )


def _types(hosts: Hosts) -> frozenset[str]:
    return frozenset(each.instance_type for each in hosts)
