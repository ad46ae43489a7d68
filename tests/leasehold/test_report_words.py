"""A report in the forms in which people want it; no text of others gets out of its place."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from leasehold import report_words as words
from ledger.accounting.account import Account, Key, Line
from ledger.accounting.service import Gap
from ledger.accounting.tariff import Sum

NOON = 1_793_534_400  # 1 November 2026, 12:00 UTC
EVIL = ["=cmd()", "+1", "-1", "@SUM(A1)", "\tx", "\rx"]


def report(*names: str, by: str = "person", currency: str = "USD", **more: object) -> words.Report:
    account = Account(NOON, NOON + 86400, ZoneInfo("UTC"))
    for number, name in enumerate(names, start=1):
        cost = Sum()
        cost.add(currency, Decimal(number), 3600)
        line = Line(7200, 3600, cost)
        account.lines[Key("Chat", "nobody", name, date(2026, 11, number))] = line
    for field, value in more.items():
        setattr(account, field, value)
    return words.Report("dev", by, account, "each day")


@pytest.mark.parametrize("name", EVIL)
def test_no_text_is_a_formula_in_a_spreadsheet(name: str) -> None:
    rows = list(csv.reader(io.StringIO(words.as_csv(report(name)))))
    shown = name.replace("\t", "\\t").replace("\r", "\\r")
    assert rows[1] == [f"'{shown}", "7200", "3600", "USD", "1.00", "0"]


def test_a_spreadsheet_has_a_line_for_each_currency() -> None:
    told = report("Ana")
    for line in told.account.lines.values():
        line.cost.add("EUR", Decimal(3), 3600)
        line.cost.unpriced = 60
    rows = list(csv.reader(io.StringIO(words.as_csv(told))))
    assert rows[1:] == [
        ["Ana", "7200", "3600", "EUR", "3.00", "60"],
        ["Ana", "0", "0", "USD", "1.00", "0"],
    ]
    assert words.as_rows(told) == [
        ("Ana", "2.00", "1.00", "€3.00 and $1.00 and 0.02 h without a price")
    ]


def test_the_dearest_come_first_and_days_in_their_order() -> None:
    assert [row.name for row in report("Ana", "Ben").rows] == ["Ben", "Ana"]
    assert [row.name for row in report("Ana", "Ben", by="day").rows] == ["2026-11-01", "2026-11-02"]
    assert words.as_rows(report("Ana", "Ben"))[-1] == ("all", "4.00", "2.00", "$3.00")


def test_a_page_has_nothing_of_others_as_markup() -> None:
    page = words.as_html(report("<script>alert(1)</script>"))
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    text = words.as_markdown(report("a | b <img> [x](y)"))
    assert "<img>" not in text
    assert "\\|" in text


def test_figures_are_said_with_what_they_mean() -> None:
    gaps = [Gap(NOON + each, NOON + each + 1, "nobody looked") for each in range(12)]
    told = report("Ana", starts=2, starts_in_vain=1, idle_stops=3, gaps=gaps)
    told.account.switching.add("USD", Decimal(5), 3600)
    for line in told.account.lines.values():
        line.cost.unpriced = 3600
    said = list(words.sentences(told))
    assert said[0].startswith("cost: $1.00 and 1.00 h without a price for 1.00 h in service: hours")
    assert any(each.startswith("+ up to nothing for 2 starts (0.00 h), 1 of them") for each in said)
    assert any(each.startswith("+ up to $5.00 while it was updated") for each in said)
    assert any(each.startswith("idle stops: 3 ") for each in said)
    assert any("--prices today prices them" in each for each in said)
    assert sum(each.startswith("gap: ") for each in said) == 11
    assert said[-1] == "gap: 2 more; --output json has them all."


def test_quiet_figures_are_left_out() -> None:
    said = list(words.sentences(report()))
    assert [each.partition(":")[0] for each in said[:2]] == ["cost", "saved"]
    assert len(said) == 4


def test_prices_that_are_examples_are_called_so() -> None:
    told = words.Report("dev", "person", report().account, "today", has_examples=True)
    assert words.headline(told) == (
        "dev from 2026-11-01 12:00 to 2026-11-02 12:00 UTC, by person, at the list prices of today,"
        " which are examples"
    )


def test_a_savings_plan_is_said_beside_the_cost_and_taken_off_no_saving() -> None:
    account = report("Ana").account
    account.savings.handed_back.add("USD", Decimal(8), 3600)
    told = words.Report("dev", "person", account, "each day", savings_plan_factor=Decimal("0.5"))
    said = list(words.sentences(told))
    assert said[1].startswith("with your savings plan's factor of 0.5 it is $0.50;")
    assert said[2].startswith("saved: $8.00 handed back")
