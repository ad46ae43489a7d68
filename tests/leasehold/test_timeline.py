"""A timeline in a terminal: what each endpoint did and will do, and who kept it on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from leasehold.timeline import drawn
from ledger.accounting.account import Book
from ledger.accounting.lines import Line, line_of
from ledger.accounting.service import Piece
from ledger.accounting.steps import Bought, Lease, Step, Steps
from ledger.holdings import read_fleet
from ledger.json_files import dump_json
from ledger.names import Name
from ledger.phases import Phase
from tests.scene import NOON, definition, environment, lease, path

if TYPE_CHECKING:
    from datetime import datetime

MARKS = {"starting": "s", "in service": "#", "ahead": "=", "off": ".", "idle": "x"}
NOW = int(NOON.timestamp())


def second(hours: float) -> int:
    return int((NOON + timedelta(hours=hours)).timestamp())


def line(**fields: object) -> Line:
    return Line("A", **fields)  # type: ignore[arg-type]


def test_a_cell_is_what_most_of_it_was() -> None:
    shown = line(
        starting=((second(-5), second(-4)),),
        in_service=((second(-4), second(-1)),),
        leased=((second(0), second(2)),),
        idle=(second(-1.5),),
    )
    (text,) = drawn([shown], (second(-7), NOW, second(7)), MARKS)
    name, cells = text.split("  ")
    assert name == "A"
    before, after = cells.split("|")
    assert (len(before), len(after)) == (28, 28)
    assert before == "." * 8 + "s" * 4 + "#" * 10 + "x" + "#" + "." * 4
    assert after == "=" * 8 + "." * 20


@pytest.mark.parametrize(
    ("fields", "until", "leased", "scheduled"),
    [
        ({}, 5, [(0, 5)], []),
        ({}, -1, [], []),
        ({"schedule": {"always_on": True}}, 5, [(0, 5)], [(5, 48)]),
        ({"schedule": {"always_on": True}}, -1, [], [(0, 48)]),
        ({"suspended": {"reason": "an audit"}}, 5, [], []),
        ({"suspended": {"reason": "x", "until": "2026-11-23T11:00:00Z"}}, 5, [(0, 5)], []),
    ],
)
def test_ahead_is_by_its_lease_or_by_its_schedule_alone(
    fields: dict[str, object],
    until: float,
    leased: list[tuple[float, float]],
    scheduled: list[tuple[float, float]],
) -> None:
    files = {
        "environments/dev/environment.json": environment(),
        path("A"): definition("A", **fields),
        path("A", "lease"): lease(NOON + timedelta(hours=until)),
    }
    fleet = read_fleet({name: dump_json(each) for name, each in files.items()}, "dev")
    shown = line_of(Book(Name("A"), [], Lease()), fleet, NOON, NOON, NOON + timedelta(hours=48))
    assert shown.leased == tuple((second(a), second(b)) for a, b in leased)
    assert shown.scheduled == tuple((second(a), second(b)) for a, b in scheduled)


@pytest.mark.parametrize(
    ("fields", "leased", "scheduled", "held"),
    [
        ({"suspended": {"reason": "x"}}, [], [], [(0, 48)]),
        ({"suspended": {"reason": "x", "until": "2026-11-23T15:00:00Z"}}, [(3, 5)], [], [(0, 3)]),
        (
            {
                "suspended": {"reason": "x", "until": "2026-11-23T15:00:00Z"},
                "schedule": {"always_on": True},
            },
            *([(3, 5)], [(5, 48)], [(0, 3)]),
        ),
        ({"inference_type": "sometimes"}, [], [], [(0, 48)]),
    ],
)
def test_what_is_left_running_is_ahead_too(
    fields: dict[str, object],
    leased: list[tuple[float, float]],
    scheduled: list[tuple[float, float]],
    held: list[tuple[float, float]],
) -> None:
    files = {
        "environments/dev/environment.json": environment(),
        path("A"): definition("A", **fields),
        path("A", "lease"): lease(NOON + timedelta(hours=5)),
    }
    fleet = read_fleet({name: dump_json(each) for name, each in files.items()}, "dev")
    life = [Piece(second(-1), NOW, Phase.SERVING, None, is_suspended=True)]
    begin, end = NOON - timedelta(hours=1), NOON + timedelta(hours=48)
    shown = line_of(Book(Name("A"), life, Lease()), fleet, begin, NOON, end)
    for found, wanted in zip(
        (shown.leased, shown.scheduled, shown.held), (leased, scheduled, held), strict=True
    ):
        assert found == tuple((second(a), second(b)) for a, b in wanted)


def test_lines_fit_a_terminal() -> None:
    long = Line("Meta-Llama-3-70B-Instruct-for-the-whole-team-in-Berlin-and-Bern")
    for width in (60, 80, 120):
        texts = list(drawn([long, line()], (second(-7), NOW, second(7)), MARKS, width))
        assert len({len(text) for text in texts}) == 1
        assert len(texts[0]) <= width
        assert len(texts[0].rpartition("  ")[2]) >= 40
        assert texts[0].startswith("Meta-Ll")
    (whole, _) = drawn([long, line()], (second(-7), NOW, second(7)), MARKS)
    assert whole.startswith(long.name)


def test_what_the_ledger_has_is_what_is_shown() -> None:
    end: datetime = NOON + timedelta(hours=5)
    files = {
        "environments/dev/environment.json": environment(),
        path("A"): definition("A"),
        path("A", "lease"): lease(end),
    }
    fleet = read_fleet({name: dump_json(each) for name, each in files.items()}, "dev")
    life = [
        Piece(second(-30), second(-29), Phase.STARTING, None, is_suspended=False),
        Piece(second(-29), NOW, Phase.SERVING, None, is_suspended=False),
    ]
    bought = [Bought(second(-30), second(-25), "Ana"), Bought(second(-2), second(5), "Ben")]
    changes = Steps()
    for step in (
        Step(second(-1), second(5), second(5), "nobody"),
        Step(second(-2), None, second(5), "Ben"),
        Step(second(-30), None, second(-25), "Ana"),
    ):
        changes.add(step)
    book = Book(Name("A"), life, Lease(bought, [], [second(-26), second(-3)], changes))
    begin, until = NOON - timedelta(hours=24), NOON + timedelta(hours=48)
    shown = line_of(book, fleet, begin, NOON, until)
    assert shown == line(
        in_service=((second(-24), NOW),),
        leased=((NOW, second(5)),),
        extended=(Step(second(-2), None, second(5), "Ben"),),
        idle=(second(-3),),
        bought=((second(-2), second(5), "Ben"),),
    )
    gone = line_of(Book(Name("Gone"), [], Lease()), fleet, begin, NOON, until)
    assert gone == Line("Gone")
