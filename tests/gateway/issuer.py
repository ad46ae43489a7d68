"""An OpenID Connect issuer on this machine: its keys, its JWTs, and the JWKS that it serves."""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Self

import jwt
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from ledger.identity_settings import Oidc

if TYPE_CHECKING:
    from types import TracebackType

AUDIENCE = "4h57kmpl3client"
SCOPES = {"leasehold/read": ("read",), "leasehold/extend": ("read", "extend"), "ops": ("admin",)}
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey


@cache
def rsa_key(number: int = 1, bits: int = 2048) -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, bits)


@cache
def ec_key(number: int = 1) -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def jwk(kid: str, key: Key, **more: str) -> dict[str, Any]:
    """The public half of a key as an issuer publishes it."""
    public = (
        RSAAlgorithm.to_jwk(key.public_key(), as_dict=True)
        if isinstance(key, rsa.RSAPrivateKey)
        else ECAlgorithm.to_jwk(key.public_key(), as_dict=True)
    )
    public.pop("key_ops", None)
    return {**public, "kid": kid, "use": "sig", **more}


@dataclass
class LocalIssuer:
    """Publishes an RSA key `rsa` and an EC key `ec`; `answer` is what the next one asking gets."""

    answer: bytes = b""
    status: int = 200
    fetches: int = 0
    mute: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.mute.set()
        self.publish(jwk("rsa", rsa_key()), jwk("ec", ec_key()))
        issuer = self

        class Answers(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                issuer.fetches += 1
                issuer.mute.wait(10)  # and then it does answer, to whoever is still there
                self.send_response(issuer.status)
                self.end_headers()
                self.wfile.write(issuer.answer)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Answers)
        self._server.daemon_threads = True

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.mute.set()
        self._server.shutdown()
        self._server.server_close()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/pool"

    def publish(self, *keys: dict[str, Any]) -> None:
        self.answer = json.dumps({"keys": keys}).encode()

    def settings(self, **more: Any) -> Oidc:  # noqa: ANN401
        said = {"audience": (AUDIENCE,), "scopes": SCOPES, **more}
        return Oidc(issuer=self.url, jwks_url=f"{self.url}/.well-known/jwks.json", **said)


def signed(claims: dict[str, Any], kid: str | None = "rsa", key: Key | None = None) -> str:
    """A JWT by the issuer's key of that id, or by another key that says it was."""
    key = key or (ec_key() if kid == "ec" else rsa_key())
    algorithm = "RS256" if isinstance(key, rsa.RSAPrivateKey) else "ES256"
    return jwt.encode(claims, key, algorithm, headers={"kid": kid} if kid else None)
