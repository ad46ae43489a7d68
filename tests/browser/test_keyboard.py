"""Every action by the keyboard alone: no test here has a mouse."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.browser.stage import Stage


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def current(page: Page) -> str:
    return str(page.evaluate("document.activeElement.closest('tr')?.dataset.name ?? ''"))


@pytest.fixture
def page(stage: Stage) -> Page:
    """The list, with the focus on its first row, which Tab alone has reached."""
    page = stage.open()
    page.wait_for_selector("#rows")
    for _ in range(40):
        press(page, "Tab")
        if page.evaluate("document.activeElement.matches('tr')"):
            break
    assert current(page) == "Translator"
    return page


def test_rows_are_one_stop_and_arrows_go_on(page: Page) -> None:
    press(page, "ArrowDown", "j", "j", "k")
    assert current(page) == "Embed"
    press(page, "End")
    assert current(page) == "Rerank"
    press(page, "ArrowDown", "Home", "ArrowUp")
    assert current(page) == "Translator"
    assert page.locator("tbody tr[tabindex='0']").count() == 1
    reached = []
    for _ in range(5):
        press(page, "Tab")
        reached.append(current(page))
    assert reached == ["Translator"] * 4 + [""]  # its box and its buttons, and out again


def test_whoever_types_at_once_writes_the_reason(page: Page) -> None:
    press(page, "j", "j", "j", "j", "e")
    expect(page.locator("#commit")).to_be_focused()
    page.keyboard.type("my demo at six")
    expect(page.get_by_role("dialog")).to_be_visible()
    expect(page.get_by_label("Why")).to_have_value("my demo at six")


@pytest.mark.parametrize(
    ("key", "title"),
    [
        ("e", "Extend Falcon40B by 30 min"),
        ("E", "Extend Falcon40B by 2 h"),
        ("u", "Keep Falcon40B until…"),
        ("r", "Release Falcon40B"),
    ],
)
def test_a_key_opens_a_change_and_enter_commits_it(
    page: Page, stage: Stage, key: str, title: str
) -> None:
    press(page, "j", "j", "j", "j")
    press(page, key)
    expect(page.get_by_role("dialog", name=title)).to_be_visible()
    expect(page.locator(".message")).to_be_visible()
    expect(page.locator("#commit")).to_be_focused()
    press(page, "Enter")
    expect(page.locator(".toast")).to_contain_text("Falcon40B")
    assert current(page) == "Falcon40B"
    method = "DELETE" if key == "r" else "POST"
    assert len(stage.sent(method, "/endpoint-expiry")) == 1


def test_a_change_is_undone_by_a_key(page: Page, stage: Stage) -> None:
    press(page, "j", "j", "j", "j", "e", "Enter")
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    press(page, "z")
    expect(page.locator(".toast")).to_contain_text("Undone: Falcon40B is on until 14:23 CET")
    assert len(stage.sent("POST", "/endpoint-expiry")) == 2


def test_escape_leaves_a_dialog_and_comes_back_to_the_row(page: Page, stage: Stage) -> None:
    press(page, "j", "e", "Escape")
    assert current(page) == "Whisper"  # frozen: no dialog was opened
    press(page, "j", "e")
    expect(page.get_by_role("dialog")).to_be_visible()
    press(page, "Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    assert current(page) == "Embed"
    assert stage.sent("POST", "/endpoint-expiry") == []


def test_a_reason_is_typed_and_enter_commits(page: Page, stage: Stage) -> None:
    press(page, "j", "j", "e", "Shift+Tab", "Shift+Tab")
    page.keyboard.type("every key counts: e E u r x")
    press(page, "Enter")
    expect(page.locator(".toast")).to_contain_text("Embed is on until")
    (sent,) = stage.sent("POST", "/endpoint-expiry")
    assert '"minutes":30,"reason":"every key counts: e E u r x"' in (sent.post_data or "")


def test_rows_are_selected_and_changed_together(page: Page, stage: Stage) -> None:
    press(page, "j", "j", "x", "j", "j", "X")
    expect(page.get_by_role("region", name="Selected endpoints")).to_contain_text("3 selected")
    page.get_by_role("region").get_by_role("button", name="+30 min").focus()
    press(page, "Enter")
    expect(page.get_by_role("button", name="Commit 3")).to_be_focused()
    press(page, "Enter")
    expect(page.get_by_role("dialog")).to_contain_text("b559b50")
    press(page, "Escape")
    page.locator("tr[data-name=Embed]").focus()
    press(page, "Escape")
    expect(page.get_by_role("region", name="Selected endpoints")).to_have_count(0)
    assert len(stage.sent("POST", "/endpoint-expiry")) == 3


def test_search_sort_copy_help_and_all_about_a_row(page: Page) -> None:
    press(page, "s")
    expect(page.locator("th[aria-sort]")).to_have_text("Endpoint")
    press(page, "?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    press(page, "Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    press(page, "c")
    expect(page.locator(".toast")).to_contain_text("curl -X POST")
    press(page, "/")
    page.keyboard.type("falcon")
    expect(page.locator("#rows tbody tr")).to_have_count(1)
    page.locator("tr[data-name=Falcon40B]").focus()
    press(page, "Enter")
    expect(page.get_by_role("heading", name="Falcon40B")).to_be_visible()


def test_the_menu_of_a_row_opens_and_closes(page: Page) -> None:
    press(page, "j", "j", "Tab", "Tab", "Tab", "Tab", "Enter")
    expect(page.locator("#menu button").first).to_be_focused()
    press(page, "Escape")
    expect(page.locator("#menu")).to_be_hidden()
    expect(page.get_by_role("button", name="More for Embed")).to_be_focused()
    press(page, "Enter")
    expect(page.locator("#menu button").first).to_be_focused()
    press(page, "Tab", "Enter")
    expect(page.get_by_role("dialog", name="Release Embed")).to_be_visible()


def test_keys_mean_nothing_where_somebody_types(page: Page, stage: Stage) -> None:
    page.locator("#search").focus()
    page.keyboard.type("err")
    assert page.locator("dialog[open]").count() == 0
    assert all("dry_run" not in each.url for each in stage.asked)
