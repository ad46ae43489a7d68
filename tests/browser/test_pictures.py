"""The pictures of the page in the guides, drawn by the tests: an environment that nobody has.

`LEASEHOLD_KEEP_PICTURES=1 make browsertest` keeps what is drawn. Letters differ by a pixel from one
machine to another, so a picture is compared by its size alone.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser import invented
from tests.browser.stage import ok

if TYPE_CHECKING:
    from tests.browser.stage import Stage

KEEP = "LEASEHOLD_KEEP_PICTURES"
PICTURES = Path(__file__).parents[2] / "docs" / "pictures"
DESK: dict[str, Any] = {"viewport": {"width": 1280, "height": 720}}
DARK: dict[str, Any] = {**DESK, "color_scheme": "dark"}
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}


def kept(stage: Stage, name: str) -> None:
    file = PICTURES / f"console-{name}.png"
    drawn = stage.page.screenshot(animations="disabled", caret="hide")
    if os.environ.get(KEEP):
        file.write_bytes(drawn)
    assert size(drawn) == size(file.read_bytes())


def size(png: bytes) -> tuple[int, int]:
    return int.from_bytes(png[16:20]), int.from_bytes(png[20:24])


@pytest.mark.parametrize("context", [DESK], indirect=True)
def test_a_change_with_its_quote_in_the_light(stage: Stage) -> None:
    answer = invented.expiry()
    subject, _, trailers = answer["CommitMessage"].partition("\n\n")
    answer["CommitMessage"] = f"{subject}\n\ndemo for the board\n\n{trailers}"
    stage.answers["POST /endpoint-expiry"] = ok(answer)
    page = stage.open()
    page.get_by_role("button", name="+30 min for Falcon40B").click()
    expect(page.locator("#dialog .message")).to_be_visible()
    page.get_by_label("Why").fill("demo for the board")
    page.get_by_role("button", name="Commit").focus()
    page.wait_for_timeout(600)
    kept(stage, "light")


@pytest.mark.parametrize("context", [DARK], indirect=True)
def test_the_list_in_the_dark(stage: Stage) -> None:
    page = stage.open()
    page.get_by_label("Select Falcon40B").check()
    page.mouse.move(0, 0)
    kept(stage, "dark")


@pytest.mark.parametrize("context", [PHONE], indirect=True)
def test_cards_on_a_phone(stage: Stage) -> None:
    page = stage.open("#/?show=on")
    page.wait_for_selector("#rows")
    kept(stage, "phone")
