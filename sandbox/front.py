"""The sandbox's front door: a WSGI app that sends each request to the part that answers it.

The control API, SageMaker, its runtime, prices and SageMaker's tags are answered here; DynamoDB
goes to moto by way of the journal; everything else is moto's. Calls are counted, faults strike, and
each answer carries the sandbox's own time in its Date header.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, cast

from werkzeug.wrappers import Request, Response

from sandbox import clock, pricing, refusals, tables, tags, wire
from sandbox.calls import Call, Tally
from sandbox.clock import Clock
from sandbox.control import ROOT, Control
from sandbox.faults import Faults
from sandbox.moto_account import Moto
from sandbox.refusals import Refusal
from sandbox.runtime import Runtime
from sandbox.sagemaker import SageMaker
from sandbox.tables import Tables
from sandbox.tags import Tags
from sandbox.wire import Incoming

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True)
class Services:
    """The parts that answer."""

    control: Control
    sagemaker: SageMaker
    runtime: Runtime
    tags: Tags
    tables: Tables
    moto: Moto


class Front:
    def __init__(self, services: Services, faults: Faults, tally: Tally, ours: Clock) -> None:
        self._services = services
        self._faults = faults
        self._tally = tally
        self._clock = ours

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, self._dated(start_response))

    def _answer(self, request: Request) -> "WSGIApplication":
        if request.path == ROOT or request.path.startswith(f"{ROOT}/"):
            return self._services.control.answer(request)
        incoming = wire.identify(request)
        self._tally.count(incoming.operation)
        try:
            return self._struck(incoming, request)
        except Refusal as refusal:
            return wire.refused(refusal)

    def _struck(self, incoming: Incoming, request: Request) -> "WSGIApplication":
        """Answer, unless a fault has something else in store."""
        called = incoming.operation, incoming.endpoint
        if refusal := self._faults.refusal(*called):
            raise refusal
        if slow := self._faults.take({"slow-answer"}, *called):
            time.sleep(slow.seconds or 0)
        app = self._app(incoming, request)
        if self._faults.take({"lost-answer"}, *called):
            Response.from_app(app, request.environ)
            raise refusals.answer_lost()
        return app

    def _app(self, incoming: Incoming, request: Request) -> "WSGIApplication":
        call = Call(incoming.operation, incoming.region, incoming.params, self._clock.now())
        services = self._services
        match incoming.api:
            case wire.CONTROL_PLANE if services.sagemaker.knows(incoming.operation):
                return wire.answered(services.sagemaker.answer(call))
            case wire.RUNTIME:
                return services.runtime.answer(incoming, request)
            case wire.PRICING if incoming.operation == "GetProducts":
                return wire.answered(pricing.get_products(incoming.params))
            case wire.TAGGING if incoming.operation == "GetResources" and tags.concerns_sagemaker(
                incoming.params
            ):
                return wire.answered(services.tags.get_resources(call))
            case tables.API:
                return partial(services.tables.serve, incoming.region, incoming.operation)
            case _:
                return services.moto

    def _dated(self, start_response: "StartResponse") -> "StartResponse":
        """Add a Date header of the sandbox's clock, which waitress then leaves alone."""

        def start(
            status: str, headers: list[tuple[str, str]], *error: "OptExcInfo | None"
        ) -> "Callable[[bytes], object]":
            kept = [pair for pair in headers if pair[0].lower() != "date"]
            dated = [*kept, ("Date", clock.http_date(self._clock.now()))]
            return start_response(status, dated, *error)

        return cast("StartResponse", start)
