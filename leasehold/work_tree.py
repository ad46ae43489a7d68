"""What a commit of a checkout has, or would have: git itself is asked, and nothing is changed.

Files and commits differ: git leaves out what `.gitignore` names, keeps a link as a link, and turns
content by `.gitattributes`. So everything is added to an index in a folder of its own, as `git add
--all` would, and read from there. A commit is read with as little of the history as there is.
"""

import os
import re
import subprocess
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from shutil import copyfile

from ledger.checkout import documents, with_environments
from ledger.errors import Refused
from ledger.holdings import ROOT
from ledger.snapshot import Entries, NotAFile, Snapshot

_KINDS = {"120000": NotAFile.LINK, "160000": NotAFile.SUBMODULE}
MOST_LISTED = 64 * 1024 * 1024  # bytes of names: 10,000 holdings have a thirtieth of it
_COPY = re.compile(r"(.+\.(?:endpoint|lease|lock)\.json).+")


@dataclass(frozen=True, slots=True)
class WorkTree:
    """What a commit would have, and which of it is a copy beside a document that git has not."""

    entries: Entries
    copies: frozenset[str] = frozenset()


def work_tree(path: Path) -> WorkTree:
    """Read all environments as a commit would have them; outside of git, as they lie there.

    Raises Refused LH5004 where there is none, or where git cannot take what is there.
    """
    folder = path / ROOT
    if not folder.exists() or (objects := _asked(path, "--git-path", "objects")) is None:
        return WorkTree(documents(path))
    with tempfile.TemporaryDirectory(prefix="leasehold-") as scratch:
        index, fresh = Path(scratch) / "index", Path(scratch) / "objects"
        fresh.mkdir()
        if (theirs := _asked(path, "--git-path", "index")) and theirs.exists():
            copyfile(theirs, index)
        variables = {
            "GIT_INDEX_FILE": str(index),
            "GIT_OBJECT_DIRECTORY": str(fresh),
            "GIT_ALTERNATE_OBJECT_DIRECTORIES": str(objects),
        }
        before = _listed(path, variables)
        _add(path, variables)
        found = dict(_entries(path, variables, _listed(path, variables)))
    # A file in place of a submodule is one only when somebody adds it.
    submodules = {name: _KINDS[mode] for name, (mode, _) in before.items() if mode == "160000"}
    found |= {_shown(name): kind for name, kind in submodules.items() if _shown(name) in found}
    if not found:
        return WorkTree(documents(path))
    fresh_names = found.keys() - {_shown(name) for name in before}
    return WorkTree(with_environments(found, folder), _copies(found, fresh_names))


def commit_of(path: Path, ref: str) -> Snapshot | None:
    """Read a commit, by any name that the checkout at `path` has for it; None where it has none.

    A branch that was only fetched counts by its own name too. Raises Refused LH5058 where the
    checkout has the commit, and not what is in it.
    """
    names = (ref, f"refs/remotes/origin/{ref}")
    commit = next(filter(None, (_commit_id(path, name) for name in names)), None)
    if commit is None:
        return None
    tree, status = _tree(path, commit, ref)
    shown = _git(path, "show", "--no-patch", "--format=%ct", commit).stdout
    lines = (line.partition(b"\t") for line in tree.split(b"\0") if line)
    told = ((name, about.decode().split()) for about, _, name in lines)
    listed = {name: (mode, blob) for name, (mode, _, blob) in told}
    try:
        found = dict(_entries(path, {}, listed))
        committed_at = datetime.fromtimestamp(int(shown), UTC)
    except (ValueError, IndexError, OverflowError, OSError) as error:
        raise _not_whole(ref) from error
    if status != 0:
        raise _not_whole(ref)
    files = {name: content for name, content in found.items() if isinstance(content, bytes)}
    others = {name: kind for name, kind in found.items() if isinstance(kind, NotAFile)}
    return Snapshot(commit, files, committed_at, others)


def _tree(path: Path, commit: str, ref: str) -> tuple[bytes, int]:
    """List a commit's files, and say how git ended. Raises Refused LH1030 where they are too many.

    Git writes the same folder once, however often it stands in others: a list may have no end.
    """
    command = _command(path, "ls-tree", "-r", "-z", "--full-tree", commit, "--", ROOT)
    with subprocess.Popen(  # noqa: S603  (the arguments above)
        command, env=_variables(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as listing:
        assert listing.stdout is not None  # noqa: S101  (it is a pipe)
        listed = listing.stdout.read(MOST_LISTED)
        if len(listed) == MOST_LISTED:
            listing.kill()
            raise Refused(
                "LH1030",
                f"the commit {ref} has more files below {ROOT}/ than can be read: look which folder"
                " of it stands in itself again and again, and remove it.",
            )
    return listed, listing.returncode


def _commit_id(path: Path, name: str) -> str | None:
    """Return the id of a commit by a name; None where there is no such one, or no git."""
    question = ("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    try:
        done = _git(path, *question)
    except OSError:
        return None
    return done.stdout.decode().strip() if done.returncode == 0 else None


def _not_whole(ref: str) -> Refused:
    return Refused(
        "LH5058",
        f"this checkout has the commit {ref}, and not all that is in it: `git fetch --refetch"
        " --depth 1 origin` gets it whole.",
    )


def _copies(found: Entries, names: Iterable[str]) -> frozenset[str]:
    matches = ((name, _COPY.fullmatch(name)) for name in names)
    return frozenset(name for name, match in matches if match and match[1] in found)


def _add(path: Path, variables: Mapping[str, str]) -> None:
    ignored = _git(path, "check-ignore", "--quiet", "--no-index", "--", ROOT).returncode == 0
    what = "--update" if ignored else "--all"  # of what is ignored, git takes what it has
    added = _git(path, "add", what, "--", ROOT, variables=variables)
    if added.returncode != 0:
        words = added.stderr.decode(errors="replace").strip().replace("\n", " ")
        raise Refused("LH5004", f"git cannot take what is in {path / ROOT}: {words}")


def _listed(path: Path, variables: Mapping[str, str]) -> dict[bytes, tuple[str, str]]:
    """Return the mode and the object of each path of an index."""
    listed = _git(path, "ls-files", "--stage", "-z", "--", ROOT, variables=variables).stdout
    lines = (line.partition(b"\t") for line in listed.split(b"\0") if line)
    told = ((name, about.decode().split()) for about, _, name in lines)
    return {name: (about[0], about[1]) for name, about in told}


def _entries(
    path: Path, variables: Mapping[str, str], listed: Mapping[bytes, tuple[str, str]]
) -> Iterator[tuple[str, bytes | NotAFile]]:
    files = {name: blob for name, (mode, blob) in listed.items() if mode not in _KINDS}
    wanted = "".join(f"{blob}\n" for blob in files.values())
    contents = _git(path, "cat-file", "--batch", variables=variables, stdin=wanted).stdout
    for name, (mode, _) in listed.items():
        if mode in _KINDS:
            yield _shown(name), _KINDS[mode]
    for name in files:
        head, _, rest = contents.partition(b"\n")
        size = int(head.split()[2])
        content, contents = rest[:size], rest[size + 1 :]
        yield _readable(name, content)


def _readable(name: bytes, content: bytes) -> tuple[str, bytes | NotAFile]:
    try:
        return name.decode(), content
    except UnicodeDecodeError:
        return _shown(name), NotAFile.ODD_NAME


def _shown(name: bytes) -> str:
    return name.decode(errors="backslashreplace")


def _asked(path: Path, *question: str) -> Path | None:
    """Return a path of the repository that `path` lies in; None where there is none, or no git."""
    try:
        done = _git(path, "rev-parse", *question)
    except OSError:
        return None
    return (path / os.fsdecode(done.stdout).strip()).resolve() if done.returncode == 0 else None


def _git(
    path: Path, *arguments: str, variables: Mapping[str, str] | None = None, stdin: str = ""
) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(  # noqa: S603  (the arguments above)
        _command(path, *arguments),
        env={**_variables(), **(variables or {})},
        input=stdin.encode(),
        capture_output=True,
        check=False,
    )


def _command(path: Path, *arguments: str) -> list[str]:
    return ["git", "-C", str(path), *arguments]


def _variables() -> dict[str, str]:
    return {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
