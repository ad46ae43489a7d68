"""A git server for this machine, on loopback: what a repository on a hosting service looks like.

Hooks run, and of two writers one wins, as there. It must not know what the repositories hold.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

from waitress.server import TcpWSGIServer

from sandbox.git.http_backend import application, run_git
from sandbox.loopback_server import HOST, LoopbackServer, Sockets

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

_THREADS = 8


def create_repository(root: Path, name: str) -> Path:
    """Make the bare repository `name` below `root`; an existing one is left as it is."""
    path = root / name
    settings = {"http.receivepack": "true", "receive.denyNonFastForwards": "true"}
    run_git("init", "--quiet", "--bare", "--initial-branch=main", str(path))
    for key, value in settings.items():
        run_git("--git-dir", str(path), "config", key, value)
    return path


class GitServer(LoopbackServer):
    """Serves the repositories below `root`.

    `middleware` wraps the WSGI application: that is where tests put their faults.
    """

    def __init__(
        self,
        root: Path,
        port: int = 0,
        credentials: Mapping[str, str] | None = None,
        middleware: "Callable[[WSGIApplication], WSGIApplication] | None" = None,
    ) -> None:
        super().__init__(port)
        backend = application(root, credentials)
        self._application = middleware(backend) if middleware else backend

    def repository_url(self, name: str) -> str:
        return f"{self.url}/{quote(name)}"

    def _bound(self, port: int, sockets: Sockets) -> TcpWSGIServer:
        return TcpWSGIServer(
            self._application, map=sockets, host=HOST, port=port, threads=_THREADS, ident="git"
        )
