"""Up to which commit the ledger counts, where its commits have to be signed. Pure.

    verify     a commit after the applied one that nobody proves
    ---------  ---------------------------------------------------------------------------
    none       counts
    warn       counts, and is told once
    enforce    does not count, and neither does what comes after it; it is told each tick

What the rules are, and whose keys count, the last proven commit says, and never the one that is
judged. Somebody whose key counts may answer for a commit: a later commit of theirs, with the
trailer `Vouches-For: ID`. That is how a ledger goes on, for its history is not rewritten.

Ends go on meanwhile: what the proven commit and the head both let end, ends.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from controller.dependencies import Ledger
from ledger.committers import bot_of
from ledger.errors import Refused
from ledger.observed import Applied
from ledger.proof import SignedCommit, Signers, unproven
from ledger.snapshot import Snapshot

_VOUCHES = re.compile(r"^Vouches-For: ([0-9a-f]{40})$", re.MULTILINE)
_MOST_TOLD = 5
_NEXT = "sign it anew, or let somebody whose key counts commit with the trailer `Vouches-For: ID`"


@dataclass(frozen=True, slots=True)
class Trusted:
    """The commit that counts, and sentences about those that nobody proves."""

    snapshot: Snapshot
    troubles: tuple[str, ...] = ()


def trusted(ledger: Ledger, head: Snapshot, environment: str, note: Applied | None) -> Trusted:
    """Return what counts of the ledger. Raise Failure where that cannot be read.

    Where nothing was applied before, the head is where proving begins.
    """
    if note is None or note.verify == "none" or note.commit == head.commit:
        return Trusted(head)
    commits = ledger.since(note.commit, head.commit)
    if commits is not None and not commits:  # the head went back, or a plan is about it alone
        return Trusted(head)
    if commits is None:
        proven = note.commit
        left: Mapping[str, str] = {head.commit: "too many commits lie between"}
    else:
        judge = _Judge(ledger, environment, note.commit)
        proven, left = judge.judge(head.commit, {each.commit: each for each in commits})
    counts = head.commit if note.verify == "warn" else proven
    troubles = tuple(_troubles(left, commits or (), counts, is_held=counts != head.commit))
    return Trusted(head if counts == head.commit else ledger.at(counts), troubles)


class _Judge:
    """Goes up the branch, from the last proven commit to the head."""

    def __init__(self, ledger: Ledger, environment: str, proven: str) -> None:
        self._ledger = ledger
        self._environment = environment
        self._proven = proven
        self._read_at = ""
        self._signers = Signers()

    def judge(
        self, head: str, commits: Mapping[str, SignedCommit]
    ) -> tuple[str, Mapping[str, str]]:
        """Return the newest commit up to which all are proven, and why others are not."""
        left: dict[str, str] = {}
        vouched: set[str] = set()
        seen: set[str] = set()
        for tip in _mainline(head, commits):
            for commit in _below(tip, commits, seen):
                if reason := self._reason(commit):
                    left[commit.commit] = reason
                elif bot_of(commit.committer) is None:
                    vouched.update(_VOUCHES.findall(commit.message))
            left = {name: reason for name, reason in left.items() if name not in vouched}
            if not left:
                self._proven = tip
        return self._proven, left

    def _reason(self, commit: SignedCommit) -> str:
        reason = self._unproven(commit)
        if reason and self._read_at != self._proven:  # keys may have been added meanwhile
            files = self._ledger.at(self._proven).files
            self._signers, self._read_at = Signers.of(files, self._environment), self._proven
            reason = self._unproven(commit)
        return reason

    def _unproven(self, commit: SignedCommit) -> str:
        try:
            return unproven(commit, self._signers)
        except Refused as refusal:  # nothing can be verified here, and ends go on
            return refusal.message.rstrip(".")


def _mainline(head: str, commits: Mapping[str, SignedCommit]) -> list[str]:
    """Return the commits that the branch's head had one after the other, the oldest first."""
    found = []
    while head in commits:
        found.append(head)
        head = next(iter(commits[head].parents), "")
    return found[::-1]


def _below(tip: str, commits: Mapping[str, SignedCommit], seen: set[str]) -> Sequence[SignedCommit]:
    """Return the commits that a tip brought, and add them to those that are `seen`."""
    waiting, found = [tip], []
    while waiting:
        name = waiting.pop()
        if name in commits and name not in seen:
            seen.add(name)
            found.append(commits[name])
            waiting += commits[name].parents
    return found


def _troubles(
    left: Mapping[str, str], commits: Sequence[SignedCommit], counts: str, *, is_held: bool
) -> list[str]:
    by_name = {each.commit: each for each in commits}
    so = (
        f"the ledger counts up to {counts[:8]} until then: {_NEXT}"
        if is_held
        else "it counts all the same, for verify is warn"
    )
    told = [
        str(
            Refused(
                "LH2042", f"nobody proves the commit {name}{_by(by_name.get(name))}: {why}; {so}."
            )
        )
        for name, why in sorted(left.items())[:_MOST_TOLD]
    ]
    more = len(left) - len(told)
    return [*told, f"LH2042: {more} more commits are not proven."] if more else told


def _by(commit: SignedCommit | None) -> str:
    return f" by {commit.committer.name} <{commit.committer.email}>" if commit else ""
