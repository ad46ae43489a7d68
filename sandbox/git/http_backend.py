"""git's own `git http-backend` as a WSGI application: one CGI process answers each request.

It must not know what the repositories hold.
"""

import base64
import binascii
import hmac
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, cast

if TYPE_CHECKING:
    from io import BufferedReader

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

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


def application(root: Path, credentials: Mapping[str, str] | None = None) -> "WSGIApplication":
    """Return the application for the repositories below `root`; without credentials it is open."""
    program = shutil.which("git-http-backend", path=run_git("--exec-path"))
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
    """Return a CGI head's status line and headers; an end before its end is a failure."""
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
    """Return the whole environment of the CGI: no GIT_ variable of ours, no user's settings.

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
    """Return the CGI variable that names the caller, if the server asks; None for a stranger."""
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


def run_git(*arguments: str) -> str:
    settings = {"PATH": _path(), "GIT_CONFIG_NOSYSTEM": "1", "GIT_CONFIG_GLOBAL": os.devnull}
    done = subprocess.run(["git", *arguments], env=settings, check=True, capture_output=True)
    return done.stdout.decode().strip()


def _path() -> str:
    """Return where programs are looked for: beside git, then where the system keeps them."""
    found = shutil.which("git")
    if found is None:
        raise FileNotFoundError("git is missing: install it, for the git server runs it.")
    return os.pathsep.join((str(Path(found).parent), os.defpath))
