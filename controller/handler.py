"""The controller as a Lambda function: one tick for each event of the schedule.

An entry point: it reads the environment and the clock, and builds the clients once for a warm
process. `leasehold up` and `leasehold reconcile` run the same `reconcile`. What it prints are lines
of JSON: metrics in CloudWatch's Embedded Metric Format, and a structured log.
"""

import gc

gc.disable()  # until all is imported: a cold start makes objects by the thousand, and no garbage

import os
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

from controller.aws.account import Account
from controller.aws.clients import HASTY, PATIENT, session
from controller.aws.notifier import Notifier
from controller.aws.tick_turn import TickTurn
from controller.coalesce import is_covered
from controller.memory.logbook import Logbook
from controller.reconcile import Dependencies, reconcile
from controller.survey import Survey
from controller.telemetry import emf, emf_of_failure, log_line_of_failure, log_lines
from controller.tick import State, Tick
from controller.tick_data import as_data
from ledger import printable
from ledger.committers import CONTROLLER
from ledger.deadline import within
from ledger.errors import Failure, Unavailable
from ledger.lease import stamp
from ledger.opening import open_deployed_with_status
from ledger.settings import LedgerSettings
from ledger.variables import TICK_TABLE

gc.freeze()  # what is imported stays to the end
gc.enable()

_SECONDS_OF_A_TURN = 5.0  # to take it, and to give it back
_last_good: dict[str, datetime] = {}


def handler(event: object, context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's signature)
    """Run one tick and return what it did. Raise Failure where actions failed: AWS counts it."""
    settings, dependencies = _built()
    environment, now = settings.environment, _now()
    last_good = _last_good.get(environment)
    if (asked_at := _asked_at(event)) and is_covered(asked_at, last_good):
        return {"environment": environment, "covered_by": stamp(last_good or now)}
    if (turn := _turn(environment)) and not _is_taken(turn, now):
        return {"environment": environment, "overlaps": True}
    try:
        return _ticked(dependencies, environment, now)
    finally:
        if turn:
            with within(_SECONDS_OF_A_TURN):
                turn.give_back()


def _is_taken(turn: TickTurn, now: datetime) -> bool:
    with within(_SECONDS_OF_A_TURN):
        return turn.take(now)


def _ticked(dependencies: Dependencies, environment: str, now: datetime) -> dict[str, Any]:
    last_good = _last_good.get(environment)
    try:
        tick = reconcile(dependencies, environment, now)
    except Failure as failure:
        lines = [emf_of_failure(environment, now, last_good)]
        _print([*lines, log_line_of_failure(environment, failure)])
        raise
    _print([emf(tick, last_good=last_good), *log_lines(tick)])
    _raise_failures(tick)
    _last_good[environment] = now
    return as_data(tick)


def _asked_at(event: object) -> datetime | None:
    """Return when a webhook asked for this tick; the schedule's own events have no such time."""
    match event:
        case {"asked_at": str(text)}:
            return datetime.fromisoformat(text)
    return None


def _raise_failures(tick: Tick) -> None:
    failed = [outcome for outcome in tick.outcomes if outcome.state is State.FAILED]
    if failed:
        names = ", ".join(outcome.action.resource_name for outcome in failed)
        raise Unavailable("LH3010", f"{len(failed)} actions failed ({names}): {failed[0].detail}")


def _print(lines: Iterable[Mapping[str, Any]]) -> None:
    """Print each line by itself: a logger's prefix would hide the metrics from CloudWatch."""
    for line in lines:
        print(printable.as_json(line), flush=True)  # noqa: T201  (it is the log)


@cache
def _built() -> tuple[LedgerSettings, Dependencies]:
    settings = LedgerSettings.from_env(os.environ)
    ledger, status = open_deployed_with_status(settings, CONTROLLER, _now)
    make = session().client
    notifier = Notifier(partial(make, config=HASTY))
    account = Account(partial(make, config=PATIENT))
    return settings, Dependencies(ledger, account, Survey(account), Logbook(status), notifier)


@cache
def _turn(environment: str) -> TickTurn | None:
    """Return what keeps ticks apart where the function's concurrency does not."""
    table = os.environ.get(TICK_TABLE)
    return (
        TickTurn(session().client("dynamodb", config=HASTY), table, environment) if table else None
    )


def _now() -> datetime:
    return datetime.now(UTC)
