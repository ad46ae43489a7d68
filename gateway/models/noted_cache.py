"""Which endpoints are this environment's own, as the controller noted it a moment ago.

A name says nothing of whose an endpoint is: another environment, or anybody in the account, may
have one that a definition here is called by, and a prompt is not for them. The controller looks at
tags, and notes on the branch `leasehold/status` what it found; this reads it, and asks AWS nothing.

What was read is remembered for a while, and also while the branch is out of reach: no tick deletes
anything then either. What was never read admits nobody.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from threading import Lock

from gateway.log_lines import logger
from ledger.deadline import LEAST_SECONDS, MOST_SECONDS_OF_A_CALL, turn, within
from ledger.errors import Failure, Refused, Wait
from ledger.names import EndpointName
from ledger.observed import Noted, Record, read_noted, read_record
from ledger.phases import Phase
from ledger.repository import Repository

REMEMBERED = timedelta(seconds=15)

log = logger("leasehold.gateway")
_Noted = Mapping[EndpointName, Noted | None]


class NotedCache:
    """What is noted of the endpoints of one environment. Safe to call from many threads."""

    def __init__(
        self, status: Repository | None, environment: str, clock: Callable[[], datetime]
    ) -> None:
        self._status = status
        self._environment = environment
        self._clock = clock
        self._lock = Lock()
        self._known: _Noted | None = None
        self._files: Mapping[str, bytes] = {}
        self._read_at = datetime.min.replace(tzinfo=clock().tzinfo)

    def look(self, name: EndpointName) -> Noted | None:
        """Return what is noted of an endpoint that is ours; None where nothing is.

        What cannot answer by what is remembered may have been started since, so it is read again.
        Raises Refused LH4227 for an endpoint that is not ours, Wait LH4228 where nobody can tell.
        """
        noted = self._of(name, afresh=False)
        if not may_answer(noted) or (noted and noted.foreign):
            noted = self.latest(name)
        if noted and noted.foreign and may_answer(noted):
            raise Refused(
                "LH4227",
                f"{name} is not asked: the endpoint of this name at SageMaker is not this"
                " environment's own, by its tags. Tell who runs this API; `leasehold status` shows"
                " it.",
            )
        return noted

    def latest(self, name: EndpointName) -> Noted | None:
        """Return what is noted of an endpoint now, whosever it is. Raises Wait LH4228."""
        return self._of(name, afresh=True)

    def record(self) -> Record:
        """Return the whole record, as it was read last."""
        return read_record(self._files, self._environment)

    def is_fresh(self) -> bool:
        return timedelta(0) <= self._clock() - self._read_at < REMEMBERED

    def refresh(self, *, afresh: bool = False) -> _Noted:
        """Read the branch if need be. Raises Wait LH4228 as long as it was never readable."""
        with turn(self._lock):
            if self._known is None or afresh or not self.is_fresh():
                self._known = self._read()
                self._read_at = self._clock()
            return self._known

    def _of(self, name: EndpointName, *, afresh: bool) -> Noted | None:
        known = self.refresh(afresh=afresh)
        if name in known and known[name] is None:
            raise _cannot_tell()
        return known.get(name)

    def _read(self) -> _Noted:
        """Read the branch; what cannot be read leaves what is known as it was."""
        if self._status is None:
            raise _cannot_tell()
        try:
            with within(MOST_SECONDS_OF_A_CALL if self._known is None else LEAST_SECONDS):
                self._files = self._status.read().files
            return read_noted(self._files, self._environment)
        except (Failure, ValueError) as error:
            if self._known is None:
                raise _cannot_tell() from error
            log.warning("What is noted of the endpoints is that of %s: %s", self._read_at, error)
            return self._known


def may_answer(noted: Noted | None) -> bool:
    """Tell whether it may be in service by now: the last tick is up to a minute ago."""
    return noted is not None and noted.phase not in (Phase.ABSENT, Phase.ENDING)


def _cannot_tell() -> Wait:
    return Wait(
        "LH4228",
        "Whose this endpoint is cannot be told now, so it is not asked: the record that the"
        " controller keeps of it, on the branch leasehold/status, cannot be read. Ask again; tell"
        " who runs this API if it stays so.",
    )
