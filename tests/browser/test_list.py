"""The list: what it shows, in which order, and what its address keeps."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import invented
from tests.browser.stage import ok

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Request

    from tests.browser.stage import Answer, Stage

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
NEEDS_ME_FIRST = [
    *("Translator", "Whisper"),
    *("Embed", "Summarizer", "Falcon40B"),
    *("Guard", "SDXL", "Transcriber"),
    *("Mixtral", "Archive", "Phi", "Rerank"),
]


def names(page: Page) -> list[str]:
    return page.locator("#rows a.name").all_text_contents()


def opened(stage: Stage, where: str = "") -> Page:
    page = stage.open(where)
    page.wait_for_selector("#rows")
    return page


def test_who_needs_a_person_comes_first(stage: Stage) -> None:
    assert names(opened(stage)) == NEEDS_ME_FIRST


def test_a_row_says_what_is_on_until_when_for_how_much_and_for_whom(stage: Stage) -> None:
    row = opened(stage).locator("tr[data-name=Falcon40B]")
    for text in (
        *("1\N{MULTIPLICATION SIGN}ml.g5.12xlarge", "on", "lease", "1 h 17 min", "14:23 CET"),
        *("$7.09", "$61.40", "Ana: demo for the board", "+30 min", "+2 h"),
    ):
        expect(row).to_contain_text(text)


def test_the_line_of_sums_says_what_is_on_and_what_needs_somebody(stage: Stage) -> None:
    sums = opened(stage).locator(".sums")
    for text in ("6 on", "$28.54/h", "2 end within 1 h", "2 need you", "$96.1", "1 Nov 2026"):
        expect(sums).to_contain_text(text)


def test_what_is_sought_shown_and_sorted_is_in_the_address(stage: Stage) -> None:
    page = opened(stage)
    page.fill("#search", "ana")
    page.get_by_role("button", name="Endpoint", exact=True).click()
    page.get_by_label("Time zone").select_option("utc")
    page.get_by_role("button", name="off 3").click()
    expect(page.locator("#rows a.name")).to_have_text(["Archive", "Phi", "Rerank"])
    address = page.url
    assert "q=ana&show=off&sort=name&zone=utc" in address
    assert "of-ana" not in address
    page.reload()
    assert page.url == address
    expect(page.locator("#rows a.name")).to_have_text(["Archive", "Phi", "Rerank"])
    expect(page.locator("#search")).to_have_value("ana")


def test_each_column_sorts_both_ways(stage: Stage) -> None:
    page = opened(stage)
    page.get_by_role("button", name="$/h").click()
    assert names(page)[:2] == ["Mixtral", "Archive"]
    expect(page.locator("th.cost")).to_have_attribute("aria-sort", "ascending")
    page.get_by_role("button", name="$/h").click()
    assert names(page)[-1] == "Mixtral"
    page.get_by_role("button", name="Needs me first").click()
    assert names(page) == NEEDS_ME_FIRST


def test_columns_that_are_hidden_can_be_shown(stage: Stage) -> None:
    page = opened(stage)
    page.get_by_role("button", name="Columns").click()
    page.get_by_label("SageMaker name").check()
    page.get_by_label("Owner", exact=True).last.check()
    expect(page.locator("tr[data-name=Embed]")).to_contain_text("demo-Embed-Endpoint")
    expect(page.locator("tr[data-name=Embed]")).to_contain_text("bo@example.com")
    assert "cols=sagemaker%2Cowner" in page.url


def test_times_are_shown_in_the_zone_that_is_asked_for(stage: Stage) -> None:
    page = opened(stage, "#/?zone=utc")
    expect(page.locator("tr[data-name=Falcon40B] time")).to_have_text("13:23 UTC")
    expect(page.locator("tr[data-name=Falcon40B] time")).to_have_attribute(
        "title", "2026-11-26 13:23:31 UTC"
    )
    page.get_by_label("Time zone").select_option("schedule")
    expect(page.locator("tr[data-name=SDXL] time")).to_contain_text("CET")


def test_countdowns_are_written_into_their_texts_and_nothing_is_drawn_for_them(
    stage: Stage,
) -> None:
    page = opened(stage)
    page.evaluate(
        """() => {
          window.drawn = performance.getEntriesByName('leasehold draw').length;
          window.node = document.querySelector('tr[data-name=Embed] .left').firstChild;
          window.was = window.node.nodeValue;
        }"""
    )
    stage.until("window.node.nodeValue !== window.was")
    assert page.evaluate("window.node.isConnected")
    drawn = "performance.getEntriesByName('leasehold draw').length - window.drawn"
    assert page.evaluate(drawn) == 0


def test_the_servers_clock_counts(stage: Stage) -> None:
    """A browser that is an hour fast shows no other time left."""
    stage.page.clock.install(time=invented.NOON + timedelta(hours=1))
    stage.page.clock.resume()
    stage.page.add_init_script("sessionStorage.setItem('leasehold.token', 'of-ana')")
    stage.page.goto("http://127.0.0.1:9/prod/console")
    expect(stage.page.locator("tr[data-name=Falcon40B] .left")).to_have_text("1 h 17 min")


def test_a_row_below_a_hand_does_not_jump(stage: Stage) -> None:
    page = opened(stage)
    page.locator("tr[data-name=Embed]").focus()
    endings = [
        {**item, **invented.leased(timedelta(minutes=2))} if item["Name"] == "Falcon40B" else item
        for item in invented.dozen()
    ]
    stage.answers["GET /fleet"] = ok(invented.fleet(endings))
    page.evaluate("dispatchEvent(new Event('online'))")
    chip = page.get_by_role("button", name="Order changed, sort again")
    expect(chip).to_be_visible()
    assert names(page) == NEEDS_ME_FIRST
    chip.click()
    assert names(page)[2:4] == ["Falcon40B", "Embed"]


def test_a_look_that_brings_no_news_draws_what_there_was(stage: Stage) -> None:
    def answer(request: Request) -> Answer:
        known = request.headers.get("if-none-match")
        fresh = (200, invented.fleet(), {"ETag": 'W/"one"'})
        return (304, None, {}) if known == 'W/"one"' else fresh

    stage.answers["GET /fleet"] = answer
    page = opened(stage)
    with page.expect_response("**/fleet") as looked:
        page.evaluate("dispatchEvent(new Event('online'))")
    assert looked.value.status == 304
    assert names(page) == NEEDS_ME_FIRST


def test_an_end_is_announced_once(stage: Stage) -> None:
    page = opened(stage)
    said = page.locator("#said")
    expect(said).to_contain_text("Embed ends at 13:17 CET, within 15 minutes.")
    expect(said).to_have_attribute("role", "status")
    assert page.locator("[aria-live], [role=status], [role=alert]").count() == 1


def test_the_forge_shows_each_commit(stage: Stage) -> None:
    page = stage.open("#/e/Falcon40B")
    link = page.locator("a.commit").first
    expect(link).to_have_attribute(
        "href", f"https://github.com/example/ledger/commit/{invented.COMMIT}"
    )


def test_all_about_one_endpoint(stage: Stage) -> None:
    page = opened(stage)
    page.locator("tr[data-name=Falcon40B] a.name").click()
    detail = page.locator(".detail")
    for text in (
        *("on because", "first look", "$132.94", "first lease", "DELETE"),
        *("environments/dev/Falcon40B.endpoint.json", '"inference_instance_type"'),
    ):
        expect(detail).to_contain_text(text)
    parts = page.locator(".timeline ol li")
    expect(parts).to_have_count(11)
    expect(parts.last).to_contain_text("scheduled from Sat")
    assert page.url.endswith("#/e/Falcon40B")
    assert page.title() == "Falcon40B - Leasehold"
    page.get_by_role("link", name="All endpoints").click()
    expect(page.locator("#rows a.name")).to_have_text(NEEDS_ME_FIRST)


def test_an_older_page_of_the_history_follows(stage: Stage) -> None:
    older = f"<{'http://127.0.0.1:9/prod/endpoint-expiry/history?EndpointName=x&NextToken=two'}>"
    first = (200, invented.HISTORY[:1], {"Link": f'{older}; rel="next"'})
    second = ok(invented.HISTORY[1:])
    stage.answers["GET /endpoint-expiry/history"] = lambda request: (
        second if "NextToken=two" in request.url else first
    )
    page = stage.open("#/e/Falcon40B")
    page.get_by_role("button", name="Older").click()
    expect(page.locator(".detail tbody tr")).to_have_count(5)
    expect(page.get_by_role("button", name="Older")).to_have_count(0)


@pytest.mark.parametrize("context", [PHONE], indirect=True)
def test_on_a_phone_each_endpoint_is_a_card_and_nothing_is_wider(stage: Stage) -> None:
    page = opened(stage)
    assert page.locator("#rows").evaluate("each => each.tagName") == "UL"
    assert names(page) == NEEDS_ME_FIRST
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    small = page.locator("main button:visible, main select:visible").evaluate_all(
        "all => all.filter((each) => each.getBoundingClientRect().height < 43).length"
    )
    assert small == 0
    page.get_by_label("Order").select_option("name")
    assert names(page)[0] == "Archive"


@pytest.mark.parametrize("width", [320, 700, 1000, 1024])
def test_nothing_is_cut_off_at_any_width(stage: Stage, width: int) -> None:
    stage.page.set_viewport_size({"width": width, "height": 700})
    page = opened(stage)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    within = "each => each.scrollWidth - each.clientWidth"
    assert page.locator(".list").evaluate(within) == 0


def test_on_a_desk_everything_can_be_hit(stage: Stage) -> None:
    page = opened(stage)
    assert page.evaluate("document.documentElement.scrollWidth") == 1280
    small = page.locator("main button:visible").evaluate_all(
        "all => all.filter((each) => each.getBoundingClientRect().height < 32).length"
    )
    assert small == 0


def test_five_hundred_rows_cost_about_as_much_for_each_as_fifty(
    stage: Stage, record_property: Callable[[str, object], None]
) -> None:
    """The summary has the ratios; the bound is one that a busy machine keeps."""
    first, tick = {}, {}
    measure = "name => performance.getEntriesByName(name).map((each) => each.duration)"
    for count in (50, 500):
        stage.answers["GET /fleet"] = ok(invented.fleet(invented.many(count)))
        page = stage.open(f"?{count}", at_noon=False)
        expect(page.locator("#rows tbody tr")).to_have_count(count)
        stage.until("performance.getEntriesByName('leasehold tick').length > 2")
        first[count] = max(page.evaluate(measure, "leasehold draw"))
        tick[count] = min(page.evaluate(measure, "leasehold tick"))
    for what, took in (("first draw", first), ("a tick", tick)):
        ratio = took[500] / max(took[50], 0.1)
        said = f"{what} of 500 rows: {ratio:.1f} times that of 50 ({took[500]:.1f} ms)"
        record_property("measured", said)
    assert first[500] < 40 * first[50]
    assert tick[500] < 60 * max(tick[50], 1)
