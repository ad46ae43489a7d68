"""The sandbox's own HTTP API: faults, clock, quotas, endpoint statuses, call counts.

    GET    /sandbox                   what is offered, and the state
    GET    /sandbox/faults            faults that are still due
    POST   /sandbox/faults  {"kind", "endpoint", "operation", "instance_type", "times" | "rate",
                            "seconds"}
    DELETE /sandbox/faults            none is due any more
    POST   /sandbox/clock             {"advance_seconds": n} or {"now": "2026-11-23T10:00:00Z"}
    POST   /sandbox/skew              {"seconds": n}: answers' Date header is off by that; 0 ends it
    POST   /sandbox/quotas            {"ml.g5.xlarge": 2}; null lifts a limit
    POST   /sandbox/endpoints/{name}  {"status", "seconds", "reason"}
    POST   /sandbox/endpoints/{name}/invocations  {"count", "at", "variant"}
    POST   /sandbox/endpoints/{name}/backlog      {"size"}: its queue is that long from now on
    GET    /sandbox/calls             AWS API calls by operation
    DELETE /sandbox/calls             count from nothing

A status that is in progress ends after `seconds`, or stays until it is changed again. Invocations
are of now and of the first variant unless said otherwise. Bad input is answered by 400 and a
sentence.
"""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from http import HTTPStatus
from typing import Any

from werkzeug.wrappers import Request, Response

from sandbox import clock
from sandbox.aws.cloudwatch import traffic
from sandbox.aws.cloudwatch.monitor import Monitor
from sandbox.aws.protocol import shapes
from sandbox.aws.protocol.calls import Tally
from sandbox.aws.sagemaker import endpoints
from sandbox.aws.sagemaker.account import Account
from sandbox.aws.sagemaker.endpoints import Endpoint, Status
from sandbox.aws.sagemaker.quotas import Quotas
from sandbox.clock import Clock
from sandbox.control.faults import KINDS, Faults
from sandbox.control.wishes import is_number, is_whole
from sandbox.journal import Journal

ROOT = "/sandbox"
CLOCK_KEY = "clock"
ROUTES = [line.strip() for line in (__doc__ or "").splitlines() if f" {ROOT}" in line]


class NotThereError(LookupError):
    """A path or an endpoint that is not there."""


@dataclass(frozen=True)
class Controls:
    """Everything that can be steered."""

    account: Account
    monitor: Monitor
    faults: Faults
    quotas: Quotas
    tally: Tally
    journal: Journal


class Control:
    def __init__(self, controls: Controls) -> None:
        self._it = controls

    def answer(self, request: Request) -> Response:
        try:
            return _json(self._route(request))
        except NotThereError as error:
            return _json({"error": error.args[0]}, HTTPStatus.NOT_FOUND)
        except ValueError as error:
            return _json({"error": str(error)}, HTTPStatus.BAD_REQUEST)

    def _route(self, request: Request) -> dict[str, Any]:
        path = request.path.removeprefix(ROOT).strip("/")
        match request.method, path.split("/"):
            case "POST", parts:
                return self._order(request, parts)
            case "GET", [""]:
                return self._overview()
            case "GET", ["faults"]:
                return self._due()
            case "DELETE", ["faults"]:
                self._it.faults.clear()
                return self._due()
            case "GET", ["calls"]:
                return self._it.tally.report()
            case "DELETE", ["calls"]:
                self._it.tally.reset()
                return self._it.tally.report()
        raise _not_offered(request)

    def _order(self, request: Request, parts: list[str]) -> dict[str, Any]:
        match parts:
            case ["faults"]:
                return asdict(self._it.faults.order(_wish(request)))
            case ["clock"]:
                return self._steer(_wish(request))
            case ["skew"]:
                return self._skew(_wish(request))
            case ["quotas"]:
                return self._limit(_wish(request))
            case ["endpoints", name]:
                return self._force(name, _wish(request))
            case ["endpoints", name, ("invocations" | "backlog") as what]:
                return self._report(name, what, _wish(request))
        raise _not_offered(request)

    def _overview(self) -> dict[str, Any]:
        account = self._it.account
        with account.lock:
            statuses = Counter(
                endpoint.status
                for region in account.regions()
                for endpoint in account.endpoints(region)
            )
        return {
            "now": clock.spoken(account.clock.now()),
            "skew_seconds": account.clock.skew,
            "endpoints": dict(statuses),
            "quotas": self._it.quotas.limits,
            "routes": ROUTES,
            "fault_kinds": {name: kind.meaning for name, kind in KINDS.items()},
            **self._due(),
        }

    def _due(self) -> dict[str, Any]:
        return {"faults": self._it.faults.pending()}

    def _steer(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        ours = self._it.account.clock
        match dict(wish):
            case {"advance_seconds": seconds, **rest} if is_number(seconds) and not rest:
                ours.set(_reachable(ours.now() + seconds))
            case {"now": str() as moment, **rest} if not rest:
                ours.set(_moment(moment))
            case _:
                raise ValueError(
                    'say {"advance_seconds": number} or {"now": "2026-11-23T10:00:00Z"}'
                )
        self._it.journal.write(*as_entry(ours))
        return {"now": clock.spoken(ours.now())}

    def _skew(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        match dict(wish):
            case {"seconds": seconds, **rest} if is_number(seconds) and not rest:
                ours = self._it.account.clock
                _reachable(ours.now() + seconds)
                ours.skew = seconds
                return {"skew_seconds": seconds}
            case _:
                raise ValueError('say {"seconds": number}; 0 ends it')

    def _limit(self, wish: Mapping[str, Any]) -> dict[str, Any]:
        for instance_type, limit in wish.items():
            if instance_type not in shapes.instance_types():
                raise ValueError(f"{instance_type} is no instance type that hosts endpoints")
            if limit is not None and not is_whole(limit, least=0):
                raise ValueError("a quota is a whole number of instances from 0, or null")
        self._it.quotas.set(wish)
        return {"quotas": self._it.quotas.limits}

    def _force(self, name: str, wish: Mapping[str, Any]) -> dict[str, Any]:
        status, seconds, reason = _status_wish(wish)
        account = self._it.account
        with account.lock:
            found = self._named(name)
            for endpoint in found:
                now = account.clock.now()
                forced = endpoints.force(endpoint, status, now, seconds=seconds, reason=reason)
                account.keep_endpoint(forced)
        return {"endpoint": found[0].name, "status": status}

    def _report(self, name: str, what: str, wish: Mapping[str, Any]) -> dict[str, Any]:
        """Let CloudWatch know of traffic that never was."""
        account = self._it.account
        with account.lock:
            now = account.clock.now()
            for endpoint in self._named(name):
                if what == "backlog":
                    traffic.queue(self._it.monitor, endpoint, wish, now)
                else:
                    traffic.invoke(self._it.monitor, endpoint, wish, now)
        return {"endpoint": name, **wish}

    def _named(self, name: str) -> list[Endpoint]:
        found = self._it.account.endpoints_named(name)
        if not found:
            raise NotThereError(f"there is no endpoint named {name}")
        return found


def _not_offered(request: Request) -> NotThereError:
    return NotThereError(f"{request.method} {request.path} is not offered; see GET {ROOT}")


def as_entry(ours: Clock) -> tuple[str, dict[str, Any]]:
    """Give the clock as a journal entry."""
    return CLOCK_KEY, {"offset": ours.offset}


def _status_wish(wish: Mapping[str, Any]) -> tuple[Status, float | None, str | None]:
    unknown = wish.keys() - {"status", "seconds", "reason"}
    if unknown:
        raise ValueError(f"unknown field {min(unknown)}; say status, seconds, reason")
    if wish.get("status") not in list(Status):
        raise ValueError(f"status must be one of {', '.join(Status)}")
    status, seconds, reason = Status(wish["status"]), wish.get("seconds"), wish.get("reason")
    if seconds is not None and not (is_number(seconds) and seconds >= 0):
        raise ValueError("seconds must be a number from 0")
    if seconds is not None and status not in endpoints.IN_PROGRESS:
        raise ValueError(f"{status} is not in progress: it has no seconds after which it ends")
    if reason is not None and not isinstance(reason, str):
        raise ValueError("reason must be a text")
    return status, seconds, reason


def _wish(request: Request) -> dict[str, Any]:
    try:
        wish = json.loads(request.get_data())
    except ValueError as error:
        raise ValueError("the body must be JSON") from error
    if not isinstance(wish, dict):
        raise ValueError("the body must be a JSON object")  # noqa: TRY004 - answered as 400
    return wish


def _moment(text: str) -> float:
    try:
        return clock.parsed(text)
    except ValueError as error:
        raise ValueError(f'now must look like "2026-11-23T10:00:00Z", not "{text}"') from error


def _reachable(moment: float) -> float:
    try:
        clock.spoken(moment)
    except (OverflowError, ValueError, OSError) as error:
        raise ValueError("the clock cannot go that far") from error
    return moment


def _json(payload: Mapping[str, Any], status: HTTPStatus = HTTPStatus.OK) -> Response:
    return Response(json.dumps(payload, indent=2) + "\n", status, content_type="application/json")
