"""Conditions of a proposal: a request is applied once, and to the lease that its caller knows.

A proposal is wrapped before it is handed to `Repository.commit`. Pure but for what it is given:
`Past` looks in the history up to a snapshot.
"""

from collections.abc import Collection, Sequence
from typing import Protocol

from ledger.errors import Refused
from ledger.history import KEY_LIFETIME, LeaseAction, trailers
from ledger.holdings import Holding, document_path, fleet_of
from ledger.lease import duration
from ledger.proposals import Request
from ledger.snapshot import Change, CommitRecord, Proposal, Snapshot


class Past(Protocol):
    """The history up to a snapshot, as the ledger's repository has it."""

    def answers(self, request_id: str, snapshot: Snapshot) -> Sequence[CommitRecord]:
        """Return the commits that carry a request's id, for as long as an id lives."""

    def last_change(self, path: str, snapshot: Snapshot) -> CommitRecord | None:
        """Return the commit that changed a file last; None if it is far back."""

    def at(self, commit: str) -> Snapshot: ...


class AlreadyApplied(Exception):  # noqa: N818 - it is no error: the answer is in the history
    """The request was applied by this commit; there is nothing left to propose."""

    def __init__(self, record: CommitRecord, snapshot: Snapshot) -> None:
        super().__init__(record.commit)
        self.record = record
        self.snapshot = snapshot


def once(proposal: Proposal, request: Request, past: Past) -> Proposal:
    """Propose nothing where the history has the request already.

    Asked for each snapshot anew, so that a copy of the request is seen which was committed after
    this one was sent. A commit answers a request if it carries its id and its digest and really
    changed that lease: what only looks so is passed over. The proposal raises AlreadyApplied, and
    Refused
    - LH4111 where the same id was used for something else;
    - LH4117 where somebody has reverted the commit;
    - LH4118 where the lease has that id, from longer ago than an id lives.
    """

    def propose(snapshot: Snapshot) -> Change:
        found = past.answers(request.request_id, snapshot)
        told = [(each, at) for each in found if (at := _told_at(each, request, past))]
        same = [(each, at) for each, at in told if _digest(each) == request.digest]
        in_force = [(each, at) for each, at in same if not each.reverted_by]
        if in_force:
            raise AlreadyApplied(*in_force[-1])
        if same:
            raise _reverted(same[0][0], request)
        if told:
            raise _used_otherwise()
        _check_not_older(request, snapshot, past)
        return proposal(snapshot)

    return propose


def check_same(request: Request, message: str) -> None:
    """Compare what is asked with what the same id asked before, where both are known."""
    before = trailers(message).get("Request-Digest")
    if before and request.digest and before != request.digest:
        raise _used_otherwise()


def _digest(record: CommitRecord) -> str | None:
    return trailers(record.message).get("Request-Digest")


def _told_at(record: CommitRecord, request: Request, past: Past) -> Snapshot | None:
    """Return a commit's files if it changed the lease of the endpoint that it is about, else None.

    That is the one that is asked for, where the same is asked, and else the one that it names. What
    the endpoint's files were called then is what counts; an addition wrote both.
    """
    said = trailers(record.message)
    if not _digest(record) or not any(path.endswith(".lease.json") for path in record.files):
        return None
    is_same = _digest(record) == request.digest
    snapshot = past.at(record.commit)
    about = request.endpoint if is_same else said.get("Lease-Endpoint", "")
    item = fleet_of(snapshot, request.environment).find(about)
    if item is None:
        return None
    is_added = said.get("Lease-Action") == LeaseAction.GRANT
    changed = {document_path(request.environment, item.name, "lease")}
    if is_added:
        changed.add(document_path(request.environment, item.name, "endpoint"))
    return snapshot if record.files >= changed else None


def _check_not_older(request: Request, snapshot: Snapshot, past: Past) -> None:
    """Refuse an id that the lease itself has, and that is too old to be looked for.

    Where the lease file changed lately, the history has no such request, and the file is wrong.
    """
    item = fleet_of(snapshot, request.environment).find(request.endpoint)
    lease = item.lease if isinstance(item, Holding) else None
    if item is None or lease is None or lease.request_id != request.request_id:
        return
    changed = past.last_change(document_path(request.environment, item.name, "lease"), snapshot)
    if changed is None or request.now - changed.committed_at > KEY_LIFETIME:
        raise _too_old(request, changed)


def _reverted(record: CommitRecord, request: Request) -> Refused:
    what, again = "this Idempotency-Key", "Take a new key to ask again."
    if request.via:
        what, again = f"this {request.via}", "Extend the lease in the console or by the API."
    return Refused(
        "LH4117",
        f"{what} was applied by commit {record.commit}, which commit {record.reverted_by} has"
        f" reverted: it is not in force any more. {again}",
    )


def _used_otherwise() -> Refused:
    return Refused(
        "LH4111",
        "this Idempotency-Key was used for another request. Take a new one for what you ask now, or"
        " send the first request again to the letter.",
    )


def _too_old(request: Request, changed: CommitRecord | None) -> Refused:
    hours = int(KEY_LIFETIME.total_seconds()) // 3600
    ago = f"more than {hours} hours ago"
    if changed:
        ago = f"{duration(request.now - changed.committed_at)} ago, by commit {changed.commit}"
    return Refused(
        "LH4118",
        f"this Idempotency-Key is known: the lease of {request.endpoint} was last changed with it,"
        f" {ago}. A key counts for {hours} hours; take a new one to change the lease once more.",
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
