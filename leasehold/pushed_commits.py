"""What a push brings, as git on the server tells it: nothing is changed, and nothing is guessed.

A hook runs before the references move, with the new objects in a place of their own that only
git's variables name; so they are kept. What git cannot read is refused, never taken for nothing.
"""

import os
import subprocess
from collections.abc import Collection, Iterator

from leasehold.push_rules import NO_COMMIT, FileChange, Push, PushedCommit
from ledger.errors import Refused
from ledger.raw_commit import RawCommit, parsed, signed
from ledger.snapshot import SignedCommit

_PLAIN = "100644"
_LEASE, _DEFINITION = b".lease.json", b".endpoint.json"
_HEADS = "refs/heads/"
_AT_ONCE = 1000  # commits
_LARGEST = 256 * 1024  # bytes of a file that a bot writes
_NOTHING = {"0" * 40, "0" * 64}
# No reference may exchange one commit for another while they are looked at.
_ALWAYS = {"GIT_NO_REPLACE_OBJECTS": "1", "LC_ALL": "C"}


def push_of(old: str, new: str, ref: str, *, in_hook: bool) -> Push:
    """Read what a push does to a reference, and the commits that this gets.

    In a hook it is known which of them no branch has had before. Raises Refused LH5153.
    """
    old, new = _id(old), _id(new)
    ref = ref if ref.startswith("refs/") else f"{_HEADS}{ref}"
    if NO_COMMIT.fullmatch(new):
        return Push(ref, old, new)
    begins = NO_COMMIT.fullmatch(old) is not None
    if not (tip := _commit(new)):  # a tag of something that is no commit brings none
        return Push(ref, old, new)
    without = [] if begins else [f"^{old}"]
    is_rewrite = not begins and _run("merge-base", "--is-ancestor", old, new).returncode != 0
    new_ones = _listed(tip, ["--not", "--all"]) if in_hook else None
    return Push(ref, old, new, is_rewrite, tuple(_commits(tip, without, new_ones)))


def changes_of(commit: PushedCommit) -> Iterator[FileChange]:
    """Yield what a commit changed against its first parent, in full: a rename is two changes.

    What is in a lease no rule asks, and most commits of a ledger change nothing else.
    """
    against = [commit.parents[0], commit.commit] if commit.parents else ["--root", commit.commit]
    told = _git(
        *("diff-tree", "-r", "-z", "--raw", "--no-abbrev", "--no-renames", "--no-commit-id"),
        *("--ignore-submodules=none", *against),
    )
    parts = told.split(b"\0")
    for about, path in zip(parts[::2], parts[1::2], strict=False):
        _, mode, *blobs, _ = about.decode().split()
        read = _mark if path.endswith(_LEASE) else _blob
        before, after = map(read, blobs)
        is_new = path.endswith(_LEASE) and before is None
        is_homeless = is_new and not _has_definition(commit.commit, path)
        name = path.decode(errors="backslashreplace")
        yield FileChange(name, before, after, mode == _PLAIN, is_homeless)


def _has_definition(commit: str, lease: bytes) -> bool:
    definition = os.fsdecode(lease.removesuffix(_LEASE) + _DEFINITION)
    return _run("cat-file", "-e", f"{commit}:{definition}").returncode == 0


def signed_of(commit: PushedCommit) -> SignedCommit:
    """Read a commit as git stores it."""
    (found,) = _read([commit.commit])
    return signed(found)


def _listed(tip: str, without: list[str]) -> frozenset[str]:
    return frozenset(_git("rev-list", tip, *without).decode().split())


def _commits(
    tip: str, without: list[str], new_ones: Collection[str] | None
) -> Iterator[PushedCommit]:
    if _git("rev-parse", "--is-shallow-repository").strip() == b"true":
        raise Refused(
            "LH5153",
            "this clone is shallow, so what a commit changed is not known: fetch the whole history"
            " (`git fetch --unshallow`, or `fetch-depth: 0` in a workflow).",
        )
    names = _git("rev-list", tip, *without).decode().split()
    for at in range(0, len(names), _AT_ONCE):
        for found in _read(names[at : at + _AT_ONCE]):
            is_new = new_ones is None or found.name in new_ones
            committer = signed(found).committer
            yield PushedCommit(found.name, found.parents, committer, is_new=is_new)


def _read(names: list[str]) -> Iterator[RawCommit]:
    """Read commits as the ledger reads them, whatever git would show."""
    told = _git("cat-file", "--batch", given="".join(f"{name}\n" for name in names).encode())
    at = 0
    for name in names:
        begin = told.index(b"\n", at) + 1
        at = begin + int(told[at:begin].split()[-1]) + 1
        yield parsed(name, told[begin : at - 1])


def _id(text: str) -> str:
    """Return the whole id of what is named; zeros stay what they are."""
    if NO_COMMIT.fullmatch(text):
        return text
    found = _run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{text}^{{object}}")
    if found.returncode != 0:
        raise _unknown(text)
    return found.stdout.decode().strip()


def _commit(name: str) -> str | None:
    found = _run("rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}")
    return found.stdout.decode().strip() if found.returncode == 0 else None


def _unknown(name: str) -> Refused:
    return Refused(
        "LH5153",
        f"git has no {name!r} here, so the push cannot be checked: run this in the repository that"
        " is pushed to, or fetch the whole history first.",
    )


def _mark(name: str) -> bytes | None:
    """Tell only whether something is there."""
    return None if name in _NOTHING else b""


def _blob(name: str) -> bytes | None:
    """Return what a file has; of what is no file, or too large for a bot's, nothing but a mark."""
    if name in _NOTHING:
        return None
    if _run("cat-file", "-t", name).stdout.strip() != b"blob":
        return b""
    if int(_git("cat-file", "-s", name)) > _LARGEST:
        return b""
    return _git("cat-file", "blob", name)


def _git(*arguments: str, given: bytes = b"") -> bytes:
    done = _run(*arguments, given=given)
    if done.returncode != 0:
        words = " ".join(done.stderr.decode(errors="replace").split())
        raise Refused("LH5153", f"git cannot read the push, so it is not taken: {words}")
    return done.stdout


def _run(*arguments: str, given: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(  # noqa: S603  (the arguments above)
            ["git", *arguments],  # noqa: S607  (as the server has it)
            input=given,
            env={**os.environ, **_ALWAYS},
            capture_output=True,
            check=False,
        )
    except OSError as error:
        raise Refused("LH5153", f"git cannot be run here ({error}): install it.") from error
