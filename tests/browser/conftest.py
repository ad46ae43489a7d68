"""A browser for the tests of the page: one for each process, a fresh context for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Browser, BrowserContext, sync_playwright

from tests.browser.stage import Stage
from tests.debian import require

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's headless Chromium; without it the tests skip, or fail where CI=true."""
    program = require("chromium-headless-shell", package="chromium-headless-shell fonts-liberation")
    with sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=program)
        yield made
        made.close()


@pytest.fixture
def context(browser: Browser, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """A desk: 1280 pixels wide, light, in Berlin. A test's parameter may say otherwise."""
    desk = {
        "viewport": {"width": 1280, "height": 800},
        "color_scheme": "light",
        "timezone_id": "Europe/Berlin",
        "locale": "en-GB",
    }
    made = browser.new_context(**desk | getattr(request, "param", {}))
    made.set_default_timeout(15_000)
    yield made
    made.close()


@pytest.fixture
def stage(context: BrowserContext) -> Iterator[Stage]:
    """A page before invented answers; it asks nobody else, and its console stays empty."""
    made = Stage(context.new_page())
    yield made
    assert made.foreign == []
    assert [each for each in made.said if "Failed to load resource" not in each] == []
