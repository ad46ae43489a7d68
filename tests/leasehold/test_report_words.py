"""A report in the forms in which people want it; no text of others gets out of its place."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest

from leasehold import report_words as words
from ledger.accounting.account import Account, Key, Line
from ledger.accounting.service import LATE, NOT_YET, UNREADABLE, Gap
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
    starts = "starts: 2 starts (0.00 h), 1 of them in vain: what never came costs nothing here."
    assert any(each.startswith(starts) for each in said)
    assert any(each.startswith("updates: up to $5.00 more while it was updated") for each in said)
    assert "idle stops: 3 leases ended for lack of use." in said
    assert any(" 1.00 h in service of Chat are in no sum" in each for each in said)
    assert any("--prices today prices them" in each for each in said)
    assert sum(each.startswith("gap: ") for each in said) == 11
    assert said[-1] == "gap: 2 more; --output json has them all."


def test_quiet_figures_are_left_out() -> None:
    said = list(words.sentences(report()))
    assert [each.partition(":")[0] for each in said] == [
        *("cost", "leased", "person"),
        *["saved"] * 3,
    ]
    assert [each.split()[1] for each in said[3:]] == ["nothing"] * 3


def test_prices_that_are_examples_are_called_so() -> None:
    told = words.Report("dev", "person", report().account, "today", has_examples=True)
    assert words.headline(told) == (
        "Report of dev from 2026-11-01 12:00 to 2026-11-02 12:00 UTC, by person, at the list prices"
        " of today, which are examples"
    )


def test_a_savings_plan_is_said_beside_the_cost_and_taken_off_no_saving() -> None:
    account = report("Ana").account
    account.savings.handed_back.add("USD", Decimal(8), 3600)
    told = words.Report("dev", "person", account, "each day", savings_plan_factor=Decimal("0.5"))
    said = list(words.sentences(told))
    assert said[1].startswith("with your savings plan's factor of 0.5 it is $0.50;")
    assert said[4].startswith("saved: $8.00 handed back")


def in_seconds(*rows: tuple[str, int], hourly: str = "0.115") -> words.Report:
    told = report()
    for number, (name, seconds) in enumerate(rows, start=1):
        cost = Sum()
        cost.add("USD", Decimal(hourly), seconds)
        line = Line(seconds, seconds, cost)
        told.account.lines[Key("Chat", "nobody", name, date(2026, 11, number))] = line
    return told


@pytest.mark.parametrize("hourly", ["0.115", "25.251286", "0.0000000007", "999999.999"])
@pytest.mark.parametrize("seconds", [(1, 1, 1), (18, 18, 19), (3599, 1, 7), (100, 200, 1201)])
def test_what_is_shown_adds_up_to_the_total_that_is_shown(
    hourly: str, seconds: tuple[int, ...]
) -> None:
    told = in_seconds(*zip("abc", seconds, strict=True), hourly=hourly)
    *rows, total = words.as_rows(told)
    for column in (1, 2, 3):
        shown = [Decimal(row[column].strip("$").replace(",", "")) for row in (*rows, total)]
        assert sum(shown[:-1]) == shown[-1]
    data = words.as_data(told)
    parts = [Decimal(row["cost"]["USD"]) for row in data["rows"]]
    assert sum(parts) == Decimal(data["total"]["cost"]["USD"])
    lines = list(csv.DictReader(io.StringIO(words.as_csv(told))))
    assert sum(Decimal(line["cost"]) for line in lines) == sum(parts)


def test_a_spreadsheet_has_no_cost_where_no_price_is_known() -> None:
    told = report()
    for name, unpriced in (("Ana", 60), ("Ben", 0)):
        line = Line(60, unpriced, Sum(unpriced=unpriced))
        told.account.lines[Key("Chat", "nobody", name, date(2026, 11, 1))] = line
    lines = list(csv.DictReader(io.StringIO(words.as_csv(told))))
    assert [(line["person"], line["cost"]) for line in lines] == [("Ana", ""), ("Ben", "0.00")]


def test_the_first_column_says_what_it_is() -> None:
    assert report().headers[0] == "PERSON"
    by_day = words.Report("dev", "day", Account(0, 1, ZoneInfo("Asia/Kathmandu")), "each day")
    assert by_day.headers[0] == "DAY (Asia/Kathmandu)"
    assert "| day (Asia/Kathmandu) |" in words.as_markdown(by_day)
    assert '<th scope="col">day (Asia/Kathmandu)</th>' in words.as_html(by_day)


def test_rows_that_are_nobodys_are_explained() -> None:
    said = "\n".join(words.sentences(report("first lease (Ana <a@b>)", "window", "Ana <a@b>")))
    assert "\nwindow: a window of its schedule was open" in said
    assert "\nfirst lease: initial_provision_minutes" in said
    assert "always on:" not in said


def test_no_sentence_begins_a_list_in_a_list() -> None:
    told = report("Ana", starts=1)
    told.account.switching.add("USD", Decimal(5), 3600)
    assert not any(each[0] in "+-*#>" or each[0].isdigit() for each in words.sentences(told))
    assert any(each.startswith("starts: 1 start (") for each in words.sentences(told))


def test_large_sums_have_their_cents_in_a_column() -> None:
    assert words.as_rows(in_seconds(("a", 3600 * 20), hourly="999.999"))[0][3] == "$19,999.98"


def test_json_has_the_sentences_too() -> None:
    data = json.loads(json.dumps(words.as_data(report("Ana"))))
    assert data["sentences"][0].startswith("cost: $1.00")


def test_a_page_turns_no_text_around() -> None:
    assert "\u202e" not in words.as_html(report("a\u202eb"))


def test_a_gap_says_how_its_time_counts() -> None:
    gaps = [Gap(NOON, NOON + 60, reason) for reason in (NOT_YET, UNREADABLE, LATE, "no reason")]
    said = [each for each in words.sentences(report("Ana", gaps=gaps)) if each.startswith("gap:")]
    assert "is in no figure." in said[0]
    assert "is counted as what was noted before it." in said[1]
    assert "by SageMaker's own time" in said[2]
    assert "is in no figure, or in part." in said[3]


def test_what_has_no_price_is_rounded_as_the_hours_beside_it() -> None:
    told = report()
    for number, name in enumerate("abc"):
        line = Line(600, 600, Sum(unpriced=600))
        told.account.lines[Key("Chat", "nobody", name, date(2026, 11, 1 + number))] = line
    for _, leased, in_service, cost in words.as_rows(told):
        assert leased == in_service
        assert cost == f"{in_service} h without a price"


def test_what_prices_it_is_said_only_where_it_would() -> None:
    told = report("Ana")
    for line in told.account.lines.values():
        line.cost.unpriced = 3600
    remedies = []
    for fields in ({}, {"prices_of": "today"}, {"has_prices": False}):
        said = "\n".join(words.sentences(replace(told, **fields)))
        remedies.append(said.partition("ran on.")[2].partition("\n")[0])
    assert remedies[0] == " --prices today prices them by the file of now."
    assert remedies[1] == ""
    assert remedies[2].startswith(" `leasehold prices update` writes one")


def test_a_second_without_a_price_is_not_nothing() -> None:
    told = report()
    for name in "ab":
        line = Line(1, 1, Sum(unpriced=1))
        told.account.lines[Key("Chat", "nobody", name, date(2026, 11, 1))] = line
    assert {row[3] for row in words.as_rows(told)} == {"0.00 h without a price"}


def test_a_record_that_is_quiet_for_a_day_is_told() -> None:
    told = report("Ana", noted_at=NOON - 60)
    assert any(
        each.startswith("noted last: 2026-11-01 11:59 UTC.") for each in words.sentences(told)
    )
    assert words.as_data(told)["noted_at"] == "2026-11-01T11:59:00Z"
    fresh = report("Ana", noted_at=NOON + 3600)
    assert not any(each.startswith("noted last:") for each in words.sentences(fresh))


def test_a_few_endpoints_without_a_price_are_named() -> None:
    told = report()
    for name in "abcdefg":
        line = Line(60, 60, Sum(unpriced=60))
        told.account.lines[Key(name, "nobody", "Ana", date(2026, 11, 1))] = line
    assert "in service of a, b, c, d, e and 2 more are in no sum" in "\n".join(
        words.sentences(told)
    )
