"""What a deployment costs: counted in its templates, by prices that have a day and a page."""

from __future__ import annotations

import json
import os
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks.costs import BEGIN, END, PRICES, Deployed, in_page, table, unit_prices

if TYPE_CHECKING:
    from tests.infra.synthesis import Synthesis

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "deploy.md"


def test_the_guide_has_the_table_of_today(quiet_synthesis: Synthesis) -> None:
    page = GUIDE.read_text()
    made = in_page(page, table(Deployed(quiet_synthesis.folder)))
    if os.environ.get("LEASEHOLD_KEEP_COSTS"):
        GUIDE.write_text(made)
        return
    assert page == made, "LEASEHOLD_KEEP_COSTS=1 has this test write it, for you to look at"


def test_what_is_billed_is_counted_in_the_templates(
    quiet_synthesis: Synthesis, synthesis: Synthesis
) -> None:
    quiet, whole = Deployed(quiet_synthesis.folder), Deployed(synthesis.folder)
    assert (quiet.secrets, whole.secrets) == (1, 3)
    assert quiet.ticks == 43_800
    alarms = quiet.properties("AWS::CloudWatch::Alarm")
    functions = quiet.properties("AWS::Lambda::Function")
    assert len(alarms) < quiet.alarm_metrics <= len(alarms) + len(functions)


def test_a_row_is_its_count_by_its_price(quiet_synthesis: Synthesis) -> None:
    prices, _ = unit_prices()
    deployed = Deployed(quiet_synthesis.folder)
    lines = table(deployed).splitlines()
    (alarms,) = (line for line in lines if line.startswith("| alarms "))
    assert alarms.endswith(f"${deployed.alarm_metrics * prices['cloudwatch_alarm']} |")
    costs = [Decimal(line.rpartition("$")[2].rstrip(" |")) for line in lines if "$" in line]
    own = [line for line in lines if "$" in line].index(
        next(line for line in lines if "by itself" in line)
    )
    assert abs(sum(costs[:own]) - costs[own]) <= Decimal("0.03")


def test_every_price_has_a_unit_and_a_page() -> None:
    document = json.loads(PRICES.read_text())
    for price, unit, page in document["prices"].values():
        assert Decimal(price) > 0
        assert unit
        assert page.startswith("https://aws.amazon.com/")


@pytest.mark.parametrize("before", ["", "an old table\n"])
def test_a_table_is_put_in_its_place(before: str) -> None:
    page = f"above\n{BEGIN}\n{before}{END}\nbelow\n"
    assert in_page(page, "new") == f"above\n{BEGIN}\nnew\n{END}\nbelow\n"
