"""The controller as a Lambda function: one tick for each event of the schedule.

An entry point: it reads the environment and the clock, and builds the clients once for a warm
process. `leasehold up` and `leasehold reconcile` run the same `reconcile`.
"""

import logging
import os
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3
from botocore.config import Config

from controller.endpoints import Endpoints
from controller.reconcile import CONTROLLER, State, Tick, reconcile
from controller.report import as_json, as_text
from ledger.errors import Unavailable
from ledger.opening import open_deployed
from ledger.repository import Repository
from ledger.settings import LedgerSettings

log = logging.getLogger("leasehold.controller")
log.setLevel(logging.INFO)


def handler(event: object, context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's signature)
    """Run one tick and answer with what it did; raises where actions failed: AWS counts it."""
    settings, ledger, endpoints = _built()
    tick = reconcile(ledger, endpoints, settings.environment, _now())
    log.info("%s", as_text(tick))
    _raise_failures(tick)
    return as_json(tick)


def _raise_failures(tick: Tick) -> None:
    failed = [outcome for outcome in tick.outcomes if outcome.state is State.FAILED]
    if failed:
        names = ", ".join(outcome.action.endpoint_name for outcome in failed)
        raise Unavailable("LH3010", f"{len(failed)} actions failed ({names}): {failed[0].detail}")


@cache
def _built() -> tuple[LedgerSettings, Repository, Endpoints]:
    settings = LedgerSettings.from_env(os.environ)
    ledger = open_deployed(settings, CONTROLLER, _now)
    patience = Config(connect_timeout=5, read_timeout=20, retries={"mode": "standard"})
    endpoints = Endpoints(
        boto3.client("sagemaker", config=patience),
        boto3.client("resourcegroupstaggingapi", config=patience),
    )
    return settings, ledger, endpoints


def _now() -> datetime:
    return datetime.now(UTC)
