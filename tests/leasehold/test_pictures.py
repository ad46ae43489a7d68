"""What is in a picture, and around it: where there is nothing that draws, too."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from types import ModuleType
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from leasehold.pictures import costs, timeline
from leasehold.pictures.files import Files
from leasehold.pictures.page import Page
from leasehold.report_words import Report
from ledger.accounting.account import Account, Key
from ledger.accounting.account import Line as Entry
from ledger.accounting.lines import Line
from ledger.accounting.steps import Step
from ledger.accounting.tariff import Sum
from ledger.errors import Refused

if TYPE_CHECKING:
    from pathlib import Path

NOW = 1_793_534_400  # 1 November 2026, 12:00 UTC
HOUR, DAY = 3600, 86400
WEEK = NOW - 7 * DAY, NOW, NOW + 2 * DAY


def step(hours: float, who: str) -> Step:
    at = int(NOW + hours * HOUR)
    return Step(at, None, at + HOUR, who)


def labels(*steps: Step, among: int = 1) -> list[str]:
    line = Line("A", extended=steps)
    others = [Line(f"B{number}") for number in range(among - 1)]
    return [each.label for each in timeline.picture_of("dev", [line, *others], WEEK).moments]


def test_all_that_is_drawn_is_in_the_table_and_the_other_way_round() -> None:
    line = Line(
        "A",
        starting=((NOW - 3 * HOUR, NOW - 2 * HOUR),),
        in_service=((NOW - 2 * HOUR, NOW),),
        leased=((NOW, NOW + HOUR),),
        scheduled=((NOW + HOUR, NOW + 2 * HOUR),),
        idle=(NOW - HOUR,),
        extended=(step(-3, "Ana <ana@example.com>"),),
    )
    drawn = timeline.picture_of("dev", [line], WEEK)
    assert drawn.title == "dev: Sun 2026-10-25 12:00 to Tue 2026-11-03 12:00 UTC"
    rows = list(timeline.rows([line]))
    assert rows == [
        ("A", "extended", "Sun 11-01 09:00", "Sun 11-01 10:00", "Ana <ana@example.com>"),
        ("A", "starting", "Sun 11-01 09:00", "Sun 11-01 10:00", ""),
        ("A", "in service", "Sun 11-01 10:00", "Sun 11-01 12:00", ""),
        ("A", "idle stop", "Sun 11-01 11:00", "", ""),
        ("A", "leased ahead", "Sun 11-01 12:00", "Sun 11-01 13:00", ""),
        ("A", "scheduled ahead", "Sun 11-01 13:00", "Sun 11-01 14:00", ""),
    ]
    shown = [each.what for each in drawn.bars] + [each.what for each in drawn.moments]
    assert sorted(row[1] for row in rows) == sorted(shown)


@pytest.mark.parametrize(
    ("steps", "among", "shown"),
    [
        ([(-48, "Ana <a@x>"), (-24, "Ben")], 1, ["Ana", "Ben"]),
        ([(-48, "Ana"), (-47, "Ben"), (-24, "Chi")], 1, ["Ana", "", "Chi"]),
        ([(-48, "Ana")], 25, ["Ana"]),
        ([(-48, "Ana")], 26, [""]),
        ([(47, "Ana Maria of the night shift")], 1, [""]),
        ([(-48, "Ana Maria of the night shift")], 1, ["Ana Maria of the night…"]),
        ([(-48, "\u202eAna")], 1, ["\\u202eAna"]),
        ([(-48, "first lease (Ana <ana@x.org>)")], 1, ["first lease (Ana)"]),
    ],
)
def test_a_name_stands_where_there_is_room_for_it(
    steps: list[tuple[float, str]], among: int, shown: list[str]
) -> None:
    assert labels(*(step(*each) for each in steps), among=among) == shown


@pytest.mark.parametrize(
    ("days", "hours", "count"),
    [(1, 6, 13), (3, 24, 5), (14, 24, 16), (15, 7 * 24, 3), (27, 7 * 24, 4)],
)
def test_an_axis_names_hours_days_or_weeks(days: int, hours: int, count: int) -> None:
    ticks = timeline.picture_of("dev", [], (NOW - days * DAY, NOW, NOW + 2 * DAY)).ticks
    assert (ticks.step, len(ticks)) == (hours * HOUR, count)
    assert all(each % min(hours * HOUR, DAY) == 0 for each in ticks)
    assert hours < 7 * 24 or datetime.fromtimestamp(ticks[0], UTC).strftime("%a") == "Mon"


def paid(*entries: tuple[int, str, str, int], since: int = NOW, days: int = 2) -> Report:
    """Return a report of entries: the day of November, the owner, the currency, the amount."""
    account = Account(since, since + days * DAY, ZoneInfo("Europe/Berlin"))
    for number, (day, owner, currency, amount) in enumerate(entries):
        cost = Sum()
        cost.add(currency, Decimal(amount), HOUR)
        key = Key(f"E{number}", owner, "Ana", date(2026, 11, day))
        account.lines[key] = Entry(HOUR, HOUR, cost)
    return Report("dev", "person", account, "each day")


def test_costs_are_drawn_by_day_and_owner_the_dearest_first() -> None:
    told = paid((1, "a", "USD", 1), (1, "b", "USD", 5), (3, "a", "USD", 2), (3, "a", "USD", 1))
    drawn = costs.picture_of(told)
    (chart,) = drawn.charts
    assert chart.days == ("2026-11-01", "2026-11-02", "2026-11-03")
    assert chart.owners == ("b", "a")
    assert [(each.day, each.owner, each.amount) for each in chart.parts] == [
        ("2026-11-01", "a", Decimal(1)),
        ("2026-11-01", "b", Decimal(5)),
        ("2026-11-03", "a", Decimal(3)),
    ]
    assert list(chart.totals) == [
        ("2026-11-01", Decimal(6), "$6.00"),
        ("2026-11-03", Decimal(3), "$3.00"),
    ]
    assert (chart.most, drawn.left_out) == (Decimal(6), "")
    assert costs.rows(told) == [
        ("2026-11-01", "a", "1.00", "$1.00"),
        ("2026-11-01", "b", "1.00", "$5.00"),
        ("2026-11-03", "a", "2.00", "$3.00"),
        ("all", "", "4.00", "$9.00"),
    ]


@pytest.mark.parametrize(("days", "first"), [(366, "2025-11-02"), (3000, "2026-11-02")])
def test_years_in_which_nothing_ran_are_not_drawn(days: int, first: str) -> None:
    told = paid((2, "a", "USD", 1), since=NOW + (2 - days) * DAY, days=days)
    (chart,) = costs.picture_of(told).charts
    assert (chart.days[0], chart.days[-1]) == (first, "2026-11-03")
    long_ago = paid(since=NOW + (2 - days) * DAY, days=days)
    assert costs.picture_of(long_ago).charts == ()


def test_currencies_are_drawn_apart_and_what_has_no_price_is_said() -> None:
    told = paid((1, "a", "USD", 1), (1, "a", "EUR", 5))
    for line in told.account.lines.values():
        line.cost.unpriced = HOUR
    drawn = costs.picture_of(told)
    assert [each.currency for each in drawn.charts] == ["EUR", "USD"]
    assert drawn.left_out == "2.00 h in service have no price and are not drawn"


@pytest.mark.parametrize(("owners", "last"), [(8, "o0"), (9, costs.OTHERS), (12, costs.OTHERS)])
def test_more_owners_than_colours_are_drawn_as_others(owners: int, last: str) -> None:
    told = paid(*((1, f"o{number}", "USD", number + 1) for number in range(owners)))
    (chart,) = costs.picture_of(told).charts
    assert (len(chart.owners), chart.owners[-1]) == (8, last)
    assert sum(each.amount for each in chart.parts) == owners * (owners + 1) // 2


def test_nothing_paid_is_no_chart() -> None:
    assert costs.picture_of(paid()).charts == ()
    assert costs.Paid("USD", (), (), ()).most == 1


def test_a_page_has_the_picture_and_beneath_it_a_table_without_markup_of_others() -> None:
    page = Page("dev: <b>", ("endpoint", "who"), [("A", "a | b <img> [x](y)")])
    text = page.as_markdown('a "b".svg', "dark & bright.svg")
    assert 'src="./a%20%22b%22.svg"' in text
    assert 'srcset="./dark%20%26%20bright.svg"' in text
    assert 'alt="dev: &lt;b&gt;; the table beneath says the same"' in text
    assert "<img>" not in text
    assert text.endswith("| endpoint | who |\n|:--|:--|\n| A | a \\| b &lt;img&gt; [x&rsqb;(y) |\n")


def drawing() -> ModuleType:
    """Return what draws a picture's kind and look, and no more."""
    made = ModuleType("charts")
    made.drawn = lambda _, kind, *, dark: f"{kind} {dark}".encode()  # type: ignore[attr-defined]
    return made


PAGE = Page("dev", ("endpoint",), [("A",)])


@pytest.mark.parametrize(("name", "kind"), [("a.svg", "svg"), ("b.c.PNG", "png")])
def test_a_picture_is_three_files(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str, kind: str
) -> None:
    file = tmp_path / name
    Files.of(file, lambda _: drawing()).write(timeline.picture_of("dev", [], WEEK), PAGE)
    assert file.read_text() == f"{kind} False"
    assert file.with_stem(f"{file.stem}-dark").read_text() == f"{kind} True"
    table = tmp_path / f"{file.stem}-table.md"
    assert f'src="./{name}"' in table.read_text()
    assert str(table) in capsys.readouterr().err
    assert len(list(tmp_path.iterdir())) == 3


@pytest.mark.parametrize("name", ["a", "a.pdf", "svg", "a.svg.md"])
def test_a_picture_is_svg_or_png(tmp_path: Path, name: str) -> None:
    with pytest.raises(Refused, match=r"ends in \.svg or \.png") as refused:
        Files.of(tmp_path / name, lambda _: drawing())
    assert refused.value.code == "LH5138"


def test_without_the_extra_the_command_that_installs_it_is_said(tmp_path: Path) -> None:
    def load(name: str) -> ModuleType:
        raise ModuleNotFoundError("No module named 'altair'", name=name)

    with pytest.raises(Refused, match=r"pip install 'leasehold\[pictures\]'") as refused:
        Files.of(tmp_path / "a.svg", load)
    assert refused.value.code == "LH5137"


def test_where_nothing_can_be_written_it_is_said(tmp_path: Path) -> None:
    files = Files.of(tmp_path / "absent" / "a.svg", lambda _: drawing())
    with pytest.raises(Refused, match=r"absent/a\.svg cannot be written") as refused:
        files.write(timeline.picture_of("dev", [], WEEK), PAGE)
    assert refused.value.code == "LH5139"
