"""What the gateway asks the observed history for.

`settled` asks where documents alone leave an endpoint open: where two definitions claim the same,
or where a lease file may have got lost. Else it does not read the history. `seen` asks what
SageMaker does. It must not know what is asked of an endpoint.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from ledger.claims import Known, leaves_open, settle
from ledger.deadline import MOST_SECONDS_OF_A_CALL, left, within
from ledger.errors import Failure
from ledger.holdings import Fleet
from ledger.names import EndpointName
from ledger.observed import Noted, Record, read_applied, read_noted, read_record
from ledger.repository import UNBORN, Repository, Snapshot


@dataclass(frozen=True, slots=True)
class Seen:
    """What the controller noted of SageMaker, and when; empty where nothing can be read.

    `at` is when the last tick noted something that is on the branch: nothing has moved since.
    """

    record: Record = field(default_factory=Record)
    noted: Mapping[EndpointName, Noted | None] = field(default_factory=lambda: MappingProxyType({}))
    at: datetime | None = None
    snapshot: Snapshot = UNBORN

    @property
    def commit(self) -> str:
        """Return the branch's commit; "" where it cannot be read, or has not begun."""
        return self.snapshot.commit


def known_of(status: Repository | None, environment: str) -> Known:
    """Read what is known of an environment's endpoints; nothing where it cannot be read."""
    return Known(read_record(_read(status).files, environment))


def seen(status: Repository | None, environment: str) -> Seen:
    """Read the branch once: for `settle`, and for what SageMaker does."""
    snapshot = _read(status)
    files = snapshot.files
    applied = read_applied(files, environment)
    try:
        noted = read_noted(files, environment)
    except ValueError:
        noted = {}
    at = applied.at if applied else None
    return Seen(read_record(files, environment), noted, at, snapshot)


def _read(status: Repository | None) -> Snapshot:
    try:
        with within(left(MOST_SECONDS_OF_A_CALL) / 2):  # the rest is for the answer itself
            return status.read() if status else UNBORN
    except Failure:  # the documents alone are worth an answer
        return UNBORN


def settled(fleet: Fleet, name: str | None, status: Repository | None, now: datetime) -> Fleet:
    """Return the fleet with what is known, if that may say more of one endpoint, or of any."""
    if not leaves_open(fleet, name):
        return fleet
    return settle(fleet, known_of(status, fleet.name), now)
