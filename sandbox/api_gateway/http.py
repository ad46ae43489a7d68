"""The HTTP below the emulated API: waitress, which hands on requests as they were sent.

WSGI joins repeated headers, changes their case and decodes the path; API Gateway does none of it,
so the parser keeps the header lines here. It must not know of stages, resources or Lambda.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlsplit

from waitress.channel import HTTPChannel
from waitress.parser import HTTPRequestParser, get_header_lines
from waitress.server import TcpWSGIServer
from waitress.task import ErrorTask, WSGITask

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime
    from wsgiref.types import StartResponse, WSGIEnvironment

HEADER_LIMIT = 10_240  # bytes of the request line and all headers; API Gateway's quota
_RAW_HEADERS = "sandbox.headers"
_BODILESS = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED})


@dataclass(frozen=True)
class Request:
    """One HTTP request as it came in; `headers` in order, with case and duplicates kept."""

    id: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    source_ip: str
    received_at: datetime

    @property
    def path(self) -> str:
        """The path as it was sent, in its percent-encoding; never empty."""
        path = self.target.partition("?")[0]
        return path if path.startswith("/") else urlsplit(path).path or "/"

    @property
    def query(self) -> list[tuple[str, str]]:
        return parse_qsl(self.target.partition("?")[2], keep_blank_values=True)

    def header(self, name: str) -> str | None:
        """Return the last value of a header, whatever the case of its name."""
        values = [value for key, value in self.headers if key.lower() == name.lower()]
        return values[-1] if values else None


@dataclass(frozen=True)
class Answer:
    """A status from 200 to 599, headers in Latin-1 and the body: bytes, or parts as they come."""

    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes | Iterator[bytes]


@dataclass(frozen=True)
class Application:
    """`answer` as a WSGI application; it runs on many threads at a time and must not raise."""

    answer: Callable[[Request], Answer]
    clock: Callable[[], datetime]

    def __call__(self, environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        request = self._request(environ)
        answer = self.answer(request)
        headers = [*answer.headers, ("x-amzn-RequestId", request.id)]
        if answer.status in _BODILESS:
            start(_status_line(answer.status), headers)
            return []
        if not isinstance(answer.body, bytes):  # each part is a chunk, sent at once
            start(_status_line(answer.status), headers)
            return answer.body
        length = ("Content-Length", str(len(answer.body)))
        start(_status_line(answer.status), [*headers, length])
        return [] if request.method == "HEAD" else [answer.body]

    def _request(self, environ: WSGIEnvironment) -> Request:
        return Request(
            id=str(uuid.uuid4()),
            method=environ["REQUEST_METHOD"],
            target=environ["REQUEST_URI"],
            headers=environ[_RAW_HEADERS],
            body=environ["wsgi.input"].read(),
            source_ip=environ["REMOTE_ADDR"],
            received_at=self.clock(),
        )


def _status_line(status: int) -> str:
    known = status in {each.value for each in HTTPStatus}
    return f"{status} {HTTPStatus(status).phrase if known else 'Unknown'}"


class _Parser(HTTPRequestParser):
    raw_headers: tuple[tuple[str, str], ...] = ()

    def parse_header(self, header_plus: bytes) -> None:
        super().parse_header(header_plus)
        lines = get_header_lines(header_plus.partition(b"\r\n")[2])
        pairs = (line.decode("latin-1").partition(":") for line in lines)
        self.raw_headers = tuple((name, value.strip(" \t")) for name, _, value in pairs)


class _Task(WSGITask):
    def get_environment(self) -> WSGIEnvironment:
        environ = super().get_environment()
        environ[_RAW_HEADERS] = getattr(self.request, "raw_headers", ())
        return environ


class _ErrorTask(ErrorTask):
    """The answer for what is no request; for too many headers it is API Gateway's own."""

    def execute(self) -> None:
        request: Any = self.request
        server: Any = self.channel.server
        error = request.error
        if error.code == HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE:
            answer = server.overlong()
            error.to_response = lambda _: (
                _status_line(answer.status),
                list(answer.headers),
                answer.body,
            )
        super().execute()


class _Channel(HTTPChannel):
    parser_class = _Parser
    task_class = _Task
    error_task_class = _ErrorTask


class Server(TcpWSGIServer):
    """waitress with API Gateway's limits; `overlong` answers what has too many headers."""

    channel_class = _Channel

    def __init__(
        self,
        application: Application,
        overlong: Callable[[], Answer],
        **settings: Any,  # noqa: ANN401 - waitress's
    ) -> None:
        super().__init__(
            application,
            connection_limit=1000,
            max_request_header_size=HEADER_LIMIT + 1,
            asyncore_use_poll=True,
            clear_untrusted_proxy_headers=False,
            ident=None,
            **settings,
        )
        self.overlong = overlong
