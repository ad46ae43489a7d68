"""A network between a client and a git server that lets a little through, and then next to nothing.

It is slow, and never silent: a byte comes often enough for any limit on a single read.
"""

from __future__ import annotations

import socket
import threading
from contextlib import ExitStack, suppress
from itertools import chain, repeat
from typing import TYPE_CHECKING, Self
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

PAUSE = 0.05  # seconds between two bytes


class Stalling:
    """An address before another one; without one, a server that begins to say something, slowly.

    `passes` is asked for each request, by its first line, how many bytes of the answer come at
    once; None is all of them. Of a request that `hangs`, by what it sends, nothing comes.
    """

    def __init__(self, behind: str | None = None, begin: bytes = b"") -> None:
        self.passes: Callable[[str], int | None] = lambda _: 0
        self.hangs: Callable[[bytes], bool] = lambda _: False
        self.asked: list[str] = []
        self._begin = begin
        address = urlsplit(behind) if behind else None
        self._behind = address.port if address else None
        self._over = threading.Event()
        self._opened = ExitStack()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}{address.path if address else ''}"

    def __enter__(self) -> Self:
        self._taking = threading.Thread(target=self._accept, daemon=True)
        self._taking.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        # Whoever waits at a socket that is closed may be given what another one of its number gets.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._taking.join()
        self._listener.close()
        self._opened.close()

    def flow(self) -> None:
        """Let everything through from now on."""
        self.passes = lambda _: None

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client = self._opened.enter_context(self._listener.accept()[0])
                if self._behind is None:
                    threading.Thread(target=self._babble, args=(client,), daemon=True).start()
                else:
                    server = socket.create_connection(("127.0.0.1", self._behind))
                    _Way(self, client, self._opened.enter_context(server)).begin()

    def _babble(self, client: socket.socket) -> None:
        with suppress(OSError):
            self.trickle(client, chain(self._begin, repeat(ord("0"))))

    def trickle(self, client: socket.socket, rest: Iterable[int]) -> None:
        for byte in rest:
            if self._over.wait(PAUSE):
                return
            client.sendall(bytes([byte]))


class _Way:
    """One connection, both ways."""

    def __init__(self, stalling: Stalling, client: socket.socket, server: socket.socket) -> None:
        self._stalling = stalling
        self._client, self._server = client, server
        self._left: int | None = None

    def begin(self) -> None:
        for way in (self._ask, self._answer):
            threading.Thread(target=way, daemon=True).start()

    def _ask(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(65536):
                if data.startswith((b"GET ", b"POST ")):
                    line = data.partition(b"\r\n")[0].decode()
                    self._stalling.asked.append(line)
                    self._left = 0 if self._stalling.hangs(data) else self._stalling.passes(line)
                self._server.sendall(data)
            self._server.shutdown(socket.SHUT_WR)

    def _answer(self) -> None:
        with suppress(OSError):
            while data := self._server.recv(65536):
                passed = data if self._left is None else data[: self._left]
                self._left = None if self._left is None else self._left - len(passed)
                self._client.sendall(passed)
                self._stalling.trickle(self._client, data[len(passed) :])
            self._client.shutdown(socket.SHUT_WR)
