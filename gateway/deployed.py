"""What a deployed function of the gateway works with, by the variables of its environment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateway.dependencies import Dependencies
from ledger.aws_calls import session
from ledger.committers import GATEWAY
from ledger.opening import open_deployed_with_status
from ledger.settings import LedgerSettings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime


def deployed(variables: Mapping[str, str], clock: Callable[[], datetime]) -> Dependencies:
    """Raise Refused LH2020 for variables that name no ledger."""
    settings = LedgerSettings.from_env(variables)
    ledger, status = open_deployed_with_status(settings, GATEWAY, clock)
    return Dependencies(ledger, settings.environment, clock, session().client, status, variables)
