"""What the running endpoints cost an hour, by the record of what they run on. Pure.

An estimate from list prices: an endpoint counts from its creation on, with the instances that
SageMaker says it has; savings plans and storage do not count. What somebody else has made under a
definition's name is left out: it is not this environment's.
"""

from collections.abc import Iterator

from ledger.documents import Prices
from ledger.money import Total, per_hour, total
from ledger.observed import Entry, Record


def running(record: Record) -> Iterator[Entry]:
    """Yield the entries of this environment's endpoints that cost something."""
    for entry in record.entries.values():
        if entry.phase.is_billed and not entry.foreign:
            yield entry


def hourly(record: Record, prices: Prices | None) -> Total:
    """Return what all that runs costs an hour, and how much of it has no price."""
    return total(per_hour(entry.hosts, prices) for entry in running(record))
