"""What the gateway asks the observed history for: where documents alone leave an endpoint open.

That is so where two definitions claim the same, or where a lease file may have got lost. Else the
history is not read. It must not know what is asked of an endpoint.
"""

from datetime import datetime

from ledger.claims import Known, leaves_open, settle
from ledger.errors import Failure
from ledger.holdings import Fleet
from ledger.observed import read_record
from ledger.repository import Repository


def known_of(status: Repository | None, environment: str) -> Known:
    """Read what is known of an environment's endpoints; nothing where it cannot be read."""
    try:
        files = status.read().files if status else {}
    except Failure:  # the documents alone are worth an answer
        files = {}
    return Known(read_record(files, environment))


def settled(fleet: Fleet, name: str | None, status: Repository | None, now: datetime) -> Fleet:
    """Return the fleet with what is known, if that may say more of one endpoint, or of any."""
    if not leaves_open(fleet, name):
        return fleet
    return settle(fleet, known_of(status, fleet.name), now)
