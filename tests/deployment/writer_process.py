"""Gateways in a process of their own: `python writer_process.py GIT_URL AWS_URL FOLDER HOW ...`.

leader STEP   leads, takes over two who wait, and is killed before or after a step
callers N     N gateways that each ask once, at the same time; tells what they were answered
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3

from gateway.dependencies import Dependencies
from gateway.group_commit.queue import Lock
from gateway.group_commit.table import TableQueue
from gateway.handler import build
from ledger.committers import GATEWAY
from ledger.remote import Remote
from ledger.repository import Repository
from ledger.repository.clone import Clone
from ledger.variables import CHANGE_TABLE
from tests.gateway.group_commit.processes import TABLE, wish

if TYPE_CHECKING:
    from collections.abc import Callable

    from gateway.handler import Handler

WAITING = 2
AT = {"claim": TableQueue, "push": Clone, "settle": TableQueue, "release": TableQueue}


def say(what: str) -> None:
    sys.stdout.write(f"{what}\n")
    sys.stdout.flush()


def now() -> datetime:
    return datetime.now(UTC)


def gateway(git_url: str, aws_url: str, folder: Path) -> Handler:
    ledger = Repository(Remote(git_url), folder, committer=GATEWAY, clock=now)
    ledger.read()
    session: Any = boto3.Session("testing", "testing", region_name="us-east-1")
    client = partial(session.client, endpoint_url=aws_url)
    handle = build(Dependencies(ledger, "dev", now, client, variables={CHANGE_TABLE: TABLE}))
    handle({**wish(), "queryStringParameters": {"dry_run": "true"}}, None)  # it has started
    return handle


def ask(handle: Handler, name: str) -> list[Any]:
    event = wish()
    context = {**event["requestContext"], "requestId": name}
    answer = handle({**event, "requestContext": context}, None)
    return [name, answer["statusCode"], json.loads(answer["body"])]


def lead_and_die(handle: Handler, step: str) -> None:
    when, at = step.split()
    acquire = TableQueue.acquire

    def acquire_and_wait(self: TableQueue, me: str, *rest: Any) -> Lock:  # noqa: ANN401
        assert acquire(self, me, *rest).holder == me
        say("leading")
        beat = 0
        while len(self.waiting()) < WAITING:
            beat += 1
            self.beat(me, beat, now().timestamp())
        return Lock(me, 0, somebody_waits=True)

    done: Callable[..., Any] = getattr(AT[at], at)

    def die(*arguments: Any) -> None:  # noqa: ANN401
        if when == "after":
            done(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(TableQueue, acquire.__name__, acquire_and_wait)
    setattr(AT[at], at, die)
    ask(handle, "leader")


def call_together(git_url: str, aws_url: str, folder: Path, number: int) -> None:
    handles = [gateway(git_url, aws_url, folder / f"{each}") for each in range(number)]
    say("ready")
    sys.stdin.readline()
    with ThreadPoolExecutor(number) as pool:
        names = [f"{os.getpid()}-{each}" for each in range(number)]
        say(json.dumps(list(pool.map(ask, handles, names))))


def main(git_url: str, aws_url: str, folder: str, how: str, what: str) -> None:
    threading.stack_size(256 * 1024)
    if how == "leader":
        lead_and_die(gateway(git_url, aws_url, Path(folder)), what)
        time.sleep(60)  # another thread is about to die
    else:
        call_together(git_url, aws_url, Path(folder), int(what))


if __name__ == "__main__":
    main(*sys.argv[1:])
