"""A git server for this machine, on loopback: what a repository on a hosting service looks like.

Hooks run, and of two writers one wins, as there. It must not know what the repositories hold.
"""

import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from waitress.server import TcpWSGIServer

from sandbox.callers import Callers
from sandbox.git.http_backend import application, run_git
from sandbox.loopback_server import HOST, LoopbackServer, Sockets

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HELD_AT_MOST = 2.0  # seconds
_BETWEEN_LOOKS = 0.1


def create_repository(root: Path, name: str) -> Path:
    """Make the bare repository `name` below `root`; an existing one is left as it is."""
    path = root / name
    settings = {"http.receivepack": "true", "receive.denyNonFastForwards": "true"}
    run_git("init", "--quiet", "--bare", "--initial-branch=main", str(path))
    for key, value in settings.items():
        run_git("--git-dir", str(path), "config", key, value)
    return path


def drop_left_locks(repository: Path) -> None:
    """Drop the locks that a git left behind which was killed: with them each push is refused.

    Git holds one for milliseconds. A younger one may be held by a process that outlives its server,
    so it gets HELD_AT_MOST to come to its end.
    """
    for lock in (*repository.glob("*.lock"), *(repository / "refs").rglob("*.lock")):
        with suppress(FileNotFoundError):
            while time.time() - lock.stat().st_mtime < HELD_AT_MOST:
                time.sleep(_BETWEEN_LOOKS)
            lock.unlink()


class GitServer(LoopbackServer):
    """Serves the repositories below `root`.

    `middleware` wraps the WSGI application: that is where tests put their faults.
    """

    threads = 8

    def __init__(
        self,
        root: Path,
        port: int = 0,
        credentials: Mapping[str, str] | None = None,
        middleware: "Callable[[WSGIApplication], WSGIApplication] | None" = None,
        *,
        hosts: frozenset[str] = frozenset(),
    ) -> None:
        super().__init__(port, Callers(hosts=hosts))
        backend = application(root, credentials)
        self._application = middleware(backend) if middleware else backend

    def repository_url(self, name: str) -> str:
        return f"{self.url}/{quote(name)}"

    def _bound(self, port: int, sockets: Sockets) -> TcpWSGIServer:
        return TcpWSGIServer(
            self._application, map=sockets, host=HOST, port=port, threads=self.threads, ident="git"
        )
