"""Changes of leases: what they come to, what is sent, and what is said of it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from tests.browser import invented
from tests.browser.invented import COMMIT, after
from tests.browser.stage import ok, refusal

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request

    from tests.browser.stage import Answer, Stage

FALCON = "demo-Falcon40B-Endpoint"


def opened(stage: Stage, where: str = "") -> Page:
    page = stage.open(where)
    page.wait_for_selector("#rows")
    return page


def extend(page: Page, name: str = "Falcon40B", by: str = "+30 min for") -> None:
    page.get_by_role("button", name=f"{by} {name}").click()
    expect(page.locator("#dialog .message, #dialog .error")).to_be_visible()


def commit(page: Page) -> None:
    page.get_by_role("button", name="Commit").click()


def toast(page: Page) -> str:
    expect(page.locator(".toast")).to_be_visible()
    return page.locator(".toast").last.inner_text()


def body(request: Request) -> object:
    return json.loads(request.post_data or "null")


def test_a_dry_run_says_what_an_extension_comes_to(stage: Stage) -> None:
    page = opened(stage)
    extend(page)
    dialog = page.get_by_role("dialog", name="Extend Falcon40B by 30 min")
    for text in ("14:53 CET", "13:53:31 UTC", "+$3.55", "lease(dev): extend Falcon40B by 30 min"):
        expect(dialog).to_contain_text(text)
    expect(page.get_by_role("button", name="Commit")).to_be_focused()
    assert stage.sent("POST", "/endpoint-expiry") == []


def test_it_commits_and_says_when_it_is_live(stage: Stage) -> None:
    page = opened(stage)
    extend(page)
    page.get_by_label("Why").fill("the board wants more")
    longer = [
        item | {"ExpiresAt": after(hours=1.8)} if item["Name"] == "Falcon40B" else item
        for item in invented.dozen()
    ]
    stage.answers["GET /fleet"] = ok(invented.fleet(longer))
    commit(page)
    assert "Falcon40B is on until 14:53 CET. b559b50" in toast(page)
    row = page.locator("tr[data-name=Falcon40B]")
    expect(row).to_contain_text("b559b50 live with the next tick")
    stage.answers["GET /reconcile"] = ok({"Applied": True})
    page.clock.fast_forward(2500)
    expect(row.locator(".note")).to_have_text("b559b50 live")
    (sent,) = stage.sent("POST", "/endpoint-expiry")
    wanted = {"EndpointName": FALCON, "minutes": 30, "reason": "the board wants more"}
    assert body(sent) == wanted
    assert "if-match" not in sent.headers
    asked = next(each for each in stage.asked if "/reconcile" in each.url)
    assert f"commit={COMMIT}&EndpointName={FALCON}" in asked.url


def test_the_end_stays_as_it_is_until_it_is_committed(stage: Stage) -> None:
    page = opened(stage)
    extend(page)
    page.route("**/prod/endpoint-expiry", lambda _: None)
    commit(page)
    cell = page.locator("tr[data-name=Falcon40B] td.ends")
    expect(cell).to_have_text("committing…")
    assert page.locator(".toast").count() == 0


def test_a_request_of_which_nobody_knows_is_sent_again_with_its_key(stage: Stage) -> None:
    answers = [refusal(503, "Not confirmed in time.", "LH4503"), ok(invented.expiry())]

    def answer(request: Request) -> Answer:
        return ok(invented.expiry()) if "dry_run" in request.url else answers.pop(0)

    stage.answers["POST /endpoint-expiry"] = answer
    page = opened(stage)
    extend(page)
    commit(page)
    assert "Falcon40B is on until" in toast(page)
    first, second = stage.sent("POST", "/endpoint-expiry")
    assert first.headers["idempotency-key"] == second.headers["idempotency-key"]
    assert body(first) == body(second)


def test_each_intent_has_a_key_of_its_own(stage: Stage) -> None:
    page = opened(stage)
    for _ in range(2):
        extend(page)
        commit(page)
        toast(page)
        page.get_by_role("button", name="Dismiss").first.click()
    first, second = stage.sent("POST", "/endpoint-expiry")
    assert first.headers["idempotency-key"] != second.headers["idempotency-key"]


def test_two_presses_at_once_are_one_commit(stage: Stage) -> None:
    page = opened(stage)
    page.get_by_role("button", name="+30 min for Falcon40B").dblclick()
    expect(page.get_by_role("dialog", name="Extend Falcon40B by 1 h")).to_be_visible()
    page.keyboard.press("E")
    expect(page.get_by_role("dialog", name="Extend Falcon40B by 3 h")).to_be_visible()
    expect(page.locator(".message")).to_be_visible()
    commit(page)
    toast(page)
    (sent,) = stage.sent("POST", "/endpoint-expiry")
    assert body(sent) == {"EndpointName": FALCON, "minutes": 180}


def test_enter_before_the_quote_commits_as_soon_as_it_is_there(stage: Stage) -> None:
    page = opened(stage)
    page.get_by_role("button", name="+30 min for Falcon40B").click()
    page.keyboard.press("Enter")
    assert "Falcon40B is on until" in toast(page)
    assert len(stage.sent("POST", "/endpoint-expiry")) == 1


def test_a_lease_that_others_changed_is_quoted_anew(stage: Stage) -> None:
    answers = [refusal(412, "The lease is another one by now.", "LH4112"), ok(invented.expiry())]

    def answer(request: Request) -> Answer:
        return ok(invented.expiry()) if "dry_run" in request.url else answers.pop(0)

    stage.answers["DELETE /endpoint-expiry"] = answer
    page = opened(stage)
    page.locator("tr[data-name=Falcon40B]").focus()
    page.keyboard.press("r")
    expect(page.locator(".message")).to_be_visible()
    changed = [
        item | {"ETag": '"newer"', "LastChange": invented.changed("Ben", "mine")}
        if item["Name"] == "Falcon40B"
        else item
        for item in invented.dozen()
    ]
    stage.answers["GET /fleet"] = ok(invented.fleet(changed))
    commit(page)
    expect(page.get_by_role("dialog")).to_contain_text("was changed meanwhile by Ben, 1 h ago")
    commit(page)
    assert "Falcon40B is released" in toast(page)
    first, second = stage.sent("DELETE", "/endpoint-expiry")
    assert (first.headers["if-match"], second.headers["if-match"]) == (f'"{COMMIT}"', '"newer"')


def test_too_much_is_refused_with_the_sentence_and_the_most_that_is_allowed(stage: Stage) -> None:
    sentence = "At most until 2026-11-27T12:05:31Z, by limits.max_lease_minutes."

    def answer(request: Request) -> Answer:
        asked = body(request)
        assert isinstance(asked, dict)
        return refusal(422, sentence, "LH4102") if "minutes" in asked else ok(invented.expiry())

    stage.answers["POST /endpoint-expiry"] = answer
    page = opened(stage)
    extend(page)
    expect(page.get_by_role("alert")).to_have_text(sentence)
    expect(page.get_by_role("button", name="Commit")).to_have_attribute("aria-disabled", "true")
    page.get_by_role("button", name="Extend to the most allowed, tomorrow 13:05 CET").click()
    expect(page.locator(".message")).to_be_visible()
    commit(page)
    toast(page)
    (sent,) = stage.sent("POST", "/endpoint-expiry")
    assert body(sent) == {"EndpointName": FALCON, "until": "2026-11-27T12:05:00Z"}
    assert sent.headers["if-match"] == f'"{COMMIT}"'


def test_undo_takes_back_its_own_minutes_if_nobody_was_faster(stage: Stage) -> None:
    page = opened(stage)
    extend(page)
    commit(page)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").last).to_contain_text("Undone: Falcon40B is on until 14:23 CET")
    _, back = stage.sent("POST", "/endpoint-expiry")
    wanted = {"until": after(hours=1.3), "shorten": True, "reason": "undo b559b50"}
    assert body(back) == {"EndpointName": FALCON, **wanted}
    assert back.headers["if-match"] == f'"{COMMIT}"'


def test_a_message_stays_as_long_as_a_hand_is_on_it(stage: Stage) -> None:
    page = opened(stage)
    extend(page)
    commit(page)
    toast(page)
    page.locator(".toast").hover()
    page.clock.fast_forward(11_000)
    expect(page.get_by_role("button", name="Undo")).to_be_visible()
    page.mouse.move(0, 0)
    page.clock.fast_forward(3000)
    expect(page.locator(".toast")).to_have_count(0)


def test_an_undo_that_comes_too_late_says_so(stage: Stage) -> None:
    page = opened(stage)
    extend(page)
    commit(page)
    toast(page)
    stage.answers["POST /endpoint-expiry"] = refusal(412, "It is another one.", "LH4112")
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").last).to_contain_text("somebody has changed it since")


def test_a_release_says_what_is_handed_back_and_what_starts_it_again(stage: Stage) -> None:
    cost = {"Added": "-9.21", "PerHour": "7.09", "Currency": "USD", "PricesReadAt": after(days=-1)}
    stage.answers["DELETE /endpoint-expiry"] = ok(invented.expiry("SDXL", Cost=cost))
    page = opened(stage)
    page.get_by_role("button", name="More for SDXL").click()
    page.get_by_role("button", name="Release…").click()
    dialog = page.get_by_role("dialog", name="Release SDXL")
    expect(dialog).to_contain_text("$9.21 handed back")
    expect(dialog).to_contain_text("turns it on again: mon-fri 09:00-18:00 Europe/Berlin")
    commit(page)
    toast(page)
    (sent,) = stage.sent("DELETE", "/endpoint-expiry")
    assert "EndpointName=demo-SDXL-Endpoint" in sent.url
    assert sent.headers["idempotency-key"]


def test_until_six_is_today_and_another_time_can_be_typed(stage: Stage) -> None:
    page = opened(stage)
    page.get_by_role("button", name="More for Falcon40B").click()
    page.get_by_role("button", name="until…").click()
    field = page.get_by_label("Until", exact=True)
    expect(field).to_have_value("2026-11-26T18:00")
    expect(field).to_have_attribute("max", "2026-11-27T13:05")
    expect(page.get_by_role("dialog")).to_contain_text("Latest possible: tomorrow 13:05 CET")
    field.fill("2026-11-26T13:30")
    page.get_by_role("button", name="tomorrow 09:00 CET").click()
    expect(field).to_have_value("2026-11-27T09:00")
    field.fill("2026-11-26T13:30")
    expect(page.locator(".message")).to_be_visible()
    commit(page)
    toast(page)
    (sent,) = stage.sent("POST", "/endpoint-expiry")
    sooner = {"until": "2026-11-26T12:30:00Z", "shorten": True}
    assert body(sent) == {"EndpointName": FALCON, **sooner}


def test_what_is_off_is_started(stage: Stage) -> None:
    page = opened(stage)
    page.get_by_role("button", name="start 30 min for Phi").click()
    expect(page.get_by_role("dialog", name="Start Phi for 30 min")).to_be_visible()
    expect(page.locator(".message")).to_be_visible()
    commit(page)
    toast(page)
    assert len(stage.sent("POST", "/endpoint-expiry")) == 1


def test_what_has_no_meter_or_is_frozen_says_why_it_cannot_be_extended(stage: Stage) -> None:
    page = opened(stage)
    page.get_by_role("button", name="+2 h for Whisper").click(force=True)
    expect(page.locator(".toast").last).to_contain_text("Whisper is frozen: mend its file first.")
    page.get_by_role("button", name="+2 h for Transcriber").click(force=True)
    expect(page.locator(".toast").last).to_contain_text("it has no meter to extend")


def test_many_at_once_with_a_result_for_each(stage: Stage) -> None:
    failing = {"demo-SDXL-Endpoint"}

    def answer(request: Request) -> Answer:
        asked = body(request)
        assert isinstance(asked, dict)
        name = asked["EndpointName"]
        if name == "demo-Translator-Endpoint":
            return refusal(422, "At most until tomorrow.", "LH4102")
        if name in failing and "dry_run" not in request.url:
            return refusal(409, "Others push all the time.", "LH4113")
        return ok(invented.expiry(name.split("-")[1]))

    stage.answers["POST /endpoint-expiry"] = answer
    page = opened(stage)
    for name in ("Falcon40B", "SDXL", "Translator"):
        page.get_by_label(f"Select {name}").check()
    bar = page.get_by_role("region", name="Selected endpoints")
    expect(bar).to_contain_text("3 selected, $12.84/h")
    bar.get_by_role("button", name="+30 min").click()
    dialog = page.get_by_role("dialog", name="Extend 3 endpoints by 30 min")
    expect(dialog).to_contain_text("Together +$7.10.")
    expect(dialog.locator("tbody tr").first).to_contain_text("At most until tomorrow.")
    page.get_by_label("Include Translator").uncheck()
    page.get_by_label("Why").fill("a demo of all")
    page.get_by_role("button", name="Commit 2").click()
    expect(dialog).to_contain_text("Others push all the time.")
    expect(dialog.locator("tr", has_text="Falcon40B")).to_contain_text("b559b50")
    failing.clear()
    page.get_by_role("button", name="Retry 1").click()
    expect(dialog.locator("tr", has_text="SDXL")).to_contain_text("b559b50")
    sent = [body(each) for each in stage.sent("POST", "/endpoint-expiry")]
    assert all(isinstance(each, dict) and each["reason"] == "a demo of all" for each in sent)
    keys = [each.headers["idempotency-key"] for each in stage.sent("POST", "/endpoint-expiry")]
    assert (len(keys), len(set(keys))) == (3, 2)
    page.get_by_role("button", name="Close").click()
    page.get_by_role("button", name="Clear").click()
    expect(bar).to_have_count(0)


def test_a_release_of_many_is_confirmed(stage: Stage) -> None:
    page = opened(stage)
    page.get_by_label("Select all that are shown").check()
    page.get_by_role("region").get_by_role("button", name="release…").click()
    expect(page.get_by_role("dialog", name="Release 12 endpoints")).to_be_visible()
    assert stage.sent("DELETE", "/endpoint-expiry") == []


def test_an_endpoint_is_added_on_a_config_that_exists(stage: Stage) -> None:
    page = opened(stage)
    page.get_by_role("button", name="Add…").click()
    page.get_by_label("Endpoint config").fill("demo-inpainting-config")
    page.get_by_label("Endpoint's name in SageMaker").fill("demo-Fresh-Endpoint")
    page.get_by_label("Minutes").fill("45")
    page.get_by_role("button", name="See what it comes to").click()
    expect(page.locator(".message")).to_be_visible()
    commit(page)
    assert "demo-Fresh-Endpoint is added" in toast(page)
    (sent,) = stage.sent("POST", "/endpoint-expiry")
    wanted = {"EndpointConfigName": "demo-inpainting-config", "minutes": 45}
    assert body(sent) == {"EndpointName": "demo-Fresh-Endpoint", **wanted}


def test_nobody_adds_without_the_scope(stage: Stage) -> None:
    stage.answers["GET /me"] = ok(invented.ME | {"Scopes": ["extend", "read"]})
    page = opened(stage)
    page.get_by_role("button", name="Add…").click(force=True)
    expect(page.locator(".toast")).to_contain_text("this needs the scope add")
    expect(page.get_by_role("button", name="+30 min for Falcon40B")).to_have_attribute(
        "aria-disabled", "false"
    )


def test_the_curl_of_an_action_is_copied(stage: Stage) -> None:
    page = opened(stage)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="More for Falcon40B").click()
    page.get_by_role("button", name="Copy curl").click()
    assert "Copied." in toast(page)
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.startswith("curl -X POST 'http://127.0.0.1:9/prod/endpoint-expiry'")
    assert "of-ana" not in copied
