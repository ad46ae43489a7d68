"""The page of a running `leasehold up`, as a newcomer and as three colleagues use it.

Everything is real: the gateway, git, the sandbox, the controller. What is committed is read by git.
"""

from __future__ import annotations

import json
import urllib.request
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from gateway.callers.tokens import TokenTable
from gateway.principal import Principal, Scope
from leasehold.context import Cloud, clock
from ledger.links import Keys, Link, LinkAction, sign
from tests.leasehold.running import Up

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, BrowserContext, Page

EVERYTHING = frozenset({Scope.READ, Scope.EXTEND, Scope.RELEASE, Scope.ADD})
LEASE = "environments/dev/Falcon40B.lease.json"


@dataclass
class Watched:
    """A page, with all that it asks of others and all that the browser says of it."""

    page: Page
    origin: str
    foreign: list[str] = field(default_factory=list)
    said: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("request", lambda it: self._asked(it.url))
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))

    def _asked(self, url: str) -> None:
        if not url.startswith((f"{self.origin}/", "data:")):
            self.foreign.append(url)


@pytest.fixture(scope="module")
def up(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Up]:
    made = Up(tmp_path_factory.mktemp("up"))
    made.await_status("demo-Falcon40B-Endpoint", "InService")
    yield made
    made.stop()


def signed_in(up: Up, context: BrowserContext, token: str) -> Watched:
    watched = Watched(context.new_page(), up.says["gateway_url"])
    watched.page.goto(f"{up.says['gateway_url']}/console")
    watched.page.get_by_label("Token").fill(token)
    watched.page.keyboard.press("Enter")
    watched.page.wait_for_selector("#rows")
    return watched


@pytest.fixture
def watched(up: Up, context: BrowserContext) -> Iterator[Watched]:
    made = signed_in(up, context, up.says["token"])
    yield made
    assert (made.foreign, made.said) == ([], [])


def extend(page: Page, why: str) -> None:
    page.get_by_role("button", name="+30 min for Falcon40B").click()
    page.get_by_label("Why").fill(why)
    page.get_by_role("button", name="Commit").click()
    expect(page.locator(".toast").last).to_contain_text("Falcon40B is on until", timeout=30_000)


def subjects(up: Up, path: str = LEASE) -> list[str]:
    return up.git("log", "--format=%an: %s", "--", path).splitlines()


def test_a_newcomer_extends_sees_the_commit_and_takes_it_back(up: Up, watched: Watched) -> None:
    page = watched.page
    extend(page, "first try")
    commit = page.locator(".toast .commit").first.inner_text()
    head = up.git("log", "-1", "--format=%H %an %B", "--", LEASE)
    assert head.startswith(commit)
    assert "Ana lease(dev): extend Falcon40B by 30 min" in head
    assert "first try" in head
    row = page.locator("tr[data-name=Falcon40B]")
    expect(row).to_contain_text("Ana: first try")
    expect(row.locator(".note")).to_have_text(f"{commit} live", timeout=60_000)
    page.get_by_role("button", name="+2 h for Falcon40B").click()
    page.get_by_role("button", name="Commit").click()
    expect(page.locator(".toast", has_text=commit)).to_have_count(0)
    page.get_by_role("button", name="Undo").click()
    expect(page.locator(".toast").last).to_contain_text("Undone: Falcon40B is on until")
    assert "set Falcon40B" in subjects(up)[0]


def test_of_three_who_extend_at_once_nobody_loses_a_minute(up: Up, browser: Browser) -> None:
    """Each is in a window of their own, as of an own person, and sees what became of the lease."""
    before = json.loads(up.git("show", f"origin/main:{LEASE}"))["expires_at"]
    settings = json.loads(up.git("show", "origin/main:environments/dev/environment.json"))
    cloud = Cloud(up.says["aws_endpoint_url"])
    client = cloud.client("dynamodb", settings["region_name"])
    table = TokenTable(client, settings["ddb_auth_table_name"])
    people = ("Bo", "Chi", "Dee")
    tokens = [
        table.create(Principal(each, f"{each.lower()}@example.com", EVERYTHING), clock())[0]
        for each in people
    ]
    pages = [signed_in(up, browser.new_context(), token).page for token in tokens]
    for page, who in zip(pages, people, strict=True):
        page.get_by_role("button", name="+30 min for Falcon40B").click()
        page.get_by_label("Why").fill(f"for {who}")
        expect(page.locator("#dialog .message")).to_be_visible()
    for page in pages:  # none waits for another
        page.evaluate("document.getElementById('commit').click()")
    for page in pages:
        expect(page.locator(".toast")).to_contain_text("Falcon40B is on until", timeout=30_000)
    after = json.loads(up.git("show", f"origin/main:{LEASE}"))["expires_at"]
    assert seconds(after) - seconds(before) == 3 * 30 * 60
    assert {each.partition(":")[0] for each in subjects(up)[:3]} == set(people)
    for page in pages:
        page.evaluate("dispatchEvent(new Event('online'))")
        cell = page.locator("tr[data-name=Falcon40B] time")
        expect(cell).to_have_attribute("datetime", after.replace("Z", ".000Z"))
        page.context.close()


def seconds(stamp: str) -> int:
    return int(datetime.fromisoformat(stamp).timestamp())


def test_release_start_until_and_many(up: Up, watched: Watched) -> None:
    page = watched.page
    page.get_by_role("button", name="More for Photos").click()
    page.get_by_role("button", name="Release…").click()
    expect(page.get_by_role("dialog")).to_contain_text("handed back")
    page.get_by_role("button", name="Commit").click()
    expect(page.locator(".toast").last).to_contain_text("Photos is released")
    row = page.locator("tr[data-name=Photos]")
    expect(row.get_by_role("button", name="start 30 min")).to_be_visible(timeout=30_000)
    up.await_status("demo-Photos-Endpoint", None)
    row.get_by_role("button", name="start 30 min").click()
    page.get_by_role("button", name="Commit").click()
    expect(page.locator(".toast").last).to_contain_text("Photos is on until")
    up.await_status("demo-Photos-Endpoint", "InService")
    for name in ("Photos", "Summarizer"):
        page.get_by_label(f"Select {name}").check()
    page.get_by_role("region", name="Selected").get_by_role("button", name="+30 min").click()
    page.get_by_label("Why").fill("both")
    page.get_by_role("button", name="Commit 2").click()
    expect(page.get_by_role("button", name="Close")).to_be_visible(timeout=30_000)
    assert page.locator("#dialog tbody code.commit").count() == 2
    assert (
        "extend Summarizer by 30 min" in subjects(up, LEASE.replace("Falcon40B", "Summarizer"))[0]
    )


def test_all_about_one_and_one_more(up: Up, watched: Watched) -> None:
    page = watched.page
    page.locator("tr[data-name=Falcon40B] a.name").click()
    expect(page.locator(".detail")).to_contain_text("environments/dev/Falcon40B.endpoint.json")
    expect(page.locator(".detail tbody tr").first).to_contain_text("for ")
    assert page.locator(".timeline ol li").count() > 0
    page.get_by_role("link", name="All endpoints").click()
    page.get_by_role("button", name="Add…").click()
    page.get_by_label("Endpoint config").fill("demo-inpainting-config")
    page.get_by_label("Endpoint's name in SageMaker").fill("demo-Fresh-Endpoint")
    page.get_by_role("button", name="See what it comes to").click()
    page.get_by_role("button", name="Commit").click()
    expect(page.locator(".toast").last).to_contain_text("demo-Fresh-Endpoint is added")
    up.await_status("demo-Fresh-Endpoint", "InService")


def test_too_much_is_refused_and_the_most_is_offered(up: Up, watched: Watched) -> None:
    page = watched.page
    page.get_by_role("button", name="+2 h for Falcon40B").click()
    for _ in range(12):
        page.get_by_role("group", name="How much").get_by_role("button", name="+2 h").click()
    expect(page.get_by_role("alert")).to_contain_text("max_lease_minutes")
    page.get_by_role("button", name="Extend to the most allowed").click()
    expect(page.locator("#dialog .message")).to_contain_text("set Falcon40B to")
    page.keyboard.press("Escape")
    assert all("status of 422" in each for each in watched.said)  # the browser's own words
    watched.said.clear()


def test_a_page_that_is_not_there_and_a_slash_too_many(up: Up, context: BrowserContext) -> None:
    page = context.new_page()
    page.goto(f"{up.says['gateway_url']}/console/")
    assert page.url == f"{up.says['gateway_url']}/console"
    page.wait_for_selector("#token")


def test_a_link_of_a_notice_is_shown_and_used_once(up: Up, context: BrowserContext) -> None:
    """A machine that opens it a hundred times changes nothing; a click is the owner's commit."""
    path = "environments/dev/Falcon40B.endpoint.json"
    defined = json.loads(up.git("show", f"origin/main:{path}"))
    up.publish(path, json.dumps(defined | {"owner": "olga@example.com"}))
    keys = Keys.of((up.announcement.with_name("links")).read_text())
    head = up.git("rev-parse", "origin/main").strip()
    link = Link(
        environment="dev",
        endpoint_name="demo-Falcon40B-Endpoint",
        action=LinkAction.EXTEND,
        minutes=60,
        lease=head,
        nonce=keys.nonce(head),
        expires_at=clock() + timedelta(hours=1),
        audience="olga@example.com",
    )
    before = subjects(up)
    watched = Watched(context.new_page(), up.says["gateway_url"])
    url = f"{up.says['gateway_url']}/console#/extend/{sign(link, keys)}"
    for _ in range(100):
        with urllib.request.urlopen(url.partition("#")[0]) as answer:
            assert answer.status == 200
    watched.page.goto(url)
    button = watched.page.get_by_role("button", name="Extend by 60 min")
    expect(button).to_be_visible()
    watched.page.evaluate("document.querySelectorAll('button').forEach((it) => it.click())")
    up.git("fetch")
    assert subjects(up) == before
    button.click()
    expect(watched.page.get_by_role("status").last).to_contain_text("olga extended it by 60 min")
    watched.page.reload()
    expect(watched.page.locator("main")).to_contain_text("This link was used before: olga")
    new = len(subjects(up)) - len(before)
    assert (new, subjects(up)[0].startswith("olga: lease(dev): extend Falcon40B by 60")) == (
        1,
        True,
    )
    assert "Lease-Via: link" in up.git("log", "-1", "--format=%B", "origin/main", "--", LEASE)
    assert (watched.foreign, watched.said) == ([], [])
