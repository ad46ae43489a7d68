"""How many requests one caller may send in a minute, and that nobody sends more.

    what a request is for             counts as        ruled by, in the environment's limits
    asking a model (scope `invoke`)   an invocation    invocations_per_minute
    reading (scope `read`)            a read           requests_per_minute
    any other scope                   a change         requests_per_minute
    no scope, or no caller            nothing

Each is counted apart, so whoever has got hold of a token that only reads, or only asks models,
cannot use up what its owner extends a lease with.

A link of a notice needs no caller: attempts are counted by link and by the network's address.

A caller is a principal's e-mail address: two tokens of one person share a count. Minutes are those
of the clock, the same for everybody, so one addition to one number decides, however many processes
answer. Who sends all of one minute's requests at its end and all of the next one's at its beginning
gets both. A request counts whatever becomes of it; a dry run too.

It fails open: what cannot be counted passes. An extension that a broken counter refuses would end
somebody's endpoint, and too many requests only cost a little. The numbers come as variables,
because reading them from the ledger for each request would cost what the limit is to save.
"""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from ipaddress import IPv4Address, ip_address, ip_network
from threading import Lock
from typing import TYPE_CHECKING

from gateway.callers.counters import Minute
from gateway.log_lines import logger
from gateway.principal import Scope
from ledger.errors import Refused, Unavailable
from ledger.instants import stamp
from ledger.variables import INVOCATIONS_PER_MINUTE, REQUESTS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gateway.callers.counters import Counters
    from gateway.principal import Principal

ATTEMPTS_AT_A_LINK = 10  # in a minute: a person looks, clicks, and looks again
ATTEMPTS_OF_AN_ADDRESS = 60
PAUSE = timedelta(seconds=10)
_NUMBER = re.compile("[1-9][0-9]{0,8}")

log = logger("leasehold.gateway")


@dataclass(frozen=True, slots=True)
class Rate:
    """The most that one caller may send in a minute, of what, and the field that says so."""

    field: str
    most: int
    counted: str = "changes"


@dataclass(frozen=True, slots=True)
class Rates:
    """What an environment allows each caller; None is no limit."""

    requests: Rate | None = None
    invocations: Rate | None = None

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> Rates:
        """Raise `Refused` (LH4220) for a variable that is no number."""
        return cls(
            requests=_rate("requests_per_minute", REQUESTS_PER_MINUTE, variables),
            invocations=_rate("invocations_per_minute", INVOCATIONS_PER_MINUTE, variables),
        )

    def ruling(self, scope: Scope | None) -> Rate | None:
        """Return the one that a route falls under, by the scope that it asks for."""
        match scope:
            case None:
                return None
            case Scope.INVOKE:
                return self.invocations
            case Scope.READ:
                return self.requests and replace(self.requests, counted="reads")
            case _:
                return self.requests


class TooManyRequests(Unavailable):
    """A caller has sent too many; the next minute is the time for the next one."""

    def __init__(self, sent: int, rate: Rate, environment: str, seconds: int) -> None:
        self.retry_after_seconds = seconds
        super().__init__(
            "LH4033",
            f"This is your request number {sent} of this minute, and limits.{rate.field} in"
            f" environments/{environment}/environment.json allows {rate.most}; nothing is"
            f" committed. Send it again in {seconds} s.",
        )


class RateLimit:
    """Counts the requests of one environment's callers. Safe to call from many threads."""

    def __init__(self, environment: str, rates: Rates, counters: Counters) -> None:
        self._environment = environment
        self._rates = rates
        self._counters = FailingOpen(counters)

    def count(self, caller: Principal | None, scope: Scope | None, now: datetime) -> None:
        """Count a request. Raises TooManyRequests LH4033 past the limit."""
        rate = self._rates.ruling(scope)
        if caller is None or rate is None:
            return
        minute = Minute.at(now)
        sent = self._counters.add(key(self._environment, rate, caller.email, minute), minute, now)
        if sent > rate.most:
            raise TooManyRequests(sent, rate, self._environment, minute.seconds_left(now))


class FailingOpen:
    """Counts as long as there is an answer; after a silence it does not ask for a while.

    So a table that is out of reach delays one request in ten seconds, and fills no log.
    """

    def __init__(self, counters: Counters) -> None:
        self._counters = counters
        self._lock = Lock()
        self._silent_since: datetime | None = None

    def add(self, key: str, minute: Minute, now: datetime) -> int:
        """Add one, and return what it is then; 0 where nobody can tell."""
        if self._pauses(now):
            return 0
        try:
            return self._counters.add(key, minute)
        except Unavailable as failure:
            with self._lock:
                if not self._pauses(now):
                    self._silent_since = now
                    log.warning("Nobody's requests are limited now: %s", failure)
            return 0

    def _pauses(self, now: datetime) -> bool:
        since = self._silent_since
        return since is not None and timedelta(0) <= now - since < PAUSE


class TooManyAttempts(Unavailable):
    """Somebody tries links faster than a person does."""

    def __init__(self, what: str, seconds: int) -> None:
        self.retry_after_seconds = seconds
        super().__init__(
            "LH4278",
            f"{what} was tried too often in this minute; nothing was done. Try again in"
            f" {seconds} s.",
        )


class LinkLimit:
    """Counts attempts at links, which nobody signs in for. Safe to call from many threads."""

    def __init__(self, environment: str, counters: Counters) -> None:
        self._environment = environment
        self._counters = FailingOpen(counters)

    def of_address(self, source_ip: str, now: datetime) -> None:
        """Count an attempt from an address, of IPv6 from its network of 64 bits."""
        rate = Rate("links from an address", ATTEMPTS_OF_AN_ADDRESS)
        self._count(rate, _network(source_ip), "A link from your network's address", now)

    def of_link(self, nonce: str, now: datetime) -> None:
        self._count(Rate("one link", ATTEMPTS_AT_A_LINK), nonce, "This link", now)

    def _count(self, rate: Rate, counted: str, what: str, now: datetime) -> None:
        minute = Minute.at(now)
        tried = self._counters.add(key(self._environment, rate, counted, minute), minute, now)
        if tried > rate.most:
            raise TooManyAttempts(what, minute.seconds_left(now))


def _network(source_ip: str) -> str:
    """Return what stands for whoever has an address; a text that is none stands for itself."""
    try:
        address = ip_address(source_ip)
    except ValueError:
        return source_ip
    if isinstance(address, IPv4Address):
        return str(address)
    return str(ip_network((address, 64), strict=False))


def key(environment: str, rate: Rate, caller: str, minute: Minute) -> str:
    """Name a count without naming the caller. Capitals make no second caller."""
    named = (environment, rate.field, rate.counted, caller.casefold(), stamp(minute.start))
    return hashlib.sha256("\n".join(named).encode()).hexdigest()


def _rate(field: str, name: str, variables: Mapping[str, str]) -> Rate | None:
    text = variables.get(name)
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise Refused("LH4220", f"{name} is {text!r:.80}, which is no whole number from 1.")
    return Rate(field, int(text))
