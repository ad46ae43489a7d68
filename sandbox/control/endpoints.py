"""The control API's endpoints: force a status, and report traffic that never was.

Invocations are counted in CloudWatch and the length of a queue is set, as if somebody had called.
"""

from collections.abc import Mapping
from typing import Any

from sandbox import clock
from sandbox.aws.sagemaker import lifecycle
from sandbox.aws.sagemaker.lifecycle import Endpoint, Status
from sandbox.control import checks
from sandbox.control.checks import is_number, is_whole
from sandbox.control.controls import Controls, NotThereError, Order


def force(controls: Controls, order: Order) -> dict[str, Any]:
    status, seconds, reason = _status(order.body)
    account = controls.account
    with account.lock:
        found = _named(controls, order.name)
        for endpoint in found:
            now = account.clock.now()
            forced = lifecycle.force(endpoint, status, now, seconds=seconds, reason=reason)
            account.keep_endpoint(forced)
    return {"endpoint": found[0].name, "status": status}


def invoke(controls: Controls, order: Order) -> dict[str, Any]:
    with controls.account.lock:
        now = controls.account.clock.now()
        for endpoint in _named(controls, order.name):
            count, variant, at = _invocations(order.body, endpoint, now)
            controls.metrics.count_invocations(endpoint, variant, at, count)
    return {"endpoint": order.name, **order.body}


def queue(controls: Controls, order: Order) -> dict[str, Any]:
    with controls.account.lock:
        for endpoint in _named(controls, order.name):
            size = _backlog(order.body, endpoint)
            controls.metrics.set_backlog(endpoint, size, controls.account.clock.now())
    return {"endpoint": order.name, **order.body}


def _named(controls: Controls, name: str) -> list[Endpoint]:
    found = controls.account.endpoints_named(name)
    if not found:
        raise NotThereError(f"there is no endpoint named {name}")
    return found


def _status(body: Mapping[str, Any]) -> tuple[Status, float | None, str | None]:
    checks.only(body, "status", "seconds", "reason")
    if body.get("status") not in list(Status):
        raise ValueError(f"status must be one of {', '.join(Status)}")
    status, seconds, reason = Status(body["status"]), body.get("seconds"), body.get("reason")
    if seconds is not None and not (is_number(seconds) and seconds >= 0):
        raise ValueError("seconds must be a number from 0")
    if seconds is not None and status not in lifecycle.IN_PROGRESS:
        raise ValueError(f"{status} is not in progress: it has no seconds after which it ends")
    if reason is not None and not isinstance(reason, str):
        raise ValueError("reason must be a text")
    return status, seconds, reason


def _invocations(body: Mapping[str, Any], endpoint: Endpoint, now: float) -> tuple[int, str, float]:
    checks.only(body, "count", "at", "variant")
    count, variants = body.get("count"), [each.name for each in endpoint.serving.variants]
    if not is_whole(count, least=1):
        raise ValueError("count must be a whole number from 1")
    variant = body.get("variant", variants[0])
    if variant not in variants:
        raise ValueError(f"{endpoint.name} has no variant {variant}")
    at = checks.moment("at", body["at"]) if "at" in body else now
    if at > now:
        raise ValueError(f"at lies ahead: it is {clock.written(now)}")
    return count, variant, at


def _backlog(body: Mapping[str, Any], endpoint: Endpoint) -> int:
    checks.only(body, "size")
    size = body.get("size")
    if not is_whole(size, least=0):
        raise ValueError("size must be a whole number from 0")
    if not endpoint.serving.async_inference:
        raise ValueError(f"{endpoint.name} is not asynchronous: it has no queue")
    return size
