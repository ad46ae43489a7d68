"""Thirty processes that extend one lease at once, as in Lambda: each caller has one of its own.

Three ways to do the same on a remote that takes 0.4 s for a push, as a hosted one does:
- the gateway with a table in which processes meet, so that they share pushes;
- the gateway without one: each process pushes for itself;
- the git command line in a clone of each process, again and again until its push wins.

And one process alone with and without the table. The remote is slow by a pre-receive hook, and has
as many threads as there are processes. DynamoDB is moto's, in a process of its own that answers one
request at a time: it and all processes share this machine's cores, which is part of what is
measured.
"""

import json
import os
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from math import ceil
from pathlib import Path
from typing import Any

import boto3

from benchmarks.workshop import begin
from gateway.dependencies import Dependencies
from gateway.handler import build
from ledger.committers import GATEWAY
from ledger.remote import Remote
from ledger.repository import Repository
from ledger.variables import CHANGE_TABLE
from sandbox.git.server import GitServer, create_repository

PROCESSES = int(os.environ.get("LEASEHOLD_BENCH_PROCESSES", "30"))
CROWD = 200
EACH = 2
ALONE = 10
PUSH_SECONDS = 0.4
DEADLINE = 20.0
TABLE = "changes"
ENDPOINT = "demo-Falcon40B-Endpoint"
_OK = 200
_READY_SECONDS = 60
CALLS: list[str] = []  # of AWS, in this process


@dataclass(frozen=True)
class Measured:
    """What became of all the extensions of one way."""

    accepted: int
    asked: int
    seconds: float
    latencies: Sequence[float]
    pushes: int
    cpu: float  # seconds of the processes, while they extended
    calls: int  # of the table
    table_cpu: float  # seconds of the process that has it

    @property
    def p95(self) -> float:
        return sorted(self.latencies)[ceil(0.95 * len(self.latencies)) - 1]

    def __str__(self) -> str:
        return (
            f"{self.accepted} of {self.asked} accepted, {self.accepted / self.seconds:.1f}/s,"
            f" p50 {statistics.median(self.latencies):.2f} s, p95 {self.p95:.2f} s,"
            f" {self.pushes} pushes; a change takes {self.cpu / self.asked * 1000:.0f} ms of CPU,"
            f" {self.calls / self.asked:.1f} calls of the table and"
            f" {self.table_cpu / self.asked * 1000:.0f} ms of its CPU"
        )


def run() -> str:
    ways = ("shared", "each", "git")
    shared, each, git = (_measured(way, PROCESSES, EACH) for way in ways)
    alone, before = _measured("shared", 1, ALONE), _measured("each", 1, ALONE)
    ratio = statistics.median(alone.latencies) / statistics.median(before.latencies)
    load = os.getloadavg()[0]
    return (
        f"writers: {PROCESSES} processes, {PUSH_SECONDS} s a push: shared pushes {shared}, goal all"
        f" accepted, at least 20/s, p95 at most 3.00 s; each its own {each}; git command line"
        f" {git}; one process alone {statistics.median(alone.latencies):.2f} s, without the table"
        f" {statistics.median(before.latencies):.2f} s: ratio {ratio:.2f}, goal at most 1.10"
        f" (load average {load:.1f})"
    )


def run_crowd() -> str:
    """Measure two hundred processes at once; they take some 10 GB of memory."""
    told = _measured("shared", CROWD, 1)
    return (
        f"writers-200: {CROWD} processes, one extension each, {PUSH_SECONDS} s a push: {told}, goal"
        f" none lost (load average {os.getloadavg()[0]:.1f})"
    )


class Hosted(GitServer):
    """A git server with a thread for each writer, as a hosting service has."""

    threads = 64


def _measured(way: str, processes: int, each: int) -> Measured:
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="leasehold-bench-")))
        url = stack.enter_context(hosted(folder))
        aws, table = stack.enter_context(dynamodb()) if way == "shared" else ("", None)
        told, seconds = measure([way, url, aws], processes, each)
        table_cpu = cpu_seconds(table) if table else 0.0
        pushes = len((folder / "hosted" / "fleet.git" / "pushes").read_text().split())
    answers = [answer for one in told for answer in one["answers"]]
    accepted = sum(status == _OK for status, _ in answers)
    latencies = [latency for _, latency in answers]
    cpu, calls = (sum(one[key] for one in told) for key in ("cpu", "calls"))
    return Measured(accepted, len(answers), seconds, latencies, pushes, cpu, calls, table_cpu)


def measure(
    arguments: Sequence[str], processes: int, each: int
) -> tuple[list[dict[str, Any]], float]:
    """Let processes begin together; give what each tells at its end, and the time of all."""
    command = [sys.executable, "-m", "benchmarks.writers", *arguments, str(each)]
    pipe = subprocess.PIPE
    with ExitStack() as stack:
        writers = [
            stack.enter_context(subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True))
            for _ in range(processes)
        ]
        for writer in writers:
            _read(writer)
        start = time.perf_counter()
        for writer in writers:
            print(file=writer.stdin, flush=True)
        told = [json.loads(_read(writer)) for writer in writers]
        seconds = time.perf_counter() - start
        for writer in writers:
            print(file=writer.stdin, flush=True)
    return told, seconds


def _read(writer: "subprocess.Popen[str]") -> str:
    if writer.stdout is None or not (line := writer.stdout.readline()):
        raise RuntimeError("a writer has ended without a word")
    return line


@contextmanager
def hosted(folder: Path) -> Iterator[str]:
    """Serve a ledger with one lease, whose pushes are slow."""
    root = folder / "hosted"
    root.mkdir()
    bare = create_repository(root, "fleet.git")
    begin(folder / "seed", bare)
    hook = bare / "hooks" / "pre-receive"
    hook.write_text(f"#!/bin/sh\necho push >> pushes\nsleep {PUSH_SECONDS}\n")
    hook.chmod(0o755)
    with Hosted(root) as server:
        yield server.repository_url("fleet.git")


@contextmanager
def dynamodb() -> Iterator[tuple[str, int]]:
    """Start DynamoDB in a process of its own, with the table: give its address and the process."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    command = [sys.executable, "-m", "benchmarks.dynamodb", str(port)]
    quiet = subprocess.DEVNULL
    with subprocess.Popen(command, stdout=quiet, stderr=quiet) as server:
        try:
            url = f"http://127.0.0.1:{port}"
            _await(port)
            make_table(_client(url, "dynamodb"), TABLE)
            yield url, server.pid
        finally:
            server.terminate()


def cpu_seconds(process: int) -> float:
    """Return what a process has used of the processor; 0 where the system does not tell."""
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def make_table(client: Any, name: str) -> None:  # noqa: ANN401  (boto3's)
    client.create_table(
        TableName=name,
        AttributeDefinitions=[
            {"AttributeName": name, "AttributeType": "S"} for name in ("row_kind", "row_id")
        ],
        KeySchema=[
            {"AttributeName": "row_kind", "KeyType": "HASH"},
            {"AttributeName": "row_id", "KeyType": "RANGE"},
        ],
        BillingMode="PAY_PER_REQUEST",
    )


def _await(port: int) -> None:
    deadline = time.monotonic() + _READY_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError("moto did not start")


def _client(url: str, service: Any, config: Any = None) -> Any:  # noqa: ANN401  (boto3's)
    session: Any = boto3.Session("testing", "testing", region_name="us-east-1")
    return session.client(service, endpoint_url=url or None, config=config)


def _counted(url: str, service: Any, config: Any = None) -> Any:  # noqa: ANN401  (boto3's)
    """Make a client whose calls are counted."""
    client = _client(url, service, config)
    client.meta.events.register("before-send", lambda **_: CALLS.append(service))
    return client


def _writer(way: str, url: str, aws: str, each: int) -> None:
    """Be one of the processes: get ready, wait for the start, and tell what came of it.

    It ends when all have told theirs: a function's process lives on after its requests, and the end
    of one would take the processor from those that are still at work.
    """
    with tempfile.TemporaryDirectory(prefix="leasehold-bench-") as name:
        extend = _by_hand(url, Path(name)) if way == "git" else _by_gateway(url, aws, Path(name))
        print("ready", flush=True)
        sys.stdin.readline()
        started = time.process_time()
        answers = [_timed(partial(extend, number)) for number in range(each)]
        cpu = time.process_time() - started
        print(json.dumps({"answers": answers, "cpu": cpu, "calls": len(CALLS)}), flush=True)
        sys.stdin.readline()


def _timed(work: Any) -> tuple[int, float]:  # noqa: ANN401
    start = time.perf_counter()
    status = work()
    return status, time.perf_counter() - start


def _by_gateway(url: str, aws: str, folder: Path) -> Any:  # noqa: ANN401
    ledger = Repository(Remote(url), folder, committer=GATEWAY, clock=_now)
    variables: Mapping[str, str] = {CHANGE_TABLE: TABLE} if aws else {}
    clients = partial(_counted, aws)
    handle = build(Dependencies(ledger, "dev", _now, clients, variables=variables))
    # Like a function that has started: its code is loaded, its clone made.
    handle({**_event("dry"), "queryStringParameters": {"dry_run": "true"}}, None)
    CALLS.clear()

    def extend(number: int) -> int:
        return int(handle(_event(f"{os.getpid()}-{number}"), None)["statusCode"])

    return extend


def _by_hand(url: str, clone: Path) -> Any:  # noqa: ANN401
    quiet = os.environ | {"GIT_CONFIG_GLOBAL": os.devnull}

    def git(*arguments: str) -> bool:
        command = ["git", *arguments]
        done = subprocess.run(command, cwd=clone, env=quiet, capture_output=True, check=False)
        return done.returncode == 0

    git("clone", "-q", url, ".")
    git("config", "user.name", "Bench")
    git("config", "user.email", "bench@example.com")
    file = f"bench-{os.getpid()}.note"

    def extend(number: int) -> int:
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            git("fetch", "-q")
            git("reset", "-q", "--hard", "origin/main")
            (clone / file).write_text(f"{number}\n")
            git("add", file)
            git("commit", "-q", "-m", f"Note {number}")
            if git("push", "-q", "origin", "HEAD:main"):
                return _OK
        return 503

    return extend


def _now() -> datetime:
    return datetime.now(UTC)


def _event(request_id: str) -> dict[str, Any]:
    caller = {"name": "Ana", "email": "ana@example.com", "scopes": "extend"}
    return {
        "httpMethod": "POST",
        "resource": "/endpoint-expiry",
        "requestContext": {"requestId": request_id, "authorizer": caller},
        "body": json.dumps({"EndpointName": ENDPOINT, "minutes": 1}),
    }


if __name__ == "__main__":
    way, url, aws, each = sys.argv[1:]
    _writer(way, url, aws, int(each))
