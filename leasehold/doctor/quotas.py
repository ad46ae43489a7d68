"""How many instances the definitions of an environment may want at once, beside AWS's quotas. Pure.

A quota of SageMaker's is for one instance type: `ml.g5.xlarge for endpoint usage`.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from leasehold.doctor.finding import Told, failed, ok, warning
from ledger.holdings import Holding

SUFFIX = " for endpoint usage"


@dataclass(frozen=True, slots=True)
class Want:
    """What one definition may want of a type; a type to fall back on counts as well."""

    name: str
    instance_type: str
    count: int


def wants(holdings: Iterable[Holding]) -> Iterator[Want]:
    for holding in holdings:
        definition = holding.definition
        scaling = definition.autoscaling
        count = max(definition.instance_count, scaling.max_instances if scaling else 0)
        types = {definition.instance_type, *definition.instance_pools} - {None}
        for each in sorted(filter(None, types)):
            yield Want(str(holding.name), each, count)


def quota_names(wanted: Iterable[Want]) -> frozenset[str]:
    return frozenset(each.instance_type + SUFFIX for each in wanted)


def judged(wanted: Iterable[Want], quotas: Mapping[str, float], region: str) -> Iterator[Told]:
    """Yield what is short; one line says so where nothing is."""
    by_type: dict[str, list[Want]] = {}
    for each in wanted:
        by_type.setdefault(each.instance_type, []).append(each)
    short = [told for kind in sorted(by_type) for told in _judged(by_type[kind], quotas, region)]
    yield from short
    if not short:
        types = ", ".join(sorted(by_type)) or "no instance type, for nothing is defined"
        yield ok(f"Enough for all definitions at once: {types}.")


def _judged(wanted: list[Want], quotas: Mapping[str, float], region: str) -> Iterator[Told]:
    quota = wanted[0].instance_type + SUFFIX
    names = ", ".join(each.name for each in wanted)
    ask = f"Ask for more in Service Quotas, SageMaker, in {region}: `{quota}`. It takes up to days."
    if quota not in quotas:
        sentence = f"{region} has no quota `{quota}`, so perhaps not the type either ({names})."
        yield warning("LH5164", sentence, "Look at the type in the definition, and at the region.")
        return
    most, together = int(quotas[quota]), sum(each.count for each in wanted)
    if too_large := [f"{each.name} asks for {each.count}" for each in wanted if each.count > most]:
        sentence = f"`{quota}` is {most}, and {', '.join(too_large)}: AWS refuses the start."
        yield failed("LH5164", sentence, ask)
    elif together > most:
        sentence = f"`{quota}` is {most}, and {names} want {together} when all of them run."
        yield warning("LH5164", sentence, ask)
