"""What the list looks like at 80 and at 200 columns; `LEASEHOLD_KEEP_PICTURES=1` keeps the first.

A look that is given: how one is made is `test_app`'s.
"""

from __future__ import annotations

import asyncio
import os
import re
from html import unescape
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest
from textual.widgets import DataTable

from leasehold.fleet_rows import rows_of
from leasehold.top.app import Top
from leasehold.top.board import Board, Seen
from tests.leasehold import fleets
from tests.scene import NOON

if TYPE_CHECKING:
    from leasehold.top.source import Source

PICTURE = Path(__file__).parents[3] / "docs/pictures/top.svg"


class Given:
    """A source that has one look to offer."""

    def look(self) -> Seen:
        tick = fleets.tick()
        return Seen(tick, tuple(rows_of(tick, fleets.KEPT_BY)))


def picture(columns: int, lines: int, *, count: int = 7) -> str:
    async def run() -> str:
        given = cast("Source", Given())
        app = Top(given, Board(fleets.BERLIN), every=3600, now=lambda: NOON)
        async with app.run_test(size=(columns, lines)) as pilot:
            while app.query_one(DataTable).row_count < count:
                await pilot.pause(0.02)
            await pilot.press("j", "j", "j")
            await pilot.pause()
            return app.export_screenshot(title="leasehold top")

    return asyncio.run(run())


def words(svg: str) -> str:
    lines = re.findall(r"<text[^>]*>(.*?)</text>", svg)
    return " ".join(unescape(re.sub(r"<[^>]+>", "", line)) for line in lines).replace("\xa0", " ")


@pytest.mark.parametrize("columns", [80, 120, 200])
def test_it_shows_what_there_is_room_for(columns: int) -> None:
    svg = picture(columns, 18)
    said = words(svg)
    assert [
        each for each in ("Falcon40B", "12m 05s", "frozen", "on lease") if each not in said
    ] == []
    assert ("demo for the board" in said) == (columns > 80)
    if columns == 120 and os.environ.get("LEASEHOLD_KEEP_PICTURES"):
        PICTURE.write_text(svg)
