"""The list of 500 endpoints (`GET /fleet`), against one read of the ledger.

- in a process that has just started, on a ledger of 20,000 lease commits;
- in one that has answered before: once more, after somebody has extended a lease, and by its tag
  alone.

Each first answer is of a process of its own, as is each read of the ledger; they take turns.
"""

import gzip
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import boto3

from benchmarks.long_history import fill
from gateway.dependencies import Dependencies
from gateway.handler import build
from ledger.committers import GATEWAY
from ledger.remote import Remote
from ledger.repository import Repository
from sandbox.git.server import GitServer, create_repository

ENDPOINTS = 500
COMMITS = 20_000
ROUNDS = 5
_POLLS = 5
_CALLER = {"name": "Bench", "email": "bench@example.com", "scopes": "extend,read"}


def run() -> str:
    with tempfile.TemporaryDirectory(prefix="leasehold-bench-") as name:
        root = Path(name)
        bare = create_repository(root, "fleet.git")
        fill(bare, COMMITS, ENDPOINTS)
        with GitServer(root) as server:
            url = server.repository_url("fleet.git")
            reads, lists = [], []
            for _ in range(ROUNDS):
                reads.append(_measured(url, "read")["first"])
                lists.append(_measured(url, "list"))
    read = statistics.median(reads)
    took = {key: statistics.median(each[key] for each in lists) for key in lists[0]}
    return (
        f"list of {ENDPOINTS} endpoints, {COMMITS} commits (medians of {ROUNDS}): one read of the"
        f" ledger by a cold process {read:.2f} s, the list {took['first']:.2f} s: ratio"
        f" {took['first'] / read:.1f}; a warm process {took['again']:.3f} s, after an extension"
        f" {took['extended']:.3f} s, nothing changed {took['poll']:.3f} s;"
        f" {took['kilobytes']:.0f} KB compressed, goal at most 100"
    )


def _measured(url: str, what: str) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.fleet_list", url, what]
    done = subprocess.run(command, check=True, capture_output=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def _measure(url: str, what: str) -> str:
    """Measure one thing in a process that has just started."""
    with tempfile.TemporaryDirectory(prefix="leasehold-bench-") as cache:
        ledger = Repository(Remote(url), Path(cache), committer=GATEWAY, clock=_now)
        if what == "read":
            return json.dumps({"first": _seconds(ledger.read)})
        handle = build(Dependencies(ledger, "dev", _now, boto3.client))
        answers: list[dict[str, Any]] = []

        def ask(event: dict[str, Any]) -> None:
            answers.append(handle(event, None))

        first = _seconds(lambda: ask(_event()))
        again = statistics.median(_seconds(lambda: ask(_event())) for _ in range(_POLLS))
        body = {"EndpointName": "demo-E000-Endpoint", "minutes": 1}
        ask(_event("POST", "/endpoint-expiry", json.dumps(body)))
        extended = _seconds(lambda: ask(_event()))
        known = {"If-None-Match": answers[-1]["headers"]["ETag"]}
        poll = statistics.median(
            _seconds(lambda: ask(_event(headers=known))) for _ in range(_POLLS)
        )
    if {each["statusCode"] for each in answers} != {200, 304}:
        raise RuntimeError(str([each["statusCode"] for each in answers]))
    packed = gzip.compress(answers[0]["body"].encode(), 6)
    return json.dumps(
        {
            "first": first,
            "again": again,
            "extended": extended,
            "poll": poll,
            "kilobytes": len(packed) / 1000,
        }
    )


def _event(
    method: str = "GET",
    resource: str = "/fleet",
    body: str = "",
    headers: dict[str, str] | None = None,
) -> dict[str, Any]:
    context = {"authorizer": _CALLER, "requestId": f"r-{time.time_ns()}"}
    return {
        "httpMethod": method,
        "resource": resource,
        "requestContext": context,
        "body": body,
        "headers": headers or {},
    }


def _seconds(do: Callable[[], object]) -> float:
    start = time.perf_counter()
    do()
    return time.perf_counter() - start


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    sys.stdout.write(_measure(*sys.argv[1:]))
