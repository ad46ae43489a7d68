"""Traffic that is only told: invocations and queue lengths that a test or a person orders.

The control API calls it, with the account's lock held. ValueError carries the sentence for whoever
asked.
"""

from collections.abc import Mapping
from typing import Any

from sandbox import clock
from sandbox.aws.cloudwatch.monitor import Monitor
from sandbox.aws.sagemaker.endpoints import Endpoint
from sandbox.control.wishes import is_whole


def invoke(monitor: Monitor, endpoint: Endpoint, wish: Mapping[str, Any], now: float) -> None:
    _only(wish, {"count", "at", "variant"})
    count, variants = wish.get("count"), [each.name for each in endpoint.serving.variants]
    if not is_whole(count, least=1):
        raise ValueError("count must be a whole number from 1")
    variant = wish.get("variant", variants[0])
    if variant not in variants:
        raise ValueError(f"{endpoint.name} has no variant {variant}")
    at = _moment(wish["at"]) if "at" in wish else now
    if at > now:
        raise ValueError(f"at lies ahead: it is {clock.spoken(now)}")
    monitor.count_invocations(endpoint, variant, at, count)


def queue(monitor: Monitor, endpoint: Endpoint, wish: Mapping[str, Any], now: float) -> None:
    _only(wish, {"size"})
    size = wish.get("size")
    if not is_whole(size, least=0):
        raise ValueError("size must be a whole number from 0")
    if not endpoint.serving.async_inference:
        raise ValueError(f"{endpoint.name} is not asynchronous: it has no queue")
    monitor.set_backlog(endpoint, size, now)


def _only(wish: Mapping[str, Any], known: set[str]) -> None:
    unknown = wish.keys() - known
    if unknown:
        raise ValueError(f"unknown field {min(unknown)}; say {', '.join(sorted(known))}")


def _moment(text: object) -> float:
    try:
        return clock.parsed(str(text))
    except ValueError as error:
        raise ValueError(f'at must look like "2026-11-23T10:00:00Z", not "{text}"') from error
