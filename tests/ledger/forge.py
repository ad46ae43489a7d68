"""A hosted git repository as the tests see it: hooks, people with their own clones, the log."""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from ledger.committers import GATEWAY
from ledger.remote import Remote, Timeouts
from ledger.repository import Change, Person, Repository, Snapshot
from sandbox.git.server import create_repository

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from ledger.remote import Credentials, CredentialSource

ANA = Person("Ana", "ana@example.com")
BEN = Person("Ben", "ben@example.com")
NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
LEASE = "environments/dev/Falcon40B.lease.json"
DEFINITION = "environments/dev/Falcon40B.endpoint.json"
QUIET = {
    "PATH": os.environ["PATH"],
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_AUTHOR_NAME": "Ben",
    "GIT_AUTHOR_EMAIL": "ben@example.com",
    "GIT_COMMITTER_NAME": "Ben",
    "GIT_COMMITTER_EMAIL": "ben@example.com",
}


def git(where: Path, *arguments: str, given: str = "", date: str = "") -> str:
    """Run git, with a text on its standard input and at a date, and return what it says."""
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date} if date else {}
    done = subprocess.run(
        ["git", *arguments],
        cwd=where,
        env=QUIET | dates,
        check=True,
        capture_output=True,
        text=True,
        input=given,
    )
    return done.stdout.strip()


@dataclass(frozen=True)
class Forge:
    """One bare repository, and the address at which a server offers it."""

    bare: Path
    url: str

    @property
    def tip(self) -> str:
        return git(self.bare, "rev-parse", "main")

    def file(self, path: str) -> str:
        return git(self.bare, "show", f"main:{path}")

    def subjects(self) -> list[str]:
        """Every commit's subject, oldest first."""
        return git(self.bare, "log", "--reverse", "--format=%s", "main").splitlines()

    def hook(self, name: str, script: str) -> Path:
        hook = self.bare / "hooks" / name
        hook.write_text(f"#!/bin/sh\n{script}\n")
        hook.chmod(0o755)
        return hook


class Colleague:
    """A person with a work tree and the plain git command line."""

    def __init__(self, home: Path, url: str) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        git(home, "init", "--quiet", "--initial-branch=main", ".")
        git(home, "remote", "add", "origin", url)

    def pull(self) -> None:
        git(self.home, "fetch", "--quiet", "origin", "main")
        git(self.home, "reset", "--quiet", "--hard", "origin/main")

    def commit(self, files: Mapping[str, str | None], message: str, *, date: str = "") -> str:
        for path, content in files.items():
            file = self.home / path
            file.parent.mkdir(parents=True, exist_ok=True)
            if content is None:
                file.unlink()
            else:
                file.write_text(content)
        git(self.home, "add", "--all", ".")
        git(self.home, "commit", "--quiet", "--allow-empty", "--message", message, date=date)
        return git(self.home, "rev-parse", "HEAD")

    def push(self) -> None:
        git(self.home, "push", "--quiet", "origin", "HEAD:main")


def hosted(root: Path, name: str) -> Path:
    """Make an empty repository for a git server."""
    return shutil.copytree(_models() / "empty.git", root / name)


def seeded(root: Path, name: str, url: str) -> Forge:
    """Make a repository with one definition and one lease."""
    return Forge(shutil.copytree(_models() / "seed.git", root / name), url)


@cache
def _models() -> Path:
    """Make what each process copies: plain git takes fifty milliseconds for it."""
    root = Path(tempfile.mkdtemp())
    atexit.register(shutil.rmtree, root)
    create_repository(root, "empty.git")
    bare = create_repository(root, "seed.git")
    colleague = Colleague(root / "colleague", str(bare))
    colleague.commit({DEFINITION: '{"name": "Falcon40B"}', LEASE: "0", "README.md": "us"}, "begin")
    colleague.push()
    # Most servers let a branch be rewritten. No promise of ours may rest on one that does not.
    git(bare, "config", "receive.denyNonFastForwards", "false")
    return root


def opened(
    url: str,
    cache: Path,
    *,
    credentials: Credentials | CredentialSource | None = None,
    timeouts: Timeouts | None = None,
    clock: Callable[[], datetime] = lambda: NOON,
    branch: str = "main",
) -> Repository:
    return Repository(
        Remote(url, branch, credentials),
        cache,
        committer=GATEWAY,
        clock=clock,
        timeouts=timeouts or Timeouts(),
    )


def change(files: Mapping[str, str | None], subject: str, request_id: str) -> Change:
    contents = {path: None if text is None else text.encode() for path, text in files.items()}
    return Change(contents, f"{subject}\n\nRequest-Id: {request_id}\n", ANA, request_id)


def write(path: str, text: str, request_id: str = "r-1") -> Callable[[Snapshot], Change]:
    return lambda _: change({path: text}, f"write {text}", request_id)


def add(amount: int, request_id: str, path: str = LEASE) -> Callable[[Snapshot], Change]:
    """Propose what depends on the snapshot: the number in the file, and `amount` on top."""

    def proposal(snapshot: Snapshot) -> Change:
        total = int(snapshot.files.get(path, b"0")) + amount
        return change({path: str(total)}, f"add {amount} for {request_id}", request_id)

    return proposal
