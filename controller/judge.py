"""Which commits of a branch are proven, from the last one that was. Pure.

It is imported where commits have to be signed; what that means, `trust` says.
"""

import re
from collections.abc import Mapping, Sequence

from controller.dependencies import Ledger
from ledger.committers import bot_of
from ledger.errors import Refused
from ledger.fleet import signer_files
from ledger.proof import Signers, unproven
from ledger.signatures import Signer
from ledger.snapshot import SignedCommit, blob_id

_VOUCHES = re.compile(r"^vouches-for:[ \t]*([0-9a-f]{40})[ \t\r]*$", re.MULTILINE | re.IGNORECASE)
_Watched = tuple[str, ...]


class Judge:
    """Goes up the branch, from the last proven commit to the head.

    Keys count that the last proven commit has, but for those that a proven commit below has taken
    away: whoever merges may name parents in any order.
    """

    def __init__(
        self, ledger: Ledger, environment: str, proven: str, commits: Mapping[str, SignedCommit]
    ) -> None:
        self._proven = proven
        self._commits = commits
        self._keys = _Keys(ledger, environment, commits)
        self._gone: dict[str, frozenset[Signer]] = {}  # as of a commit, for those made from it

    def judge(self, head: str) -> tuple[str, Mapping[str, str]]:
        """Return the newest commit up to which all are proven, and why others are not."""
        left: dict[str, str] = {}
        vouched: set[str] = set()
        for tip in _mainline(head, self._commits):
            for commit in _below(tip, self._commits, self._gone):
                if reason := self._reason(commit):
                    left[commit.commit] = reason
                elif bot_of(commit.committer) is None:
                    vouched.update(map(str.lower, _VOUCHES.findall(commit.message)))
            left = {name: reason for name, reason in left.items() if name not in vouched}
            if not left:
                self._proven = tip
        return self._proven, left

    def _reason(self, commit: SignedCommit) -> str:
        befores = [self._gone.get(parent, frozenset()) for parent in commit.parents]
        gone = frozenset[Signer]().union(*befores)
        reason = self._unproven(commit, self._keys.of(self._proven).without(gone))
        # What nobody proves takes no key away: somebody has to vouch for it, or against it.
        self._gone[commit.commit] = gone if reason else self._gone_after(commit, gone)
        return reason

    def _unproven(self, commit: SignedCommit, signers: Signers) -> str:
        try:
            return unproven(commit, signers)
        except Refused as refusal:  # nothing can be verified here, and ends go on
            return refusal.message.rstrip(".")

    def _gone_after(self, commit: SignedCommit, gone: frozenset[Signer]) -> frozenset[Signer]:
        """Add what the commit itself takes away, without what it puts back."""
        watched = self._keys.watched(commit.commit)
        if not gone and all(self._keys.watched(each) == watched for each in commit.parents):
            return gone
        befores = [self._keys.of(parent).lines for parent in commit.parents]
        return gone.union(*befores) - self._keys.of(commit.commit).lines


class _Keys:
    """The keys that commits have, each version of the files read once."""

    def __init__(
        self, ledger: Ledger, environment: str, commits: Mapping[str, SignedCommit]
    ) -> None:
        self._ledger = ledger
        self._environment = environment
        self._watched = {name: commit.watched for name, commit in commits.items()}
        self._known: dict[_Watched, Signers] = {}

    def watched(self, commit: str) -> _Watched:
        """Return the ids of the files that have them."""
        if commit not in self._watched:
            files = self._ledger.at(commit).files
            paths = signer_files(self._environment)
            found = tuple(blob_id(files[path]) if path in files else "" for path in paths)
            self._watched[commit] = found
            self._known[found] = Signers.of(files, self._environment)
        return self._watched[commit]

    def of(self, commit: str) -> Signers:
        watched = self.watched(commit)
        if watched not in self._known:
            self._known[watched] = Signers.of(self._ledger.at(commit).files, self._environment)
        return self._known[watched]


def _mainline(head: str, commits: Mapping[str, SignedCommit]) -> list[str]:
    """Return the commits that the branch's head had one after the other, the oldest first."""
    found = []
    while head in commits:
        found.append(head)
        head = next(iter(commits[head].parents), "")
    return found[::-1]


def _below(
    tip: str, commits: Mapping[str, SignedCommit], seen: Mapping[str, object]
) -> Sequence[SignedCommit]:
    """Return the commits that a tip brought and nobody has seen, each after its parents."""
    waiting, found = [tip], dict[str, SignedCommit]()
    while waiting:
        name = waiting[-1]
        unseen = (each for each in commits[name].parents if each in commits and each not in seen)
        ahead = [] if name in found else [each for each in unseen if each not in found]
        if ahead:
            waiting += ahead
        else:
            found.setdefault(waiting.pop(), commits[name])
    return list(found.values())
