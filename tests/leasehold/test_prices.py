"""`leasehold prices update`: the price list of a region becomes a file for review."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from itertools import islice
from typing import TYPE_CHECKING

import pytest
from click.testing import CliRunner, Result

from controller.aws.prices import PriceList
from controller.price_list import Listed
from leasehold.cli import main
from leasehold.prices import assembled, changes, checked
from ledger.documents import dump_prices
from ledger.errors import Refused, Unavailable
from ledger.hosts import Usage
from sandbox.aws.protocol.shapes import instance_types
from tests.scene import definition, environment, path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.scene import Scene

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def ask(scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Scene:
    scene.account.use(monkeypatch)
    (tmp_path / "clone" / "environments" / "dev").mkdir(parents=True)
    return scene


def update(scene: Scene, folder: Path) -> Result:
    options = ["--repository", scene.forge.url, "--into", str(folder)]
    return CliRunner().invoke(main, ["prices", "update", *options])


def test_a_few_pages_become_a_file(ask: Scene, tmp_path: Path) -> None:
    ask.push({path("A"): definition("A", inference_type="async")})
    clone = tmp_path / "clone"
    ask.account.calls()
    first = update(ask, clone)
    assert first.exit_code == 0, first.output
    calls = ask.account.calls()
    assert calls.keys() == {"GetProducts"}
    assert calls["GetProducts"] <= 2 * (2 * len(instance_types()) // 100 + 2)
    file = clone / "environments" / "dev" / "prices.json"
    written = json.loads(file.read_bytes())
    assert written["prices"]["AsyncInf"]["ml.g5.xlarge"] == "1.408"
    assert written["prices"]["Hosting"].keys() == instance_types()
    assert (written["region_name"], written["currency"]) == ("us-east-1", "USD")
    assert written["published_at"] == "2026-11-01T00:00:00Z"

    written["prices"]["Hosting"]["ml.g5.xlarge"] = "2"
    written["savings_plan_factor"] = "0.64"
    file.write_text(json.dumps(written))
    again = update(ask, clone)
    assert "~ Hosting ml.g5.xlarge 2 -> 1.408" in again.stdout.splitlines()
    renewed = json.loads(file.read_bytes())
    assert renewed["savings_plan_factor"] == "0.64"
    assert renewed["prices"]["Hosting"]["ml.g5.xlarge"] == "1.408"

    file.write_text("{")
    third = update(ask, clone)
    assert third.exit_code == 0
    assert "cannot be read and is written anew" in third.stderr
    assert "set it again" in third.stderr
    assert json.loads(file.read_bytes())["prices"] == renewed["prices"]


def test_a_region_without_prices_fails_and_borrows_none(ask: Scene, tmp_path: Path) -> None:
    ask.push({"environments/dev/environment.json": environment(region_name="ap-northeast-2")})
    result = update(ask, tmp_path / "clone")
    assert result.exit_code == 1
    assert "LH5130" in result.stderr
    assert not (tmp_path / "clone" / "environments" / "dev" / "prices.json").exists()


def test_a_folder_that_is_no_clone_is_refused(ask: Scene, tmp_path: Path) -> None:
    result = update(ask, tmp_path)
    assert result.exit_code == 1
    assert "LH5133" in result.stderr


def listed(kind: str, price: str, currency: str = "USD") -> dict[str, Listed]:
    return {kind: Listed(Usage.HOSTING, kind, currency, Decimal(price), None)}


def test_a_file_has_one_currency() -> None:
    both = {**listed("ml.a.large", "1"), **listed("ml.b.large", "1", "EUR")}
    with pytest.raises(Refused) as refused:
        assembled({Usage.HOSTING: both}, "us-east-1", NOON)
    assert refused.value.code == "LH5132"


def test_each_change_of_a_price_is_a_line() -> None:
    before = {(Usage.HOSTING, kind): Decimal(1) for kind in ("ml.a.large", "ml.b.large")}
    after = {
        (Usage.HOSTING, "ml.b.large"): Decimal("1.50"),
        (Usage.HOSTING, "ml.c.large"): Decimal(2),
        (Usage.ASYNC, "ml.a.large"): Decimal(1),
    }
    assert list(changes(before, after)) == [
        "+ AsyncInf ml.a.large 1",
        "- Hosting ml.a.large 1",
        "~ Hosting ml.b.large 1 -> 1.5",
        "+ Hosting ml.c.large 2",
    ]
    assert list(changes({}, after)) == []


@pytest.mark.parametrize("price", ["1.12345678912", "1234567.5"])
def test_a_price_that_no_file_may_have_is_not_written(price: str) -> None:
    made = assembled({Usage.HOSTING: listed("ml.a.large", price)}, "us-east-1", NOON)
    with pytest.raises(Refused, match=r"/prices/Hosting/ml\.a\.large") as refused:
        checked("environments/dev/prices.json", dump_prices(made))
    assert refused.value.code == "LH5132"


def test_a_failure_in_the_middle_leaves_the_file_as_it_was(
    ask: Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clone = tmp_path / "clone"
    assert update(ask, clone).exit_code == 0
    file = clone / "environments" / "dev" / "prices.json"
    before, products = file.read_bytes(), PriceList.products

    def half(self: PriceList, region_name: str, usage: Usage) -> Iterator[str]:
        yield from islice(products(self, region_name, usage), 150)
        raise Unavailable("LH3001", "AWS does not answer.")

    monkeypatch.setattr(PriceList, "products", half)
    result = update(ask, clone)
    assert result.exit_code == 1
    assert "[LH3001]" in result.stderr
    assert file.read_bytes() == before
    assert [each.name for each in file.parent.iterdir()] == ["prices.json"]
