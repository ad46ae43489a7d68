"""Whether the ledger's head went back, and for how long that keeps ends from being done. Pure.

A head that does not descend from the commit that was applied last may be that of a replica which
lags behind, or of a restored backup: what it says is older than what has been done already. Where
it stays so, somebody rewrote the history and means it.
"""

from datetime import datetime, timedelta

from ledger.instants import later
from ledger.lease import stamp
from ledger.observed import Applied

PATIENCE = timedelta(minutes=15)


def set_back_at(note: Applied | None, now: datetime, *, descends: bool) -> datetime | None:
    """Return since when the head is set back; None where it is not, or where it counts anew."""
    if note is None or descends:
        return None
    since = note.set_back_at or now
    return since if now - since < PATIENCE else None


def head_fault(note: Applied | None, head: str, since: datetime | None) -> str | None:
    """Say what a head that is set back holds up, and until when."""
    if note is None or since is None:
        return None
    return (
        f"the ledger's head {head[:8]} does not descend from {note.commit[:8]}, which was applied"
        f" last: a replica that lags, a restored backup or a rewritten history. It counts from"
        f" {stamp(later(since, PATIENCE))} on"
    )
