"""What the running endpoints cost an hour, as far as prices are known. Pure.

It is an estimate from list prices. An endpoint counts from its creation on, with the instances that
its definition asks for; savings plans and storage do not count. Endpoints on a config of somebody
else are left out: their instances are not in the ledger.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controller.planning.observed import Observed, by_name
from ledger.holdings import Fleet
from ledger.phases import Phase

_NOT_BILLED = frozenset({Phase.FAILED, Phase.ENDING, Phase.RESTING})


@dataclass(frozen=True, slots=True)
class Host:
    """What has a price: an instance type, hosting in real time or asynchronously."""

    instance_type: str
    is_async: bool


def running(fleet: Fleet, observed: Iterable[Observed]) -> Counter[Host]:
    """Return how many instances run for definitions of this fleet."""
    there = by_name(observed)
    found: Counter[Host] = Counter()
    for holding in fleet.holdings:
        seen, definition = there.get(holding.endpoint_name), holding.definition
        if seen and seen.phase not in _NOT_BILLED and definition.instance_type:
            host = Host(definition.instance_type, definition.async_inference is not None)
            found[host] += definition.instance_count
    return found


def hourly(hosts: Mapping[Host, int], prices: Mapping[Host, float]) -> float | None:
    """Return US dollars an hour; None where something runs and no price of it is known."""
    known = [host for host in hosts if host in prices]
    if hosts and not known:
        return None
    return round(sum(hosts[host] * prices[host] for host in known), 4)
