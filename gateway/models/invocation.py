"""Asking a model: `POST /invoke/{EndpointName}`, and at the path of its definition's integration.

`/{api_resource_name}` is one resource for all definitions, so a path exists as soon as its
definition is merged. A deployment may put a resource of its own before it: one without a token for
a `public` definition, or one with a Lambda function of its own, which is never bypassed here, since
it may change or refuse what it is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self

from gateway.dependencies import Dependencies
from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.models.fleet_cache import FleetCache
from gateway.models.not_running import not_running, observed_status
from gateway.models.runtime import ModelRuntime, NotServingError
from gateway.models.wire import model_call
from ledger.claims import with_lost_lease
from ledger.errors import Failure, Unavailable
from ledger.holdings import Broken, Holding
from ledger.observed import read_record
from ledger.repository import Repository


@dataclass(frozen=True, slots=True)
class Invocation:
    """The models of one environment. Safe to call from many threads."""

    fleet: FleetCache
    runtime: ModelRuntime
    environment: str
    clock: Callable[[], datetime]
    status: Repository | None

    @classmethod
    def of(cls, dependencies: Dependencies) -> Self:
        environment, clock = dependencies.environment, dependencies.clock
        fleet = FleetCache(dependencies.ledger, environment, clock, dependencies.status)
        runtime = ModelRuntime(dependencies.client)
        return cls(fleet, runtime, environment, clock, dependencies.status)

    def is_public(self, call: Call) -> bool:
        """Tell whether the definition at this path lets everybody ask."""
        return self.fleet.at(call.path["api_resource_name"]).definition.public

    def by_name(self, call: Call) -> Answer:
        return self._ask(self.named(call), call)

    def by_resource(self, call: Call) -> Answer:
        """Ask the one at this path. Raises Unavailable LH4310 where a function should answer."""
        item = self.fleet.at(call.path["api_resource_name"])
        integration = item.definition.integration
        if integration and integration.type == "lambda":
            raise Unavailable(
                "LH4310",
                f"{item.name} is answered by {integration.lambda_src}, which is not deployed here:"
                " deploy it, or set the integration's type to api.",
            )
        return self._ask(item, call)

    def named(self, call: Call) -> Holding | Broken:
        """Return the endpoint that the path names. Raises Refused LH4106."""
        return self.fleet.named(call.path["EndpointName"])

    def not_running(self, item: Holding | Broken, call: Call) -> Answer:
        try:
            files = self.status.read().files if self.status else {}
        except Failure:  # the answer is worth giving without it
            files = {}
        status, now = observed_status(files, self.environment, item.endpoint_name), self.clock()
        if isinstance(item, Holding):
            item = with_lost_lease(item, read_record(files, self.environment), now)
        return not_running(item, status, now, call.base_url)

    def _ask(self, item: Holding | Broken, call: Call) -> Answer:
        try:
            return self.runtime.invoke(item.endpoint_name, model_call(call))
        except NotServingError:
            return self.not_running(item, call)
