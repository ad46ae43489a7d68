"""A git secret that is read again when the server refuses what it says, and not more often.

Whoever rotates it loses a tick at the most: the refused connection asks again at once, and one that
fails otherwise lets the next one ask. A secret that cannot be read again stays as it was, and one
that could not be read at all is asked for as seldom.
"""

import tempfile
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from ledger.access.forms import GitHubApp, Secret, SshSecret, read_secret
from ledger.access.github_app import InstallationTokens
from ledger.errors import Failure, Refused, Unavailable
from ledger.remote import Access, SshKey, Token

READ_AGAIN_SECONDS = 5.0


@dataclass(slots=True)
class _Opened:
    """What a text of the secret has become."""

    text: str
    ca_bundle: Path | None
    opens: Token | SshKey | InstallationTokens

    def access(self) -> Access:
        opens = self.opens
        if isinstance(opens, InstallationTokens):
            return Access(opens.current(), self.ca_bundle)
        return Access(opens, self.ca_bundle)


class SecretSource:
    """A source of credentials. Safe to call from many threads.

    `fetch` returns the secret's text and raises Unavailable; files are written to `folder`; `now`
    is a reading of a monotonic clock in seconds.
    """

    def __init__(
        self,
        fetch: Callable[[], str],
        folder: Path,
        clock: Callable[[], datetime],
        now: Callable[[], float],
    ) -> None:
        self._fetch = fetch
        self._folder = folder
        self._clock = clock
        self._now = now
        self._lock = threading.Lock()
        self._opened: _Opened | None = None
        self._failure: Failure | None = None  # of the last time that somebody asked
        self._failed_at = 0.0
        self._read_at = 0.0
        self._is_doubted = False

    def access(self) -> Access:
        """Return what opens the server now. Raises Failure, the same for some seconds."""
        with self._lock:
            if (failure := self._failure) and self._now() - self._failed_at < READ_AGAIN_SECONDS:
                raise type(failure)(failure.code, failure.message)
            try:
                found = self._access()
            except Failure as failure:
                self._failure, self._failed_at = failure, self._now()
                raise
            self._failure = None
            return found

    def _access(self) -> Access:
        opened = self._current()
        try:
            return opened.access()
        except Refused:  # by GitHub, where an app's key may have been changed
            self._is_doubted = True
            found = self._current()
            if found is opened:
                raise
        return found.access()

    def text(self, most_seconds: float) -> str:
        """Return the secret's text, read no longer ago than that if it can be. Raises Failure."""
        with self._lock:
            opened = self._current()
            if self._now() - self._read_at >= most_seconds:
                with suppress(Refused):  # what it was is good until a server refuses it
                    opened = self._opened = self._read_again(opened)
            return opened.text

    def doubt(self) -> None:
        """Read the secret anew for the next connection, unless it was read just now."""
        with self._lock:
            self._is_doubted = True

    def _current(self) -> _Opened:
        opened = self._opened
        if opened is None:
            opened = self._open(self._read())
        elif self._is_doubted and self._now() - self._read_at >= READ_AGAIN_SECONDS:
            opened = self._again(opened)
        self._opened = opened
        return opened

    def _read(self) -> str:
        self._read_at, self._is_doubted = self._now(), False
        return self._fetch()

    def _again(self, opened: _Opened) -> _Opened:
        found = self._read_again(opened)
        if found is opened and isinstance(opened.opens, InstallationTokens):
            opened.opens.forget()  # it may have been revoked
        return found

    def _read_again(self, opened: _Opened) -> _Opened:
        """Read the secret; what cannot be read now, or has not changed, stays as it is."""
        try:
            text = self._read()
        except Unavailable:
            return opened
        return opened if text == opened.text else self._open(text)

    def _open(self, text: str) -> _Opened:
        secret = read_secret(text)
        self._folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder = Path(tempfile.mkdtemp(dir=self._folder))  # somebody may be reading the one before
        bundle = None
        if secret.ca_bundle:
            bundle = folder / "ca.pem"
            bundle.write_text(secret.ca_bundle)
        return _Opened(text, bundle, self._opens(secret, folder))

    def _opens(self, secret: Secret, folder: Path) -> Token | SshKey | InstallationTokens:
        match secret.opens:
            case Token():
                return secret.opens
            case GitHubApp():
                return InstallationTokens(secret.opens, secret.ca_bundle, self._clock)
            case SshSecret():
                return _written(secret.opens, folder)


def _written(secret: SshSecret, folder: Path) -> SshKey:
    """Write the key where SSH reads it, for this process alone."""
    key, hosts = folder / "key", folder / "known_hosts"
    key.touch(mode=0o600)
    key.write_text(secret.private_key)
    hosts.write_text(secret.known_hosts)
    return SshKey(secret.username, key, None, hosts, secret.passphrase)
