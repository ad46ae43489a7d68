"""Where the ledger's repository is, and how to be let in: values, and the rules for an address.

A `Remote` cannot exist with an address that would leak a secret or carry changes unprotected. This
module must not know how git talks to a server.
"""

import re
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Protocol, assert_never
from urllib.parse import SplitResult, urlsplit

from ledger.errors import Refused

_SCP_LIKE = re.compile(r"(?:(?P<user>[^@/:\s]+)@)?(?P<host>[^@/:\s]+):(?!//)(?P<path>\S+)")
# What git-check-ref-format(1) rules out in a branch: a character, a neighbourhood, a part's ends.
_NO_BRANCH = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\\ud800-\udfff]|\.\.|//|@\{|^[-/]|(?:^|/)\.|\.lock(?:/|\Z)|[/.]\Z|^(?:HEAD)?\Z"
)
_PORTS = {"https": 443, "http": 80, "ssh": 22, "git": 9418}
_UNPRINTABLE = re.compile(r"[\s\x00-\x1f\x7f]")


@dataclass(frozen=True)
class Token:
    """A password or an access token, for HTTPS."""

    username: str
    token: str = field(repr=False)


@dataclass(frozen=True)
class SshKey:
    """A key pair for SSH, and the file that says which hosts are the right ones."""

    username: str
    private_key: Path
    public_key: Path | None
    known_hosts: Path
    passphrase: str = field(default="", repr=False)


Credentials = Token | SshKey


@dataclass(frozen=True)
class Access:
    """What a server lets in, and a file of certificates that are trusted besides the system's."""

    credentials: Credentials | None = None
    ca_bundle: Path | None = None


class CredentialSource(Protocol):
    """Credentials that change. Safe to call from many threads."""

    def access(self) -> Access:
        """Return what is good for a connection that is made now. Raises `Failure`."""

    def doubt(self) -> None:
        """Hear that a connection has failed: perhaps what was given is not good any more."""


@dataclass(frozen=True)
class Timeouts:
    """How long a server may take to accept a connection, and then to answer each read or write.

    `exchange_ms` is for all of them together: to connect, to fetch, or to push.
    """

    connect_ms: int = 5000
    server_ms: int = 20000
    exchange_ms: int = 60000

    def __post_init__(self) -> None:
        # To libgit2 zero is no limit, and a limit on one without the other breaks its reads.
        if min(self.connect_ms, self.server_ms, self.exchange_ms) <= 0:
            raise ValueError("A timeout of the git server must be a positive number.")


@dataclass(frozen=True)
class Remote:
    """One branch of one repository. Raises `Refused` for an address that must not be used."""

    url: str
    branch: str = "main"
    credentials: Credentials | CredentialSource | None = None

    def __post_init__(self) -> None:
        if not is_branch(self.branch):
            raise Refused("LH2001", f"{self.branch!r} is not the name of a branch.")
        check_address(self.url)
        if not self._changing:
            self.access()

    def access(self) -> Access:
        """Return what opens the server, asked anew for each connection. Raises `Failure`."""
        match self.credentials:
            case None | Token() | SshKey():
                found = Access(self.credentials)
            case source:
                found = source.access()
        try:
            _check_credentials(_address(self.url).scheme, found.credentials)
        except Refused:
            self.doubt()
            raise
        return found

    def doubt(self) -> None:
        """Hear that a connection has failed."""
        if self._changing:
            self._changing.doubt()

    @property
    def _changing(self) -> CredentialSource | None:
        match self.credentials:
            case None | Token() | SshKey():
                return None
            case source:
                return source

    @property
    def is_local(self) -> bool:
        """A path or a file:// address: git has no server there, so no compare-and-swap either."""
        return _address(self.url).scheme == "file"

    @property
    def is_here(self) -> bool:
        """A path, or a server on this machine: no proxy knows the way there."""
        return self.is_local or _is_loopback(_address(self.url).hostname or "")

    @property
    def server(self) -> tuple[str, int]:
        """The host and port of the server; a path has no host."""
        return _port_of(_address(self.url))

    def check_asker(self, url: str) -> None:
        """Raise `Refused` where somebody else asks for the credentials, to whom the server leads.

        The same host may do so, by TLS as well where it was asked without.
        """
        own = _address(self.url)
        asker = _address(_with_brackets(url, own.port))
        is_same = (asker.scheme, *_port_of(asker)) == (own.scheme, *_port_of(own))
        is_safer = (own.scheme, own.hostname, "https") == ("http", asker.hostname, asker.scheme)
        if not is_same and not is_safer:
            there = f"{asker.scheme}://{asker.hostname}"
            raise Refused(
                "LH2046",
                f"The server of {self.url} leads to {there}, and that gets none of its credentials."
                " If the repository has moved there, use that address.",
            )

    def check_writable(self) -> None:
        if self.is_local:
            raise Refused(
                "LH2002",
                f"{self.url} is a path, and a path can only be read: commits written to one by two"
                " writers at once are lost. Serve it (`git http-backend`, `git daemon`, SSH) and"
                " use that address.",
            )


def check_address(url: str) -> None:
    """Raise `Refused` for an address that has a secret in it, or is not protected on its way."""
    address = _address(url)
    _check_secrets(url, address)
    _check_protection(url, address)


def is_branch(name: str) -> bool:
    """Tell whether git takes a name for a branch."""
    return _NO_BRANCH.search(name) is None


def _address(url: str) -> SplitResult:
    """Split any address that git knows; a path becomes file, host:path becomes ssh."""
    if not url or url.startswith("-"):
        raise Refused("LH2001", f"{url!r} is not the address of a git repository.")
    if "://" in url:
        return _split(url)
    if (scp := _SCP_LIKE.fullmatch(url)) and not Path(url).is_absolute():
        if "[" in url:
            raise Refused(
                "LH2001",
                f"{url} has brackets: write it with its scheme, as in ssh://git@[::1]:22/fleet.git.",
            )
        return SplitResult("ssh", _authority(scp), f"/{scp['path']}", "", "")
    return SplitResult("file", "", url, "", "")


def _authority(scp: re.Match[str]) -> str:
    return f"{scp['user']}@{scp['host']}" if scp["user"] else scp["host"]


def _split(url: str) -> SplitResult:
    try:
        address = urlsplit(url)
        _ = address.port
    except ValueError:
        raise Refused(
            "LH2001", "The repository's address is not a URL; check its host and its port."
        ) from None
    return address


def _check_secrets(url: str, address: SplitResult) -> None:
    """Refuse a secret: an address ends in logs, so the sentence must not repeat it either."""
    if address.scheme == "file":
        return
    named_over_http = address.username is not None and address.scheme in ("http", "https", "git")
    if address.password is not None or named_over_http:
        raise Refused(
            "LH2001",
            f"The address of the repository at {address.hostname} holds a user name or a password."
            " Take it out, and hand it over as credentials.",
        )
    if address.scheme not in _PORTS:
        raise Refused(
            "LH2001",
            f"The repository's address starts with {address.scheme}:, and https and ssh are"
            " understood.",
        )
    if address.query:
        raise Refused(
            "LH2001",
            f"The address of the repository at {address.hostname} holds a query. Take it out: a"
            " token belongs to the credentials.",
        )
    if _UNPRINTABLE.search(url):
        raise Refused("LH2001", f"{url!r} holds a space or a control character.")


def _check_protection(url: str, address: SplitResult) -> None:
    match address.scheme:
        case "https" | "ssh" | "file":
            return
        case "http" | "git" if _is_loopback(address.hostname or ""):
            return
        case "http" | "git":
            raise Refused(
                "LH2001",
                f"{url} is not protected on its way: anyone between could change what is deployed."
                " Use https or ssh; http and git are for this machine only.",
            )


def _check_credentials(scheme: str, credentials: Credentials | None) -> None:
    match credentials:
        case None:
            return
        case Token() if scheme not in ("https", "http"):
            raise Refused("LH2001", f"A token is for https, and this address is {scheme}.")
        case SshKey() if scheme != "ssh":
            raise Refused("LH2001", f"An SSH key is for ssh, and this address is {scheme}.")
        case Token() | SshKey():
            return
        case _:
            assert_never(credentials)


def _with_brackets(url: str, port: int | None) -> str:
    """Put in the brackets around IPv6 that libgit2 leaves out, before the port that it may have."""
    scheme, mark, rest = url.partition("://")
    authority, slash, path = rest.partition("/")
    user, at, host = authority.rpartition("@")
    if not mark or host.count(":") < 2 or "[" in host:  # noqa: PLR2004  (a name has one at most)
        return url
    bare = host.removesuffix(f":{port}")
    return f"{scheme}://{user}{at}[{bare}]{host[len(bare) :]}{slash}{path}"


def _port_of(address: SplitResult) -> tuple[str, int]:
    return address.hostname or "", address.port or _PORTS.get(address.scheme, 0)


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
