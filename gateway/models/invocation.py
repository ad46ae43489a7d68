"""Asking a model: `POST /invoke/{EndpointName}`, and at the path of its definition's integration.

`/{api_resource_name}` is one resource for all definitions, so a path exists as soon as its
definition is merged. A deployment may put a resource of its own before it: one without a token for
a `public` definition, or one with a Lambda function of its own, which is never bypassed here, since
it may change or refuse what it is sent.

What is asked is this environment's own, as the controller noted it: see `noted_cache`.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Self, TypeVar

from gateway.dependencies import Dependencies
from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.models.asynchronous import AsyncCalls, check_has_body, is_asynchronous
from gateway.models.fleet_cache import FleetCache
from gateway.models.not_running import not_running
from gateway.models.noted_cache import NotedCache, may_answer
from gateway.models.runtime import ModelRuntime, NotServingError
from gateway.models.wire import ModelCall, model_call
from ledger.claims import with_lost_lease
from ledger.deadline import carried
from ledger.errors import Unavailable
from ledger.holdings import Broken, Holding
from ledger.observed import Noted

_Item = TypeVar("_Item", Holding, Holding | Broken)
_Said = TypeVar("_Said")


@dataclass(frozen=True, slots=True)
class Invocation:
    """The models of one environment. Safe to call from many threads."""

    fleet: FleetCache
    runtime: ModelRuntime
    environment: str
    clock: Callable[[], datetime]
    noted: NotedCache
    later: AsyncCalls

    @classmethod
    def of(cls, dependencies: Dependencies) -> Self:
        environment, clock = dependencies.environment, dependencies.clock
        fleet = FleetCache(dependencies.ledger, environment, clock, dependencies.status)
        runtime = ModelRuntime(dependencies.client)
        noted = NotedCache(dependencies.status, environment, clock)
        later = AsyncCalls.of(dependencies, fleet, noted, runtime)
        return cls(fleet, runtime, environment, clock, noted, later)

    def is_public(self, call: Call) -> bool:
        """Tell whether the definition at this path lets everybody ask."""
        return self.fleet.at(call.path["api_resource_name"]).definition.public

    def by_name(self, call: Call) -> Answer:
        return self._answer(self.named(call), call)

    def by_resource(self, call: Call) -> Answer:
        """Ask the one at this path. Raises Unavailable LH4310 where a function should answer."""
        item = self._found(lambda: self.fleet.at(call.path["api_resource_name"]))
        if not item.definition.public:
            call.principal.check_reach(item.endpoint_name, item.owner)
        integration = item.definition.integration
        if integration and integration.type == "lambda":
            raise Unavailable(
                "LH4310",
                f"{item.name} is answered by {integration.lambda_src}, which is not deployed here:"
                " deploy it, or set the integration's type to api.",
            )
        return self._answer(item, call)

    def upload(self, call: Call) -> Answer:
        """Say where to put a body that is too large for the API."""
        return self.later.upload(call, self.named(call))

    def named(self, call: Call) -> Holding | Broken:
        """Return the endpoint that the path names. Raises Refused LH4106, LH4231."""
        item = self._found(lambda: self.fleet.named(call.path["EndpointName"]))
        call.principal.check_reach(item.endpoint_name, item.owner)
        return item

    def _answer(self, item: Holding | Broken, call: Call) -> Answer:
        if is_asynchronous(item):
            return self.ask(item, call, partial(self.later.send, call))
        check_has_body(item, call)
        return self.ask(item, call, self.runtime.invoke)

    def ask(
        self, item: Holding | Broken, call: Call, send: Callable[[str, ModelCall], _Said]
    ) -> _Said | Answer:
        """Ask a model if it is ours and runs. Raises Refused LH4227, Wait LH4228, or as `send`."""
        noted = self.noted.look(item.endpoint_name)
        if not may_answer(noted):
            return self.not_running(item, noted, call)
        try:
            return send(item.endpoint_name, model_call(call))
        except NotServingError:
            return self.not_running(item, self.noted.latest(item.endpoint_name), call)

    def not_running(self, item: Holding | Broken, noted: Noted | None, call: Call) -> Answer:
        now = self.clock()
        if isinstance(item, Holding):
            item = with_lost_lease(item, self.noted.record(), now)
        return not_running(item, noted, now, call.base_url)

    def _found(self, find: Callable[[], _Item]) -> _Item:
        """Find an endpoint in the ledger, while its record is fetched beside if that is due."""
        if self.noted.is_fresh():
            return find()
        with ThreadPoolExecutor(1) as beside:
            fetched = beside.submit(carried(self.noted.refresh))
            item = find()
            fetched.result()
        return item
