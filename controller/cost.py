"""What the running endpoints cost an hour, as far as prices are known. Pure.

Called by the Lambda handler for its metrics. It is an estimate from list prices: it counts whatever
SageMaker has from its creation on, with the instances that the definition asks for, and neither
savings plans nor storage. Endpoints on a config of somebody else are left out: their instances are
not in the ledger.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from controller.planning.observed import Observed
from ledger.holdings import Fleet

_NOT_BILLED = frozenset({"Failed", "Deleting", "OutOfService"})


@dataclass(frozen=True, slots=True)
class Host:
    """What has a price: an instance type, hosting in real time or asynchronously."""

    instance_type: str
    is_async: bool


def running(fleet: Fleet, observed: Iterable[Observed]) -> Counter[Host]:
    """Count the instances that run for definitions of this fleet."""
    there = {item.endpoint_name.lower(): item.status for item in observed}
    found: Counter[Host] = Counter()
    for holding in fleet.holdings:
        status = there.get(holding.endpoint_name.lower())
        definition = holding.definition
        if status is not None and status not in _NOT_BILLED and definition.instance_type:
            host = Host(definition.instance_type, definition.async_inference is not None)
            found[host] += definition.instance_count
    return found


def hourly(hosts: Mapping[Host, int], prices: Mapping[Host, float]) -> float | None:
    """Add up US dollars an hour; None where something runs and no price of any is known."""
    known = [host for host in hosts if host in prices]
    if hosts and not known:
        return None
    return round(sum(hosts[host] * prices[host] for host in known), 4)
