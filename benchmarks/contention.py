"""Sixty-four callers who extend one lease at once: how fast, how late, and how many are lost.

Three ways to do the same, by the same callers:
- the gateway's handler, whose callers share a push;
- the same handler on a ledger that pushes for each request by itself;
- the predecessor's way: read the expiry from a parameter of SSM, add, and put it back.

Callers speak to the handler without HTTP in between, so that git is what is measured. The parameter
is in the sandbox's SSM, reached over HTTP; its real latency would only lose more.
"""

import json
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import count
from math import ceil
from typing import Any

from benchmarks.workshop import NOW, Workshop, workshop
from gateway.dependencies import Dependencies
from gateway.handler import build
from ledger.repository import Committed, Proposal, Repository

CALLERS = 64
EACH = 3
ENDPOINT = "demo-Falcon40B-Endpoint"
PARAMETER = "/expiry/Falcon40B"
_LEGACY = "%d-%m-%Y-%H-%M-%S"
_MINUTE = timedelta(minutes=1)
_OK = 200


@dataclass(frozen=True)
class Measured:
    """What became of all the extensions of one way."""

    a_second: float
    p95: float
    lost: int

    def __str__(self) -> str:
        return f"{self.a_second:.0f}/s, p95 {self.p95:.2f} s, {self.lost} of {CALLERS * EACH} lost"


class OnePushEach(Repository):
    """A ledger whose callers take turns, so that none shares a push."""

    _turn = threading.Lock()

    def commit(self, proposal: Proposal, *, deadline_seconds: float = 20.0) -> Committed:
        with self._turn:
            return super().commit(proposal, deadline_seconds=deadline_seconds)


def run() -> str:
    with workshop() as shop:
        shared = _gateway(shop, shop.open(Repository))
        alone = _gateway(shop, shop.open(OnePushEach))
        parameter = _predecessor(shop.client("ssm"))
    if shared.lost or alone.lost:
        raise RuntimeError(f"the gateway has lost extensions: {shared}; {alone}")
    return (
        f"contention: {CALLERS} callers, one lease: shared pushes {shared};"
        f" one push each {alone}: ratio {shared.a_second / alone.a_second:.1f} in rate,"
        f" {alone.p95 / shared.p95:.1f} in p95, goal at least 3.0;"
        f" read-modify-write on SSM {parameter}"
    )


def _gateway(shop: Workshop, ledger: Repository) -> Measured:
    handle = build(Dependencies(ledger, "dev", lambda: NOW, shop.client))
    numbers = count()

    def extend() -> None:
        event = _event(f"{id(ledger)}-{next(numbers)}")
        answer = handle(event, None)
        if answer["statusCode"] != _OK:
            raise RuntimeError(answer["body"])

    extend()
    before = shop.expires_at()
    seconds, latencies = _measured(extend)
    return _outcome(seconds, latencies, shop.expires_at() - before)


def _predecessor(ssm: Any) -> Measured:  # noqa: ANN401  (boto3's)
    def extend() -> None:
        put(got() + _MINUTE)

    def got() -> datetime:
        value = ssm.get_parameter(Name=PARAMETER)["Parameter"]["Value"]
        return datetime.strptime(value, _LEGACY).replace(tzinfo=UTC)

    def put(end: datetime) -> None:
        text = end.strftime(_LEGACY)
        ssm.put_parameter(Name=PARAMETER, Value=text, Type="String", Overwrite=True)

    put(NOW)
    before = got()
    seconds, latencies = _measured(extend)
    return _outcome(seconds, latencies, got() - before)


def _measured(extend: Callable[[], None]) -> tuple[float, list[float]]:
    """Let all callers start together; give the seconds for all, and those of each request."""
    barrier = threading.Barrier(CALLERS + 1)

    def call() -> list[float]:
        barrier.wait()
        return [_timed(extend) for _ in range(EACH)]

    with ThreadPoolExecutor(CALLERS) as pool:
        work = [pool.submit(call) for _ in range(CALLERS)]
        barrier.wait()
        start = time.perf_counter()
        latencies = [latency for item in work for latency in item.result()]
        return time.perf_counter() - start, latencies


def _timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def _outcome(seconds: float, latencies: list[float], gained: timedelta) -> Measured:
    wanted = len(latencies)
    p95 = sorted(latencies)[ceil(0.95 * wanted) - 1]
    return Measured(wanted / seconds, p95, wanted - gained // _MINUTE)


def _event(request_id: str) -> dict[str, Any]:
    caller = {"name": "Ana", "email": "ana@example.com", "scopes": "extend"}
    return {
        "httpMethod": "POST",
        "resource": "/endpoint-expiry",
        "requestContext": {"requestId": request_id, "authorizer": caller},
        "body": json.dumps({"EndpointName": ENDPOINT, "minutes": 1}),
    }
