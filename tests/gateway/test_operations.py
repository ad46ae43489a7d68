"""Each route's operation, made with the first request for it."""

from __future__ import annotations

from datetime import UTC, datetime
from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any, cast

import pytest

from gateway.dependencies import Dependencies
from gateway.group_commit.shared_changes import SharedChanges
from gateway.http.routes import ROUTES
from gateway.operations import OPERATIONS, Operations, Parts
from ledger.variables import CHANGE_TABLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ledger.repository import Repository


def dependencies(variables: Mapping[str, str] | None = None) -> Dependencies:
    def client(*_: object, **__: object) -> object:
        return object()

    ledger = cast("Repository", object())
    return Dependencies(
        ledger, "dev", lambda: datetime(2026, 1, 1, tzinfo=UTC), client, variables=variables or {}
    )


def test_every_route_has_an_operation_and_every_operation_a_route() -> None:
    assert {route.operation for route in ROUTES} == set(OPERATIONS)


@pytest.mark.parametrize("name", sorted(OPERATIONS))
def test_an_operation_can_be_made(name: str) -> None:
    operations = Operations(dependencies())
    assert callable(operations.named(name))
    assert operations.named(name) is operations.named(name)


@pytest.mark.parametrize(
    "names", [("extend", "add", "release"), ("invoke", "invoke_resource"), ("start_execution",) * 2]
)
def test_operations_of_one_kind_are_of_one_object(names: tuple[str, ...]) -> None:
    operations = Operations(dependencies())
    made: list[Any] = [operations.named(name) for name in names]
    assert len({id(each.__self__) for each in made}) == 1


def test_leases_that_are_read_and_changed_have_the_same_etags() -> None:
    operations = Operations(dependencies())
    query: Any = operations.named("query")
    changes: Any = operations.named("extend")
    assert query.__self__.etags is changes.__self__.etags


def test_processes_share_their_pushes_where_there_is_a_table() -> None:
    parts = Parts(dependencies({CHANGE_TABLE: "changes"}))
    assert isinstance(parts.changes, SharedChanges)
    assert parts.changes is parts.changes


def test_threads_that_come_together_get_the_same_one() -> None:
    operations, start = Operations(dependencies()), Barrier(8)
    got: list[object] = []

    def ask() -> None:
        start.wait()
        got.append(operations.named("history"))

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(map(id, got))) == 1
