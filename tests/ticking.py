"""A controller as a process that may be killed: `python -m tests.ticking LEDGER CACHE SANDBOX`.

It ticks five times a second and prints a line for each tick: `ok`, or what stood in its way.
"""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from controller.memory.logbook import Logbook
from controller.reconcile import Dependencies, reconcile
from controller.survey import Survey
from ledger.committers import CONTROLLER
from ledger.errors import Failure
from ledger.remote import Remote
from ledger.repository import Repository
from ledger.settings import STATUS_BRANCH
from tests.scene import Account

PAUSE_SECONDS = 0.2


def now() -> datetime:
    return datetime.now(UTC)


def main(ledger: str, cache: str, sandbox: str) -> None:
    repository = Repository(Remote(ledger), Path(cache), committer=CONTROLLER, clock=now)
    status = Repository(
        Remote(ledger, STATUS_BRANCH),
        Path(cache),
        under="",
        may_begin=True,
        committer=CONTROLLER,
        clock=now,
    )
    account = Account(sandbox)
    cloud, notifier = account.cloud(), account.notifier()
    dependencies = Dependencies(repository, cloud, Survey(cloud), Logbook(status), notifier)
    while True:
        try:
            reconcile(dependencies, "dev", now())
            print("ok", flush=True)  # noqa: T201 - its output is read by the test
        except Failure as failure:
            print(failure, flush=True)  # noqa: T201
        time.sleep(PAUSE_SECONDS)


if __name__ == "__main__":
    main(*sys.argv[1:])
