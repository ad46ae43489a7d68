"""The API as a deployment puts it together, for `leasehold up` and the tests.

Beside the gateway's own routes it has what `cdk deploy` makes of the definitions: a resource
without a token for a `public` one, and one with a Lambda function of its own for an integration of
type `lambda`. It follows the ledger, so a merge is a deployment here. A function's code comes from
this project's `functions/` alone, never from the ledger.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

from gateway import handler as gateway
from gateway.http.cross_origin import PREFLIGHT, CrossOrigin
from gateway.http.routes import METHODS
from gateway.models.executions import definition
from gateway.models.fleet_cache import FleetCache
from gateway.models.streaming import streaming_handler
from leasehold.project import ROOT
from ledger.errors import Failure
from sandbox.api_gateway.rest_api import Route
from sandbox.lambda_functions.local_function import LocalFunction

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType

    from gateway.dependencies import Dependencies
    from gateway.handler import Handler
    from ledger.documents import Integration
    from ledger.holdings import Holding

_FUNCTIONS = "functions"
_LAYER = "layer"  # what all of them import
_STREAMING = "invoke_stream"
_ROLE = "arn:aws:iam::123456789012:role/leasehold-long-call"


def deploy_state_machine(client: Any) -> str:  # noqa: ANN401 - boto3's
    """Make the state machine of long calls, or find it, and return its ARN."""
    made: dict[str, str] = client.create_state_machine(
        name="leasehold-long-call", definition=definition(), roleArn=_ROLE
    )
    return made["stateMachineArn"]


class Deployment:
    """The routes of one environment's API, and the functions behind them."""

    def __init__(
        self, dependencies: Dependencies, variables: Mapping[str, str], project: Path = ROOT
    ) -> None:
        """`variables` are what functions find in their environment, beside ENDPOINT_NAME."""
        self._handle: Handler = gateway.build(dependencies)
        self._cross_origin = CrossOrigin.read(dependencies.variables, dependencies.environment)
        self._stream = streaming_handler(dependencies)
        self._fleet_cache = FleetCache(
            dependencies.ledger, dependencies.environment, dependencies.clock
        )
        self._variables = variables
        self._project = project
        self._functions: dict[tuple[Path | str, ...], LocalFunction] = {}

    def routes(self) -> tuple[Route, ...]:
        """Return the gateway's own routes."""
        own = tuple(
            Route(each.method, each.resource, self._stream, streams=True)
            if each.operation == _STREAMING
            else Route(each.method, each.resource, self._handle, each.needs_caller)
            for each in METHODS
        )
        return own + tuple(map(self._preflight, self._cross_origin.resources()))

    def _preflight(self, resource: str) -> Route:
        return Route(PREFLIGHT, resource, self._handle, authorized=False)

    def integrations(self) -> tuple[Route, ...]:
        """Return the routes that definitions have beside `/{api_resource_name}`, as of now."""
        try:
            holdings = self._fleet_cache.fleet().holdings
        except Failure:  # the routes that need the ledger say so themselves
            return ()
        return tuple(route for item in holdings for route in self._own(item))

    def _own(self, item: Holding) -> Iterator[Route]:
        integration, public = item.definition.integration, item.definition.public
        if integration is None:
            return
        resource = f"/{integration.api_resource_name}"
        function = self._function(integration, item)
        if function or public:
            yield Route("POST", resource, function or self._handle, authorized=not public)
            if self._cross_origin.origins:
                yield self._preflight(resource)

    def _function(self, integration: Integration, item: Holding) -> LocalFunction | None:
        """Find the function of an integration; what is no folder of `functions/` is none."""
        if integration.type != "lambda" or integration.lambda_src is None:
            return None
        folder = (self._project / integration.lambda_src).resolve()
        if folder.parent != self._project / _FUNCTIONS or not (folder / "app.py").is_file():
            return None
        named = {"ENDPOINT_NAME": str(item.endpoint_name), **self._asynchronous(item)}
        key: tuple[Path | str, ...] = (folder, *named.values())
        if key not in self._functions:
            variables = {**self._variables, **named}
            layers = [self._project / _FUNCTIONS / _LAYER]
            self._functions.setdefault(key, LocalFunction(folder, variables, layers))
        return self._functions[key]

    def _asynchronous(self, item: Holding) -> dict[str, str]:
        """Return where an asynchronous model's function puts what is asked, empty for nowhere."""
        if item.definition.async_inference is None:
            return {}
        settings = self._fleet_cache.fleet().environment
        return {"ASYNC_INPUT_PATH": (settings and settings.async_input_path) or ""}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for function in self._functions.values():
            function.stop()
