"""The home directory in which libgit2 looks for known hosts: one setting of the whole process.

Whoever needs the same hosts shares it, so that nobody waits for another's connection. Who needs
others waits until it is free.
"""

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pygit2

from ledger.deadline import left
from ledger.errors import Unavailable

_LONGEST_TURN = 60.0  # seconds, where nobody has said when to end
_KEY = rb"[\w@.-]+[ \t]+(?P<key>[\w+/]+=*)(?=\s|\Z)"
_HOST = re.compile(rb"[^\s#@]\S*[ \t]+" + _KEY)
_REVOKED = re.compile(rb"@revoked[ \t]+\S+[ \t]+" + _KEY)


def believed(text: bytes) -> bytes:
    """Return the lines of known hosts that libssh2 shall go by: a host, and a key of its own.

    It fails at a line that is none, keeps the end of a line of Windows in a key, and knows nothing
    of `@revoked`. Authorities of hosts (`@cert-authority`) it cannot ask.
    """
    lines = [each.strip() for each in text.splitlines()]
    revoked = {found["key"] for each in lines if (found := _REVOKED.match(each))}
    hosts = [found for each in lines if (found := _HOST.match(each))]
    return b"".join(each[0] + b"\n" for each in hosts if each["key"] not in revoked)


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
