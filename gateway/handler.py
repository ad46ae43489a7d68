"""The gateway as a Lambda function: requests become commits.

An entry point: `handler` reads the environment and the clock, and builds its clients once for a
warm process. `build` makes the same handler from given parts, for `leasehold up` and the tests.

Routes are found here: powertools' resolver keeps the current event in a class attribute, so two
threads would answer each other's requests.
"""

import os
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

import boto3

from gateway.callers.rate_limit import Admission
from gateway.dependencies import Dependencies
from gateway.http import errors, openapi
from gateway.http.answer import Answer
from gateway.http.requests import Event
from gateway.http.routes import OWN_PATH, ROUTES, Route
from gateway.leases.applied import Applied
from gateway.leases.expiry import Expiry
from gateway.leases.history import History
from gateway.models.executions import Executions
from gateway.models.invocation import Invocation
from gateway.models.streaming import Streaming
from gateway.webhook.receive import Webhook
from ledger.committers import GATEWAY
from ledger.errors import Refused
from ledger.opening import open_deployed_with_status
from ledger.settings import LedgerSettings

Handler = Callable[[Event, object], dict[str, Any]]
Operation = Callable[[Event], Answer]
_BY_KEY = {route.key: route for route in ROUTES}


def handler(event: Event, context: object) -> dict[str, Any]:
    """Answer one API Gateway proxy event (payload version 1)."""
    return _built()(event, context)


@cache
def _built() -> Handler:
    settings = LedgerSettings.from_env(os.environ)
    ledger, status = open_deployed_with_status(settings, GATEWAY, _now)
    return build(Dependencies(ledger, settings.environment, _now, boto3.client, status, os.environ))


def _now() -> datetime:
    return datetime.now(UTC)


def build(dependencies: Dependencies) -> Handler:
    """Make a handler for one environment of a ledger. It may be called from many threads."""
    expiry = Expiry(dependencies.ledger, dependencies.environment, dependencies.clock)
    invocation = Invocation.of(dependencies)
    executions = Executions.of(dependencies, invocation)
    operations: Mapping[str, Operation] = {
        "query": expiry.query,
        "extend": expiry.extend,
        "release": expiry.release,
        "history": History(dependencies.ledger, dependencies.environment).tell,
        "reconcile": Applied(dependencies).tell,
        "webhook": Webhook.of(dependencies).receive,
        "openapi": openapi.describe,
        "invoke": invocation.by_name,
        "invoke_stream": Streaming(invocation).collected,
        "invoke_resource": invocation.by_resource,
        "start_execution": executions.start,
        "describe_execution": executions.describe,
    }
    admission = Admission(dependencies)

    def handle(event: Event, context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's)
        try:
            route = _route(event)
            known = admission.admit(event, route.scope)
            return operations[route.operation](known).as_proxy()
        except Exception as error:  # noqa: BLE001 - an entry point
            return errors.told(event, error).as_proxy()

    return handle


def _route(event: Event) -> Route:
    method, resource = str(event.get("httpMethod")), str(event.get("resource"))
    key = (method, resource)
    if key not in _BY_KEY and resource.count("/") == 1:
        key = (method, OWN_PATH)  # a resource that was deployed for one definition
    if key not in _BY_KEY:
        raise Refused("LH4041", "There is no such path or method in this API.")
    return _BY_KEY[key]
