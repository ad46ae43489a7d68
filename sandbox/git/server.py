"""A git server for this machine: git's own `git http-backend` behind waitress, on loopback.

The sandbox, the tests and the benchmarks start it; it is what a repository on a hosting service
looks like to a client, hooks and compare-and-swap included. It must not know what the
repositories hold.
"""

import base64
import binascii
import hmac
import logging
import os
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, BinaryIO, Self, cast
from urllib.parse import quote

from waitress import wasyncore
from waitress.server import TcpWSGIServer

if TYPE_CHECKING:
    from io import BufferedReader
    from socket import socket

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

_HOST = "127.0.0.1"
_THREADS = 8
_BLOCK = 64 * 1024
_REALM = 'Basic realm="git", charset="UTF-8"'
_PASSED_ON = (
    "CONTENT_LENGTH",
    "CONTENT_TYPE",
    "HTTP_ACCEPT",
    "HTTP_CONTENT_ENCODING",
    "HTTP_GIT_PROTOCOL",
    "HTTP_USER_AGENT",
    "PATH_INFO",
    "QUERY_STRING",
    "REMOTE_ADDR",
    "REQUEST_METHOD",
    "SERVER_PROTOCOL",
)


def create_repository(root: Path, name: str) -> Path:
    """Make the bare repository `name` below `root`; an existing one is left as it is."""
    path = root / name
    settings = {"http.receivepack": "true", "receive.denyNonFastForwards": "true"}
    _git("init", "--quiet", "--bare", "--initial-branch=main", str(path))
    for key, value in settings.items():
        _git("--git-dir", str(path), "config", key, value)
    return path


class GitServer:
    """Serve the repositories below `root`; a context manager.

    Port 0 takes a free port, and a server that is stopped and started again keeps it. `middleware`
    wraps the WSGI application: that is where tests put their faults.
    """

    def __init__(
        self,
        root: Path,
        port: int = 0,
        credentials: Mapping[str, str] | None = None,
        middleware: "Callable[[WSGIApplication], WSGIApplication] | None" = None,
    ) -> None:
        backend = application(root, credentials)
        self._application = middleware(backend) if middleware else backend
        self._port = port
        self._running: _Running | None = None

    @property
    def url(self) -> str:
        return f"http://{_HOST}:{self._port}"

    def repository_url(self, name: str) -> str:
        return f"{self.url}/{quote(name)}"

    def start(self) -> Self:
        if self._running is None:
            self._running = _Running(self._application, self._port)
            self._port = self._running.port
        return self

    def stop(self) -> None:
        if self._running is not None:
            self._running.stop()
            self._running = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class _Running:
    """One waitress server and the thread that runs it."""

    def __init__(self, served: "WSGIApplication", port: int) -> None:
        # A push that waits for a free thread is no news for the log.
        logging.getLogger("waitress.queue").setLevel(logging.ERROR)
        self._sockets: dict[int, socket] = {}
        self._server = TcpWSGIServer(
            served, map=self._sockets, host=_HOST, port=port, threads=_THREADS, ident="git"
        )
        self.port = int(self._server.getsockname()[1])
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._serve, name="git-server", daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while not self._stopping.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=self._sockets, count=1)

    def stop(self) -> None:
        self._stopping.set()
        self._server.pull_trigger()
        self._thread.join()
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._sockets, ignore_all=True)


def application(root: Path, credentials: Mapping[str, str] | None = None) -> "WSGIApplication":
    """Make the WSGI application: one process of `git http-backend` answers each request."""
    program = shutil.which("git-http-backend", path=_git("--exec-path"))
    if program is None:
        raise FileNotFoundError("git http-backend is missing: install the whole of git.")
    settings = _settings(root)

    def serve(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        user = _authenticated(environ.get("HTTP_AUTHORIZATION", ""), credentials)
        if user is None:
            refusal = HTTPStatus.UNAUTHORIZED
            headers = [("WWW-Authenticate", _REALM), ("Content-Length", "0")]
            start_response(f"{refusal.value} {refusal.phrase}", headers)
            return []
        variables = {name: environ[name] for name in _PASSED_ON if name in environ}
        answer = _Answer(program, settings | variables | user, environ["wsgi.input"])
        start_response(answer.status, answer.headers)
        return answer

    return serve


class _Answer:
    """The output of one CGI process: its head at once, its body as a stream."""

    def __init__(self, program: str, variables: Mapping[str, str], body: BinaryIO) -> None:
        # A file and not a pipe: git may answer before it has read everything, and then two
        # full pipes would wait for each other.
        with tempfile.TemporaryFile() as request:
            shutil.copyfileobj(body, request, _BLOCK)
            request.seek(0)
            self._process = subprocess.Popen(
                [program],
                env=variables,
                stdin=request,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
            )
        self._output = cast("BufferedReader", self._process.stdout)
        self.status, self.headers = _head(self._output)

    def __iter__(self) -> Iterator[bytes]:
        while block := self._output.read1(_BLOCK):
            yield block

    def close(self) -> None:
        self._output.close()
        self._process.wait()


def _head(output: Iterable[bytes]) -> tuple[str, list[tuple[str, str]]]:
    """Read a CGI head: `Status` is its status line, an end before the first line is a failure."""
    status = ""
    headers: list[tuple[str, str]] = []
    for line in output:
        name, _, value = line.decode("latin-1").strip().partition(":")
        if not name:
            return status or "200 OK", headers
        if name.lower() == "status":
            status = value.strip()
        else:
            headers.append((name, value.strip()))
    return "500 Internal Server Error", [("Content-Length", "0")]


def _settings(root: Path) -> dict[str, str]:
    """Build the whole environment of the CGI: no GIT_ variable of ours, no user's settings.

    The repositories may belong to somebody else (a volume, a checkout made by root), which git
    only serves when they are declared safe; this server serves `root` and nothing beside it.
    """
    return {
        "PATH": _path(),
        "HOME": str(root),
        "GIT_PROJECT_ROOT": str(root.resolve()),
        "GIT_HTTP_EXPORT_ALL": "1",
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": os.devnull,
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": "safe.directory",
        "GIT_CONFIG_VALUE_0": "*",
        "GATEWAY_INTERFACE": "CGI/1.1",
    }


def _authenticated(header: str, credentials: Mapping[str, str] | None) -> dict[str, str] | None:
    """Give the CGI variable that names the caller (an open server has none), None to a stranger."""
    if credentials is None:
        return {}
    scheme, _, encoded = header.partition(" ")
    try:
        user, _, password = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    expected = credentials.get(user)
    if scheme.lower() != "basic" or expected is None:
        return None
    known = hmac.compare_digest(expected.encode(), password.encode())
    return {"REMOTE_USER": user} if known else None


def _git(*arguments: str) -> str:
    settings = {"PATH": _path(), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *arguments], env=settings, check=True, capture_output=True)
    return done.stdout.decode().strip()


def _path() -> str:
    """Where programs are looked for: beside git, then where the system keeps them."""
    git = shutil.which("git")
    if git is None:
        raise FileNotFoundError("git is missing: install it, for the git server runs it.")
    return os.pathsep.join((str(Path(git).parent), os.defpath))
