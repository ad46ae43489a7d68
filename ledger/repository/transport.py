"""The network side of git: connect, list, fetch, push, with every failure as a sentence.

It works on handles that are given to it. It must not know what a clone is kept for.
"""

import shutil
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import pygit2
from pygit2.enums import CredentialType

from ledger.deadline import left
from ledger.errors import Failure, Refused, Unavailable
from ledger.remote import Access, Credentials, Remote, SshKey, Timeouts, Token
from ledger.repository.certificates import trust
from ledger.repository.exchange import Line
from ledger.repository.known_hosts import HOMES, believed
from ledger.writer import PushFailed

# Everything that pygit2 raises; it has no narrower base, and its texts vary by server.
FOREIGN = (pygit2.GitError, KeyError, ValueError, OSError)
TRACKING = "refs/remotes/origin/tip"
_NO_COMMIT = "0" * 40
_OTHER_FORMAT = "object format"  # in libgit2's words for what is not SHA-1
# In those of libssh2, for a key that is none or is locked, and for algorithms that nobody shares.
_NO_KEY = ("Unable to extract public key from private key", "Unable to open private key")
_NO_ALGORITHM = "Unable to exchange encryption keys"
_NO_WAY = "server requires authentication that we do not support"
_HINTS = {
    "status code: 403": " (the credentials may not read it)",
    "status code: 404": " (there is no such repository, or the credentials may not read it)",
}
_NO_ROOM = ("No space left on device", "Disk quota exceeded", "Read-only file system")
_MOST_WORDS = 500


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection for reading, the line that it goes by, and the clone that it is for."""

    remote: pygit2.Remote
    line: Line
    repository: pygit2.Repository


class Server:
    """One branch of one remote. Timeouts and the SSH home are settings of the whole process."""

    def __init__(self, remote: Remote, home: Path, timeouts: Timeouts, *, may_begin: bool) -> None:
        self.remote = remote
        self._home = home
        self._timeouts = timeouts
        self._may_begin = may_begin
        self._branch = f"refs/heads/{remote.branch}"
        # True: as git's settings and the variables say
        self._proxy: Literal[True] | None = None if remote.is_here else True

    @contextmanager
    def connected(self, repository: pygit2.Repository) -> Iterator[Connection]:
        """Open a connection for reading; one `fetch` may use it. Raises `Failure`.

        Overdue LH2014 leaves the clone to the server, too: nobody may use it any more.
        """
        access = self.remote.access()
        callbacks, line = _Callbacks(self.remote), self._line()

        def connect() -> pygit2.Remote:
            line.resolve()
            return self._connect(repository, callbacks, access, push=False)

        try:
            with self._known_hosts(access.credentials):
                remote = line.run(connect, self._seconds(), repository.free)
        except FOREIGN as error:
            raise self.unreachable(error) from error
        yield Connection(remote, line, repository)

    def tip(self, connection: Connection) -> str:
        """Return the branch's commit; "" when there is none yet and it may be begun."""
        listed = connection.remote.list_heads(connect=False)
        heads = {head.name: str(head.oid) for head in listed if head.name}
        if self._branch in heads:
            return heads[self._branch]
        if not self._may_begin:
            raise Refused("LH2004", self._missing(empty=not heads))
        self._check_room(heads)
        return ""

    def fetch(self, connection: Connection, *, depth: int) -> None:
        """Fetch into the tracking reference. Depth 0 keeps a clone as deep as it is.

        Raises what libgit2 does, and Overdue as `connected` does.
        """
        callbacks = _Callbacks(self.remote)

        def fetch() -> None:
            connection.remote.fetch(
                [f"+{self._branch}:{TRACKING}"],
                callbacks=callbacks,
                depth=depth,
                proxy=self._proxy,
            )

        connection.line.run(fetch, self._seconds(), connection.repository.free)

    def push(self, repository: pygit2.Repository, base: str, commit: str) -> None:
        """Move the branch from `base` to `commit`, or raise `PushFailed`; silence is no success.

        An empty base begins the branch, if it still does not exist. pygit2 returns as if all were
        well when the server refuses. The callback has the verdict. The repository is used up.
        """
        access = self.remote.access()
        callbacks, line = _Callbacks(self.remote, base), self._line()

        def push() -> None:
            try:
                line.resolve()
                connection = self._connect(repository, callbacks, access, push=True)
                spec = f"{commit}:{self._branch}"
                connection.push([spec], callbacks=callbacks, proxy=self._proxy)
            finally:
                repository.free()
                shutil.rmtree(repository.path, ignore_errors=True)

        try:
            with self._known_hosts(access.credentials):
                line.run(push, self._seconds(), repository.free)
        except Unavailable as late:
            raise PushFailed(late.message, verdict=False, sent=callbacks.give_up()) from late
        except FOREIGN as error:
            raise PushFailed(str(error), verdict=False, sent=callbacks.sent) from error
        if not callbacks.accepted:
            raise PushFailed("it gave no verdict", verdict=False, sent=True)

    def unreachable(self, error: Exception) -> Failure:
        """Say why the repository cannot be read: for good, for want of room here, or for now."""
        words = " ".join(str(error).split())
        if any(each in words for each in _NO_KEY):
            return Refused(
                "LH2045",
                f"The private key for {self.remote.url} cannot be opened: it is no private key of"
                " SSH's, or it has a passphrase, and that was not given or is another. Give the key"
                " as it stands in its file, and its passphrase beside it.",
            )
        if _NO_ALGORITHM in words:
            return Refused(
                "LH2005",
                f"The server of {self.remote.url} has no host key of a kind that the known hosts"
                f" have for it ({words}). Add all of its host keys, as `ssh-keyscan` lists them,"
                " after you have compared them with what its owner says.",
            )
        if _OTHER_FORMAT in words:
            return Refused(
                "LH1024",
                f"The repository {self.remote.url} cannot be read: {words}. Its object ids are"
                " SHA-256, and only SHA-1 is known here: make a repository with `git init"
                " --object-format=sha1`, and commit the documents there.",
            )
        if _NO_WAY in words:
            return Refused(
                "LH2006",
                f"{self.remote.url} asks for credentials in no way that is known here: a user and a"
                " token (HTTP's Basic authentication) are.",
            )
        words += next((hint for status, hint in _HINTS.items() if words.endswith(status)), "")
        if any(each in words for each in _NO_ROOM):
            return Unavailable(
                "LH2012",
                f"No clone of {self.remote.url} can be kept on this machine: {words}. Make room"
                " there, or choose another cache directory.",
            )
        return Unavailable("LH2003", f"The repository {self.remote.url} cannot be read: {words}")

    def _connect(
        self,
        repository: pygit2.Repository,
        callbacks: "_Callbacks",
        access: Access,
        *,
        push: bool,
    ) -> pygit2.Remote:
        pygit2.settings.server_connect_timeout = self._timeouts.connect_ms
        pygit2.settings.server_timeout = self._timeouts.server_ms
        connection = repository.remotes.create_anonymous(self.remote.url)
        try:
            trust(self.remote.url, access.ca_bundle)
            connection.connect(callbacks, int(push), proxy=self._proxy)
        except (Failure, *FOREIGN):
            self.remote.doubt()
            raise
        return connection

    def _line(self) -> Line:
        return Line(f"The git server of {self.remote.url}", self.remote.server)

    def _seconds(self) -> float:
        return left(self._timeouts.exchange_ms / 1000)

    @contextmanager
    def _known_hosts(self, key: Credentials | None) -> Iterator[None]:
        """Let libgit2 find our known hosts: it looks in the home directory and nowhere else."""
        if not isinstance(key, SshKey):
            yield
            return
        with HOMES.furnished(self._home, _contents(key.known_hosts)):
            yield

    def _check_room(self, heads: Iterable[str]) -> None:
        """Refuse what git cannot do: a branch is a file, and a file's name is no folder's."""
        for name in heads:
            if name.startswith(f"{self._branch}/") or self._branch.startswith(f"{name}/"):
                raise Refused(
                    "LH2004",
                    f"The repository {self.remote.url} can have no branch {self.remote.branch}:"
                    f" the branch {name.removeprefix('refs/heads/')} is in the way. Rename that"
                    " one, or choose another name for the new one.",
                )

    def _missing(self, *, empty: bool) -> str:
        if empty:
            return f"The repository {self.remote.url} is empty: push a first commit to it."
        return f"The repository {self.remote.url} has no branch {self.remote.branch}."


class _Callbacks(pygit2.RemoteCallbacks):
    """What libgit2 asks on the way. An exception here is raised by the call that led to it."""

    # libgit2 tells of every object that it gets, which costs more than most of them.
    transfer_progress = None  # type: ignore[assignment]

    def __init__(self, remote: Remote, base: str = "") -> None:
        super().__init__()
        self._remote = remote
        self._base = base or _NO_COMMIT
        self._offered: list[Credentials | None] = []
        self._said = ""
        self._deciding = threading.Lock()
        self._given_up = False
        self.sent = False
        self.accepted = False

    def give_up(self) -> bool:
        """Send nothing from now on; True where it is sent already, and may yet be applied."""
        with self._deciding:
            self._given_up = True
            return self.sent

    def credentials(
        self, url: str, username_from_url: str | None, allowed_types: CredentialType
    ) -> pygit2.UserPass | pygit2.Keypair | pygit2.Username:
        self._remote.check_asker(url)
        credentials = self._remote.access().credentials
        if isinstance(credentials, SshKey) and allowed_types & CredentialType.USERNAME:
            return pygit2.Username(credentials.username)
        if self._offered:
            credentials = self._renewed()
        self._offered.append(credentials)
        match credentials:
            case Token() if not allowed_types & CredentialType.USERPASS_PLAINTEXT:
                raise self._other_way("a user and a token (HTTP's Basic authentication)")
            case SshKey() if not allowed_types & CredentialType.SSH_KEY:
                raise self._other_way("a key")
            case Token():
                return pygit2.UserPass(credentials.username, credentials.token)
            case SshKey():
                return _keypair(credentials, username_from_url)
            case None:
                raise Refused("LH2006", f"{self._remote.url} asks for credentials; none are set.")

    def _other_way(self, way: str) -> Refused:
        said = f"{self._remote.url} lets nobody in by {way}, and the credentials are that."
        return Refused("LH2006", said)

    def _renewed(self) -> Credentials | None:
        """Return what has changed since the server refused it. Raises Refused LH2006."""
        self._remote.doubt()
        credentials = self._remote.access().credentials
        if len(self._offered) > 1 or credentials in self._offered:
            raise Refused("LH2006", f"{self._remote.url} does not accept the credentials.")
        return credentials

    def certificate_check(self, _certificate: None, valid: bool, host: bytes) -> bool:  # noqa: FBT001 - pygit2 calls it
        """Accept only what libgit2 has verified; pygit2's own default accepts every SSH host."""
        if not valid:
            name = host.decode(errors="replace")
            raise Refused(
                "LH2005",
                f"{name} cannot prove that it is {name}. For ssh, put its host key into the file of"
                " known hosts; for https, look at its certificate.",
            )
        return True

    def sideband_progress(self, string: str) -> None:
        self._said = (self._said + string)[-_MOST_WORDS:]

    def push_negotiation(self, updates: list[pygit2.remotes.PushUpdate]) -> None:
        """Compare before the swap; the server compares once more, under its lock."""
        if any(str(update.src) != self._base for update in updates):
            raise PushFailed("the branch has moved", moved=True, verdict=True, sent=False)
        with self._deciding:
            if self._given_up:
                raise PushFailed("it was given up", verdict=False, sent=False)
            self.sent = True

    def push_update_reference(self, _refname: str, message: str | None) -> None:
        if message is not None:
            words = f"{message}. {self._said}".strip()
            raise PushFailed(words, verdict=True, sent=True)
        self.accepted = True


def _keypair(key: SshKey, username_from_url: str | None) -> pygit2.Keypair:
    public_key = str(key.public_key) if key.public_key else None
    username = username_from_url or key.username
    return pygit2.Keypair(username, public_key, str(key.private_key), key.passphrase)


def _contents(known_hosts: Path) -> bytes:
    try:
        return believed(known_hosts.read_bytes())
    except OSError as error:
        raise Refused(
            "LH2005",
            f"The file of known hosts cannot be read: {error}. No server is trusted without it.",
        ) from error
