"""What a fleet costs an hour, by its record and the prices of its environment."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest

from controller.cost import hourly
from ledger.documents import Prices
from ledger.hosts import Host, Hosts, Usage
from ledger.money import Total
from ledger.names import EndpointName
from ledger.observed import Entry, Record

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
G5, M5 = "ml.g5.xlarge", "ml.m5.large"
PRICES = Prices(
    "us-east-1",
    "USD",
    "a test",
    NOON,
    {(Usage.HOSTING, G5): Decimal("1.408"), (Usage.ASYNC, M5): Decimal("0.115")},
)


def record(*entries: tuple[str, Hosts | None], foreign: bool = False) -> Record:
    return Record(
        {
            EndpointName(f"e{number}"): Entry("E", status, NOON, hosts=hosts, foreign=foreign)
            for number, (status, hosts) in enumerate(entries)
        }
    )


@pytest.mark.parametrize("status", ["Failed", "Deleting", "OutOfService", "absent"])
def test_what_has_no_instances_costs_nothing(status: str) -> None:
    assert hourly(record((status, (Host(G5, 2),))), PRICES) == Total()


@pytest.mark.parametrize("status", ["Creating", "RollingBack", "UpdateRollbackFailed", "Dreaming"])
def test_what_may_have_instances_costs(status: str) -> None:
    assert hourly(record((status, (Host(G5, 2),))), PRICES) == Total(Decimal("2.816"))


def test_what_is_somebody_elses_is_not_counted() -> None:
    assert hourly(record(("InService", (Host(G5, 2),)), foreign=True), PRICES) == Total()


def test_what_has_no_price_or_is_unknown_is_counted_and_not_added() -> None:
    found = record(
        ("InService", (Host(G5, 1), Host(M5, 2, Usage.ASYNC))),
        ("InService", (Host(M5, 1),)),
        ("InService", None),
        ("InService", (Host("ml.x9.large", 0),)),
        ("InService", ()),
    )
    assert hourly(found, PRICES) == Total(Decimal("1.638"), without=2)
    assert hourly(found, None) == Total(without=3)
