"""Gateways that share their pushes: each has a repository of its own, as a Lambda function has."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from benchmarks.writers import make_table
from gateway.group_commit.shared_changes import SharedChanges
from gateway.group_commit.table import TableQueue
from gateway.http import errors
from gateway.http.call import Call, request_id
from gateway.http.matching import match
from gateway.leases.changes import Changes
from gateway.leases.etags import ETags
from gateway.principal import Principal
from ledger.committers import GATEWAY
from ledger.remote import Remote
from ledger.repository import Repository
from ledger.writer import Stopwatch
from tests.gateway.api import FALCON
from tests.ledger.forge import git
from tests.scene import path

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from botocore.config import Config

    from gateway.group_commit.queue import Queue
    from gateway.http.answer import Answer
    from tests.scene import Json, Scene

TABLE = "changes"
ANA = {"name": "Ana", "email": "ana@example.com", "scopes": "add,extend,release"}
BEN = {"name": "Ben", "email": "ben@example.com", "scopes": "extend"}
SLOW = "echo push >> pushes\nsleep 0.2"


def wish(minutes: int = 10, caller: Json = ANA, *, key: str = "", tag: str = "") -> Json:
    return {
        "httpMethod": "POST",
        "resource": "/endpoint-expiry",
        "headers": {
            **({"Idempotency-Key": key} if key else {}),
            **({"If-Match": tag} if tag else {}),
        },
        "requestContext": {"authorizer": caller},
        "body": json.dumps({"EndpointName": FALCON, "minutes": minutes}),
    }


def release(caller: Json = ANA) -> Json:
    query = {"EndpointName": FALCON}
    return wish(caller=caller) | {"httpMethod": "DELETE", "queryStringParameters": query}


@dataclass
class Process:
    """One gateway, without HTTP and without the clock's standing still."""

    name: str
    changes: SharedChanges
    asked: int = 0

    def ask(self, event: Json | Call) -> Answer:
        if isinstance(event, Call):
            return self.changes.use_link(event)
        self.asked += 1
        context = {**event["requestContext"], "requestId": f"{self.name}-{self.asked}"}
        found = match({**event, "requestContext": context})
        call = _by(found.call, context["authorizer"])
        assert found.refusal is None
        try:
            operation: Callable[[Call], Answer] = getattr(self.changes, found.route.operation)
            return operation(call)
        except Exception as error:  # noqa: BLE001 - as the handler does
            return errors.told(error, request_id({"requestContext": context}))


def _by(call: Call, context: Json) -> Call:
    return replace(call, caller=Principal.from_context(context))


@dataclass
class Company:
    """A ledger with one lease, and the table in which its processes meet."""

    scene: Scene

    def __post_init__(self) -> None:
        make_table(self.scene.account.client("dynamodb"), TABLE)

    def queue(self, table: str = TABLE) -> TableQueue:
        def client(service: str, config: Config) -> Any:  # noqa: ANN401 - this machine is slow
            return self.scene.account.client(service)

        return TableQueue(client, table, lambda: self.scene.now)

    def process(
        self,
        name: str,
        queue: Queue | None = None,
        seconds: float = 20.0,
        stopwatch: Stopwatch | None = None,
    ) -> Process:
        clock, time = partial(getattr, self.scene, "now"), stopwatch or Stopwatch()
        ledger = Repository(
            Remote(self.scene.forge.url),
            self.scene.home / f"process-{name}",
            committer=GATEWAY,
            clock=clock,
            stopwatch=time,
        )
        ledger.read()
        changes = Changes(ledger, "dev", clock, ETags(ledger), seconds)
        shared = SharedChanges(changes, queue or self.queue(), time)
        return Process(name, shared)

    def together(self, *asked: tuple[Process, Json | Call]) -> Sequence[Answer]:
        """Let all of them ask at the same moment."""
        barrier = threading.Barrier(len(asked))

        def ask(process: Process, event: Json | Call) -> Answer:
            barrier.wait()
            return process.ask(event)

        with ThreadPoolExecutor(len(asked)) as pool:
            work = [pool.submit(ask, *each) for each in asked]
            return [each.result(60) for each in work]

    def count_pushes(self, script: str = SLOW) -> None:
        self.scene.forge.hook("pre-receive", script)

    def hide_ledger(self) -> None:
        """Let the git server find the repository no more."""
        bare = self.scene.forge.bare
        if bare.exists():
            bare.rename(bare.with_suffix(".gone"))

    @property
    def pushes(self) -> int:
        return len((self.scene.forge.bare / "pushes").read_text().split())

    @property
    def expires_at(self) -> str:
        return str(json.loads(self.scene.forge.file(path("Falcon40B", "lease")))["expires_at"])

    def log(self, form: str = "%H") -> list[str]:
        told = git(
            self.scene.forge.bare,
            *("log", "--committer=Leasehold gateway", f"--format={form}", "main"),
        )
        return told.splitlines()


def body(answer: Answer) -> Any:  # noqa: ANN401 - JSON
    return answer.body
