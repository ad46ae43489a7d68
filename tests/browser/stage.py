"""The page in a browser, before answers that a test invents: no server, and no network at all.

What is served is the folder `console/` as the gateway serves it, with its header.
"""

from __future__ import annotations

import mimetypes
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.browser import invented

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page, Request, Route

CONSOLE = Path(__file__).parents[2] / "console"
ORIGIN = "http://127.0.0.1:9"  # where nobody listens
URL = f"{ORIGIN}/prod/console"
DIGEST = "0123456789abcdef"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none';"
    " require-trusted-types-for 'script'; trusted-types lit-html"
)
mimetypes.add_type("text/javascript", ".js")
Answer = tuple[int, Any, dict[str, str]]


def ok(body: object) -> Answer:
    return 200, body, {}


def refusal(status: int, sentence: str, code: str = "LH4000", **headers: str) -> Answer:
    return status, {"error": sentence, "code": code}, headers


@dataclass
class Stage:
    """What the API answers, by method and path, and what it was asked."""

    page: Page
    answers: dict[str, Answer | Callable[[Request], Answer | None]] = field(default_factory=dict)
    asked: list[Request] = field(default_factory=list)
    foreign: list[str] = field(default_factory=list)
    origins: tuple[str, ...] = ()  # of others, which the policy lets it ask
    said: list[str] = field(default_factory=list)  # in the browser's console
    config: dict[str, Any] = field(default_factory=lambda: {"Environment": "dev", "Oidc": None})

    def __post_init__(self) -> None:
        self.answers = {
            "GET /fleet": ok(invented.fleet()),
            "GET /me": ok(invented.ME),
            "POST /endpoint-expiry": ok(invented.expiry()),
            "DELETE /endpoint-expiry": ok(invented.expiry()),
            "GET /endpoint-expiry/history": ok(invented.HISTORY),
            "GET /fleet/demo-Falcon40B-Endpoint": ok(invented.about()),
            "GET /reconcile": ok({"Applied": False}),
        }
        self.page.on("console", lambda message: self.said.append(message.text))
        self.page.on("pageerror", lambda error: self.said.append(str(error)))
        self.page.route("**/*", self._serve)

    def open(self, where: str = "", *, signed_in: bool = True, at_noon: bool = True) -> Page:
        if at_noon:  # which stops the browser's own measuring
            self.page.clock.install(time=invented.NOON)
            self.page.clock.resume()
        if signed_in:
            self.page.add_init_script("sessionStorage.setItem('leasehold.token', 'of-ana')")
        self.page.goto(f"{URL}{where}")
        return self.page

    def until(self, said: str) -> None:
        """Wait for something to be true; the page's policy lets it not be asked inside."""
        for _ in range(200):
            if self.page.evaluate(said):
                return
            self.page.wait_for_timeout(50)
        raise AssertionError(said)

    def sent(self, method: str, path: str) -> list[Request]:
        """Give the requests of a kind that were no dry runs."""
        return [
            each
            for each in self.asked
            if each.method == method and f"/prod{path}" in each.url and "dry_run" not in each.url
        ]

    @property
    def policy(self) -> str:
        origins = " ".join("/".join(each.split("/")[:3]) for each in self.origins)
        return POLICY.replace("connect-src 'self'", f"connect-src 'self' {origins}".rstrip())

    def _serve(self, route: Route) -> None:
        request = route.request
        if not request.url.startswith(f"{ORIGIN}/"):
            self.foreign.append(request.url)
            route.abort()
            return
        path = re.sub(r"[?#].*", "", request.url).removeprefix(f"{ORIGIN}/prod")
        if path == "/console" or path.startswith(f"/console/{DIGEST}/"):
            self._file(route, path.removeprefix("/console").removeprefix(f"/{DIGEST}/"))
            return
        self.asked.append(request)
        answer = self.answers.get(
            f"{request.method} {path}", refusal(404, "There is no such path.")
        )
        made = answer if isinstance(answer, tuple) else answer(request)
        if made is None:
            route.abort("connectionrefused")
            return
        status, body, headers = made
        route.fulfill(status=status, json=body, headers=headers)

    def _file(self, route: Route, name: str) -> None:
        if name == "config.json":
            route.fulfill(json=self.config)
            return
        file = CONSOLE / (name or "index.html")
        if not name:
            body = file.read_text().replace("__DIGEST__", DIGEST)
            headers = {"Content-Type": "text/html", "Content-Security-Policy": self.policy}
            route.fulfill(body=body, headers=headers)
            return
        media = mimetypes.guess_type(file.name)[0] or "text/plain"
        route.fulfill(body=file.read_bytes(), headers={"Content-Type": media})
