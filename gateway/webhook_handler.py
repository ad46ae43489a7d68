"""The webhook as a Lambda function of its own: it knows no ledger, and has no right to one.

An entry point. Its callers show no token, so what they reach first can do two things: read the
webhook's secret, and ask the controller for a tick. It starts without git and without the JSON
Schemas.
"""

import gc

gc.disable()  # until all is imported, as in `gateway.handler`

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from gateway.http import errors
from gateway.http.call import Call, Event, request_id
from gateway.http.matching import match
from gateway.webhook.receive import Webhook
from ledger.aws_calls import session
from ledger.deadline import MOST_SECONDS_OF_A_CALL, within

gc.freeze()
gc.enable()


@dataclass(frozen=True, slots=True)
class Function:
    """What a function has by itself."""

    clock: Callable[[], datetime]
    client: Callable[..., Any]
    variables: Mapping[str, str]
    wake: None = None  # the controller is a function, too


def handler(event: Event, context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's)
    """Answer one API Gateway proxy event (payload version 1)."""
    try:
        with within(MOST_SECONDS_OF_A_CALL):
            return _built().receive(_admitted(event)).as_proxy()
    except Exception as error:  # noqa: BLE001 - an entry point
        return errors.told(error, request_id(event)).as_proxy()


def _admitted(event: Event) -> Call:
    """Return what the route takes; it demands no scope, and nobody is counted."""
    found = match(event)
    if found.refusal:
        raise found.refusal
    return found.call


@cache
def _built() -> Webhook:
    return Webhook.of(Function(lambda: datetime.now(UTC), session().client, os.environ))
