"""Which requests an operation gets to see: its caller is known, and has not sent too many.

`handler` and `streaming` ask it for each request, so that no way in is a way around:

1. the caller goes where operations look for one (`identify`)
2. who has no caller, or is under no limit, passes uncounted
3. the request is counted, whatever becomes of it; a dry run too
4. past the limit it is refused, with the time for the next one (`rates`)

It fails open: what cannot be counted passes. An extension that a broken counter refuses would end
somebody's endpoint, and too many requests only cost a little.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from gateway.callers import identify, rates
from gateway.callers.counter_table import RateTable
from gateway.callers.rates import Minute, Rates, TooManyRequests
from gateway.log_lines import logger
from ledger.errors import Unavailable
from ledger.variables import RATE_TABLE

if TYPE_CHECKING:
    from gateway.callers.counters import RateCounts
    from gateway.callers.principal import Scope
    from gateway.dependencies import Dependencies
    from gateway.http.requests import Event

PAUSE = timedelta(seconds=10)

log = logger("leasehold.gateway")


class Admission:
    """Lets the requests of one environment in. Safe to call from many threads."""

    def __init__(self, dependencies: Dependencies) -> None:
        """Raise Refused LH4215 or LH4220 for variables that cannot be read."""
        self._environment = dependencies.environment
        self._clock = dependencies.clock
        self._identities = identify.read(dependencies.variables)
        self._rates = Rates.read(dependencies.variables)
        self._counts = FailingOpen(_counts(dependencies))

    def admit(self, event: Event, scope: Scope | None) -> Event:
        """Give the event with its caller. `scope` is what the route asks for.

        Raises as `identities.identified`, or TooManyRequests LH4033.
        """
        now = self._clock()
        known = identify.identified(event, self._identities, now)
        caller, rate = identify.address(known), self._rates.ruling(scope)
        if caller is None or rate is None:
            return known
        minute = Minute.at(now)
        key = rates.key(self._environment, rate, caller, minute)
        sent = self._counts.add(key, minute, now)
        if sent > rate.most:
            raise TooManyRequests(sent, rate, self._environment, minute.seconds_left(now))
        return known


class FailingOpen:
    """Counts as long as there is an answer; after a silence it does not ask for a while.

    So a table that is out of reach delays one request in ten seconds, and fills no log.
    """

    def __init__(self, counts: RateCounts) -> None:
        self._counts = counts
        self._lock = Lock()
        self._silent_since: datetime | None = None

    def add(self, key: str, minute: Minute, now: datetime) -> int:
        """Add one, and give what it is then; 0 where nobody can tell."""
        if self._pauses(now):
            return 0
        try:
            return self._counts.add(key, minute)
        except Unavailable as failure:
            with self._lock:
                if not self._pauses(now):
                    self._silent_since = now
                    log.warning("Nobody's requests are limited now: %s", failure)
            return 0

    def _pauses(self, now: datetime) -> bool:
        since = self._silent_since
        return since is not None and timedelta(0) <= now - since < PAUSE


def _counts(dependencies: Dependencies) -> RateCounts:
    """Count in the table that all processes share, or where none is named, in this process."""
    name = dependencies.variables.get(RATE_TABLE)
    return RateTable(dependencies.client, name) if name else dependencies.counts
