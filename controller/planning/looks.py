"""Which looks at AWS a tick takes besides the list of endpoints. Pure.

Calls are limited and metrics cost money, so AWS is asked only what could change the plan:

    look at    is taken of
    ---------  -----------------------------------------------------------------------------
    scaling    what serves and wants autoscaling, or had some of ours when it was seen last, or
               has another number of instances than its definition says
    use        what serves, if it has been quiet for its idle_minutes, or has less of its lease
               left than half of its extend_while_active_minutes
    config     of somebody else, as `config_looks` says; and of what runs on unknown instances,
               as `hosts` says
    leftovers  the environment, unless nothing has moved since there were none
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from types import MappingProxyType

from controller.planning.components import HostedAt
from controller.planning.config_looks import ConfigLooks, ConfigQuestion, configs_due
from controller.planning.hosts import hosts_due
from controller.planning.idleness import Use, may_be_idle
from controller.planning.observed import Observed, by_name
from ledger.documents import ExistingConfig
from ledger.faults import Faults
from ledger.holdings import Fleet, Holding
from ledger.names import EndpointName
from ledger.observed import Record
from ledger.phases import Phase


@dataclass(frozen=True, slots=True)
class Question:
    """Whether an endpoint was used in the last `minutes`; its name as SageMaker spells it."""

    endpoint_name: EndpointName
    variants: tuple[str, ...]
    is_async: bool
    minutes: int


@dataclass(frozen=True, slots=True)
class CollectionInputs:
    """All that leftovers depend on: as long as it stays the same, they do."""

    fleet: Fleet
    configs: tuple[tuple[EndpointName, str, str | None, str | None], ...]


@dataclass(frozen=True, slots=True)
class Remembered:
    """What earlier looks of this process found. It only saves calls, and may be empty."""

    last_used: Mapping[EndpointName, datetime] = field(default_factory=lambda: MappingProxyType({}))
    none_left: CollectionInputs | None = None  # those by which nothing was to be collected
    configs: ConfigLooks = field(default_factory=lambda: MappingProxyType({}))
    hosted: HostedAt = field(default_factory=lambda: MappingProxyType({}))
    hostings: ConfigLooks = field(default_factory=lambda: MappingProxyType({}))


@dataclass(frozen=True, slots=True)
class Looks:
    """What to look at."""

    scaling: tuple[Observed, ...]
    uses: tuple[Question, ...]
    leftovers: bool
    configs: tuple[ConfigQuestion, ...] = ()
    hostings: tuple[ConfigQuestion, ...] = ()
    troubles: tuple[str, ...] = ()  # what went wrong with single endpoints


def looks_due(
    fleet: Fleet,
    observed: Collection[Observed],
    record: Record,
    remembered: Remembered,
    now: datetime,
) -> Looks:
    """Return the looks that could change the plan; none is taken of an endpoint with a fault."""
    faults = Faults()
    scaling: list[Observed] = []
    uses: list[Question] = []
    for holding, seen in _serving(fleet, observed):
        name = holding.endpoint_name
        has_scaling = partial(_has_scaling, holding, seen, record)
        if faults.around(name, has_scaling, otherwise=False):
            scaling.append(seen)
        ask = partial(_question, holding, seen, remembered.last_used, now)
        if question := faults.around(name, ask, None):
            uses.append(question)
    return Looks(
        tuple(scaling),
        tuple(uses),
        not record.is_new and remembered.none_left != collection_inputs(fleet, observed),
        configs_due(fleet, observed, record, remembered.configs, now),
        hosts_due(fleet, observed, record, {**remembered.hostings, **remembered.configs}, now),
        tuple(faults.sentences),
    )


def collection_inputs(fleet: Fleet, observed: Collection[Observed]) -> CollectionInputs:
    """Return all that leftovers depend on."""
    return CollectionInputs(
        fleet,
        tuple(
            (item.endpoint_name, item.status, item.config_name, item.pending_config)
            for item in observed
        ),
    )


def last_uses(
    before: Mapping[EndpointName, datetime],
    uses: Mapping[EndpointName, Use],
    fleet: Fleet,
    observed: Collection[Observed],
) -> Mapping[EndpointName, datetime]:
    """Return when what serves was used last, with what was just found out."""
    serving = {seen.endpoint_name for _, seen in _serving(fleet, observed)}
    used = {name: use.last_used_at for name, use in uses.items() if use.last_used_at}
    return {name: at for name, at in before.items() if name in serving} | used


def _serving(fleet: Fleet, observed: Collection[Observed]) -> Iterator[tuple[Holding, Observed]]:
    there = by_name(observed)
    for holding in fleet.holdings:
        seen = there.get(holding.endpoint_name)
        if seen and seen.phase is Phase.SERVING and not seen.unread:
            yield holding, seen


def _has_scaling(holding: Holding, seen: Observed, record: Record) -> bool:
    """Tell whether it wants scaling, or has or had some that may have to go."""
    entry, definition = record.entry(holding.endpoint_name), holding.definition
    if definition.autoscaling is not None or (entry is not None and entry.scaled):
        return True
    moved = seen.count not in {None, definition.instance_count}
    return moved and not isinstance(definition.source, ExistingConfig)


def _question(
    holding: Holding,
    seen: Observed,
    last_used: Mapping[EndpointName, datetime],
    now: datetime,
) -> Question | None:
    used_at = last_used.get(seen.endpoint_name, seen.modified_at)
    minutes = tuple(_looks_back(holding, max(seen.modified_at, used_at), now))
    if not minutes:
        return None
    is_async = holding.definition.async_inference is not None
    return Question(seen.endpoint_name, seen.variants, is_async, max(minutes))


def _looks_back(holding: Holding, quiet_since: datetime, now: datetime) -> Iterator[int]:
    """Yield how many minutes back an answer could change something."""
    schedule, lease = holding.definition.schedule, holding.lease
    if schedule.idle_minutes and may_be_idle(quiet_since, schedule.idle_minutes, now):
        yield schedule.idle_minutes
    if active := schedule.extend_while_active_minutes:
        ends = lease.expires_at if lease else now
        if ends - now < timedelta(minutes=active) / 2:
            yield active
