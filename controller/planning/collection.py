"""Which endpoint configs and models are left over, and may be deleted. Pure.

`artifacts` lists them by our tags and deletes what is named here; the planner makes actions of it.

    config or model of ours          collected when
    -------------------------------  -----------------------------------------------------------
    named by no digest               never: somebody else's hand made it
    of a definition                  no definition wants it, its endpoint neither uses it nor did
                                     before its last change, and is absent or quietly in service
    of a broken or suspended one     never, while it is
    of a definition that is gone     its endpoint is gone too
    a model                          besides, no config of its name is left
    any                              besides, no endpoint of the account uses it (`unused`)

Nothing is collected without readable settings or without a record. What was collected wrongly is
made again from its definition, but an endpoint that still uses it could not be updated before.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter
from typing import Literal

from controller.memory.record import Record
from controller.planning.observed import Observed
from ledger.holdings import Fleet, Holding
from ledger.tags import NAME_TAG

_CONTENT_NAME = re.compile(r".+-[0-9a-f]{10}")


@dataclass(frozen=True, slots=True)
class Artifact:
    """An endpoint config or model with our tags. `name` is in lower case, as its ARN has it."""

    kind: Literal["endpoint-config", "model"]
    name: str
    owner_name: str
    arn: str


def names_content(name: str) -> bool:
    """Tell whether a config or model is named for what it holds, as ours are."""
    return _CONTENT_NAME.fullmatch(name) is not None


def collectible(
    artifacts: Collection[Artifact],
    fleet: Fleet,
    observed: Collection[Observed],
    record: Record,
    targets: Mapping[str, str],
) -> tuple[Artifact, ...]:
    """Choose candidates, configs first. `targets` is the wanted config of each definition."""
    if fleet.environment is None or record.is_new:
        return ()
    kept = {name.lower() for name in _kept(fleet, observed, record, targets)}
    closed = set(_closed(fleet, observed, record, targets))
    defined = {item.name.lower() for item in fleet.items}
    still_there = {(item.tags or {}).get(NAME_TAG, "").lower() for item in observed}
    configs = {item.name for item in artifacts if item.kind == "endpoint-config"}

    def is_left_over(item: Artifact) -> bool:
        owner = item.owner_name.lower()
        is_open = owner not in closed if owner in defined else owner not in still_there
        has_config = item.kind == "model" and item.name in configs
        ours = bool(owner) and names_content(item.name)
        return ours and is_open and item.name not in kept and not has_config

    return tuple(sorted(filter(is_left_over, artifacts), key=attrgetter("kind", "name")))


def unused(candidates: Iterable[Artifact], in_use: Collection[str]) -> tuple[Artifact, ...]:
    """Leave out what some endpoint of the account uses; `in_use` has names in lower case."""
    return tuple(item for item in candidates if item.name not in in_use)


def _kept(
    fleet: Fleet, observed: Iterable[Observed], record: Record, targets: Mapping[str, str]
) -> Iterator[str]:
    """Name the configs that are wanted, used, or the way back from the last change."""
    yield from targets.values()
    alive = {item.endpoint_name.lower() for item in fleet.items}
    for there in observed:
        alive.add(there.endpoint_name.lower())
        yield from filter(None, (there.config_name, there.pending_config))
    for endpoint_name, entry in record.entries.items():
        if endpoint_name.lower() in alive:
            yield from filter(None, (entry.config, entry.previous_config))


def _closed(
    fleet: Fleet, observed: Iterable[Observed], record: Record, targets: Mapping[str, str]
) -> Iterator[str]:
    """Name the definitions of which nothing may be touched now."""
    there = {item.endpoint_name.lower(): item for item in observed}
    yield from (item.name.lower() for item in fleet.broken)
    for holding in fleet.holdings:
        found = there.get(holding.endpoint_name.lower())
        known = record.entry(holding.endpoint_name) is not None
        quiet = found is None or (known and _is_quiet(found))
        if not quiet or _is_suspended(holding) or holding.name not in targets:
            yield holding.name.lower()


def _is_quiet(there: Observed) -> bool:
    """Tell whether it runs on one config only: any other status has another in it, or may have."""
    return there.status == "InService" and there.pending_config in (None, there.config_name)


def _is_suspended(holding: Holding) -> bool:
    """Also one that is over: what it held back comes first."""
    return holding.definition.suspended is not None
