"""A fleet of which leases alone have changed is what reading it anew would give."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from ledger import holdings
from ledger.holdings import fleet_of, read_fleet
from ledger.lease import stamp
from ledger.names import EndpointName
from ledger.snapshot import Snapshot

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pytest

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE = "environments/dev/"
SETTINGS = {
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
}


def definition(name: str, **fields: object) -> bytes:
    document = {"name": name, "inference_type": "realtime", "endpoint_config_name": "theirs"}
    return json.dumps(document | fields).encode()


def lease(minutes: int) -> bytes:
    return json.dumps({"expires_at": stamp(NOON + timedelta(minutes=minutes))}).encode()


FILES = {
    f"{HERE}environment.json": json.dumps(SETTINGS).encode(),
    f"{HERE}A.endpoint.json": definition("A"),
    f"{HERE}A.lease.json": lease(1),
    f"{HERE}B.endpoint.json": definition(
        "B", endpoint_name="A"
    ),  # as another one's definition is called
    f"{HERE}C.endpoint.json": b"{",
    f"{HERE}C.lease.json": lease(2),
    f"{HERE}README.md": b"hello",
    "environments/prod/environment.json": json.dumps(SETTINGS).encode(),
}


def snapshot(files: Mapping[str, bytes] = FILES) -> Snapshot:
    return Snapshot("0" * 40, files, NOON)


contents = st.sampled_from(
    [None, lease(5), lease(6), definition("A"), definition("B"), b"{", b"[]"]
)
paths = st.sampled_from(
    [
        *(f"{HERE}{name}.lease.json" for name in "ABCDa"),
        *(f"{HERE}{name}.endpoint.json" for name in "ABD"),
        f"{HERE}environment.json",
        f"{HERE}X.endpoint.JSON",
        f"{HERE}nlp/A.lease.json",
        "environments/prod/A.lease.json",
        "environments/A.lease.json",
        "README.md",
    ]
)


@given(st.lists(st.dictionaries(paths, contents, max_size=3), max_size=4))
def test_it_is_what_reading_it_would_give(changes: list[dict[str, bytes | None]]) -> None:
    at = snapshot()
    fleet_of(at, "dev")
    for number, changed in enumerate(changes, start=1):
        at = at.after(f"{number:040}", changed, NOON)
        found, read = fleet_of(at, "dev"), read_fleet(at.entries, "dev")
        assert found == read
        for item in read.items if read.environment else ():
            assert found.find(item.endpoint_name) == read.find(item.endpoint_name)
            assert found.find(item.name) == read.find(item.name)


def test_it_is_read_once_for_many_new_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    reads: list[str] = []

    def counted(entries: Mapping[str, bytes], environment: str) -> object:
        reads.append(environment)
        return read_fleet(entries, environment)

    monkeypatch.setattr(holdings, "read_fleet", counted)
    at = snapshot()
    fleet_of(at, "dev")
    for minutes in range(50):
        at = at.after(f"{minutes:040}", {f"{HERE}B.lease.json": lease(minutes)}, NOON)
        item = fleet_of(at, "dev").holding("B")
        assert item.lease is not None
        assert item.lease.expires_at == NOON + timedelta(minutes=minutes)
    assert reads == ["dev"]


def test_what_nobody_has_read_before_is_read() -> None:
    at = snapshot().after("1" * 40, {f"{HERE}A.lease.json": lease(9)}, NOON)
    assert fleet_of(at, "dev") == read_fleet(at.entries, "dev")
    assert fleet_of(at, "dev").find(EndpointName("A")) is not None
