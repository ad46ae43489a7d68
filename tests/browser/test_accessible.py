"""axe finds nothing, in each scheme, on a phone, and in each dialog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import invented
from tests.browser.axe import violations
from tests.browser.stage import ok, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from tests.browser.stage import Stage

DARK = {"color_scheme": "dark"}
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
FEW = ("Embed", "Falcon40B", "Whisper", "Phi")


def change(key: str) -> Callable[[Page], None]:
    def opens(page: Page) -> None:
        page.locator("tr[data-name=Falcon40B]").focus()
        page.keyboard.press(key)
        expect(page.locator("#dialog .message")).to_be_visible()

    return opens


def many(page: Page) -> None:
    page.get_by_label("Select all that are shown").check()
    page.get_by_role("region").get_by_role("button", name="+30 min").click()
    expect(page.get_by_role("button", name="Commit 4")).to_be_visible()


def press(name: str) -> Callable[[Page], None]:
    return lambda page: page.get_by_role("button", name=name).click()


def toast(page: Page) -> None:
    change("e")(page)
    page.keyboard.press("Enter")
    expect(page.locator(".toast")).to_be_visible()


DIALOGS = {
    "extend": change("e"),
    "until": change("u"),
    "release": change("r"),
    "many": many,
    "add": press("Add…"),
    "keys": press("Keys and help"),
    "menu": press("More for Falcon40B"),
    "columns": press("Columns"),
    "toast": toast,
}


@pytest.mark.parametrize(
    "context", [{}, DARK, PHONE], indirect=True, ids=["light", "dark", "phone"]
)
def test_the_list_of_a_dozen(stage: Stage) -> None:
    page = stage.open()
    page.wait_for_selector("#rows")
    assert violations(page) == []


@pytest.mark.parametrize("context", [{}, DARK], indirect=True, ids=["light", "dark"])
def test_all_about_one(stage: Stage) -> None:
    page = stage.open("#/e/Falcon40B")
    page.wait_for_selector(".timeline")
    assert violations(page) == []


@pytest.mark.parametrize("context", [{}, DARK], indirect=True, ids=["light", "dark"])
@pytest.mark.parametrize("opens", DIALOGS.values(), ids=DIALOGS)
def test_each_dialog(stage: Stage, opens: Callable[[Page], None]) -> None:
    rows = [item for item in invented.dozen() if item["Name"] in FEW]
    stage.answers["GET /fleet"] = ok(invented.fleet(rows))
    page = stage.open()
    page.wait_for_selector("#rows")
    opens(page)
    assert violations(page) == []


@pytest.mark.parametrize("context", [PHONE], indirect=True)
def test_a_change_on_a_phone(stage: Stage) -> None:
    page = stage.open()
    page.get_by_role("button", name="+30 min for Embed").click()
    expect(page.locator("#dialog .message")).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Enter")
    page.get_by_label("Select Falcon40B").check()
    expect(page.locator(".toast")).to_be_visible()
    assert violations(page) == []
    page.get_by_role("link", name="Falcon40B").click()
    page.wait_for_selector(".timeline")
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    assert violations(page) == []


def test_what_stands_in_the_way(stage: Stage) -> None:
    page = stage.open(signed_in=False)
    page.wait_for_selector("#token")
    assert violations(page) == []
    wrong = ["environments/dev/Extra.json: no file of this name is known. [LH1002]"]
    stage.answers["GET /fleet"] = ok(invented.fleet([], Violations=wrong))
    page.get_by_label("Token").fill("of-ana")
    page.keyboard.press("Enter")
    expect(page.locator(".empty")).to_contain_text("First.endpoint.json")
    assert violations(page) == []
    stage.answers["GET /fleet"] = refusal(503, "It cannot be reached.", "LH4503")
    page.evaluate("dispatchEvent(new Event('online'))")
    expect(page.locator(".banner").first).to_contain_text("cannot be reached")
    assert violations(page) == []
