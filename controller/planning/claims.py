"""Who has what several definitions claim, by the tags that SageMaker shows and by the record. Pure.

A tag counts only on an endpoint that is ours.
"""

from collections.abc import Iterable
from datetime import datetime

from controller.planning.observed import Observed
from controller.planning.ownership import Owner
from ledger.claims import Known, settle
from ledger.holdings import Fleet
from ledger.observed import Record


def known_of(fleet: Fleet, observed: Iterable[Observed], record: Record) -> Known:
    """Return what a tick knows of the endpoints besides their documents."""
    if (environment := fleet.environment) is None:
        return Known(record)
    owner = Owner.of(fleet, environment, record)
    ours = (item for item in observed if owner.owns(item.tags))
    return Known(record, {item.endpoint_name: item.definition_name for item in ours})


def settled_fleet(
    fleet: Fleet, observed: Iterable[Observed], record: Record, now: datetime
) -> Fleet:
    """Return the fleet in which who was first has what it claims, and lost leases are noted."""
    return settle(fleet, known_of(fleet, observed, record), now)
