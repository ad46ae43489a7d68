"""The notice of a lease's end says what it costs, and what an extension would."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from controller.notices.lease import cost_of, expiring
from controller.notices.view import View
from controller.planning.action import Plan
from ledger.documents import Prices
from ledger.hosts import Host, Usage
from ledger.observed import Entry, Record
from tests.controller.cases import LIVE, NAME, NOW, ago, fleet_of

if TYPE_CHECKING:
    from ledger.hosts import Hosts

PRICES = Prices(
    "us-east-1", "USD", "a test", NOW, {(Usage.HOSTING, "ml.g5.12xlarge"): Decimal("7.09")}
)
TWO = (Host("ml.g5.12xlarge", 2),)


def view(prices: Prices | None, hosts: Hosts | None = TWO) -> View:
    entry = Entry("A", "InService", ago(90), hosts=hosts, lease_end=LIVE, lease_set_at=ago(90))
    fleet = replace(fleet_of("A"), prices=prices)
    return View(fleet, Plan("dev", "c0ffee", ()), Record({NAME: entry}), NOW)


@pytest.mark.parametrize(
    ("prices", "hosts", "said"),
    [
        (PRICES, TWO, "It costs $14.18 an hour; 60 min more cost $14.18.\n"),
        (
            replace(PRICES, is_example=True),
            TWO,
            "It costs $14.18 an hour; 60 min more cost $14.18 (example prices).\n",
        ),
        (
            PRICES,
            None,
            "What it costs is not known: prices.json has no price of what it runs on.\n",
        ),
        (None, TWO, ""),
    ],
    ids=["known", "examples", "not known", "no prices"],
)
def test_money_is_said_where_a_price_is_known(
    prices: Prices | None, hosts: Hosts | None, said: str
) -> None:
    seen = view(prices, hosts)
    assert cost_of(seen, seen.fleet.holdings[0]) == said


def test_machines_get_it_as_a_number_in_a_string() -> None:
    seen = view(PRICES)
    assert seen.fleet.environment is not None
    (notice,) = expiring(seen, seen.fleet.environment, seen.fleet.holdings[0])
    assert (notice.detail["per_hour"], notice.detail["currency"]) == ("14.18", "USD")
    assert "It costs $14.18 an hour" in notice.text
