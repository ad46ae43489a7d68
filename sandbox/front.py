"""The sandbox's front door: a WSGI app that sends each request to the part that answers it.

The control API, SageMaker, its runtime, prices, SageMaker's tags, metrics and autoscaling are
answered here; DynamoDB goes to moto by way of the journal; everything else is moto's. Calls are
counted, faults strike, and each answer carries the sandbox's own time in its Date header, off by
the skew that was asked for.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from werkzeug.wrappers import Request, Response

from sandbox import clock
from sandbox.aws import pricing, refusals
from sandbox.aws.autoscaling import autoscaling
from sandbox.aws.autoscaling.autoscaling import Autoscaling
from sandbox.aws.cloudwatch import cloudwatch
from sandbox.aws.cloudwatch.cloudwatch import CloudWatch
from sandbox.aws.moto import tables
from sandbox.aws.moto.account import Moto
from sandbox.aws.moto.tables import Tables
from sandbox.aws.protocol import wire
from sandbox.aws.protocol.calls import Call, Tally
from sandbox.aws.protocol.wire import Incoming
from sandbox.aws.refusals import Refusal
from sandbox.aws.runtime.invoke import Runtime
from sandbox.aws.sagemaker import tags
from sandbox.aws.sagemaker.control_plane import SageMaker
from sandbox.aws.sagemaker.tags import Tags
from sandbox.clock import Clock
from sandbox.control.api import ROOT, Control
from sandbox.control.faults import Faults

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


@dataclass(frozen=True)
class Services:
    """The parts that answer."""

    control: Control
    sagemaker: SageMaker
    runtime: Runtime
    cloudwatch: CloudWatch
    autoscaling: Autoscaling
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
        self._services.runtime.catch_up()
        incoming = wire.identify(request)
        self._tally.count(incoming.operation)
        try:
            return self._struck(incoming, request)
        except Refusal as refusal:
            return wire.refused(refusal, incoming)

    def _struck(self, incoming: Incoming, request: Request) -> "WSGIApplication":
        """Answer, unless a fault has something else in store."""
        called = incoming.operation, incoming.endpoint
        if refusal := self._faults.refusal(incoming.service, *called):
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
        if (answer := self._own(incoming, call)) is not None:
            return wire.answered(answer)
        match incoming.api:
            case wire.RUNTIME:
                return self._services.runtime.answer(incoming, request)
            case tables.API:
                return partial(self._services.tables.serve, incoming.region, incoming.operation)
            case _:
                return self._services.moto

    def _own(self, incoming: Incoming, call: Call) -> dict[str, Any] | None:
        """Answer what the sandbox answers in JSON by itself."""
        services, operation = self._services, incoming.operation
        match incoming.api:
            case wire.CONTROL_PLANE if services.sagemaker.knows(operation):
                return services.sagemaker.answer(call)
            case cloudwatch.API if services.cloudwatch.knows(operation):
                return services.cloudwatch.answer(call)
            case autoscaling.API if services.autoscaling.knows(call):
                return services.autoscaling.answer(call)
            case wire.PRICING if operation == "GetProducts":
                return pricing.get_products(call.params)
            case wire.TAGGING if operation == "GetResources" and tags.concerns_sagemaker(
                call.params
            ):
                return services.tags.get_resources(call)
        return None

    def _dated(self, start_response: "StartResponse") -> "StartResponse":
        """Add a Date header of the sandbox's clock, which waitress then leaves alone."""

        def start(
            status: str, headers: list[tuple[str, str]], *error: "OptExcInfo | None"
        ) -> "Callable[[bytes], object]":
            kept = [pair for pair in headers if pair[0].lower() != "date"]
            told = self._clock.now() + self._clock.skew
            dated = [*kept, ("Date", clock.http_date(told))]
            return start_response(status, dated, *error)

        return cast("StartResponse", start)
