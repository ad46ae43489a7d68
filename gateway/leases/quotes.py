"""What a request would be answered, without a commit: the same proposal on the newest snapshot.

Called by `expiry` for `?dry_run=true`. Whatever refuses the real request refuses this one.
"""

from dataclasses import replace

from ledger.repository import Committed, Proposal, Snapshot


def quote(proposal: Proposal, snapshot: Snapshot) -> Committed:
    """Give the files as the change would leave them, as of the commit that was looked at."""
    change = proposal(snapshot)
    after = {**snapshot.files, **change.files}
    files = {path: content for path, content in after.items() if content is not None}
    return Committed(snapshot.commit, replace(snapshot, files=files), change)
