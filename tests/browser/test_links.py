"""The page of a notice's link: it shows, and only a person's click does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests.browser.axe import violations
from tests.browser.stage import ok, refusal

if TYPE_CHECKING:
    from playwright.sync_api import Request

    from tests.browser.stage import Answer, Stage

LINK = "#/extend/the.token"
SCHEMES = [
    {"color_scheme": "light"},
    {"color_scheme": "dark"},
    {"viewport": {"width": 380, "height": 700}},
]
QUOTE: dict[str, Any] = {
    "Action": "extend",
    "State": "ready",
    "Sentence": "demo-Falcon40B-Endpoint ends at 2026-11-23T12:15:00Z, in 15 min.",
    "EndpointName": "demo-Falcon40B-Endpoint",
    "Minutes": 60,
    "Was": "2026-11-23T12:15:00Z",
    "ExpiresAt": "2026-11-23T13:15:00Z",
    "By": {"Name": "olga", "Email": "olga@example.com"},
    "SignIn": False,
    "At": None,
    "Commit": "5f1d0c7a9b3e4f60812c3d4e5f60718293a4b5c6",
    "CommitMessage": "lease(dev): extend Falcon40B by 60 min to 2026-11-23T13:15:00Z\n",
    "Cost": {
        "Added": "7.09",
        "PerHour": "7.09",
        "Currency": "USD",
        "PricesReadAt": "2026-11-01T08:00:00Z",
    },
    "GoodUntil": "2026-11-23T13:15:00Z",
    "Now": "2026-11-23T12:00:00Z",
}
DONE = QUOTE | {"State": "done", "Sentence": "olga extended it, by commit 5f1d0c7a."}
TITLE = "Extend demo-Falcon40B-Endpoint by 60 min"


def told(stage: Stage, quote: dict[str, Any] = QUOTE, done: Answer | None = None) -> None:
    """Let the API answer with a quote, and with this when it is to be done."""

    def answer(request: Request) -> Answer:
        return ok(quote) if "dry_run=true" in request.url else done or ok(DONE)

    stage.answers["POST /extend-link"] = answer


def done(stage: Stage) -> list[dict[str, Any]]:
    """What was sent without signing in that was no dry run."""
    sent = stage.sent("POST", "/extend-link")
    return [json.loads(it.post_data or "") for it in sent if it.url.endswith("/extend-link")]


def test_opening_it_asks_and_a_click_does(stage: Stage) -> None:
    told(stage)
    page = stage.open(LINK, signed_in=False)
    expect(page.get_by_role("heading", name=TITLE)).to_be_visible()
    for word in ("14:15 CET", "13:15:00 UTC", "+$7.09", "By olga", "lease(dev): extend"):
        expect(page.locator("main")).to_contain_text(word)
    assert done(stage) == []
    page.get_by_role("button", name="Extend by 60 min").click()
    expect(page.get_by_role("status").last).to_contain_text("olga extended it")
    assert done(stage) == [{"Token": "the.token"}]
    expect(page.get_by_role("button", name="Extend by 60 min")).to_have_count(0)
    assert all("authorization" not in each.headers for each in stage.sent("POST", "/extend-link"))


def test_a_machine_that_runs_the_page_changes_nothing(stage: Stage) -> None:
    told(stage)
    page = stage.open(LINK, signed_in=False)
    button = page.get_by_role("button", name="Extend by 60 min")
    expect(button).to_be_visible()
    page.evaluate("for (const it of document.querySelectorAll('button')) it.click()")
    page.evaluate("for (const it of document.forms) it.requestSubmit()")
    for _ in range(3):
        page.reload()
        expect(button).to_be_visible()
    assert done(stage) == []


def test_it_is_used_with_the_keyboard_alone(stage: Stage) -> None:
    told(stage)
    page = stage.open(LINK, signed_in=False)
    expect(page.get_by_role("button", name="Extend by 60 min")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status").last).to_contain_text("olga extended it")


def test_a_lease_that_moved_on_is_confirmed(stage: Stage) -> None:
    moved = QUOTE | {
        "State": "moved",
        "Sentence": "The lease was changed by Bo.",
        "Commit": "b" * 40,
    }
    told(stage, done=refusal(412, "Nothing was done.", "LH4276"))
    page = stage.open(LINK, signed_in=False)
    button = page.get_by_role("button", name="Extend by 60 min")
    expect(button).to_be_visible()
    told(stage, moved, refusal(412, "Nothing was done.", "LH4276"))
    button.click()
    expect(page.locator(".banner")).to_contain_text("The lease was changed by Bo.")
    told(stage, moved)
    button.click()
    expect(page.get_by_role("status").last).to_contain_text("olga extended it")
    assert done(stage)[-1] == {"Token": "the.token", "Confirm": "b" * 40}
    stage.said[:] = [each for each in stage.said if "412" not in each]


def test_a_channels_link_asks_to_sign_in_and_is_used_by_name(stage: Stage) -> None:
    unsigned = QUOTE | {"SignIn": True, "By": None, "CommitMessage": None}
    told(stage, unsigned)
    by_ana = {"By": {"Name": "Ana", "Email": "ana@example.com"}}

    def as_caller(request: Request) -> Answer:
        return ok(QUOTE | by_ana if "dry_run=true" in request.url else DONE | by_ana)

    stage.answers["POST /extend-link/signed-in"] = as_caller
    page = stage.open(LINK, signed_in=False)
    expect(page.locator("main")).to_contain_text("This link was sent to a channel")
    expect(page.get_by_role("button", name="Extend by 60 min")).to_have_count(0)
    page.get_by_label("Token").fill("of-ana")
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Extend by 60 min").click()
    expect(page.locator("main")).to_contain_text("By Ana, ana@example.com")
    assert done(stage) == []
    (sent,) = stage.sent("POST", "/extend-link/signed-in")
    assert sent.headers["authorization"] == "of-ana"


def test_a_link_that_was_used_says_by_whom(stage: Stage) -> None:
    told(
        stage, QUOTE | {"State": "used", "Sentence": "This link was used before: Ana extended it."}
    )
    page = stage.open(LINK)
    expect(page.locator("main")).to_contain_text("This link was used before: Ana extended it.")
    expect(page.get_by_role("button", name="Extend by 60 min")).to_have_count(0)


def test_a_release_says_so(stage: Stage) -> None:
    cost = QUOTE["Cost"] | {"Added": "-1.77"}
    told(stage, QUOTE | {"Action": "release", "Minutes": 0, "Cost": cost})
    page = stage.open("#/release/the.token")
    expect(page.get_by_role("heading", name="Stop demo-Falcon40B-Endpoint now")).to_be_visible()
    expect(page.locator("main")).to_contain_text("$1.77 handed back")
    page.get_by_role("button", name="Stop it now").click()
    expect(page.get_by_role("status").last).to_contain_text("by commit")


@pytest.mark.parametrize(
    ("status", "code", "sentence"),
    [(410, "LH4273", "This link was good until noon."), (403, "LH4271", "signature does not fit")],
)
def test_whatever_is_wrong_with_it_is_told(
    stage: Stage, status: int, code: str, sentence: str
) -> None:
    stage.answers["POST /extend-link"] = refusal(status, sentence, code)
    page = stage.open(LINK, signed_in=False)
    expect(page.get_by_role("alert")).to_contain_text(sentence)
    expect(page.get_by_role("button", name="Extend")).to_have_count(0)


@pytest.mark.parametrize("context", SCHEMES, indirect=True)
def test_nothing_of_it_shuts_anybody_out(stage: Stage) -> None:
    told(stage)
    page = stage.open(LINK, signed_in=False)
    expect(page.get_by_role("button", name="Extend by 60 min")).to_be_visible()
    assert violations(page) == []
