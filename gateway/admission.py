"""The way in: an event becomes a call that a route takes, or is refused. No operation sees more.

1. the route is found by method and resource
2. who calls is found out, and the request is read, once
3. the route's scope is demanded of the caller
4. the request is counted, whatever becomes of it, and refused past the limit
5. the parameters and the body are held against what the route says of them

Every entry point of the gateway goes through it, so that no way in is a way around, and no
operation has to remember a check.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Self

from gateway.callers import identify
from gateway.callers.principal import Scope
from gateway.callers.rate_limit import RateLimit
from gateway.dependencies import Dependencies
from gateway.http.call import Call, Event, read_call
from gateway.http.checks import check_parameters, read_document
from gateway.http.routes import Route, candidates
from ledger.errors import Refused
from ledger.identity_settings import Identities

IsPublic = Callable[[Call], bool]


def nothing_is_public(_call: Call) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Admission:
    """Lets the requests of one environment in. Safe to call from many threads."""

    identities: Identities
    rate_limit: RateLimit
    clock: Callable[[], datetime]
    is_public: IsPublic

    @classmethod
    def of(cls, dependencies: Dependencies, is_public: IsPublic = nothing_is_public) -> Self:
        """Raise Refused LH4215 or LH4220 for variables that cannot be read.

        `is_public` tells of a call to a definition's own path whether it needs no caller.
        """
        identities = identify.read(dependencies.variables)
        return cls(identities, RateLimit.of(dependencies), dependencies.clock, is_public)

    def admit(self, event: Event) -> tuple[Route, Call]:
        """Return the route of a request, and the request as the route takes it. Raises Failure."""
        method, resource = str(event.get("httpMethod")), str(event.get("resource"))
        routes, now = candidates(method, resource), self.clock()
        call = read_call(event, identify.identified(event, self.identities, now))
        document = read_document(routes[0], call)
        route = chosen(routes, document)
        call = _at_own_path(route, call)
        self._check_scope(route, call)
        self.rate_limit.count(call.caller, route.scope, now)
        check_parameters(route, call)
        if isinstance(document, Refused):
            raise document
        return route, replace(call, document=document)

    def _check_scope(self, route: Route, call: Call) -> None:
        if route.scope is None or (route.may_be_public and self.is_public(call)):
            return
        if route.may_be_public and call.caller is None:  # a resource that was public once
            raise Refused("LH4010", "No valid token came with the request.")
        check_scope(route.scope, call)


def chosen(routes: tuple[Route, ...], document: object) -> Route:
    """Return the first route whose field the body has; the last one asks for none."""
    named = document if isinstance(document, dict) else {}
    return next(route for route in routes if route.when is None or route.when in named)


def check_scope(scope: Scope, call: Call) -> None:
    """Raise Refused LH4202 without a caller, LH4031 for one whose token lacks the scope."""
    if not call.principal.allows(scope):
        raise Refused("LH4031", f"This token lacks the scope {scope}. Ask for one that has it.")


def _at_own_path(route: Route, call: Call) -> Call:
    """Name the definition whose own resource this is, where it was deployed as one."""
    if not route.may_be_public or call.path:
        return call
    return replace(call, path={"api_resource_name": call.resource.strip("/")})
