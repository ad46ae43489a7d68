"""The controller as a Lambda function: one tick for each event of the schedule.

An entry point: it reads the environment and the clock, and builds the clients once for a warm
process. `leasehold up` and `leasehold reconcile` run the same `reconcile`.
"""

import logging
import os
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import boto3
from botocore.config import Config

from controller.courier import Courier
from controller.estate import Estate
from controller.logbook import Logbook
from controller.reconcile import CONTROLLER, Means, State, Tick, reconcile
from controller.report import as_json, as_text
from ledger.errors import Unavailable
from ledger.opening import open_deployed_with_status
from ledger.settings import LedgerSettings

log = logging.getLogger("leasehold.controller")
log.setLevel(logging.INFO)


def handler(event: object, context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's signature)
    """Run one tick and answer with what it did; raises where actions failed: AWS counts it."""
    settings, means = _built()
    tick = reconcile(means, settings.environment, _now())
    log.info("%s", as_text(tick))
    _raise_failures(tick)
    return as_json(tick)


def _raise_failures(tick: Tick) -> None:
    failed = [outcome for outcome in tick.outcomes if outcome.state is State.FAILED]
    if failed:
        names = ", ".join(outcome.action.endpoint_name for outcome in failed)
        raise Unavailable("LH3010", f"{len(failed)} actions failed ({names}): {failed[0].detail}")


@cache
def _built() -> tuple[LedgerSettings, Means]:
    settings = LedgerSettings.from_env(os.environ)
    ledger, status = open_deployed_with_status(settings, CONTROLLER, _now)
    return settings, Means(
        ledger,
        Estate(_client),
        Logbook(status),
        Courier(partial(_client, "sns"), partial(_client, "events")),
    )


def _client(service: Any) -> Any:  # noqa: ANN401  (boto3 types by literals)
    patience = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard"})
    return boto3.client(service, config=patience)


def _now() -> datetime:
    return datetime.now(UTC)
