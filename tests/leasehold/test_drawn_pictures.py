"""Pictures as they are drawn: the README's are these, the same to the byte in any time zone.

`LEASEHOLD_KEEP_PICTURES=1 pytest tests/leasehold/test_drawn_pictures.py` keeps what is drawn.
"""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Literal
from xml.etree import ElementTree as ET

import pytest

from leasehold.pictures import charts, costs, timeline
from leasehold.pictures.files import Files
from ledger.accounting.lines import Line
from ledger.accounting.steps import Step
from tests.leasehold.invented_week import LINES, MOMENTS, pictures

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
SHOWN = ROOT / "docs" / "pictures"
KEEP = "LEASEHOLD_KEEP_PICTURES"
NAMES = ("timeline", "costs")
SIGNATURE = b"\x89PNG\r\n\x1a\n"
ELSEWHERE = """
import sys
from leasehold.pictures import charts
from tests.leasehold.invented_week import pictures
for picture, _ in pictures().values():
    sys.stdout.buffer.write(charts.drawn(picture, "svg", dark=False))
"""


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Draw the week, light and dark and with its pages."""
    folder = SHOWN if KEEP in os.environ else tmp_path_factory.mktemp("pictures")
    folder.mkdir(exist_ok=True)
    for name, (picture, page) in pictures().items():
        Files.of(folder / f"{name}.svg").write(picture, page)
    return folder


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", [".svg", "-dark.svg", "-table.md"])
def test_the_documentation_shows_what_is_drawn(kept: Path, name: str, ending: str) -> None:
    file = f"{name}{ending}"
    assert (SHOWN / file).read_bytes() == (kept / file).read_bytes()


def test_what_was_drawn_before_changes_nothing(kept: Path) -> None:
    for name, (picture, _) in pictures().items():
        assert charts.drawn(picture, "svg", dark=False) == (kept / f"{name}.svg").read_bytes()


@pytest.mark.parametrize("zone", ["America/New_York"])
def test_the_time_zone_of_the_machine_changes_nothing(kept: Path, zone: str) -> None:
    drawn = subprocess.run(
        [sys.executable, "-c", ELSEWHERE],
        env={**os.environ, "TZ": zone, "PYTHONPATH": os.pathsep.join(sys.path)},
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    here = b"".join((kept / f"{name}.svg").read_bytes() for name in NAMES)
    assert drawn.stdout == here


def said(svg: Path) -> Iterator[str]:
    """Yield what a screen reader says of each mark."""
    root = ET.fromstring(svg.read_text())  # noqa: S314  (our own)
    yield from (each.attrib["aria-label"] for each in root.iter() if "aria-label" in each.attrib)


def test_each_mark_says_what_it_is(kept: Path) -> None:
    labels = set(said(kept / "timeline.svg"))
    assert "Falcon40B: in service from Fri 11-20 09:12 to Fri 11-20 16:30 UTC" in labels
    assert (
        "Falcon40B: extended at Fri 11-20 12:30 to Fri 11-20 16:30 UTC by Ben <ben@example.com>"
        in labels
    )
    assert "Mixtral: idle stop at Mon 11-23 21:00 UTC" in labels
    drawn = pictures()["timeline"][0]
    assert isinstance(drawn, timeline.Timeline)
    assert {each.said for each in drawn.bars} | {each.said for each in drawn.moments} <= labels
    assert "2026-11-23: assistants@example.com $106.35" in set(said(kept / "costs.svg"))


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("ending", [".svg", "-dark.svg"])
def test_a_picture_can_stand_in_a_page_that_allows_no_styles(
    kept: Path, name: str, ending: str
) -> None:
    text = (kept / f"{name}{ending}").read_text()
    assert "style=" not in text
    assert "<style" not in text
    assert "<script" not in text
    assert text.count("http") == text.count("http://www.w3.org/")
    look = charts.DARK if "dark" in ending else charts.LIGHT
    assert f'fill="{look.background}"' in text


def test_a_png_is_drawn_too() -> None:
    picture, _ = pictures()["costs"]
    assert charts.drawn(picture, "png", dark=True).startswith(SIGNATURE)


def test_a_hundred_endpoints_have_a_row_each() -> None:
    many = [replace(LINES[1], name=f"Endpoint{number:03}") for number in range(100)]
    text = charts.drawn(timeline.picture_of("dev", many, MOMENTS), "svg", dark=False).decode()
    assert all(f">{each.name}<" in text for each in many)
    assert ">Ana<" not in text


@pytest.mark.parametrize(("days", "sums"), [(14, 1), (15, 0)])
def test_sums_stand_above_days_that_have_room_for_them(days: int, sums: int) -> None:
    names = tuple(f"2026-11-{number:02}" for number in range(1, days + 1))
    part = costs.Part(names[0], "a", Decimal(7), "a $7.00")
    picture = costs.Costs("dev", "", (costs.Paid("USD", names, ("a",), (part,)),))
    text = charts.drawn(picture, "svg", dark=False).decode()
    assert text.count(">$7.00<") == sums


@pytest.mark.parametrize("what", ["timeline", "costs"])
def test_where_there_is_nothing_a_picture_says_so(what: Literal["timeline", "costs"]) -> None:
    empty: timeline.Timeline | costs.Costs = timeline.picture_of("dev", [], MOMENTS)
    if what == "costs":
        empty = costs.Costs("dev: nothing", "1.00 h in service have no price", ())
    text = charts.drawn(empty, "svg", dark=False).decode()
    assert ("starting" if what == "timeline" else "no price") in text
    assert ">dev: " in text


def test_text_of_others_is_no_markup() -> None:
    evil = Step(MOMENTS[0] + 9, None, MOMENTS[1], "<script>alert(1)</script>\u202e")
    line = Line("A", extended=(evil,))
    text = charts.drawn(timeline.picture_of("dev", [line], MOMENTS), "svg", dark=False).decode()
    assert "<script" not in text
    assert "\u202e" not in text
