"""A server on this machine's loopback address: waitress, run by a thread of its own.

It serves this machine's programs, and no web page of elsewhere (`callers`). Port 0 takes a free
port, and a server that is stopped and started again keeps its port. What is served is not known
here.
"""

import logging
from abc import ABC, abstractmethod
from threading import Event, Thread
from types import TracebackType
from typing import Any, Self, TypeAlias

from waitress import wasyncore
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer

from sandbox.callers import Callers

HOST = "127.0.0.1"
_PROGRAMS = Callers()
Sockets: TypeAlias = dict[int, Any]
"""What one server listens to and talks through; waitress fills it."""


class LoopbackServer(ABC):
    """A context manager. To start one that runs, or to stop one that does not, is harmless."""

    def __init__(self, port: int, callers: Callers = _PROGRAMS) -> None:
        self._callers = callers
        self._port = port
        self._running: _Running | None = None

    @property
    def url(self) -> str:
        if not self._port:
            raise RuntimeError("a server has no URL before it is started")
        return f"http://{HOST}:{self._port}"

    def start(self) -> Self:
        """Serve; raise OSError if the port is in use."""
        if self._running is None:
            # A request that waits for a free thread is not worth a line in the log.
            logging.getLogger("waitress.queue").setLevel(logging.ERROR)
            sockets: Sockets = {}
            server = self._bound(self._port, sockets)
            server.application = self._callers.guarding(server.application)
            self._port = int(server.getsockname()[1])
            self._running = _Running(server, sockets)
        return self

    def stop(self) -> None:
        """Let running calls finish (5 s at most), then free the port."""
        if self._running is not None:
            self._running.stop()
            self._running = None

    @abstractmethod
    def _bound(self, port: int, sockets: Sockets) -> TcpWSGIServer:
        """Return waitress's server, bound to that port of HOST, with `sockets` as its map."""

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
    def __init__(self, server: TcpWSGIServer, sockets: Sockets) -> None:
        self._server = server
        self._sockets = sockets
        self._stopping = Event()
        self._thread = Thread(target=self._loop, name="loopback-server", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._server.task_dispatcher.shutdown()
        self._stopping.set()
        self._server.pull_trigger()
        self._thread.join()
        # Only now: to poll a socket that another thread closes fails.
        for channel in list(self._sockets.values()):
            if isinstance(channel, HTTPChannel):
                channel.handle_close()  # with the files in which waitress holds long answers
        wasyncore.close_all(self._sockets, ignore_all=True)

    def _loop(self) -> None:
        """Run waitress's loop a step at a time: its own `run` cannot be stopped from outside."""
        while not self._stopping.is_set():
            wasyncore.loop(timeout=1, use_poll=True, map=self._sockets, count=1)
