"""Asking a model: `POST /invoke/{EndpointName}`, and at the path of its definition's integration.

Called by `handler`. `/{api_resource_name}` is one resource for all definitions, so a path exists as
soon as its definition is merged. A deployment may put a resource of its own before it: one without
a token for a `public` definition, or one with a Lambda function of its own, which is never bypassed
here, since it may change or refuse what it is sent.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Self
from urllib.parse import unquote

from gateway.callers.principal import Scope
from gateway.dependencies import Dependencies
from gateway.http import requests
from gateway.http.answer import Answer
from gateway.http.requests import Event
from gateway.models.fleet_cache import FleetCache
from gateway.models.not_running import not_running, observed_status
from gateway.models.runtime import ModelRuntime, NotServingError
from gateway.models.wire import model_call
from ledger.errors import Failure, Refused, Unavailable
from ledger.holdings import Broken, Holding
from ledger.repository import Repository


@dataclass(frozen=True, slots=True)
class Invocation:
    """The models of one environment. Safe to call from many threads."""

    served: FleetCache
    runtime: ModelRuntime
    environment: str
    clock: Callable[[], datetime]
    status: Repository | None

    @classmethod
    def of(cls, dependencies: Dependencies) -> Self:
        served = FleetCache(dependencies.ledger, dependencies.environment, dependencies.clock)
        runtime = ModelRuntime(dependencies.client)
        return cls(
            served, runtime, dependencies.environment, dependencies.clock, dependencies.status
        )

    def by_name(self, event: Event) -> Answer:
        return self._ask(self.named(event), event)

    def by_resource(self, event: Event) -> Answer:
        """Ask the one at this path. Raises Unavailable LH4310 where a function should answer."""
        item = self.served.at(_resource(event))
        if not item.definition.public:
            _check_caller(event)
        integration = item.definition.integration
        if integration and integration.type == "lambda":
            raise Unavailable(
                "LH4310",
                f"{item.name} is answered by {integration.lambda_src}, which is not deployed here:"
                " deploy it, or set the integration's type to api.",
            )
        return self._ask(item, event)

    def named(self, event: Event) -> Holding | Broken:
        """Find the endpoint that the path names, for a caller who may invoke."""
        requests.caller(event, Scope.INVOKE)
        name = (event.get("pathParameters") or {}).get("EndpointName", "")
        return self.served.named(unquote(name))

    def not_running(self, item: Holding | Broken, event: Event) -> Answer:
        try:
            files = self.status.read().files if self.status else {}
        except Failure:  # the answer is worth giving without it
            files = {}
        status = observed_status(files, self.environment, item.endpoint_name)
        return not_running(item, status, self.clock(), event)

    def _ask(self, item: Holding | Broken, event: Event) -> Answer:
        call = model_call(event)
        try:
            return self.runtime.invoke(item.endpoint_name, call)
        except NotServingError:
            return self.not_running(item, event)


def _resource(event: Event) -> str:
    """Take the path's name: the parameter's value, or that of a resource of the name's own."""
    parameters = event.get("pathParameters") or {}
    return unquote(parameters.get("api_resource_name") or str(event.get("resource")).strip("/"))


def _check_caller(event: Event) -> None:
    """Let no one pass at a resource that was deployed for a public definition, and is private now.

    Raises Refused LH4010 without a caller, LH4031 for one who may not invoke.
    """
    if not (event.get("requestContext") or {}).get("authorizer"):
        raise Refused("LH4010", "No valid token came with the request.")
    requests.caller(event, Scope.INVOKE)
