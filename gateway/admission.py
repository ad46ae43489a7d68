"""The way in: an event becomes a call that a route takes, or is refused. No operation sees more.

1. the route is found by method and resource, and the request is read and held against it, once
2. who calls is found out, and the route's scope is demanded of them
3. the request is counted, whatever becomes of it, and refused past the limit
4. what the route does not take of it is refused

Every entry point of the gateway goes through it, so that no way in is a way around, and no
operation has to remember a check.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from gateway.callers import identify
from gateway.callers.counters import Counters, TableCounters
from gateway.callers.rate_limit import RateLimit, Rates
from gateway.dependencies import Dependencies
from gateway.http.call import Call, Event
from gateway.http.errors import GATEWAY_RESPONSES
from gateway.http.matching import match
from gateway.http.routes import Route
from ledger.errors import Refused
from ledger.identity_settings import Identities
from ledger.variables import RATE_TABLE

IsPublic = Callable[[Call], bool]


def nothing_is_public(_call: Call) -> bool:
    return False


def counters_of(dependencies: Dependencies) -> Counters:
    """Return what counts requests: a table that all processes share, where one is named."""
    table = dependencies.variables.get(RATE_TABLE)
    return TableCounters(dependencies.client, table) if table else dependencies.counters


@dataclass(frozen=True, slots=True)
class Admission:
    """Lets the requests of one environment in. Safe to call from many threads."""

    identities: Identities
    rate_limit: RateLimit
    clock: Callable[[], datetime]
    is_public: IsPublic

    @classmethod
    def of(cls, dependencies: Dependencies, is_public: IsPublic = nothing_is_public) -> Self:
        """Take what the variables admit and allow. Raises Refused LH4215 or LH4220.

        `is_public` tells of a call to a definition's own path whether it needs no caller.
        """
        variables, environment = dependencies.variables, dependencies.environment
        rate_limit = RateLimit(environment, Rates.read(variables), counters_of(dependencies))
        return cls(identify.read(variables), rate_limit, dependencies.clock, is_public)

    def admit(self, event: Event) -> tuple[Route, Call]:
        """Return the route of a request, and the request as the route takes it. Raises Failure."""
        now, found = self.clock(), match(event)
        route = found.route
        call = replace(found.call, caller=identify.identified(event, self.identities, now))
        self._check_scope(route, call)
        self.rate_limit.count(call.caller, route.counted_as, now)
        if found.refusal:
            raise found.refusal
        return route, call

    def _check_scope(self, route: Route, call: Call) -> None:
        """Raise Refused LH4031 for a token that lacks the route's scope, LH4202 for no caller.

        LH4010 for no caller at a resource that was deployed for a public definition, and is private
        now.
        """
        if not route.needs_caller or (route.may_be_public and self.is_public(call)):
            return
        if route.scope is None:
            _ = call.principal  # anybody's will do
            return
        if route.may_be_public and call.caller is None:
            raise Refused("LH4010", GATEWAY_RESPONSES["UNAUTHORIZED"]["error"])
        if not call.principal.may_ask(route.scope):
            said = f"This token lacks the scope {route.scope}. Ask for one that has it."
            raise Refused("LH4031", said)
