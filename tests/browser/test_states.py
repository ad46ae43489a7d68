"""What the page says where there is nothing to show, or nobody who tells."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import invented
from tests.browser.stage import ok, refusal

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

    from tests.browser.stage import Answer, Stage


def look_again(page: Page) -> None:
    page.evaluate("dispatchEvent(new Event('online'))")


def test_it_says_that_it_reads_and_after_a_while_that_it_still_does(stage: Stage) -> None:
    stage.page.route("**/prod/fleet", lambda _: None)
    page = stage.open()
    expect(page.locator(".skeleton div")).to_have_count(8)
    expect(page.locator(".empty")).to_have_text("Reading the ledger…")
    page.clock.fast_forward(6000)
    expect(page.locator(".empty")).to_have_text("Still reading the ledger…")


def test_an_empty_ledger_says_how_the_first_is_added(stage: Stage) -> None:
    stage.answers["GET /fleet"] = ok(invented.fleet([]))
    page = stage.open()
    expect(page.locator(".empty")).to_contain_text("environments/dev/First.endpoint.json")
    page.get_by_role("button", name="Add an endpoint").click()
    expect(page.get_by_role("dialog")).to_contain_text("Endpoint config")


def test_no_match_offers_to_clear_what_is_sought(stage: Stage) -> None:
    page = stage.open("#/?q=nothing-is-called-so")
    page.get_by_role("button", name="Clear search and filters").click()
    expect(page.locator("#rows tbody tr")).to_have_count(12)


def test_nobody_is_signed_in(stage: Stage) -> None:
    page = stage.open("#/?show=mine", signed_in=False)
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.get_by_label("Token").fill("Bearer of-ana ")
    page.keyboard.press("Enter")
    expect(page.locator("#rows tbody tr")).to_have_count(8)
    assert page.url.endswith("#/?show=mine")
    assert all("of-ana" not in each.url for each in stage.asked)
    assert stage.asked[-1].headers["authorization"] == "of-ana"


def test_a_token_that_is_not_known_is_said_and_forgotten(stage: Stage) -> None:
    stage.answers["GET /fleet"] = refusal(401, "No valid token came with the request.", "LH4010")
    page = stage.open(signed_in=False)
    page.get_by_label("Token").fill("wrong")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("That token is not known here")
    assert page.evaluate("sessionStorage.length") == 0


def test_whoever_signs_out_leaves_nothing(stage: Stage) -> None:
    page = stage.open()
    page.get_by_role("button", name="Ana", exact=True).click()
    expect(page.locator("#me")).to_contain_text("Your token may add, extend, read, release.")
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.evaluate("sessionStorage.length") == 0
    assert page.locator("#rows").count() == 0


def test_a_sign_in_that_ends_keeps_what_was_typed(stage: Stage) -> None:
    page = stage.open("#/?show=mine")
    page.get_by_role("button", name="+30 min for Falcon40B").click()
    page.get_by_label("Why").fill("a demo that takes longer")
    stage.answers["POST /endpoint-expiry"] = refusal(401, "No valid token.", "LH4010")
    stage.answers["GET /fleet"] = refusal(401, "No valid token.", "LH4010")
    page.get_by_role("button", name="Commit").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    stage.answers["POST /endpoint-expiry"] = ok(invented.expiry())
    stage.answers["GET /fleet"] = ok(invented.fleet())
    page.get_by_label("Token").fill("of-ana-again")
    page.keyboard.press("Enter")
    expect(page.get_by_label("Why")).to_have_value("a demo that takes longer")
    assert page.url.endswith("#/?show=mine")
    page.get_by_role("button", name="Commit").click()
    expect(page.locator(".toast")).to_contain_text("Falcon40B is on until")
    first, second = stage.sent("POST", "/endpoint-expiry")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]


def test_who_may_only_read_sees_why_the_buttons_do_nothing(stage: Stage) -> None:
    stage.answers["GET /me"] = ok(invented.ME | {"Name": "Rob", "Scopes": ["read"]})
    page = stage.open()
    button = page.get_by_role("button", name="+30 min for Falcon40B")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    expect(page.locator(".toast")).to_contain_text("Your token may read: this needs the scope")
    assert page.locator("dialog[open]").count() == 0


def test_a_token_that_may_not_read_is_told_so(stage: Stage) -> None:
    stage.answers["GET /fleet"] = refusal(403, "This needs the scope read.", "LH4031")
    page = stage.open()
    expect(page.locator(".empty")).to_contain_text("This needs the scope read.")


def test_what_cannot_be_read_can_be_tried_again(stage: Stage) -> None:
    stage.answers["GET /fleet"] = refusal(409, "environment.json cannot be read.", "LH4109")
    page = stage.open()
    expect(page.locator(".empty")).to_contain_text("environment.json cannot be read.")
    stage.answers["GET /fleet"] = ok(invented.fleet())
    page.get_by_role("button", name="Try again").click()
    expect(page.locator("#rows tbody tr")).to_have_count(12)


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (None, "The API does not answer"),
        (refusal(503, "The repository cannot be reached.", "LH4503"), "cannot be reached"),
        (refusal(429, "Too many requests.", "LH4033", **{"Retry-After": "40"}), "Too many"),
    ],
    ids=["offline", "503", "429"],
)
def test_old_data_stays_with_its_age_and_nothing_can_be_changed(
    stage: Stage, answer: Answer | None, sentence: str
) -> None:
    page = stage.open()
    expect(page.locator("#rows tbody tr")).to_have_count(12)
    stage.answers["GET /fleet"] = lambda _: answer
    look_again(page)
    banner = page.locator(".banner")
    expect(banner).to_contain_text(sentence)
    expect(banner).to_contain_text("less than 1 min old, and nothing can be changed")
    expect(banner.locator("[data-until]")).to_contain_text("s")
    expect(page.locator("tr[data-name=Falcon40B]")).to_contain_text("1 h 17 min")
    page.get_by_role("button", name="+30 min for Falcon40B").click(force=True)
    expect(page.locator(".toast")).to_contain_text("The last look at the ledger failed")
    stage.answers["GET /fleet"] = ok(invented.fleet())
    look_again(page)
    expect(banner).to_have_count(0)


def test_a_frozen_environment_says_what_is_wrong(stage: Stage) -> None:
    wrong = "environments/dev/Extra.json: no file of this name is known. [LH1002]"
    stage.answers["GET /fleet"] = ok(invented.fleet(Violations=[wrong]))
    expect(stage.open().locator(".banner")).to_contain_text(wrong)


def test_without_prices_the_columns_say_what_to_do(stage: Stage) -> None:
    bare = [item | {"PerHour": None, "SoFar": None} for item in invented.dozen()]
    none = dict.fromkeys(("Currency", "PricesReadAt"))
    stage.answers["GET /fleet"] = ok(invented.fleet(bare, **none))
    page = stage.open()
    expect(page.locator(".sums")).to_contain_text("no prices: run leasehold prices update")
    expect(page.locator("tr[data-name=Falcon40B] .cost")).to_have_text("no prices")


def test_old_and_example_prices_are_called_so(stage: Stage) -> None:
    stage.answers["GET /fleet"] = ok(invented.fleet(PricesAreOld=True, PricesAreExamples=True))
    sums = stage.open().locator(".sums")
    expect(sums).to_contain_text("example prices of 1 Nov 2026, more than 90 days ago")


def test_before_the_controller_has_looked_the_ledger_speaks_alone(stage: Stage) -> None:
    unseen = [item | {"SageMaker": invented.seen(None)} for item in invented.dozen()]
    nothing = dict.fromkeys(("ObservedAt", "StatusCommit"))
    stage.answers["GET /fleet"] = ok(invented.fleet(unseen, **nothing))
    page = stage.open()
    expect(page.locator(".banner")).to_contain_text("SageMaker: not seen yet")
    row = page.locator("tr[data-name=Falcon40B]")
    expect(row.locator(".badge")).to_have_class("badge off unseen")
    expect(row).to_contain_text("SageMaker: not seen yet")


def test_there_is_no_endpoint_of_that_name(stage: Stage) -> None:
    page = stage.open("#/e/Nobody")
    expect(page.locator(".empty")).to_contain_text("There is no endpoint Nobody")


def test_a_history_that_cannot_be_read_is_said(stage: Stage) -> None:
    stage.answers["GET /endpoint-expiry/history"] = refusal(404, "There is none.", "LH4106")
    page = stage.open("#/e/Falcon40B")
    expect(page.locator(".detail .banner")).to_contain_text("There is none.")


def test_what_others_wrote_is_text(stage: Stage) -> None:
    evil = "<img src=x onerror=document.title='owned'>"
    items = [invented.endpoint("Falcon40B", LastChange=invented.changed(evil, evil), Owner=evil)]
    stage.answers["GET /fleet"] = ok(invented.fleet(items))
    page = stage.open()
    expect(page.locator("tr[data-name=Falcon40B]")).to_contain_text(evil)
    assert page.locator("img").count() == 0
    assert page.title() == "Leasehold"


def test_other_kinds_than_endpoints_are_passed_over(stage: Stage) -> None:
    def answer(_: Request) -> Answer:
        notebook = invented.endpoint("Lab") | {"Kind": "notebook"}
        return ok(invented.fleet([*invented.dozen(), notebook]))

    stage.answers["GET /fleet"] = answer
    expect(stage.open().locator("#rows tbody tr")).to_have_count(12)
