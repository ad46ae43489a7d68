"""The sandbox's WSGI application: reads each AWS call and hands it to the service that answers it.

Services are a table; what it does not name, and what a service leaves, is moto's. Calls are
counted, faults strike, and each answer carries the sandbox's own time in its Date header, off by
the skew that was asked for.
"""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias, cast

from werkzeug.wrappers import Request, Response

from sandbox import clock
from sandbox.aws.faults import Faults
from sandbox.aws.protocol import call as calls
from sandbox.aws.protocol import errors, responses
from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.errors import AwsError
from sandbox.aws.runtime.jobs import Jobs
from sandbox.clock import Clock
from sandbox.control.api import ROOT, Control
from sandbox.control.call_counts import CallCounts

if TYPE_CHECKING:
    from _typeshed import OptExcInfo
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Service: TypeAlias = "Callable[[Call], WSGIApplication | None]"
"""Gives the answer, which is a WSGI application, or None where the call is moto's."""


@dataclass(frozen=True)
class Router:
    control: Control
    services: Mapping[str, Service]
    """By the `api` of a call."""
    moto: "WSGIApplication"
    jobs: Jobs
    faults: Faults
    counts: CallCounts
    clock: Clock

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        request = Request(environ)
        return self._answer(request)(environ, self._dated(start_response))

    def _answer(self, request: Request) -> "WSGIApplication":
        if request.path == ROOT or request.path.startswith(f"{ROOT}/"):
            return self.control.answer(request)
        self.jobs.catch_up()
        call = calls.read(request, self.clock.now())
        self.counts.count(call.operation, call.service)
        try:
            return self._answer_or_fault(call)
        except AwsError as error:
            return responses.error(error, call)

    def _answer_or_fault(self, call: Call) -> "WSGIApplication":
        if refusal := self.faults.refusal(call):
            raise refusal
        if slow := self.faults.take(call, "slow-answer"):
            time.sleep(slow.seconds or 0)
            call = replace(call, now=self.clock.now())
        app = self._serve(call)
        if self.faults.take(call, "lost-answer"):
            Response.from_app(app, call.request.environ)
            raise errors.answer_lost()
        return app

    def _serve(self, call: Call) -> "WSGIApplication":
        if call.service == "s3" and not call.is_signed:
            raise AwsError("InvalidArgument", "Unsupported Authorization Type")
        service = self.services.get(call.api)
        answer = service(call) if service is not None else None
        return answer if answer is not None else self.moto

    def _dated(self, start_response: "StartResponse") -> "StartResponse":
        """Return `start_response` with a Date header, which waitress then leaves alone."""

        def start(
            status: str, headers: list[tuple[str, str]], *error: "OptExcInfo | None"
        ) -> "Callable[[bytes], object]":
            kept = [pair for pair in headers if pair[0].lower() != "date"]
            told = self.clock.now() + self.clock.skew
            return start_response(status, [*kept, ("Date", clock.http_date(told))], *error)

        return cast("StartResponse", start)
