"""Signing in at an issuer: a code for a token, with a proof that only this tab has."""

from __future__ import annotations

import base64
import hashlib
from html import escape
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from tests.browser import invented
from tests.browser.stage import URL, ok, refusal

if TYPE_CHECKING:
    from playwright.sync_api import Page, Request, Route

    from tests.browser.stage import Answer, Stage

ISSUER = "https://issuer.test/pool"
SIGN_IN = "https://sign-in.test"


class Issuer:
    """An issuer whose own pages are at another host than its documents, as Cognito's are."""

    def __init__(self, page: Page) -> None:
        self.asked: dict[str, list[str]] = {}
        self.form: dict[str, list[str]] = {}
        self.issuer = ISSUER
        self.tokens: dict[str, Any] = {"id_token": "id-of-ana", "access_token": "access-of-ana"}
        self.state: str | None = None
        page.route("https://*.test/**", self._serve)

    def _serve(self, route: Route) -> None:
        url = route.request.url
        cors = {"Access-Control-Allow-Origin": "*"}
        if url == f"{ISSUER}/.well-known/openid-configuration":
            found = {
                "issuer": self.issuer,
                "authorization_endpoint": f"{SIGN_IN}/authorize",
                "token_endpoint": f"{SIGN_IN}/token",
            }
            route.fulfill(json=found, headers=cors)
        elif url.startswith(f"{SIGN_IN}/authorize?"):
            self.asked = parse_qs(urlsplit(url).query)
            state = self.state or self.asked["state"][0]
            back = f"{self.asked['redirect_uri'][0]}?code=the-code&state={state}"
            page = f'<meta http-equiv="refresh" content="0;url={escape(back)}">'
            route.fulfill(body=page, content_type="text/html")
        elif url == f"{SIGN_IN}/token":
            self.form = parse_qs(route.request.post_data or "")
            route.fulfill(json=self.tokens, headers=cors)


@pytest.fixture
def issuer(stage: Stage) -> Issuer:
    scopes = ["openid", "email"]
    oidc = {"Issuer": ISSUER, "ClientId": "console", "SignIn": SIGN_IN, "Scopes": scopes}
    stage.config["Oidc"] = oidc
    stage.origins = (ISSUER, SIGN_IN)
    return Issuer(stage.page)


def begin(stage: Stage) -> Page:
    page = stage.open("#/?show=mine", signed_in=False)
    page.get_by_role("button", name="Sign in with issuer.test").click()
    return page


def test_a_code_is_traded_for_a_token_with_a_proof(stage: Stage, issuer: Issuer) -> None:
    page = begin(stage)
    expect(page.locator("#rows tbody tr")).to_have_count(8)
    asked, form = issuer.asked, issuer.form
    assert asked["response_type"] == ["code"]
    assert asked["scope"] == ["openid email"]
    assert asked["code_challenge_method"] == ["S256"]
    verifier = form["code_verifier"][0]
    digest = hashlib.sha256(verifier.encode()).digest()
    assert asked["code_challenge"] == [base64.urlsafe_b64encode(digest).decode().rstrip("=")]
    assert form["grant_type"] == ["authorization_code"]
    assert form["code"] == ["the-code"]
    assert form["client_id"] == asked["client_id"] == ["console"]
    assert form["redirect_uri"] == asked["redirect_uri"] == [URL]
    assert page.url == f"{URL}#/?show=mine"
    assert stage.asked[-1].headers["authorization"] == "id-of-ana"


def test_the_token_that_the_api_takes_is_kept(stage: Stage, issuer: Issuer) -> None:
    """Which one says what its holder may do depends on the environment's claims."""

    def me(request: Request) -> Answer:
        scopes = ["read"] if request.headers["authorization"] == "access-of-ana" else []
        return ok(invented.ME | {"Scopes": scopes})

    stage.answers["GET /me"] = me
    page = begin(stage)
    expect(page.locator("#rows tbody tr")).to_have_count(8)
    assert page.evaluate("sessionStorage.getItem('leasehold.token')") == "access-of-ana"


def test_whoever_the_api_gives_nothing_is_told(stage: Stage, issuer: Issuer) -> None:
    stage.answers["GET /me"] = refusal(401, "No valid token.", "LH4010")
    page = begin(stage)
    expect(page.get_by_role("alert")).to_contain_text("this API gives you no scope")


def test_a_sign_in_that_another_page_began_is_refused(stage: Stage, issuer: Issuer) -> None:
    issuer.state = "of-somebody-else"
    page = begin(stage)
    expect(page.get_by_role("alert")).to_contain_text("not begun in this tab")
    assert issuer.form == {}


def test_a_document_of_another_issuer_is_refused(stage: Stage, issuer: Issuer) -> None:
    issuer.issuer = "https://evil.test"
    page = begin(stage)
    expect(page.get_by_role("alert")).to_contain_text("is of another issuer: https://evil.test")


def test_without_an_issuer_there_is_a_token_only(stage: Stage) -> None:
    page = stage.open(signed_in=False)
    page.wait_for_selector("#token")
    assert page.get_by_role("button", name="Sign in with").count() == 0
