"""What a fleet costs an hour, from the sandbox's price list, as the tick's metrics have it."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from controller.aws.prices import Prices
from controller.cost import Host, hourly, running
from controller.planning.observed import Observed
from ledger.holdings import Fleet, read_fleet
from ledger.names import EndpointName
from tests.scene import definition, environment, path

if TYPE_CHECKING:
    from tests.scene import Scene

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
G5, M5 = Host("ml.g5.xlarge", is_async=False), Host("ml.m5.large", is_async=True)


def fleet() -> Fleet:
    files = {
        path("A"): definition("A", inference_instance_count=2),
        path("B"): definition("B", inference_type="async", inference_instance_type="ml.m5.large"),
        path("C"): definition("C"),
        path("D"): definition("D", endpoint_config_name="theirs"),
        "environments/dev/environment.json": environment(),
    }
    return read_fleet({name: json.dumps(data).encode() for name, data in files.items()}, "dev")


def there(name: str, status: str = "InService") -> Observed:
    return Observed(EndpointName(f"demo-{name}-Endpoint"), status, NOON)


@pytest.mark.parametrize("status", ["Failed", "Deleting", "OutOfService"])
def test_what_has_no_instances_is_not_counted(status: str) -> None:
    assert running(fleet(), [there("A", status)]) == {}


@pytest.mark.parametrize("status", ["Creating", "RollingBack", "UpdateRollbackFailed", "Dreaming"])
def test_what_may_have_instances_is_counted(status: str) -> None:
    assert running(fleet(), [there("A", status)]) == {G5: 2}


def test_what_runs_is_counted_by_type_and_kind() -> None:
    observed = [there("A"), there("B", "Creating"), there("C", "Failed"), there("D")]
    assert running(fleet(), observed) == {G5: 2, M5: 1}


@pytest.mark.parametrize(
    ("prices", "dollars"),
    [({G5: 1.5, M5: 0.1}, 3.1), ({G5: 1.5}, 3.0), ({}, None)],
    ids=["all known", "some known", "none known"],
)
def test_dollars_add_up_as_far_as_prices_are_known(
    prices: dict[Host, float], dollars: float | None
) -> None:
    assert hourly({G5: 2, M5: 1}, prices) == dollars


def test_nothing_running_costs_nothing() -> None:
    assert hourly({}, {}) == 0


class TestThePriceList:
    def test_is_asked_once_for_each_type(self, scene: Scene) -> None:
        prices = Prices(scene.account.client("pricing"), "us-east-1")
        scene.account.calls()
        assert prices.of([G5, M5]) == {G5: 1.408, M5: 0.115}
        assert prices.of([G5, M5]) == {G5: 1.408, M5: 0.115}
        assert scene.account.calls() == {"GetProducts": 2}

    def test_leaves_out_what_has_no_price(self, scene: Scene) -> None:
        prices = Prices(scene.account.client("pricing"), "us-east-1")
        assert prices.of([Host("ml.p5.48xlarge", is_async=False)]) == {}

    def test_that_cannot_be_read_stops_nothing(self, scene: Scene) -> None:
        scene.account.order_fault("denied", operation="GetProducts")
        assert Prices(scene.account.client("pricing"), "us-east-1").of([G5]) == {}
