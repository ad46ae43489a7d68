"""GitHub's API as far as an app needs it, over HTTP: it checks who asks, and gives tokens."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any, Self

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime


@cache
def private_key(number: int = 1) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


def pem(key: rsa.RSAPrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    ).decode()


@dataclass
class GitHub:
    """One app, number 12, installed as 345. `minted` are the tokens that it gave."""

    clock: Callable[[], datetime]
    minted: list[str] = field(default_factory=list)
    instead: tuple[int, dict[str, str], bytes] | None = None
    asked: int = 0

    def answer(self, path: str, header: str) -> tuple[int, dict[str, str], bytes]:
        self.asked += 1
        if self.instead:
            return self.instead
        if path != "/app/installations/345/access_tokens":
            return 404, {}, b'{"message": "Not Found"}'
        try:
            claims: dict[str, Any] = jwt.decode(
                header.removeprefix("Bearer "),
                private_key().public_key(),
                algorithms=["RS256"],
                issuer="12",
                options={"verify_exp": False, "verify_iat": False},
            )
        except jwt.PyJWTError as error:
            return 401, {}, json.dumps({"message": f"Bad credentials: {error}"}).encode()
        now = self.clock().timestamp()
        if not claims["iat"] <= now < claims["exp"] <= claims["iat"] + 600:
            return 401, {}, b'{"message": "the times are wrong"}'
        self.minted.append(f"ghs_{len(self.minted) + 1}")
        return 201, {}, json.dumps({"token": self.minted[-1]}).encode()

    def __enter__(self) -> Self:
        github = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                header = self.headers.get("Authorization", "")
                status, headers, body = github.answer(self.path, header)
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST  # noqa: N815 - a redirect would come so

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
