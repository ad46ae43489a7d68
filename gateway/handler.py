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
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any

import boto3

from gateway.admission import Admission, counters_of
from gateway.callers.rate_limit import LinkLimit
from gateway.console.serving import Console
from gateway.dependencies import Dependencies
from gateway.fleet.listing import FleetList
from gateway.fleet.one import FleetEndpoint
from gateway.group_commit.shared_changes import SharedChanges
from gateway.group_commit.table import TableQueue
from gateway.http import errors, me, openapi
from gateway.http.answer import Answer
from gateway.http.call import Call, Event, request_id
from gateway.http.cross_origin import CrossOrigin
from gateway.leases.applied import Applied
from gateway.leases.changes import Changes
from gateway.leases.etags import ETags
from gateway.leases.history import History
from gateway.leases.links import Links
from gateway.leases.query import Query
from gateway.link_keys import link_keys
from gateway.models.executions import Executions
from gateway.models.invocation import Invocation
from gateway.models.streaming import Streaming
from gateway.webhook.receive import Webhook
from ledger.committers import GATEWAY
from ledger.deadline import MOST_SECONDS_OF_A_CALL as MOST_SECONDS
from ledger.deadline import within
from ledger.opening import open_deployed_with_status
from ledger.settings import LedgerSettings
from ledger.variables import CHANGE_TABLE

gc.freeze()  # what is imported stays to the end
gc.enable()

Handler = Callable[[Event, object], dict[str, Any]]
Operation = Callable[[Call], Answer]


def handler(event: Event, context: object) -> dict[str, Any]:
    """Answer one API Gateway proxy event (payload version 1)."""
    return _built()(event, context)


@cache
def _built() -> Handler:
    return build(deployed())


def deployed() -> Dependencies:
    """Return what a deployed function works with, by its environment. Raises Refused LH2020."""
    settings = LedgerSettings.from_env(os.environ)
    ledger, status = open_deployed_with_status(settings, GATEWAY, _now)
    return Dependencies(ledger, settings.environment, _now, boto3.client, status, os.environ)


def _now() -> datetime:
    return datetime.now(UTC)


def build(dependencies: Dependencies, seconds: float = MOST_SECONDS) -> Handler:
    """Make a handler for one environment of a ledger. It may be called from many threads.

    What a call asks of the git server ends in so many seconds.
    """
    invocation = Invocation.of(dependencies)
    operations = {**_leases(dependencies), **_models(dependencies, invocation)}
    operations |= {"webhook": Webhook.of(dependencies).receive, "openapi": openapi.describe}
    operations |= {**_pages(dependencies), "me": partial(me.tell, dependencies.environment)}
    admission = Admission.of(dependencies, invocation.is_public)
    cross_origin = CrossOrigin.read(dependencies.variables, dependencies.environment)

    def answer(event: Event) -> Answer:
        try:
            if cross_origin.is_preflight(event):
                return cross_origin.preflight(event)
            with within(seconds):
                route, call = admission.admit(event)
                return operations[route.operation](call)
        except Exception as error:  # noqa: BLE001 - an entry point
            return errors.told(error, request_id(event))

    def handle(event: Event, context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's)
        return cross_origin.marked(event, answer(event)).as_proxy()

    return handle


def _leases(dependencies: Dependencies) -> Mapping[str, Operation]:
    ledger, environment, clock = dependencies.ledger, dependencies.environment, dependencies.clock
    etags = ETags(ledger)
    fleet_list = FleetList(ledger, environment, clock, dependencies.status)
    status = dependencies.status
    own = Changes(ledger, environment, clock, etags, status=status)
    changes = _shared(own, dependencies)
    limit = LinkLimit(environment, counters_of(dependencies))
    links = Links(own, link_keys(dependencies), limit)
    return {
        "query": Query(ledger, environment, clock, etags, status).tell,
        "extend": changes.extend,
        "add": changes.add,
        "release": changes.release,
        "use_link": links.use,
        "use_link_signed_in": links.use_signed_in,
        "history": History(ledger, environment, status).tell,
        "reconcile": Applied(ledger, status, environment).tell,
        "fleet": fleet_list.tell,
        "fleet_endpoint": FleetEndpoint(fleet_list).tell,
    }


def _pages(dependencies: Dependencies) -> Mapping[str, Operation]:
    console = Console(dependencies.environment, dependencies.variables)
    page, file = console.page, console.file
    return {"console": page, "console_head": page, "console_file": file, "console_file_head": file}


def _shared(changes: Changes, dependencies: Dependencies) -> Changes | SharedChanges:
    """Let processes share their pushes, where they are told of a table to meet in."""
    table = dependencies.variables.get(CHANGE_TABLE)
    if not table:
        return changes
    return SharedChanges(changes, TableQueue(dependencies.client, table, dependencies.clock))


def _models(dependencies: Dependencies, invocation: Invocation) -> Mapping[str, Operation]:
    executions = Executions.of(dependencies, invocation)
    return {
        "invoke": invocation.by_name,
        "invoke_stream": Streaming(invocation).collected,
        "invoke_resource": invocation.by_resource,
        "start_execution": executions.start,
        "describe_execution": executions.describe,
    }
