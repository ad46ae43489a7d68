"""The routes of the API: which method and path, for whom, and what it does. Pure.

One table for all who need it: the handler finds the operation by it, `leasehold up` serves it, and
the API's description is generated from it.
"""

from dataclasses import dataclass

from gateway.principal import Scope


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one resource. `scope` None: it checks its callers by itself."""

    method: str
    resource: str
    scope: Scope | None
    operation: str
    summary: str

    @property
    def key(self) -> tuple[str, str]:
        return self.method, self.resource


ROUTES = (
    Route("GET", "/endpoint-expiry", Scope.READ, "query", "Read one lease, or all of them"),
    Route("POST", "/endpoint-expiry", Scope.EXTEND, "extend", "Extend a lease, or add an endpoint"),
    Route("DELETE", "/endpoint-expiry", Scope.EXTEND, "release", "End a lease now"),
)
