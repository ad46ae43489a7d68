"""What the list says, in which order, and what a narrow screen does without."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from leasehold.fleet_rows import Row, rows_of
from leasehold.top.board import SORTS, Board, Seen, countdown, fit, headline, left, provenance
from tests.leasehold import fleets
from tests.scene import NOON

BOARD = Board(fleets.BERLIN)
ROW = Row("demo-A-Endpoint", "A", "InService", "on", NOON, "leased", hosts=(), ends=NOON)


def seen() -> Seen:
    tick = fleets.tick()
    return Seen(tick, tuple(rows_of(tick, fleets.KEPT_BY)))


@pytest.mark.parametrize(
    ("rest", "said"),
    [
        ({"days": 3, "hours": 4}, "3d 4h"),
        ({"hours": 48}, "2d 0h"),
        ({"hours": 47, "minutes": 59, "seconds": 59}, "47h 59m"),
        ({"hours": 1}, "1h 00m"),
        ({"minutes": 59, "seconds": 59}, "59m 59s"),
        ({"seconds": 5}, "0m 05s"),
        ({"seconds": -65}, "-1m 05s"),
    ],
)
def test_a_clock_runs_down(rest: dict[str, int], said: str) -> None:
    assert countdown(timedelta(**rest)) == said


@pytest.mark.parametrize(("minutes", "style"), [(61, ""), (59, "yellow"), (14, "red"), (-1, "red")])
def test_what_ends_soon_is_coloured(minutes: int, style: str) -> None:
    assert left(replace(ROW, ends=NOON + timedelta(minutes=minutes)), NOON).style == style


def test_what_has_no_end_or_is_off_has_no_clock() -> None:
    assert left(replace(ROW, ends=None), NOON).plain == "-"
    assert left(replace(ROW, state="off"), NOON).plain == "-"


def test_what_needs_somebody_comes_first_then_what_ends_soonest() -> None:
    names = [row.name for row in BOARD.chosen(seen())]
    assert names[:3] == ["Audit", "SDXL", "Whisper"]
    assert names[3:5] == ["Embed", "Falcon40B"]
    assert names[-1] == "Phi"


def test_every_other_order_has_the_same_rows() -> None:
    whole = {row.endpoint_name for row in seen().rows}
    for sort in SORTS:
        assert {row.endpoint_name for row in replace(BOARD, sort=sort).chosen(seen())} == whole
    by_name = [row.name for row in replace(BOARD, sort="name").chosen(seen())]
    assert by_name == sorted(by_name, key=lambda name: (name or "").casefold())


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        ("falcon", {"Falcon40B"}),
        ("bo@example", {"Embed"}),
        ("demo for the board", {"Falcon40B"}),
        ("nothing has this", set()),
    ],
)
def test_a_filter_looks_at_names_owners_and_reasons(wanted: str, names: set[str]) -> None:
    assert {str(row.name) for row in replace(BOARD, wanted=wanted).chosen(seen())} == names


def test_at_eighty_columns_why_goes_first_then_what_it_has_cost() -> None:
    cells = [BOARD.cells(row, NOON) for row in BOARD.chosen(seen())]
    wide, _ = fit(cells, 240)
    assert wide[-1] == "WHY"
    narrow, lines = fit(cells, 80)
    assert "WHY" not in narrow
    assert "SO FAR" not in narrow
    assert {"ENDPOINT", "STATE", "LEFT", "ENDS", "  $/H", "WHO"} <= set(narrow)
    assert all(len(line) == len(narrow) for line in lines)


def test_a_mark_says_what_somebody_chose_what_changed_and_what_is_wrong() -> None:
    board = replace(
        BOARD,
        marked=frozenset({"demo-Embed-Endpoint"}),
        changed=frozenset({"demo-Falcon40B-Endpoint"}),
    )
    marks = {str(cells[1]): str(cells[0]) for cells in (board.cells(r, NOON) for r in seen().rows)}
    assert marks["Embed"] == "x"
    assert marks["Falcon40B"] == "*"
    assert marks["Whisper"] == "!"
    assert marks["Phi"] == ""


def test_the_first_line_adds_up_and_the_second_says_as_of_when() -> None:
    assert headline(seen(), NOON) == (
        "dev  5 on  $11.31/h and 1 without a price  1 ends within 1 h  3 need a person"
    )
    assert provenance(seen()) == "b559b50d  12:00:00 UTC  prices 2026-11-01"
    tick = fleets.tick(priced=False)
    bare = Seen(tick, tuple(rows_of(tick, {})))
    assert "$" not in headline(bare, NOON)
    assert "prices" not in provenance(bare)


def test_a_state_says_by_what_it_is_on() -> None:
    states = {str(cells[1]): str(cells[3]) for cells in (BOARD.cells(r, NOON) for r in seen().rows)}
    assert states["Falcon40B"] == "on lease"
    assert states["Whisper"] == "frozen"
    assert str(BOARD.cells(replace(ROW, ends=None), NOON)[3]) == "on always"
    window = replace(ROW, ends=NOON + timedelta(hours=1), expires_at=None)
    assert str(BOARD.cells(window, NOON)[3]) == "on window"
