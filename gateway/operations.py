"""What answers each route: an operation by its name in the table of routes, made when it is asked.

A function in the cloud starts for one request, and most of a gateway's code is for others. So each
operation is imported here, in a function of its own, with the first request that needs it, and a
route that is seldom asked costs the others nothing. Nothing else of the gateway imports so.
"""

from __future__ import annotations

from functools import partial
from threading import RLock
from typing import TYPE_CHECKING

from ledger.variables import CHANGE_TABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from gateway.console.serving import Console
    from gateway.dependencies import Dependencies
    from gateway.fleet.listing import FleetList
    from gateway.group_commit.shared_changes import SharedChanges
    from gateway.http.answer import Answer
    from gateway.http.call import Call
    from gateway.leases.changes import Changes
    from gateway.leases.etags import ETags
    from gateway.leases.links import Links
    from gateway.models.executions import Executions
    from gateway.models.invocation import Invocation

    Operation = Callable[[Call], Answer]


class Parts:
    """What several operations share, each made once."""

    def __init__(self, dependencies: Dependencies) -> None:
        self.dependencies = dependencies
        self._etags: ETags | None = None
        self._own_changes: Changes | None = None
        self._shared: SharedChanges | None = None
        self._invocation: Invocation | None = None
        self._executions: Executions | None = None
        self._fleet_list: FleetList | None = None
        self._console: Console | None = None
        self._links: Links | None = None

    @property
    def etags(self) -> ETags:
        from gateway.leases.etags import ETags

        self._etags = self._etags or ETags(self.dependencies.ledger)
        return self._etags

    @property
    def changes(self) -> Changes | SharedChanges:
        return self.shared or self.own_changes

    @property
    def invocation(self) -> Invocation:
        from gateway.models.invocation import Invocation

        self._invocation = self._invocation or Invocation.of(self.dependencies)
        return self._invocation

    @property
    def executions(self) -> Executions:
        from gateway.models.executions import Executions

        self._executions = self._executions or Executions.of(self.dependencies, self.invocation)
        return self._executions

    @property
    def fleet_list(self) -> FleetList:
        from gateway.fleet.listing import FleetList

        it = self.dependencies
        made = self._fleet_list or FleetList(it.ledger, it.environment, it.clock, it.status)
        self._fleet_list = made
        return made

    @property
    def console(self) -> Console:
        from gateway.console.serving import Console

        it = self.dependencies
        self._console = self._console or Console(it.environment, it.variables)
        return self._console

    @property
    def links(self) -> Links:
        from gateway.admission import counters_of
        from gateway.callers.rate_limit import LinkLimit
        from gateway.leases.links import Links, use_link
        from gateway.link_keys import link_keys

        it = self.dependencies
        limit = LinkLimit(it.environment, counters_of(it))
        own, shared = self.own_changes, self.shared
        carry_out = shared.use_link if shared else partial(use_link, own)
        self._links = self._links or Links(own, link_keys(it), limit, carry_out)
        return self._links

    @property
    def own_changes(self) -> Changes:
        from gateway.leases.changes import Changes

        it = self.dependencies
        made = self._own_changes or Changes(
            it.ledger, it.environment, it.clock, self.etags, status=it.status
        )
        self._own_changes = made
        return made

    @property
    def shared(self) -> SharedChanges | None:
        """Let processes share their pushes, where they are told of a table to meet in."""
        it = self.dependencies
        if not (table := it.variables.get(CHANGE_TABLE)):
            return None
        from gateway.group_commit.shared_changes import SharedChanges
        from gateway.group_commit.table import TableQueue

        queue = TableQueue(it.client, table, it.clock)
        self._shared = self._shared or SharedChanges(self.own_changes, queue)
        return self._shared


def _query(parts: Parts) -> Operation:
    from gateway.leases.query import Query

    it = parts.dependencies
    return Query(it.ledger, it.environment, it.clock, parts.etags, it.status).tell


def _history(parts: Parts) -> Operation:
    from gateway.leases.history import History

    it = parts.dependencies
    return History(it.ledger, it.environment, it.status).tell


def _reconcile(parts: Parts) -> Operation:
    from gateway.leases.applied import Applied

    it = parts.dependencies
    return Applied(it.ledger, it.status, it.environment).tell


def _webhook(parts: Parts) -> Operation:
    from gateway.webhook.receive import Webhook

    return Webhook.of(parts.dependencies).receive


def _openapi(_parts: Parts) -> Operation:
    from gateway.http import openapi

    return openapi.describe


def _fleet_endpoint(parts: Parts) -> Operation:
    from gateway.fleet.one import FleetEndpoint

    return FleetEndpoint(parts.fleet_list).tell


def _me(parts: Parts) -> Operation:
    from gateway.http import me

    return partial(me.tell, parts.dependencies.environment)


def _invoke_stream(parts: Parts) -> Operation:
    from gateway.models.streaming import Streaming

    return Streaming(parts.invocation).collected


OPERATIONS: Mapping[str, Callable[[Parts], Operation]] = {
    "query": _query,
    "extend": lambda parts: parts.changes.extend,
    "add": lambda parts: parts.changes.add,
    "release": lambda parts: parts.changes.release,
    "use_link": lambda parts: parts.links.use,
    "use_link_signed_in": lambda parts: parts.links.use_signed_in,
    "history": _history,
    "reconcile": _reconcile,
    "fleet": lambda parts: parts.fleet_list.tell,
    "fleet_endpoint": _fleet_endpoint,
    "me": _me,
    "console": lambda parts: parts.console.page,
    "console_head": lambda parts: parts.console.page,
    "console_file": lambda parts: parts.console.file,
    "console_file_head": lambda parts: parts.console.file,
    "webhook": _webhook,
    "openapi": _openapi,
    "invoke": lambda parts: parts.invocation.by_name,
    "invoke_stream": _invoke_stream,
    "invoke_resource": lambda parts: parts.invocation.by_resource,
    "invoke_upload": lambda parts: parts.invocation.upload,
    "invoke_result": lambda parts: parts.invocation.later.result,
    "start_execution": lambda parts: parts.executions.start,
    "describe_execution": lambda parts: parts.executions.describe,
}


class Operations:
    """The operations of one environment. Safe to call from many threads."""

    def __init__(self, dependencies: Dependencies) -> None:
        self._parts = Parts(dependencies)
        self._lock = RLock()
        self._made: dict[str, Operation] = {}

    def named(self, name: str) -> Operation:
        """Return an operation, which is made once."""
        if (made := self._made.get(name)) is None:
            with self._lock:
                made = self._made.setdefault(name, OPERATIONS[name](self._parts))
        return made

    def is_public(self, call: Call) -> bool:
        """Tell whether the definition at this path lets everybody ask."""
        with self._lock:
            invocation = self._parts.invocation
        return invocation.is_public(call)
