"""The folder of a `leasehold up`: what it keeps there, and what others learn from it.

`serving` writes it; `context` reads `up.json` to find the running one. A lock that the system
drops with the process tells a running `up` from one that was killed.

    DIR/up.json      addresses and token of the running one; gone when it stops
    DIR/ports.json   the ports it had, so that clones keep working after a restart
    DIR/token        the token, readable by its owner alone
    DIR/links        the key that signs the links of notices, as private
    DIR/account      the sandbox's memory: SageMaker and DynamoDB
    DIR/git          the repositories
"""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from ledger.errors import Refused
from ledger.links import Keys

DEFAULT = Path(".leasehold")
_PORTS = range(1, 65536)


def nearest() -> Path:
    """Find the folder of an `up` here or in a folder above, as git finds its repository.

    The nearest one in which one runs; where none does, the nearest.
    """
    here = Path.cwd()
    homes = [folder / DEFAULT for folder in (here, *here.parents)]
    there = [home for home in homes if home.is_dir()]
    running = (home for home in there if StateDir(home).running())
    return next(running, there[0] if there else DEFAULT)


@dataclass(frozen=True, slots=True)
class Running:
    """What `up.json` says: everything that a client needs."""

    gateway_url: str
    git_url: str
    aws_endpoint_url: str
    token: str
    environment: str


@dataclass(frozen=True, slots=True)
class StateDir:
    path: Path

    @property
    def repositories(self) -> Path:
        return self.path / "git"

    @property
    def account(self) -> Path:
        return self.path / "account"

    @property
    def is_new(self) -> bool:
        """Tell whether no `up` has served from here yet: nothing is kept that one leaves behind."""
        kept = (self.account, self.path / "token", self.path / "ports.json", self.path / "cache")
        repositories = self.repositories.iterdir() if self.repositories.is_dir() else ()
        return not any(path.exists() for path in kept) and not any(True for _ in repositories)

    def cache(self, whose: str) -> Path:
        return self.path / "cache" / whose

    @contextmanager
    def occupied(self) -> Iterator[None]:
        """Hold the folder for this process. Raises Refused LH5011 or LH5013."""
        try:
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            self.path.chmod(0o700)  # one of before, too: it has a token and a memory
            self.repositories.mkdir(exist_ok=True)
            descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT, 0o600)
        except OSError as error:
            raise Refused(
                "LH5011",
                f"{self.path} cannot be written to ({error.strerror}): choose another folder with"
                " --home.",
            ) from error
        try:
            if not _locked(descriptor, fcntl.LOCK_EX):
                raise Refused(
                    "LH5013",
                    f"a `leasehold up` is running in {self.path} already: use that one, or give"
                    " this one a --home of its own.",
                )
            self._clear()
            yield
        finally:
            os.close(descriptor)

    def _clear(self) -> None:
        """Drop what a killed one announced, and a cache that is no folder: it is only a cache."""
        _remove(self._announcement)
        cache = self.path / "cache"
        if cache.is_symlink() or not cache.is_dir():
            _remove(cache)

    def announce(self, running: Running) -> None:
        """Tell clients that everything is ready; others on this machine may not read it."""
        _write(self._announcement, json.dumps(asdict(running), indent=2) + "\n")

    def withdraw(self) -> None:
        self._announcement.unlink(missing_ok=True)

    def running(self) -> Running | None:
        """Find the `up` that runs here; None if none does, whatever a killed one left behind."""
        try:
            descriptor = os.open(self.path / "lock", os.O_RDWR)
        except OSError:
            return None
        try:
            if _locked(descriptor, fcntl.LOCK_SH):
                return None
            found = _json(self._announcement)
            return Running(**found) if all(map(_is_text, found.values())) else None
        except TypeError:  # other keys than ours
            return None
        finally:
            os.close(descriptor)

    def read_token(self) -> str | None:
        """Return the token of the last time; None where there is none, or no text."""
        try:
            return (self.path / "token").read_text().strip() or None
        except (OSError, ValueError):
            return None

    def link_keys(self) -> str:
        """Return the keys that sign the links of notices here; they are made once."""
        path = self.path / "links"
        try:
            return "\n".join(Keys.of(path.read_text()).lines)
        except (OSError, ValueError, Refused):
            made = secrets.token_hex(32)
            _write(path, f"{made}\n")
            return made

    def keep_token(self, token: str) -> None:
        _write(self.path / "token", token + "\n")

    def ports(self) -> dict[str, int]:
        """Return the ports of the last time, but for what can be none."""
        found = _json(self.path / "ports.json")
        return {key: port for key, port in found.items() if type(port) is int and port in _PORTS}

    def keep_ports(self, ports: Mapping[str, int]) -> None:
        _write(self.path / "ports.json", json.dumps(dict(ports)) + "\n")

    @property
    def _announcement(self) -> Path:
        return self.path / "up.json"


def _json(path: Path) -> dict[str, Any]:
    """Read an object; what cannot be read, or is none, says nothing."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _locked(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _write(path: Path, text: str) -> None:
    """Replace a file in one step, readable by its owner alone from its first byte.

    Raises Refused LH5063 where that cannot be done.
    """
    fresh = path.with_name(f"{path.name}.new")
    _remove(fresh)
    try:
        with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(text)
        fresh.replace(path)
    except OSError as error:
        raise _unusable(path, error) from error


def _remove(path: Path) -> None:
    """Take a file away, if it is there. Raises Refused LH5063 where something else is."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise _unusable(path, error) from error


def _unusable(path: Path, error: OSError) -> Refused:
    return Refused(
        "LH5063",
        f"{path} cannot be written ({error.strerror}): take away what is there, which is made anew,"
        " or make room on the disk.",
    )
