"""What a deployment costs: counted in its templates, by prices that have a day and a page."""

from __future__ import annotations

import json
import os
import shutil
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from benchmarks import costs
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
    # The whole one reads those of git, twice, of the webhook, of links and of a chat.
    assert (quiet.secrets, whole.secrets) == (1, 5)
    assert quiet.ticks == 43_800
    assert not quiet.lock_builds
    alarms = quiet.properties("AWS::CloudWatch::Alarm")
    functions = quiet.properties("AWS::Lambda::Function")
    assert len(alarms) < quiet.alarm_metrics <= len(alarms) + len(functions)


def test_a_row_is_its_count_by_its_price(quiet_synthesis: Synthesis) -> None:
    prices, _ = unit_prices()
    deployed = Deployed(quiet_synthesis.folder)
    lines = table(deployed).splitlines()
    (alarms,) = (line for line in lines if line.startswith("| alarms "))
    assert alarms.endswith(f"${deployed.alarm_metrics * prices['cloudwatch_alarm']} |")
    amounts = [Decimal(line.rpartition("$")[2].rstrip(" |")) for line in lines if "$" in line]
    own = [line for line in lines if "$" in line].index(
        next(line for line in lines if "by itself" in line)
    )
    assert abs(sum(amounts[:own]) - amounts[own]) <= Decimal("0.03")


def test_every_price_has_a_unit_and_a_page() -> None:
    document = json.loads(PRICES.read_text())
    for each in document["prices"].values():
        assert Decimal(each["price"]) > 0
        assert each["unit"]
        assert each["page"].startswith("https://aws.amazon.com/")
        assert each["read"]


def test_every_price_is_asked_for() -> None:
    """What no row is made of would be looked after for nothing."""
    source = Path(costs.__file__).read_text()
    prices, _ = unit_prices()
    by_architecture = ("lambda_second_gb_", "codebuild_minute_")
    assert not [
        name for name in prices if name not in source and not name.startswith(by_architecture)
    ]


def test_a_controller_of_builds_is_billed_by_the_minute(built: Synthesis) -> None:
    prices, _ = unit_prices()
    deployed = Deployed(built.folder)
    assert deployed.ticks == 4_380
    (row,) = (line for line in table(deployed).splitlines() if "the controller's builds" in line)
    cost = 4_380 * prices[f"codebuild_minute_{deployed.architecture}"]
    assert f"4,380 builds of a minute, {deployed.architecture} | ${cost:.2f} |" in row
    assert "controller=codebuild" not in table(deployed)


def test_locks_that_are_made_are_counted(chosen: Synthesis) -> None:
    lines = table(Deployed(chosen.folder)).splitlines()
    (row,) = (line for line in lines if "the project that makes locks" in line)
    assert "122 builds of 3 minutes, x86_64 | $1.82 |" in row
    assert not [line for line in lines if "lock_project=on" in line]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "Name one folder"),
        (["a", "b"], "Name one folder"),
        (["nowhere"], "nowhere has no controller's template: run `npx cdk synth --quiet` first."),
    ],
)
def test_what_cannot_be_counted_is_a_sentence(words: list[str], said: str) -> None:
    with pytest.raises(SystemExit) as caught:
        costs.main(words)
    assert str(caught.value.code).startswith(said)


def test_two_environments_are_two_tables(quiet_synthesis: Synthesis, tmp_path: Path) -> None:
    for name in ("dev", "prod"):
        template = quiet_synthesis.folder / "shop-live-controller.template.json"
        shutil.copyfile(template, tmp_path / f"shop-{name}-controller.template.json")
    with pytest.raises(SystemExit, match="has 2 environments, and the table is of one"):
        costs.main([str(tmp_path)])


def test_one_environment_is_printed(
    quiet_synthesis: Synthesis, capsys: pytest.CaptureFixture[str]
) -> None:
    costs.main([str(quiet_synthesis.folder)])
    assert capsys.readouterr().out.rstrip("\n") in GUIDE.read_text()


@pytest.mark.parametrize("before", ["", "an old table\n"])
def test_a_table_is_put_in_its_place(before: str) -> None:
    page = f"above\n{BEGIN}\n{before}{END}\nbelow\n"
    assert in_page(page, "new") == f"above\n{BEGIN}\nnew\n{END}\nbelow\n"
