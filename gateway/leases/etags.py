"""ETags of leases: the commit that last changed a lease file, and what If-Match means by one.

A commit matches as long as the lease file is what it was at that commit, so the `Commit` of any
answer may be sent, and a change of other files is none of this lease.
"""

import re
from collections.abc import Mapping

from ledger.preconditions import unless_changed
from ledger.proposals import Request
from ledger.repository import Proposal, Repository, Snapshot

_TAG = re.compile(r'"([0-9a-f]{40})"|([0-9a-f]{40})')


def if_match(header: str) -> tuple[str, ...]:
    """Return the commits that If-Match names; `*` stays as it is, what is no commit is left out."""
    tags = [tag.strip() for tag in header.split(",")]
    found = (_TAG.fullmatch(tag) for tag in tags)
    return ("*",) if "*" in tags else tuple(match[1] or match[2] for match in found if match)


class ETags:
    """Safe to call from many threads. A lease that did not change is looked up once."""

    def __init__(self, ledger: Repository) -> None:
        self._ledger = ledger
        self._known: dict[str, tuple[bytes, str]] = {}

    def of(self, path: str, snapshot: Snapshot) -> Mapping[str, str]:
        """Return the header ETag of the lease file at a path; none where there is no file."""
        content = snapshot.files.get(path)
        if content is None:
            return {}
        known, commit = self._known.get(path, (None, ""))
        if known != content:
            commit = self._changed_in(path, snapshot)
            self._known[path] = (content, commit)
        return {"ETag": f'"{commit}"'}

    def learn(self, path: str, snapshot: Snapshot) -> Mapping[str, str]:
        """Return the header ETag of a lease that this very commit has changed."""
        content = snapshot.files.get(path)
        if content is not None:
            self._known[path] = (content, snapshot.commit)
        return self.of(path, snapshot)

    def guarded(self, proposal: Proposal, request: Request, wanted: tuple[str, ...]) -> Proposal:
        """Let a proposal be made only of a lease that If-Match names."""
        if wanted == ("*",):
            return unless_changed(proposal, request, None)
        known = [self._ledger.at(commit) for commit in wanted if self._ledger.find(commit)]
        return unless_changed(proposal, request, known)

    def _changed_in(self, path: str, snapshot: Snapshot) -> str:
        """Return the commit that last changed a file; the snapshot's own if that one is far back.

        A commit matches by its file, so either will do.
        """
        changed = self._ledger.last_change(path, snapshot)
        return changed.commit if changed else snapshot.commit
