"""A ledger of 100,000 lease commits, as a process meets it that has just started.

- the first extension with an Idempotency-Key, against the first one without;
- the first page of an endpoint's history: of one that changes all the time, and of one that has not
  changed since the beginning;
- the memory of such a process at its peak.

git's own fast-import makes the history, a commit every ninety seconds up to now, and its own `git
http-backend` serves it. Each measurement is a process of its own, timed from when it has imported
what it needs to its answer; they take turns, so that a slow moment hits all.
"""

import json
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import boto3

from gateway.dependencies import Dependencies
from gateway.handler import build
from ledger.committers import GATEWAY
from ledger.documents import dump_existing_config
from ledger.lease import stamp
from ledger.remote import Remote
from ledger.repository import Repository
from sandbox.git.server import GitServer, create_repository

COMMITS = 100_000
ENDPOINTS = 100
ROUNDS = 5
_EVERY = timedelta(seconds=90)
_OK = 200
_ROOM = "environments/dev"
_CALLER = {"name": "Bench", "email": "bench@example.com", "scopes": "extend,read"}
_BUSY, _QUIET = (
    "demo-E000-Endpoint",
    "demo-E099-Endpoint",
)  # an endpoint of many changes, and one of a single one


@dataclass(frozen=True)
class Wish:
    method: str
    resource: str
    endpoint: str
    minutes: int = 0
    has_key: bool = False


_EXTENSION = Wish("POST", "/endpoint-expiry", _BUSY, minutes=1)
_PAGE = Wish("GET", "/endpoint-expiry/history", _BUSY)
ASKS = {
    "plain": _EXTENSION,
    "keyed": replace(_EXTENSION, has_key=True),
    "busy page": _PAGE,
    "quiet page": replace(_PAGE, endpoint=_QUIET),
}


def run() -> str:
    with tempfile.TemporaryDirectory(prefix="leasehold-bench-") as name:
        root = Path(name)
        bare = create_repository(root, "fleet.git")
        fill(bare)
        with GitServer(root) as server:
            url = server.repository_url("fleet.git")
            measured = [{ask: _measured(url, ask) for ask in ASKS} for _ in range(ROUNDS)]
    seconds = {ask: statistics.median(each[ask][0] for each in measured) for ask in ASKS}
    memory = {ask: max(each[ask][1] for each in measured) for ask in ASKS}
    return (
        f"long history: {COMMITS} lease commits, cold process (medians of {ROUNDS}): extension"
        f" {seconds['plain']:.2f} s, with a key {seconds['keyed']:.2f} s: ratio"
        f" {seconds['keyed'] / seconds['plain']:.1f}, goal at most 3.0; first page of a history"
        f" {seconds['busy page']:.2f} s, of one without changes {seconds['quiet page']:.2f} s, goal"
        f" at most 1.00; memory {memory['plain']} MB, with a key {memory['keyed']} MB, for a page"
        f" {max(memory['busy page'], memory['quiet page'])} MB, goal at most 100 MB"
    )


def _measured(url: str, ask: str) -> tuple[float, int]:
    """Ask once, in a new process; returns seconds, and megabytes at the peak."""
    command = [sys.executable, "-m", "benchmarks.long_history", url, ask]
    done = subprocess.run(command, check=True, capture_output=True)
    seconds, megabytes = json.loads(done.stdout)
    return float(seconds), int(megabytes)


def _ask(url: str, ask: str) -> str:
    """Answer one request as a process that has just started."""
    wish, number = ASKS[ask], time.time_ns()
    event = {
        "httpMethod": wish.method,
        "resource": wish.resource,
        "headers": {"Idempotency-Key": f"bench-{number}"} if wish.has_key else {},
        "requestContext": {"authorizer": _CALLER, "requestId": f"r-{number}"},
        "queryStringParameters": {} if wish.minutes else {"EndpointName": wish.endpoint},
        "body": json.dumps({"EndpointName": wish.endpoint, "minutes": wish.minutes}),
    }
    with tempfile.TemporaryDirectory(prefix="leasehold-bench-") as cache:
        start = time.perf_counter()
        ledger = Repository(Remote(url), Path(cache), committer=GATEWAY, clock=_now)
        answer = build(Dependencies(ledger, "dev", _now, boto3.client))(event, None)
        seconds = time.perf_counter() - start
    if answer["statusCode"] != _OK:
        raise RuntimeError(f"{answer['statusCode']}: {answer['body']}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return json.dumps([seconds, peak // 1024])


def _now() -> datetime:
    return datetime.now(UTC)


def fill(bare: Path, commits: int = COMMITS, endpoints: int = ENDPOINTS) -> None:
    """Make a history of so many lease commits, of so many endpoints in turn."""
    command = ["git", "fast-import", "--quiet", "--date-format=raw"]
    with subprocess.Popen(command, cwd=bare, stdin=subprocess.PIPE) as git:
        if git.stdin is None:
            raise RuntimeError("git fast-import does not listen")
        for text in _stream(commits, endpoints):
            git.stdin.write(text.encode())
    if git.returncode:
        raise RuntimeError(f"git fast-import ended with {git.returncode}")


def _stream(commits: int, endpoints: int) -> Iterator[str]:
    """Write the history as fast-import reads it."""
    at = _now() - _EVERY * (commits + 1)
    yield _commit(at, "begin\n")
    settings = {
        "project_prefix": "demo",
        "region_name": "us-east-1",
        "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
    }
    yield _file("environment.json", json.dumps(settings))
    for number in range(endpoints):
        name = f"E{number:03}"
        content = dump_existing_config(name, f"demo-{name}-Endpoint", "config").decode()
        yield _file(f"{name}.endpoint.json", content)
        yield _file(f"{name}.lease.json", json.dumps({"expires_at": stamp(at)}))
    for number in range(commits):
        at += _EVERY
        yield from _extension(f"E{number % (endpoints - 1):03}", number, at)


def _extension(name: str, number: int, at: datetime) -> Iterator[str]:
    until, request_id = stamp(at + timedelta(hours=1)), f"{number:032x}"
    yield _commit(
        at,
        f"lease(dev): extend {name} by 60 min to {until}\n\nLease-Action: extend\n"
        f"Lease-Endpoint: demo-{name}-Endpoint\nLease-Expires: {until}\n"
        f"Requested-By: Ana <ana@example.com>\nRequest-Id: {request_id}\n"
        f"Request-Digest: {request_id}\n",
    )
    yield _file(
        f"{name}.lease.json", json.dumps({"expires_at": until, "request_id": request_id}, indent=2)
    )


def _commit(at: datetime, message: str) -> str:
    who = f"committer {GATEWAY.name} <{GATEWAY.email}> {int(at.timestamp())} +0000"
    return f"commit refs/heads/main\n{who}\ndata {len(message)}\n{message}\n"


def _file(name: str, content: str) -> str:
    return f"M 100644 inline {_ROOM}/{name}\ndata {len(content)}\n{content}\n"


if __name__ == "__main__":
    sys.stdout.write(_ask(*sys.argv[1:]))
