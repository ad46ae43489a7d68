"""Leasehold's own controller, put together as its Lambda function puts it together.

It starts the fleet as well: the tick that creates it is the proof that the next one has nothing
left to do.

    python -m benchmarks.tick.leasehold LEDGER_URL
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial

from benchmarks.tick.turns import Turn, take_turns
from controller.aws.account import Account
from controller.aws.clients import PATIENT, session
from controller.aws.notifier import Notifier
from controller.memory.logbook import Logbook
from controller.reconcile import Dependencies, State, Tick, reconcile
from controller.survey import Survey
from ledger.committers import CONTROLLER
from ledger.opening import open_deployed_with_status
from ledger.settings import LedgerSettings

ENVIRONMENT = "dev"


def controller(ledger_url: str) -> Callable[[], Tick]:
    """Build a warm controller: what it gives is one tick each time it is called."""
    settings = LedgerSettings(ENVIRONMENT, ledger_url)
    ledger, status = open_deployed_with_status(settings, CONTROLLER, _now)
    notifier = Notifier(_client)
    account = Account(_client)
    dependencies = Dependencies(ledger, account, Survey(account), Logbook(status), notifier)
    return lambda: reconcile(dependencies, ENVIRONMENT, _now())


def main(ledger_url: str) -> None:
    run = controller(ledger_url)

    def tick() -> Turn:
        done = run()
        wrong = [each for each in done.outcomes if each.state is not State.DONE]
        if wrong or done.plan.needs_a_person:
            raise RuntimeError(f"this is no fleet at peace: {[*wrong, *done.plan.actions][0]}")
        changes = len(done.outcomes)
        return Turn(len(done.observed) or changes, changes)

    take_turns(tick)


_client = partial(session().client, config=PATIENT)


def _now() -> datetime:
    return datetime.now(UTC)


if __name__ == "__main__":
    main(*sys.argv[1:])
