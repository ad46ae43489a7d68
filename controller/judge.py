"""Which commits of a branch are proven, from the last one that was. Pure.

It is imported where commits have to be signed; what that means, `trust` says.
"""

import re
from collections.abc import Mapping, Sequence

from controller.dependencies import Ledger
from ledger.committers import bot_of
from ledger.errors import Refused
from ledger.proof import Signers, unproven
from ledger.snapshot import SignedCommit

_VOUCHES = re.compile(r"^vouches-for:[ \t]*([0-9a-f]{40})[ \t\r]*$", re.MULTILINE | re.IGNORECASE)


class Judge:
    """Goes up the branch, from the last proven commit to the head."""

    def __init__(self, ledger: Ledger, environment: str, proven: str) -> None:
        self._ledger = ledger
        self._environment = environment
        self._proven = proven
        self._signers: Signers | None = None
        self._files: tuple[str, ...] = ()  # the ids of those that the proven commit has

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
                    vouched.update(map(str.lower, _VOUCHES.findall(commit.message)))
            left = {name: reason for name, reason in left.items() if name not in vouched}
            if not left:
                self._move(commits[tip])
        return self._proven, left

    def _move(self, tip: SignedCommit) -> None:
        """Go on from a commit, by the keys that it has."""
        if tip.watched != self._files:
            self._signers, self._files = None, tip.watched
        self._proven = tip.commit

    def _reason(self, commit: SignedCommit) -> str:
        if self._signers is None:
            files = self._ledger.at(self._proven).files
            self._signers = Signers.of(files, self._environment)
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
