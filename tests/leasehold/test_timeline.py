"""A timeline in a terminal: what each endpoint did and will do, and who kept it on."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from leasehold.timeline import Line, drawn, line_of
from ledger.accounting.account import Book
from ledger.accounting.service import Piece
from ledger.accounting.steps import Bought, Lease
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
    empty: dict[str, object] = dict.fromkeys(
        ("starting", "in_service", "ahead", "idle", "bought"), ()
    )
    return Line("A", **{**empty, **fields})  # type: ignore[arg-type]


def test_a_cell_is_what_most_of_it_was() -> None:
    shown = line(
        starting=((second(-5), second(-4)),),
        in_service=((second(-4), second(-1)),),
        ahead=((second(0), second(2)),),
        idle=(second(-1.5),),
    )
    (text,) = drawn([shown], (second(-7), NOW, second(7)), MARKS)
    name, cells = text.split("  ")
    assert name == "A"
    before, after = cells.split("|")
    assert (len(before), len(after)) == (28, 28)
    assert before == "." * 8 + "s" * 4 + "#" * 10 + "x" + "#" + "." * 4
    assert after == "=" * 8 + "." * 20


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
    book = Book(Name("A"), life, Lease(bought, idle_stops=[second(-26), second(-3)]))
    begin, until = NOON - timedelta(hours=24), NOON + timedelta(hours=48)
    shown = line_of(book, fleet, begin, NOON, until)
    assert shown == line(
        in_service=((second(-24), NOW),),
        ahead=((NOW, second(5)),),
        idle=(second(-3),),
        bought=((second(-2), second(5), "Ben"),),
    )
    gone = line_of(Book(Name("Gone"), [], Lease()), fleet, begin, NOON, until)
    assert gone == Line("Gone", (), (), (), (), ())
