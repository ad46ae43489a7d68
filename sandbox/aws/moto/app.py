"""moto's server app, which answers for every service that the sandbox does not, and calls to it.

moto keeps its state in the process, so a sandbox empties it when it starts, and two sandboxes in
one process must follow each other.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.test import Client
from werkzeug.wrappers import Response

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment


@dataclass(frozen=True)
class Request:
    """A request to one AWS service in one region, as it looks on the wire."""

    service: str
    region: str
    method: str = "POST"
    path: str = "/"
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""


class Moto:
    def __init__(self) -> None:
        self._app = DomainDispatcherApplication(create_backend_app)
        self._client = Client(self._app)

    def reset(self) -> None:
        """Empty every service that moto has served in this process."""
        self._client.post("/moto-api/reset")

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> Iterable[bytes]:
        answer: Iterable[bytes] = self._app(environ, start_response)
        return answer

    def send(self, request: Request) -> Response:
        scope = f"sandbox/20000101/{request.region}/{request.service}/aws4_request"
        signed = f"Credential={scope}, SignedHeaders=host, Signature=0"
        headers = {
            **request.headers,
            "Authorization": f"AWS4-HMAC-SHA256 {signed}",
        }
        return self._client.open(
            request.path, method=request.method, headers=headers, data=request.body
        )
