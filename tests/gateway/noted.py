"""A status branch that says of one endpoint what a test wants, where no controller has ticked."""

from __future__ import annotations

from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

from ledger.names import EndpointName
from ledger.observed import Applied, Entry, Record, write
from ledger.snapshot import Snapshot

if TYPE_CHECKING:
    from ledger.repository import Repository

LONG_AGO = datetime(2026, 1, 1, tzinfo=UTC)


class NotedBranch:
    def __init__(self, endpoint_name: str, status: str = "InService", **fields: Any) -> None:  # noqa: ANN401
        entry = Entry("X", status, LONG_AGO, **fields)
        record = Record({EndpointName(endpoint_name): entry})
        files = write("dev", record, Applied("0" * 40, (), LONG_AGO))
        self._snapshot = Snapshot("0" * 40, MappingProxyType(files), LONG_AGO)

    def read(self) -> Snapshot:
        return self._snapshot


def noted(endpoint_name: str, status: str = "InService", **fields: Any) -> Repository:  # noqa: ANN401
    """Return a branch to be read only, on which an endpoint is noted so."""
    return cast("Repository", NotedBranch(endpoint_name, status, **fields))
