"""The control API: the sandbox's own HTTP API below /sandbox, as a table of routes.

Bad input is answered by 400 and a sentence, an unknown path by 404 and the paths that there are.
"""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, TypeAlias

from werkzeug.wrappers import Request, Response

from sandbox import clock as clocks
from sandbox.aws.faults import KINDS
from sandbox.control import clock, endpoints, faults, quotas
from sandbox.control.controls import Controls, NotThereError, Order

ROOT = "/sandbox"
Handler: TypeAlias = Callable[[Controls, Order], dict[str, Any]]


@dataclass(frozen=True)
class Route:
    method: str
    path: str
    does: str
    handler: Handler
    body: str = ""

    def match(self, method: str, path: str) -> str | None:
        """Return the endpoint's name in a path that fits, "" without one; None if it does not."""
        wanted, given = self.path.split("/"), path.rstrip("/").split("/")
        if method != self.method or len(wanted) != len(given):
            return None
        pairs = list(zip(wanted, given, strict=True))
        if any(want not in {part, "{name}"} for want, part in pairs):
            return None
        return dict(pairs).get("{name}", "")

    def shown(self) -> dict[str, str]:
        shown = {"method": self.method, "path": self.path, "does": self.does}
        return shown | ({"body": self.body} if self.body else {})


class Control:
    def __init__(self, controls: Controls) -> None:
        self._controls = controls

    def answer(self, request: Request) -> Response:
        try:
            return _json(self._answer(request))
        except NotThereError as error:
            return _json({"error": error.args[0]}, HTTPStatus.NOT_FOUND)
        except ValueError as error:
            return _json({"error": str(error)}, HTTPStatus.BAD_REQUEST)

    def _answer(self, request: Request) -> dict[str, Any]:
        for route in ROUTES:
            if (name := route.match(request.method, request.path)) is not None:
                body = _body(request) if route.body else {}
                return route.handler(self._controls, Order(name, body))
        there = ", ".join(f"{route.method} {route.path}" for route in ROUTES)
        raise NotThereError(f"there is no {request.method} {request.path}; there are {there}")


def _body(request: Request) -> dict[str, Any]:
    try:
        body = json.loads(request.get_data())
    except ValueError as error:
        raise ValueError("the body must be JSON") from error
    if not isinstance(body, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - answered as 400
    return body


def _overview(controls: Controls, order: Order) -> dict[str, Any]:
    account = controls.account
    with account.lock:
        statuses = Counter(
            endpoint.status
            for region in account.regions()
            for endpoint in account.endpoints(region)
        )
    return {
        "now": clocks.written(account.clock.now()),
        "running": account.clock.running,
        "skew_seconds": account.clock.skew,
        "endpoints": dict(statuses),
        "quotas": controls.quotas.limits,
        "routes": [route.shown() for route in ROUTES],
        "fault_kinds": {name: kind.meaning for name, kind in KINDS.items()},
        **faults.pending(controls, order),
    }


def _reset(controls: Controls, _: Order) -> dict[str, Any]:
    controls.reset()
    return {}


def _counts(controls: Controls, _: Order) -> dict[str, Any]:
    return controls.counts.report()


def _count_anew(controls: Controls, _: Order) -> dict[str, Any]:
    controls.counts.reset()
    return controls.counts.report()


def _json(payload: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(json.dumps(payload, indent=2) + "\n", status, content_type="application/json")


ROUTES = (
    Route("GET", "/sandbox", "show what is offered, and the state", _overview),
    Route("DELETE", "/sandbox", "forget everything, as if it had just been started", _reset),
    Route("GET", "/sandbox/faults", "list the faults that are pending", faults.pending),
    Route("POST", "/sandbox/faults", "order a fault", faults.add, faults.BODY),
    Route("DELETE", "/sandbox/faults", "clear all faults", faults.clear),
    Route(
        "POST",
        "/sandbox/clock",
        "set or stop the clock",
        clock.steer,
        clock.BODY,
    ),
    Route(
        "POST",
        "/sandbox/skew",
        "let the Date header of answers be off by so many seconds; 0 ends it",
        clock.skew,
        '{"seconds": n}',
    ),
    Route(
        "POST",
        "/sandbox/quotas",
        "limit the instances of a type; null lifts a limit",
        quotas.limit,
        '{"ml.g5.xlarge": 2}',
    ),
    Route(
        "POST",
        "/sandbox/endpoints/{name}",
        "force a status; one that is in progress ends after `seconds`, or never without them",
        endpoints.force,
        '{"status", "seconds", "reason"}',
    ),
    Route(
        "POST",
        "/sandbox/endpoints/{name}/invocations",
        "count invocations, of now and of the first variant unless said otherwise",
        endpoints.invoke,
        '{"count", "at", "variant"}',
    ),
    Route(
        "POST",
        "/sandbox/endpoints/{name}/backlog",
        "set how long an asynchronous endpoint's queue is from now on",
        endpoints.queue,
        '{"size": n}',
    ),
    Route("GET", "/sandbox/calls", "show how often each AWS operation was called", _counts),
    Route("DELETE", "/sandbox/calls", "count calls from zero", _count_anew),
)
