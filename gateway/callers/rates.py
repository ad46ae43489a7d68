"""How many requests one caller may send in a minute. Pure.

    what a request is for             counts as        ruled by, in the environment's limits
    asking a model (scope `invoke`)   an invocation    invocations_per_minute
    any other scope                   a request        requests_per_minute
    no scope, or no caller            nothing

A caller is a principal's e-mail address: two tokens of one person share a count. Minutes are those
of the clock, the same for everybody, so one addition to one number decides, however many processes
answer. Who sends all of one minute's requests at its end and all of the next one's at its beginning
gets both.

`rate_limit` asks it for each request. The numbers come as variables, because reading them from the
ledger for each request would cost what the limit is to save. It must not know where the counts are
kept.
"""

from __future__ import annotations

import hashlib
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from gateway.callers.principal import Scope
from ledger.errors import Refused, Unavailable
from ledger.lease import stamp
from ledger.variables import INVOCATIONS_PER_MINUTE, REQUESTS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Mapping


_NUMBER = re.compile("[1-9][0-9]{0,8}")


@dataclass(frozen=True, slots=True)
class Rate:
    """The most that one caller may send in a minute, and the field that says so."""

    field: str
    most: int


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
        """Give the one that a route falls under, by the scope that it asks for."""
        match scope:
            case None:
                return None
            case Scope.INVOKE:
                return self.invocations
            case _:
                return self.requests


@dataclass(frozen=True, slots=True)
class Minute:
    """A minute of the clock, by its first second in UTC; it ends where the next one begins."""

    start: datetime

    @classmethod
    def at(cls, now: datetime) -> Minute:
        return cls(now.astimezone(UTC).replace(second=0, microsecond=0))

    @property
    def end(self) -> datetime:
        return self.start + timedelta(minutes=1)

    def seconds_left(self, now: datetime) -> int:
        return math.ceil((self.end - now).total_seconds())


class TooManyRequests(Unavailable):
    """A caller has sent too many; `seconds` from now is the time for the next one."""

    def __init__(self, sent: int, rate: Rate, environment: str, seconds: int) -> None:
        self.seconds = seconds
        super().__init__(
            "LH4033",
            f"This is your request number {sent} of this minute, and limits.{rate.field} in"
            f" environments/{environment}/environment.json allows {rate.most}; nothing is"
            f" committed. Send it again in {seconds} s.",
        )


def key(environment: str, rate: Rate, caller: str, minute: Minute) -> str:
    """Name a count without naming the caller. Capitals make no second caller."""
    named = (environment, rate.field, caller.casefold(), stamp(minute.start))
    return hashlib.sha256("\n".join(named).encode()).hexdigest()


def _rate(field: str, name: str, variables: Mapping[str, str]) -> Rate | None:
    text = variables.get(name)
    if not text:
        return None
    if not _NUMBER.fullmatch(text):
        raise Refused("LH4220", f"{name} is {text!r:.80}, which is no whole number from 1.")
    return Rate(field, int(text))
