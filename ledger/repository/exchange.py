"""Exchanges with a git server that end in time, whatever the server does.

libgit2 limits each read and each write. A server that sends a byte now and then keeps it for ever,
and nothing ends a read that waits. So an exchange runs in a thread of its own, and at its deadline
the caller goes on without it. Its connections are cut, which ends most such threads at once; how
many there may be is limited. What the thread works with belongs to it from then on: whoever catches
`Overdue` takes something new. It must not know git.
"""

import socket
import stat
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from ledger import errands
from ledger.errands import MOST_LEFT_BEHIND, Errand
from ledger.errors import Unavailable

T = TypeVar("T")
_KIND = "git"
_FILES = Path("/proc/self/fd")  # where there is no such folder, nothing is cut


class Overdue(Unavailable):
    """The time ran out. What the exchange works with must not be touched by anybody else."""


class Line:
    """All connections to a server that are made after it, as far as they can be told apart."""

    def __init__(self, name: str, server: tuple[str, int]) -> None:
        """Take what the server is called in a sentence, and its host and port; "" is no host."""
        self._name = name
        self._host, self._port = server
        self._before = frozenset(inode for _, inode in _sockets())
        self._addresses: frozenset[str] = frozenset()

    def resolve(self) -> None:
        """Find out the server's addresses; for the thread of an exchange, since it may wait."""
        with suppress(OSError):
            found = socket.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
            self._addresses = frozenset(str(each[4][0]) for each in found)

    def run(self, do: Callable[[], T], seconds: float, release: Callable[[], None]) -> T:
        """Return what `do` returns, or raise what it raises, or Overdue LH2014.

        Where it is left behind, its thread calls `release` when it ends after all.
        """
        if seconds <= 0:
            raise Unavailable("LH2014", f"There was no time left to ask {self._name}. Try again.")
        exchange = Errand(do, _KIND, release)
        _check_room(self._name)
        exchange.start()
        try:
            is_over = exchange.over.wait(seconds)
        except BaseException:
            self._leave(exchange)
            raise
        if not is_over and self._leave(exchange):
            raise Overdue(
                "LH2014",
                f"{self._name} did not finish its answer in time, and the connection is given up."
                " Try again; if it goes on, look at the server.",
            )
        return exchange.outcome()

    def _leave(self, exchange: Errand[T]) -> bool:
        """Go on without an exchange, unless it is over by now."""
        if not exchange.leave():
            return False
        for each in _connections(self._before):
            with each, suppress(OSError):
                peer = each.getpeername()
                if isinstance(peer, tuple) and peer[0] in self._addresses and peer[1] == self._port:
                    each.shutdown(socket.SHUT_RDWR)
        return True


def left_behind() -> int:
    """Count the exchanges that go on without anybody who waits for them."""
    return errands.left_behind(_KIND)


def _check_room(name: str) -> None:
    count = left_behind()
    if count >= MOST_LEFT_BEHIND:
        raise Unavailable(
            "LH2015",
            f"{name} is not asked: {count} connections to git servers were given up and hang still."
            " They end when the servers close them; restart this process if they never do.",
        )


def _connections(but: frozenset[int]) -> Iterator[socket.socket]:
    """Yield copies of this process's sockets, each of them the same socket; not some inodes."""
    for number, inode in _sockets():
        if inode not in but:
            with suppress(OSError):
                yield socket.fromfd(number, socket.AF_INET, socket.SOCK_STREAM)


def _sockets() -> Iterator[tuple[int, int]]:
    """Yield the numbers of this process's sockets, and their inodes."""
    with suppress(OSError):
        for file in list(_FILES.iterdir()):
            with suppress(OSError):  # it is closed by now
                status = file.stat()
                if stat.S_ISSOCK(status.st_mode):
                    yield int(file.name), status.st_ino
