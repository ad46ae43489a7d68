"""prices.json: decimals as strings, dated, and a price that is not there is no price."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ledger.documents import Prices, dump_prices, parse_prices
from ledger.documents.prices import plain
from ledger.holdings import read_fleet
from ledger.hosts import Host, Usage
from ledger.json_files import dump_json
from ledger.money import Total, for_time, money, per_hour, priced, rate, total
from ledger.old_prices import with_old_prices
from tests.scene import definition, environment, path

EXAMPLE = Path(__file__).parents[2] / "environments" / "dev" / "prices.json"
FILE = "environments/dev/prices.json"
READ = datetime(2026, 11, 1, 8, tzinfo=UTC)
G5, G6 = "ml.g5.2xlarge", "ml.g6.xlarge"


def document(**fields: object) -> dict[str, Any]:
    return {
        "region_name": "us-east-1",
        "currency": "USD",
        "unit": "hour",
        "source": "AWS Price List GetProducts AmazonSageMaker",
        "read_at": "2026-11-01T08:00:00Z",
        "prices": {"Hosting": {G5: "1.515"}, "AsyncInf": {}},
        **fields,
    }


def parsed(**fields: object) -> Any:  # noqa: ANN401  (prices or violations)
    return parse_prices(FILE, json.dumps(document(**fields)).encode())


decimals = st.decimals("0.0000000001", "999999", places=10).filter(lambda price: price > 0)
tables = st.dictionaries(
    st.tuples(
        st.sampled_from(Usage), st.from_regex(r"ml\.[a-z][0-9]\.[0-9]{0,2}xlarge", fullmatch=True)
    ),
    decimals,
    max_size=6,
)


@given(tables)
def test_prices_that_are_written_are_read_back_to_the_last_digit(
    table: dict[tuple[Usage, str], Decimal],
) -> None:
    prices = Prices("us-east-1", "USD", "a test", READ, table, READ, Decimal("0.64"))
    content = dump_prices(prices)
    assert parse_prices(FILE, content) == prices
    assert dump_prices(parse_prices(FILE, content)) == content  # type: ignore[arg-type]


def test_a_file_has_one_type_a_line_in_order() -> None:
    table = {(Usage.HOSTING, G6): Decimal("1.1267"), (Usage.HOSTING, G5): Decimal("1.5150")}
    lines = dump_prices(Prices("us-east-1", "USD", "x", READ, table)).decode().splitlines()
    assert lines[-7:] == [
        '    "Hosting": {',
        f'      "{G5}": "1.515",',
        f'      "{G6}": "1.1267"',
        "    },",
        '    "AsyncInf": {}',
        "  }",
        "}",
    ]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"prices": {"Hosting": {G5: 1.515}}}, "LH1002"),
        ({"prices": {"Hosting": {G5: "0"}}}, "LH1002"),
        ({"prices": {"Hosting": {G5: "0.000"}}}, "LH1002"),
        ({"prices": {"Hosting": {G5: "1e3"}}}, "LH1002"),
        ({"prices": {"Hosting": {G5: "-1"}}}, "LH1002"),
        ({"prices": {"Training": {}}}, "LH1002"),
        ({"currency": "usd"}, "LH1002"),
        ({"read_at": "2026-02-30T00:00:00Z"}, "LH1002"),
        ({"savings_plan_factor": "1.5"}, "LH1002"),
    ],
)
def test_what_is_no_price_is_refused(fields: dict[str, object], code: str) -> None:
    assert next(each.code for each in parsed(**fields)) == code


def test_two_prices_of_one_type_are_an_error() -> None:
    text = json.dumps(document()).replace('"1.515"', f'"1.515", "{G5}": "1.6"')
    (violation,) = parse_prices(FILE, text.encode())  # type: ignore[misc]
    assert "stands twice" in violation.sentence


def test_a_price_is_of_its_use_and_type_alone() -> None:
    prices = parsed()
    assert prices.of(Host(G5, 1)) == Decimal("1.515")
    assert prices.of(Host(G5, 1, Usage.ASYNC)) is None
    assert prices.of(Host(G6, 1)) is None


@pytest.mark.parametrize(("days", "is_old"), [(90, False), (91, True)])
def test_prices_get_old(days: int, *, is_old: bool) -> None:
    assert parsed().is_old(READ + timedelta(days=days)) is is_old


class TestAnEnvironment:
    def read(self, prices: object) -> Any:  # noqa: ANN401
        files: dict[str, object] = {
            "environments/dev/environment.json": environment(),
            path("A"): definition("A"),
            FILE: prices,
        }
        return read_fleet({name: json.dumps(each).encode() for name, each in files.items()}, "dev")

    def test_has_its_prices(self) -> None:
        assert self.read(document()).prices == parsed()

    @pytest.mark.parametrize(
        ("prices", "code"),
        [({}, "LH1002"), (document(region_name="us-west-2"), "LH1080")],
        ids=["unreadable", "another region"],
    )
    def test_goes_on_without_prices_that_cannot_be_used(self, prices: object, code: str) -> None:
        fleet = self.read(prices)
        assert fleet.prices is None
        assert {each.code for each in fleet.errors} == {code}
        assert [each.name for each in fleet.holdings] == ["A"]
        assert fleet.unreadable == ()

    @pytest.mark.parametrize(
        ("days", "fields", "codes"),
        [(90, {}, []), (91, {}, ["LH1081"]), (91, {"example": True}, [])],
    )
    def test_is_warned_of_prices_that_are_old(
        self, days: int, fields: dict[str, object], codes: list[str]
    ) -> None:
        now = READ + timedelta(days=days)
        told = with_old_prices(self.read(document(**fields)), now)
        assert [(each.code, each.level) for each in told.violations] == [
            (code, "warning") for code in codes
        ]

    def test_may_have_none(self) -> None:
        fleet = read_fleet({"environments/dev/environment.json": dump_json(environment())}, "dev")
        assert with_old_prices(fleet, READ) is fleet


def test_the_example_is_labelled_and_has_what_the_examples_use() -> None:
    prices = parse_prices(FILE, EXAMPLE.read_bytes())
    assert isinstance(prices, Prices)
    assert prices.is_example
    assert prices.of(Host("ml.g5.12xlarge", 1)) == Decimal("7.09")
    assert prices.of(Host("ml.g5.24xlarge", 1)) == Decimal("10.18")


class TestASum:
    def test_is_exact(self) -> None:
        prices = parsed(prices={"Hosting": {G5: "0.1", G6: "0.2"}})
        assert per_hour((Host(G5, 1), Host(G6, 1)), prices) == Decimal("0.3")
        assert for_time(Decimal("3.6"), timedelta(seconds=1)) == Decimal("0.001")
        assert for_time(Decimal(1), timedelta(seconds=-5)) == 0

    def test_never_takes_what_has_no_price_for_nothing(self) -> None:
        assert per_hour((Host(G5, 1), Host(G6, 1)), parsed()) is None
        assert per_hour((Host(G5, 1),), None) is None
        assert per_hour(None, parsed()) is None
        assert per_hour((Host(G6, 0),), parsed()) == 0
        assert total([Decimal(1), None, Decimal("0.5")]) == Total(Decimal("1.5"), 1)

    @pytest.mark.parametrize(
        ("amount", "currency", "text"),
        [
            ("4.485", "USD", "$4.49"),
            ("-0.10", "EUR", "-€0.10"),
            ("9999.99", "USD", "$9,999.99"),
            ("45135.5", "CNY", "CNY 45,136"),
            ("0.001", "USD", "$0.00"),
            ("-0.001", "USD", "$0.00"),
        ],
    )
    def test_is_written_as_people_do(self, amount: str, currency: str, text: str) -> None:
        assert money(Decimal(amount), currency) == text

    def test_may_have_a_sign(self) -> None:
        signed = [money(Decimal(each), "USD", signed=True) for each in ("4", "-4", "0")]
        assert signed == ["+$4.00", "-$4.00", "$0.00"]

    def test_says_what_it_is_without(self) -> None:
        told = [priced(Total(Decimal(each), 2), "USD", "/h") for each in ("1", "0")]
        assert told == ["$1.00/h and 2 without a price", "2 without a price"]
        assert priced(Total(Decimal(1)), "USD") == "$1.00"
        assert [rate(Decimal("7.09")), rate(None)] == ["7.090", "no price"]


@pytest.mark.parametrize(("text", "shown"), [("1.50", "1.5"), ("100", "100"), ("1E+2", "100")])
def test_a_price_is_written_without_ado(text: str, shown: str) -> None:
    assert plain(Decimal(text)) == shown
