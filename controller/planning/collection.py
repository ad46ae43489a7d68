"""Which endpoint configs and models are left over, and may be deleted. Pure.

    config or model of ours          collected when
    -------------------------------  -----------------------------------------------------------
    named by no digest               never: somebody made it by hand
    of a definition                  no definition wants it, its endpoint neither uses it nor did
                                     before its last change, and is absent or quietly in service
    of a broken or suspended one     never, while it is
    of a definition that is gone     its endpoint is gone too
    a model                          besides, no config of its name is left
    any                              besides, no endpoint of the account uses it (`unused`), also
                                     none that the list of endpoints leaves out (`doubt`)

Nothing is collected without readable settings, without a record, or while something cannot be read
that may be a definition. What was collected wrongly is
made again from its definition, but SageMaker cannot update an endpoint whose config is gone.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from operator import attrgetter

from controller.planning.artifact import Artifact, ResourceKind
from controller.planning.desired import content_stem
from controller.planning.observed import Observed, by_name
from ledger.holdings import Fleet, Holding
from ledger.names import EndpointName, Name
from ledger.observed import Entry, Record
from ledger.phases import Phase

_CONTENT_NAME = re.compile(r".+-[0-9a-f]{10}", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Served:
    """The configs and models that an endpoint uses now; or why that could not be read."""

    names: frozenset[Name] = frozenset()
    problem: str = ""


def names_content(name: str) -> bool:
    """Tell whether a config or model is named for what it holds, as ours are."""
    return _CONTENT_NAME.fullmatch(name) is not None


def collectible(
    artifacts: Collection[Artifact],
    fleet: Fleet,
    observed: Collection[Observed],
    record: Record,
    targets: Mapping[Name, str],
) -> tuple[Artifact, ...]:
    """Return the candidates, configs first. `targets` is the wanted config of each definition."""
    if fleet.environment is None or fleet.unreadable or record.is_new:
        return ()
    kept = set(map(Name, _kept(fleet, observed, record, targets)))
    closed = set(_closed(fleet, observed, record, targets))
    defined = {item.name for item in fleet.items}
    still_there = {item.definition_name for item in observed}
    configs = {item.name for item in artifacts if item.kind is ResourceKind.ENDPOINT_CONFIG}

    def is_left_over(item: Artifact) -> bool:
        owner = item.definition_name
        is_open = owner not in closed if owner in defined else owner not in still_there
        has_config = item.kind is ResourceKind.MODEL and item.name in configs
        ours = bool(owner) and names_content(item.name)
        return ours and is_open and item.name not in kept and not has_config

    return tuple(sorted(filter(is_left_over, artifacts), key=attrgetter("kind", "name")))


def unused(candidates: Iterable[Artifact], in_use: Collection[Name]) -> tuple[Artifact, ...]:
    """Return the candidates without what some endpoint of the account uses."""
    return tuple(item for item in candidates if item.name not in in_use)


def suspects(
    item: Artifact,
    fleet: Fleet,
    observed: Collection[Observed],
    record: Record,
    tagged: Mapping[EndpointName, Name],
) -> frozenset[EndpointName]:
    """Name the endpoints that could use a candidate, whether they are listed or not.

    AWS's list of endpoints may be late. So these are asked for by name: whoever has the name that
    it was made for, or had it or its definition at any time, and who is `tagged` and not listed.
    """
    stem, owner = Name(item.name.rpartition("-")[0]), item.definition_name
    listed = by_name(observed)
    found = {EndpointName(stem)} if stem else set()
    if fleet.environment and owner:
        found.add(EndpointName(fleet.environment.endpoint_name(owner)))
    found |= {
        each.endpoint_name
        for each in fleet.items
        if each.name == owner or Name(content_stem(each.endpoint_name)) == stem
    }
    found |= {
        name
        for name, entry in record.entries.items()
        if Name(entry.name) == owner
        or item.name in map(Name, filter(None, _configs_of(entry)))
        or Name(content_stem(name)) == stem
    }
    found |= {name for name, of in tagged.items() if name not in listed or of == owner}
    return frozenset(found)


def doubt(
    item: Artifact, names: Iterable[EndpointName], served: Mapping[EndpointName, Served]
) -> str | None:
    """Return why a candidate is not collected: one of these uses it, or nobody can say."""
    for name in sorted(names):
        found = served[name]
        if found.problem:
            return (
                f"the {item.kind} {item.name} is not collected, for whether {name} uses it could"
                f" not be read. {found.problem}"
            )
        if item.name in found.names:
            return (
                f"the {item.kind} {item.name} is not collected, for {name} uses it, although"
                " SageMaker's list of endpoints does not say so."
            )
    return None


def _configs_of(entry: Entry) -> tuple[str | None, ...]:
    return entry.config, entry.previous_config, entry.attempted_config


def _kept(
    fleet: Fleet, observed: Iterable[Observed], record: Record, targets: Mapping[Name, str]
) -> Iterator[str]:
    """Yield the configs that are wanted, used, or the way back from the last change."""
    yield from targets.values()
    alive = {item.endpoint_name for item in fleet.items}
    for there in observed:
        alive.add(there.endpoint_name)
        yield from filter(None, (there.config_name, there.pending_config))
    for endpoint_name, entry in record.entries.items():
        if endpoint_name in alive:
            yield from filter(None, (entry.config, entry.previous_config))


def _closed(
    fleet: Fleet, observed: Iterable[Observed], record: Record, targets: Mapping[Name, str]
) -> Iterator[Name]:
    """Yield the definitions of which nothing may be touched now."""
    there = by_name(observed)
    yield from (item.name for item in fleet.broken)
    for holding in fleet.holdings:
        found = there.get(holding.endpoint_name)
        known = record.entry(holding.endpoint_name) is not None
        quiet = found is None or (known and _is_quiet(found))
        if not quiet or _is_suspended(holding) or holding.name not in targets:
            yield holding.name


def _is_quiet(there: Observed) -> bool:
    """Tell whether it runs on one config only: in any other status it may use a second one."""
    return there.phase is Phase.SERVING and there.pending_config in (None, there.config_name)


def _is_suspended(holding: Holding) -> bool:
    """Tell whether it is or was suspended: what was held back is done before a collection."""
    return holding.definition.suspended is not None
