"""Which endpoint a call to a model is for, by the ledger as of a moment ago.

A fetch for every prompt would ask more of a git server than of the model, so the fleet is
remembered for a while, and also while the ledger is out of reach or its settings are broken: models
go on answering. It must not know SageMaker.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from gateway.known import known_of
from gateway.log_lines import logger
from ledger.claims import settle
from ledger.deadline import LEAST_SECONDS, MOST_SECONDS_OF_A_CALL, turn, within
from ledger.errors import Failure, Refused
from ledger.holdings import Broken, Fleet, Holding, fleet_of
from ledger.repository import Repository

REMEMBERED = timedelta(seconds=15)

log = logger("leasehold.gateway")


class FleetCache:
    """The endpoints of one environment. Safe to call from many threads."""

    def __init__(
        self,
        ledger: Repository,
        environment: str,
        clock: Callable[[], datetime],
        status: Repository | None = None,
    ) -> None:
        self._ledger = ledger
        self._status = status
        self._environment = environment
        self._clock = clock
        self._lock = Lock()
        self._fleet: Fleet | None = None
        self._read_at = datetime.min.replace(tzinfo=clock().tzinfo)

    def named(self, name: str) -> Holding | Broken:
        """Find an endpoint by its own name or its definition's. Raises Refused LH4106."""
        return self.fleet().find(name) or self.fleet(afresh=True).get(name)

    def at(self, resource: str) -> Holding:
        """Find the one whose integration has this path.

        Raises Refused: LH4041 where there is none, LH4309 where there are several.
        """
        found = _at(self.fleet(), resource) or _at(self.fleet(afresh=True), resource)
        if found is None:
            raise Refused("LH4041", f"No endpoint of {self._environment} is at /{resource:.80}.")
        return found

    def fleet(self, *, afresh: bool = False) -> Fleet:
        """Return the fleet. Raises Failure as long as the ledger was never readable."""
        with turn(self._lock):
            now = self._clock()
            age = now - self._read_at
            if self._fleet is None or afresh or not timedelta(0) <= age < REMEMBERED:
                self._fleet = self._read()
                self._read_at = now
            return self._fleet

    def _read(self) -> Fleet:
        """Read the ledger; what cannot be read leaves the fleet as it was.

        Where there is one, a model can be asked without the git server, which gets little time.
        """
        try:
            with within(MOST_SECONDS_OF_A_CALL if self._fleet is None else LEAST_SECONDS):
                fleet = fleet_of(self._ledger.read(), self._environment)
                fleet.require_settings()
                if fleet.as_read:
                    fleet = settle(fleet, known_of(self._status, self._environment), self._clock())
        except Failure as failure:
            if self._fleet is None:
                raise
            log.warning("The fleet is that of %s: %s", self._read_at, failure)
            return self._fleet
        return fleet


def _at(fleet: Fleet, resource: str) -> Holding | None:
    """Find the one at a path. Raises Refused LH4309 where nobody can tell which one it is."""
    for item in fleet.holdings:
        if item.api_resource_name == resource:
            return item
    read = (item for item in fleet.as_read if isinstance(item, Holding))
    if claims := [item.name for item in read if item.api_resource_name == resource]:
        raise Refused(
            "LH4309",
            f"/{resource} is the path of {' and '.join(claims)}, which are frozen until one of them"
            " has another: ask for one of them at /invoke/NAME.",
        )
    return None
