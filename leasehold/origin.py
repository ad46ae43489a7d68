"""The ledger of the clone that one stands in: its remote, as git has it. Nothing is changed.

A clone of a ledger has the folder `environments/`, in what is checked out or in its commit. Of
several remotes `origin` is the ledger, unless `git config leasehold.remote NAME` says another.
"""

import os
import subprocess
from dataclasses import dataclass
from pathlib import Path

from ledger.errors import Refused
from ledger.holdings import ROOT

_ORIGIN = "origin"
_SETTING = "leasehold.remote"


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a clone's ledger is; `branch` is the remote's own head, where the clone knows it."""

    url: str
    branch: str | None = None
    environment: str | None = None  # whose folder one stands in


def origin_of(folder: Path) -> Origin | None:
    """Find the ledger of the clone around a folder, or of its worktree; None where there is none.

    Raises Refused LH5203 where nobody can tell which of its remotes it is.
    """
    top = _git(folder, "rev-parse", "--show-toplevel")
    if top is None or not _is_ledger(Path(top)):
        return None
    names = (_git(folder, "remote") or "").split()
    name = _git(folder, "config", "--get", _SETTING) or (names[0] if len(names) == 1 else _ORIGIN)
    if not names:
        return None
    if name not in names:
        raise Refused(
            "LH5203",
            f"this clone has the remotes {', '.join(names)}, and none of them is {name}: say which"
            f" has the ledger with `git config {_SETTING} {names[0]}`, or with --repository URL.",
        )
    url = _git(folder, "remote", "get-url", name)
    if url is None:
        return None
    head = _git(folder, "symbolic-ref", "--quiet", "--short", f"refs/remotes/{name}/HEAD")
    branch = head.removeprefix(f"{name}/") if head else None
    return Origin(_absolute(url, Path(top)), branch, _environment(folder, Path(top)))


def _environment(folder: Path, top: Path) -> str | None:
    """Return the environment in whose folder one stands."""
    here, root = folder.resolve(), (top / ROOT).resolve()
    return next((each.name for each in (here, *here.parents) if each.parent == root), None)


def _is_ledger(top: Path) -> bool:
    tree = ("ls-tree", "--name-only", "HEAD", ROOT)
    return (top / ROOT).is_dir() or bool(_git(top, *tree))


def _absolute(url: str, top: Path) -> str:
    """Return an address as it is, and a path as seen from the root."""
    is_path = "://" not in url and (url.startswith((".", "/")) or (top / url).exists())
    return str((top / url).resolve()) if is_path else url


def _git(folder: Path, *arguments: str) -> str | None:
    """Ask git; None where it has no answer, or where there is no git."""
    variables = {key: value for key, value in os.environ.items() if key not in _OF_A_HOOK}
    try:
        done = subprocess.run(  # noqa: S603  (the arguments above)
            ["git", "-C", str(folder), *arguments],  # noqa: S607  (the caller's own git)
            env={**variables, "LC_ALL": "C"},
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
    except OSError:
        return None
    return done.stdout.strip() or None if done.returncode == 0 else None


_OF_A_HOOK = frozenset({"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"})
