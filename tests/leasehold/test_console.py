"""Tables and JSON that are printed while they are read look as if they were printed whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.text import Text

from leasehold import console
from leasehold.console import complain, say, show_json, show_table, stream_json, stream_table
from ledger.errors import Refused, Unknown
from tests.leasehold import golden

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADERS = ("WHEN", "WHO", "COMMIT")
ROWS = [(f"day {number}", "Ana" * number, f"{number:08}") for number in range(5)]


def test_json_is_the_same_as_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    for items in ([], [{"a": 1}], [{"a": [1, {"b": "é"}]}, {"a": None}, {}]):
        stream_json(iter(items))
        streamed = capsys.readouterr().out
        show_json(items)
        assert streamed == capsys.readouterr().out
        assert json.loads(streamed) == items


def test_a_table_is_the_same_as_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    assert stream_table(HEADERS, iter(ROWS)) == len(ROWS)
    streamed = capsys.readouterr().out
    show_table(HEADERS, ROWS)
    assert streamed == capsys.readouterr().out


def test_no_rows_are_no_table(capsys: pytest.CaptureFixture[str]) -> None:
    assert stream_table(HEADERS, iter(())) == 0
    assert capsys.readouterr().out == ""


def test_rows_are_printed_before_the_next_are_read(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "_AT_A_TIME", 2)
    printed: list[str] = []

    def rows() -> Iterator[tuple[str, ...]]:
        for row in reversed(ROWS):
            yield row
            printed.append(capsys.readouterr().out)

    assert stream_table(HEADERS, rows()) == len(ROWS)
    assert [bool(text) for text in printed] == [False, True, False, True, False]
    lines = ("".join(printed) + capsys.readouterr().out).splitlines()
    assert [line.split()[0] for line in lines] == ["WHEN", *["day"] * 5]


HOSTILE = "\x1b[31mred\r\n::error::forged\x9b2J \u202e ##[command]x \ud800"
HARMLESS = r"\x1b[31mred\r\n::error::forged\x9b2J \u202e #\#[command]x \ud800"


@pytest.mark.parametrize("cell", [HOSTILE, Text(HOSTILE), Text.assemble(("", "red"), HOSTILE)])
def test_what_others_wrote_moves_no_cursor_and_begins_no_line(
    capsys: pytest.CaptureFixture[str], cell: str | Text
) -> None:
    harmless = HARMLESS if isinstance(cell, str) else HARMLESS.replace(r"\r", "")
    say(cell)
    assert capsys.readouterr().out == f"{harmless}\n"
    show_table(("WHY",), [(cell,)])
    assert capsys.readouterr().out == f"WHY\n{harmless}\n"
    stream_table(("WHY",), iter([(cell,)]))
    assert capsys.readouterr().out == f"WHY\n{harmless}\n"


def test_a_refusal_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    complain(Refused("LH5004", HOSTILE))
    assert capsys.readouterr().err == f"leasehold: {HARMLESS} [LH5004]\n"


def test_no_line_is_a_command_of_a_ci(capsys: pytest.CaptureFixture[str]) -> None:
    for line in ("::error::x", "  ::add-mask::x", Text("::error::x", style="red")):
        say(line)
    shown = capsys.readouterr().out
    assert shown == "\\::error::x\n  \\::add-mask::x\n\\::error::x\n"


def test_json_is_data_still(capsys: pytest.CaptureFixture[str]) -> None:
    show_json({"reason": HOSTILE})
    shown = capsys.readouterr().out
    assert json.loads(shown) == {"reason": HOSTILE}
    assert shown.replace("\n", "").isprintable()


@given(st.text())
def test_styles_stay_where_they_were(text: str) -> None:
    styled = Text.assemble(("a", "red"), text, ("b", "bold"), style="dim")
    shown = console._shown(styled)
    assert shown.plain.isprintable()
    spans = {each.style: shown.plain[each.start : each.end] for each in shown.spans if each.style}
    assert spans == {"red": "a", "bold": "b"}


@pytest.mark.parametrize(("width", "is_spare_shown"), [(120, True), (60, False)])
def test_what_is_spare_makes_room_for_words(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    width: int,
    is_spare_shown: bool,  # noqa: FBT001
) -> None:
    monkeypatch.setattr(console, "PIPE_WIDTH", width)
    why = "its window opens, which is a sentence of some length"
    cells = ("2026-11-23 10:00", "demo-Search-Endpoint", "Mon 2026-11-23 15:45 +0545", why)
    show_table(("WHEN", "ENDPOINT", "LOCAL", "WHY"), [cells], spare=("LOCAL",))
    shown = capsys.readouterr().out
    assert "2026-11-23 10:00  demo-Search-Endpoint" in shown
    assert ("LOCAL" in shown) is is_spare_shown
    assert set(why.split()) <= set(shown.split())


@pytest.mark.parametrize("header", ["ENDPOINT", "PERSON", "OWNER"])
def test_no_figure_is_cut_off_beside_a_long_name(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, header: str
) -> None:
    monkeypatch.setattr(console, "PIPE_WIDTH", 80)
    cost = "€3.00 and $1.00 and 0.02 h without a price"
    row = ("a-name-of-sixty-three-letters-" * 2, "1,234.56", "1,200.00", cost)
    show_table((header, "LEASED H", "IN SERVICE H", "COST"), [row])
    shown = capsys.readouterr().out
    assert {header, "LEASED", "SERVICE", "COST", *row[1:3], *cost.split()} <= set(shown.split())
    assert all(len(line) <= 80 for line in shown.splitlines())


def test_a_cell_that_is_folded_begins_no_command(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(console, "PIPE_WIDTH", 200)
    words = [f"{'x' * length} ::error::y" for length in range(150, 200)]
    console.show_table(("NAME", "WHY"), [(each, "z" * 20) for each in words])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 51
    assert not any(line.lstrip().startswith("::") for line in lines)


def test_a_refusal_at_a_terminal_has_the_persons_times_and_what_was_meant(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    golden.be_terminal(monkeypatch, "80")
    late = Refused("LH4102", f"the latest possible is 2026-11-30T12:00:00Z{', which is said' * 3}.")
    complain(late, "Falcon40B: ")
    assert capsys.readouterr().err.splitlines() == [
        "leasehold: Falcon40B: the latest possible is 2026-11-30 13:00 CET (12:00 UTC),",
        "which is said, which is said, which is said. [LH4102]",
    ]
    complain(Unknown("LH4106", "no endpoint is called Falcom.", "Falcom", ("Falcon40B",)))
    assert "Did you mean Falcon40B? [LH4106]" in capsys.readouterr().err
