"""The gateway as a Lambda function: requests become commits.

An entry point: `handler` reads the environment and the clock, and builds its clients once for a
warm process. `build` makes the same handler from given parts, for `leasehold up` and the tests.

Routes are found here: powertools' resolver keeps the current event in a class attribute, so two
threads would answer each other's requests.
"""

import logging
import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3

from gateway import refusals
from gateway.expiry import Expiry
from gateway.parts import Parts
from gateway.reply import Reply
from gateway.requests import Event
from gateway.routes import ROUTES
from ledger.errors import Failure, Refused
from ledger.opening import open_deployed_with_status
from ledger.repository import Person
from ledger.settings import LedgerSettings

GATEWAY = Person("Leasehold gateway", "gateway@leasehold.invalid")
Handler = Callable[[Event, object], dict[str, Any]]
Operation = Callable[[Event], Reply]

log = logging.getLogger("leasehold.gateway")


def handler(event: Event, context: object) -> dict[str, Any]:
    """Answer one API Gateway proxy event (payload version 1)."""
    return _built()(event, context)


@cache
def _built() -> Handler:
    settings = LedgerSettings.from_env(os.environ)
    ledger, status = open_deployed_with_status(settings, GATEWAY, _now)
    return build(Parts(ledger, settings.environment, _now, boto3.client, status, os.environ))


def _now() -> datetime:
    return datetime.now(UTC)


def build(parts: Parts) -> Handler:
    """Make a handler for one environment of a ledger. It may be called from many threads."""
    expiry = Expiry(parts.ledger, parts.environment, parts.clock)
    operations: Mapping[str, Operation] = {
        "query": expiry.query,
        "extend": expiry.extend,
        "release": expiry.release,
    }
    by_route = {route.key: operations[route.operation] for route in ROUTES}

    def handle(event: Event, context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's)
        try:
            return _found(by_route, event)(event).as_proxy()
        except Failure as failure:
            log.info("%s %s", failure.code, failure.message)
            return refusals.answer(failure).as_proxy()

    return handle


def _found(by_route: Mapping[tuple[str, str], Operation], event: Event) -> Operation:
    key = (str(event.get("httpMethod")), str(event.get("resource")))
    if key not in by_route:
        raise Refused("LH4041", "There is no such path or method in this API.")
    return by_route[key]
