"""The gateway as a Lambda function: requests become commits.

An entry point: `handler` reads the environment and the clock, and builds its clients once for a
warm process. `build` makes the same handler of given dependencies, for `leasehold up` and the
tests. A request goes event -> `Admission` (route, caller, scope, rate, parameters, body) ->
operation -> `Answer`.

Routes are found in a table of ours: powertools' resolver keeps the current event in a class
attribute, so two threads would answer each other's requests.
"""

import gc

gc.disable()  # until all is imported: a cold start makes objects by the thousand, and no garbage

import os
from collections.abc import Callable
from contextlib import nullcontext
from datetime import UTC, datetime
from functools import cache
from typing import Any

from gateway.admission import Admission
from gateway.dependencies import Dependencies
from gateway.deployed import deployed
from gateway.http import errors
from gateway.http.answer import Answer
from gateway.http.call import Event, request_id
from gateway.http.cross_origin import CrossOrigin
from gateway.http.routes import MODELS
from gateway.operations import Operations
from ledger.deadline import MOST_SECONDS_OF_A_CALL as MOST_SECONDS
from ledger.deadline import within

gc.freeze()  # what is imported stays to the end
gc.enable()

_WITH_AWS = 1.25  # times what the git server has: who calls is asked of AWS, and so are models
Handler = Callable[[Event, object], dict[str, Any]]


def handler(event: Event, context: object) -> dict[str, Any]:
    """Answer one API Gateway proxy event (payload version 1)."""
    return _built()(event, context)


@cache
def _built() -> Handler:
    return build(deployed(os.environ, _now))


def _now() -> datetime:
    return datetime.now(UTC)


def build(dependencies: Dependencies, seconds: float = MOST_SECONDS) -> Handler:
    """Make a handler for one environment of a ledger. It may be called from many threads.

    What a call asks of the git server ends in so many seconds, and the call in a quarter more.
    """
    operations = Operations(dependencies)
    admission = Admission.of(dependencies, operations.is_public)
    cross_origin = CrossOrigin.read(dependencies.variables, dependencies.environment)

    def answer(event: Event) -> Answer:
        try:
            if cross_origin.is_preflight(event):
                return cross_origin.preflight(event)
            with within(seconds * _WITH_AWS):
                route, call = admission.admit(event)
                operation = operations.named(route.operation)
                with nullcontext() if route.tag == MODELS else within(seconds):
                    return operation(call)
        except Exception as error:  # noqa: BLE001 - an entry point
            return errors.told(error, request_id(event))

    def handle(event: Event, context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's)
        return cross_origin.marked(event, answer(event)).as_proxy()

    return handle
