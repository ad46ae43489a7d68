"""A chat's incoming webhook as Slack has it: it refuses what Slack refuses, and keeps the rest."""

from __future__ import annotations

import json
import re
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from threading import Event
from typing import TYPE_CHECKING, Any

from tests import loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

PATH = "/services/T000/B000/a-secret-of-the-chat"
_BUTTON = {"type", "text", "url"}
_STRAY = re.compile(r"<(?!https?://[^|>\s]+\|[^>]+>)")


@dataclass
class Chat:
    """What came, and what is answered to the next calls; an answer is (status, headers)."""

    url: str = ""
    took: list[dict[str, Any]] = field(default_factory=list)
    calls: int = 0
    answers: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    drips: bool = False
    over: Event = field(default_factory=Event)

    def judge(self, path: str, kind: str, body: bytes) -> tuple[int, str]:
        if path != PATH:
            return 404, "no_service"
        try:
            told = json.loads(body)
        except ValueError:
            return 400, "invalid_payload"
        if not kind.startswith("application/json") or (wrong := complaint(told)):
            return 400, wrong if kind.startswith("application/json") else "invalid_payload"
        self.took.append(told)
        return 200, "ok"


def complaint(told: dict[str, Any]) -> str:
    """Say what Slack would not take of a message; nothing of one that is right."""
    if not told.get("text") or len(told["text"]) > 40_000:
        return "no_text"
    blocks = told.get("blocks", [])
    if not blocks or len(blocks) > 50:
        return "invalid_blocks"
    return next((wrong for each in blocks if (wrong := _wrong(each))), "")


def _wrong(block: dict[str, Any]) -> str:
    match block:
        case {"type": "section", "text": {"type": "mrkdwn", "text": str(text)}}:
            right = 0 < len(text) <= 3000 and not _STRAY.search(text)
        case {"type": "context", "elements": list(elements)}:
            right = 0 < len(elements) <= 10 and all(it["type"] == "mrkdwn" for it in elements)
        case {"type": "actions", "elements": list(elements)}:
            right = 0 < len(elements) <= 25 and all(map(_is_button, elements))
        case _:
            right = False
    return "" if right else "invalid_blocks"


def _is_button(element: dict[str, Any]) -> bool:
    text = element.get("text", {})
    return (
        element.keys() == _BUTTON
        and element["type"] == "button"
        and text.get("type") == "plain_text"
        and 0 < len(text["text"]) <= 75
        and len(element["url"]) <= 3000
    )


@contextmanager
def serving() -> Iterator[Chat]:
    """Serve a chat's webhook by plain HTTP on this machine."""
    chat = Chat()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            chat.calls += 1
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if chat.drips:
                self._drip()
                return
            if chat.answers:
                status, headers = chat.answers.pop(0)
                text = "said so"
            else:
                status, text = chat.judge(self.path, self.headers["Content-Type"], body)
                headers = {}
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(text)))
            self.end_headers()
            self.wfile.write(text.encode())

        def _drip(self) -> None:
            """Answer a byte at a time, so that no wait for one of them is long."""
            while not chat.over.is_set():
                try:
                    self.wfile.write(b"x")
                except OSError:
                    return
                time.sleep(0.01)

    with loopback.serving(Handler) as url:
        chat.url = f"{url}{PATH}"
        try:
            yield chat
        finally:
            chat.over.set()
