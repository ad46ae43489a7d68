"""Conditions of a proposal: a request is applied once, and to the lease that its caller knows.

A proposal is wrapped before it is handed to `Repository.commit`. Pure but for what it is given:
`find` looks in the history up to a snapshot.
"""

from collections.abc import Callable, Collection

from ledger.errors import Refused
from ledger.history import trailers
from ledger.holdings import document_path
from ledger.proposals import Request
from ledger.snapshot import Change, CommitRecord, Proposal, Snapshot


class AlreadyApplied(Exception):  # noqa: N818 - it is no error: the answer is in the history
    """The request was applied by this commit; there is nothing left to propose."""

    def __init__(self, record: CommitRecord) -> None:
        super().__init__(record.commit)
        self.record = record


def once(
    proposal: Proposal, request: Request, find: Callable[[str, Snapshot], CommitRecord | None]
) -> Proposal:
    """Propose nothing where the history has the request already.

    Asked for each snapshot anew, so that a copy of the request is seen which was committed after
    this one was sent. The proposal raises AlreadyApplied, and Refused LH4111 where the same id was
    used for something else.
    """

    def propose(snapshot: Snapshot) -> Change:
        record = find(request.request_id, snapshot)
        if record is None:
            return proposal(snapshot)
        check_same(request, record.message)
        raise AlreadyApplied(record)

    return propose


def check_same(request: Request, message: str) -> None:
    """Compare what is asked with what the same id asked before, where both are known."""
    before = trailers(message).get("Request-Digest")
    if before and request.digest and before != request.digest:
        raise Refused(
            "LH4111",
            "this Idempotency-Key was used for another request. Take a new one for what you ask"
            " now, or send the first request again to the letter.",
        )


def unless_changed(
    proposal: Proposal, request: Request, seen: Collection[Snapshot] | None
) -> Proposal:
    """Propose only for a lease file as one of `seen` has it; None is any lease, but there is one.

    The proposal raises Refused LH4112, and LH4109 where the environment cannot be read.
    """

    def propose(snapshot: Snapshot) -> Change:
        item = request.fleet(snapshot).find(request.endpoint)
        path = document_path(request.environment, item.name, "lease") if item else ""
        present = snapshot.files.get(path)
        if present is None:
            raise Refused("LH4112", f"{request.endpoint} has no lease that If-Match could name.")
        if seen is not None and all(each.files.get(path) != present for each in seen):
            raise _stale(request, snapshot)
        return proposal(snapshot)

    return propose


def _stale(request: Request, snapshot: Snapshot) -> Refused:
    return Refused(
        "LH4112",
        f"the lease of {request.endpoint} is not the one that If-Match names: it has changed. Read"
        f" it again; as it is now, it is that of commit {snapshot.commit}.",
    )
