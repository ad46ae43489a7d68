"""A process that ticks and answers calls again and again, and counts its open files.

`python -m tests.rounds LEDGER SANDBOX HANGING CACHE ROUNDS MINUTES COLLECTOR`: so many rounds, and
more of them until so many minutes are over. It may have 256 files open, as a Lambda function may
have 1024, and COLLECTOR is `on` or `off`. It prints what failed unforeseen, and the counts as JSON.
"""

from __future__ import annotations

import gc
import json
import resource
import shutil
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from controller.memory.logbook import Logbook
from controller.reconcile import Dependencies as ControllerDependencies
from controller.reconcile import reconcile
from controller.survey import Survey
from gateway.dependencies import Dependencies
from gateway.handler import build
from ledger.committers import CONTROLLER, GATEWAY
from ledger.deadline import within
from ledger.errors import Failure
from ledger.remote import Remote
from ledger.repository import Repository
from ledger.settings import STATUS_BRANCH
from tests.scene import Account

if TYPE_CHECKING:
    from gateway.handler import Handler
    from ledger.repository import Person
    from tests.scene import Json

MOST_OPEN = 256
COLD_EVERY = 5
SAID_EVERY = 50
HANGING_EVERY = 4
CALLER = {"name": "Ana", "email": "ana@example.com", "scopes": "extend,read,release,add"}
ENDPOINT = "demo-Falcon40B-Endpoint"
ANSWERS = frozenset({200, 400, 404, 409, 412, 422, 503})


def now() -> datetime:
    return datetime.now(UTC)


def open_files() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir()) - 1


def event(method: str, resource: str = "/endpoint-expiry", **given: object) -> Json:
    return {
        "httpMethod": method,
        "resource": resource,
        "headers": given.get("headers", {}),
        "queryStringParameters": given.get("query"),
        "requestContext": {"requestId": "r", "authorizer": CALLER},
        "body": json.dumps(given["body"]) if "body" in given else None,
    }


@dataclass
class Process:
    """A controller and a gateway, which may be begun anew: what they had open has to be closed."""

    ledger: str
    account: Account
    cache: Path
    tries: int = 0
    opened: list[Repository] = field(default_factory=list)
    unforeseen: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        self.tries += 1
        while self.opened:
            self.opened.pop().close()
        shutil.rmtree(self.cache, ignore_errors=True)
        cloud = self.account.cloud()
        self.controller = ControllerDependencies(
            self.repository("controller", CONTROLLER),
            cloud,
            Survey(cloud),
            Logbook(self.repository("controller", CONTROLLER, STATUS_BRANCH)),
            self.account.notifier(),
        )
        self.gateways = [self.gateway("one"), self.gateway("other")]

    def gateway(self, name: str) -> Handler:
        ledger = self.repository(name, GATEWAY)
        status = self.repository(name, GATEWAY, STATUS_BRANCH)
        return build(Dependencies(ledger, "dev", now, self.account.client, status))

    def repository(self, name: str, committer: Person, branch: str = "main") -> Repository:
        made = Repository(
            Remote(self.ledger, branch),
            self.cache / f"{self.tries}" / name,
            under="environments/" if branch == "main" else "",
            may_begin=branch != "main",
            committer=committer,
            clock=now,
        )
        self.opened.append(made)
        return made

    def round(self, number: int) -> None:
        with suppress(Failure):
            reconcile(self.controller, "dev", now())
        extend = {"EndpointName": ENDPOINT, "minutes": 1}
        keyed = {"Idempotency-Key": f"key-{number // 2}"}
        query = {"EndpointName": ENDPOINT}
        calls = (
            event("GET"),
            event("GET", "/endpoint-expiry/history", query=query),
            event("POST", body=extend),  # by two gateways, of which one has lost the race
            event("POST", body=extend, headers=keyed),
            event("POST", body=extend, headers={"If-Match": '"' + "0" * 40 + '"'}),
            event("POST", body={**extend, "minutes": 10_000_000}),
            event("POST", body={**extend, "EndpointName": "nobodys"}),
        )
        for call in calls:
            with ThreadPoolExecutor(2) as callers:
                for answer in callers.map(lambda each, it=call: each(it, None), self.gateways):
                    if answer["statusCode"] not in ANSWERS:
                        self.unforeseen.append(answer["body"])

    def fail(self, remote: Remote, seconds: float) -> None:
        """Ask a repository that gives no answer."""
        home = self.cache / "failing"
        repository = Repository(remote, home, committer=GATEWAY, clock=now)
        for ask in (repository.read, repository.head):
            with suppress(Failure), within(seconds):
                ask()


def main(  # noqa: PLR0917 - they are the command line
    ledger: str,
    sandbox: str,
    hanging: str,
    cache: str,
    rounds: str,
    minutes: str,
    collector: str,
) -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (MOST_OPEN, MOST_OPEN))
    if collector == "off":
        gc.disable()
    process, counts, number = Process(ledger, Account(sandbox), Path(cache)), [], 0
    until = time.monotonic() + 60 * float(minutes)
    while number < int(rounds) or time.monotonic() < until:
        if number % COLD_EVERY == 0:
            process.begin()
        process.fail(Remote("http://127.0.0.1:9/fleet.git"), 5.0)
        process.fail(Remote(ledger, "none"), 5.0)
        if number % HANGING_EVERY == 0:
            process.fail(Remote(hanging), 0.3)
        process.round(number)
        counts.append(open_files())
        number += 1
        if number % SAID_EVERY == 0:
            print(f"{number} rounds, {counts[-1]} open files", file=sys.stderr)  # noqa: T201
    print(json.dumps({"open": counts, "unforeseen": process.unforeseen[:3]}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
