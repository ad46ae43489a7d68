"""The home directory in which libgit2 looks for known hosts: one setting of the whole process.

Whoever needs the same hosts shares it, so that nobody waits for another's connection. Who needs
others waits until it is free.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pygit2

from ledger.deadline import left
from ledger.errors import Unavailable

_LONGEST_TURN = 60.0  # seconds, where nobody has said when to end


class Homes:
    def __init__(self) -> None:
        self._turn = threading.Condition()
        self._hosts: bytes | None = None  # in the home that is set, for as long as it has users
        self._users = 0
        self._before: str | None = None

    @contextmanager
    def furnished(self, home: Path, hosts: bytes) -> Iterator[None]:
        """Set a home with these hosts. Raise Unavailable LH2014 where it does not become free."""
        with self._turn:
            if not self._turn.wait_for(lambda: self._hosts in (None, hosts), left(_LONGEST_TURN)):
                raise Unavailable(
                    "LH2014",
                    "A git server was not asked: a connection to another one, with other known"
                    " hosts, does not end. Try again.",
                )
            if self._hosts is None:
                self._set(home, hosts)
            self._users += 1
        try:
            yield
        finally:
            with self._turn:
                self._users -= 1
                if not self._users:
                    pygit2.settings.homedir = self._before or ""
                    self._hosts = None
                    self._turn.notify_all()

    def _set(self, home: Path, hosts: bytes) -> None:
        known_hosts = home / ".ssh" / "known_hosts"
        known_hosts.parent.mkdir(parents=True, exist_ok=True)
        known_hosts.write_bytes(hosts)
        self._before = pygit2.settings.homedir
        pygit2.settings.homedir = str(home)
        self._hosts = hosts


HOMES = Homes()
