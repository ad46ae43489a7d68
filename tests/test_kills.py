"""`leasehold up` is killed again and again, half of the time with all that it started.

Meanwhile callers extend a lease, a minute with each request. Whoever gets no answer asks again with
the same Idempotency-Key. At the end the lease is as many minutes longer as there were keys: none is
lost, and none counts twice.
"""

from __future__ import annotations

import json
import os
import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http.client import HTTPException
from typing import TYPE_CHECKING
from uuid import uuid4

from tests.leasehold.running import Up
from tests.soak import times

if TYPE_CHECKING:
    from pathlib import Path

KILLS = times(200, least=4)
CALLERS = 3
LONG = 600  # minutes: nothing ends while this goes on
SETTINGS = "environments/dev/environment.json"
ENDPOINT = "demo-Falcon40B-Endpoint"
GONE = (
    OSError,
    ValueError,
    HTTPException,
)  # the connection was refused or cut, or the answer is torn


@dataclass
class Callers:
    """People who extend the lease, and what came of it."""

    answered: set[str] = field(default_factory=set)
    unanswered: set[str] = field(default_factory=set)

    def ask(self, up: Up, key: str) -> None:
        self.unanswered.add(key)
        body = {"EndpointName": ENDPOINT, "minutes": 1}
        with suppress(*GONE):
            status, answer = up.ask("POST", body=body, key=key)
            assert status in {200, 503}, (status, answer)
            if status == 200:
                self.answered.add(key)
                self.unanswered.discard(key)

    def go_on(self, up: Up, stop_at: float) -> None:
        while time.monotonic() < stop_at and up.process.poll() is None:
            self.ask(up, str(uuid4()))


def lease_end(up: Up) -> datetime:
    _, answer = up.ask("GET", query=f"?EndpointName={ENDPOINT}")
    return datetime.fromisoformat(answer["ExpiresAt"])


def made(up: Up) -> datetime:
    sagemaker = up.account.sagemaker
    created: datetime = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["CreationTime"]
    return created


def kill(up: Up, chance: random.Random) -> None:
    """Kill it by itself, or with every process that it has started."""
    if chance.random() < 0.5:
        os.killpg(up.process.pid, signal.SIGKILL)
    else:
        up.process.kill()
    up.process.wait()
    with suppress(ProcessLookupError):  # git's own processes outlive it for a moment
        os.killpg(up.process.pid, signal.SIGKILL)


def test_killed_alone_or_with_its_children_it_loses_nothing_and_does_nothing_twice(
    tmp_path: Path,
) -> None:
    chance = random.Random(7)  # noqa: S311 - for moments, not for secrets
    callers = Callers()
    up = Up(tmp_path)
    up.await_status(ENDPOINT, "InService")
    settings = json.loads(up.git("show", f"HEAD:{SETTINGS}"))
    settings["limits"] |= {"requests_per_minute": 6_000, "max_lease_minutes": 10_080}
    up.publish(SETTINGS, json.dumps(settings))
    up.ask("POST", body={"EndpointName": ENDPOINT, "minutes": LONG})
    began, since = lease_end(up), made(up)
    with ThreadPoolExecutor(CALLERS) as threads:
        for _ in range(KILLS):
            stop_at = time.monotonic() + chance.uniform(0.05, 1.0)
            asking = [threads.submit(callers.go_on, up, stop_at + 5) for _ in range(CALLERS)]
            time.sleep(max(0.0, stop_at - time.monotonic()))
            kill(up, chance)
            for each in asking:
                each.result()
            up = Up(tmp_path)
            for key in sorted(callers.unanswered):
                callers.ask(up, key)
    while callers.unanswered:
        for key in sorted(callers.unanswered):
            callers.ask(up, key)
    assert callers.answered
    assert lease_end(up) - began == timedelta(minutes=len(callers.answered))
    up.let_tick(3)
    assert made(up) == since, "it was deleted, and made anew"
    assert up.stop() == 0
