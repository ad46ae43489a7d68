"""An environment as the list sees it, made of documents and of what is noted; no git, no AWS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gateway.fleet.listing import Listing, View, answer
from gateway.known import Seen
from gateway.principal import Principal, Scope
from ledger.holdings import read_fleet
from ledger.json_files import dump_json
from ledger.lease import stamp
from ledger.names import EndpointName, Name
from ledger.observed import Applied, Entry, Record, read_noted, read_record, write
from ledger.snapshot import Snapshot
from tests.scene import NOON, environment, path, prices

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

ANA = Principal("Ana", "ana@example.com", frozenset({Scope.READ}))
PRICES = prices()
COMMIT, NOTED = "5f1d0c7a" * 5, "0a1b2c3d" * 5


def entry(name: str, status: str = "InService", since: datetime = NOON, **fields: Any) -> Entry:  # noqa: ANN401
    return Entry(Name(name), status, since, **fields)


def view(
    documents: Mapping[str, object],
    noted: Mapping[str, Entry] | None = None,
    now: datetime = NOON,
    *,
    principal: Principal = ANA,
    prices: Mapping[str, object] | None = PRICES,
) -> View:
    """Make what a caller sees: documents by `NAME.kind`, entries by their endpoint's name."""
    files = {"environments/dev/environment.json": dump_json(environment())}
    if prices:
        files["environments/dev/prices.json"] = dump_json(dict(prices))
    for key, data in documents.items():
        name, _, kind = key.partition(".")
        files[path(name, kind or "endpoint")] = (
            dump_json(data) if isinstance(data, dict) else str(data).encode()
        )
    record = Record({EndpointName(name): each for name, each in (noted or {}).items()}, id="x")
    status = write("dev", record, Applied(COMMIT, (), NOON))
    seen = Seen(
        read_record(status, "dev"), read_noted(status, "dev"), NOON, Snapshot(NOTED, status, NOON)
    )
    return View(read_fleet(files, "dev"), COMMIT, seen if noted else Seen(), now, principal)


def listed(*args: Any, **kwargs: Any) -> dict[str, Any]:  # noqa: ANN401
    """Return the answer to who sees that."""
    return answer(Listing.of(view(*args, **kwargs)))


def tag(*args: Any, **kwargs: Any) -> str:  # noqa: ANN401
    return Listing.of(view(*args, **kwargs)).tag


def lease(until: datetime) -> dict[str, str]:
    return {"expires_at": stamp(until)}
