"""ETags of leases: the commit that last changed a lease file, and what If-Match means by one.

Called by `expiry`. A commit matches as long as the lease file is what it was at that commit, so
the `Commit` of any answer may be sent, and a change of other files is none of this lease.
"""

from collections.abc import Mapping

from ledger.preconditions import unless_changed
from ledger.proposals import Request
from ledger.repository import Proposal, Repository, Snapshot


class Tags:
    """Safe to call from many threads. A lease that did not change is looked up once."""

    def __init__(self, ledger: Repository) -> None:
        self._ledger = ledger
        self._known: dict[str, tuple[bytes, str]] = {}

    def of(self, path: str, snapshot: Snapshot) -> Mapping[str, str]:
        """Give the header ETag of the lease file at a path; none where there is no file."""
        content = snapshot.files.get(path)
        if content is None:
            return {}
        known, commit = self._known.get(path, (None, ""))
        if known != content:
            commit = self._changed_in(path, content) or snapshot.commit
            self._known[path] = (content, commit)
        return {"ETag": f'"{commit}"'}

    def learn(self, path: str, snapshot: Snapshot) -> Mapping[str, str]:
        """Give the header ETag of a lease that this very commit has changed."""
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

    def _changed_in(self, path: str, content: bytes) -> str | None:
        """Find the commit that last changed a file, unless it was changed once more meanwhile."""
        for record in self._ledger.changes(path, 1):
            if self._ledger.at(record.commit).files.get(path) == content:
                return record.commit
        return None
