"""Who may end a lease before its time: the scope `release`, or `extend` for what is one's own.

    the endpoint's definition names the caller as its owner     may end it
    the caller was the last person to extend its lease          may end it
    anybody else without the scope `release`                    LH4233

What the controller did by itself, such as a credit, makes nobody's lease its own. The history is
read before the proposal and not in the queue, so the proposal holds only for the lease that was
looked at.
"""

from dataclasses import dataclass
from datetime import datetime

from gateway.known import settled
from gateway.principal import Principal, owners
from ledger.errors import Refused
from ledger.history import last_extension
from ledger.holdings import Broken, Holding, document_path, fleet_of
from ledger.proposals import Request
from ledger.repository import Change, Proposal, Repository, Snapshot
from ledger.snapshot import Person

_LOOKED_AT = 50  # changes of a lease; the controller's own between two of people are fewer


class ChangedMeanwhileError(Exception):
    """The lease is not the one any more whose history was read."""


@dataclass(frozen=True, slots=True)
class Ending:
    """What was found out of one lease: its file then, and why the caller may not end it."""

    path: str
    content: bytes | None
    objection: str | None

    def guarded(self, proposal: Proposal, request: Request, until: datetime | None) -> Proposal:
        """Let a proposal end a lease only if the caller may; `until` is its new end, or now.

        Raises Refused LH4233. What the proposal refuses by itself comes first.
        """

        def propose(snapshot: Snapshot) -> Change:
            change = proposal(snapshot)
            item = request.fleet(snapshot).holding(request.endpoint)
            if until is not None and not _is_sooner(item, until):
                return change
            if _state(item, request, snapshot) != (self.path, self.content):
                raise ChangedMeanwhileError
            if self.objection is not None:
                raise Refused("LH4233", self.objection)
            return change

        return propose


def look(
    ledger: Repository, request: Request, principal: Principal, status: Repository | None
) -> Ending:
    """Find out whether a caller may end a lease. Raises Failure."""
    snapshot = ledger.read()
    fleet = settled(fleet_of(snapshot, request.environment), request.endpoint, status, request.now)
    item = fleet.find(request.endpoint)
    if item is None or isinstance(item, Broken):
        return Ending("", None, None)  # the proposal itself refuses it
    path, content = _state(item, request, snapshot)
    if _owns(principal, item.definition.owner):
        return Ending(path, content, None)
    extension = last_extension(ledger.changes(path, _LOOKED_AT))
    last = extension.author if extension else None
    is_theirs = last is not None and _is_same(last.email, principal.email)
    return Ending(path, content, None if is_theirs else _objection(item, last))


def _state(item: Holding, request: Request, snapshot: Snapshot) -> tuple[str, bytes | None]:
    path = document_path(request.environment, item.name, "lease")
    return path, snapshot.files.get(path)


def _is_sooner(item: Holding, until: datetime) -> bool:
    lease = item.running_lease
    return lease is not None and until < lease.expires_at


def _owns(principal: Principal, owner: str | None) -> bool:
    """Tell whether a definition names the caller: its owner is an address, or a text with it."""
    return principal.email.casefold() in owners(owner)


def _is_same(one: str, other: str) -> bool:
    return one.casefold() == other.casefold()


def _objection(item: Holding, last: Person | None) -> str:
    whose = [f"{item.definition.owner} owns it"] if item.definition.owner else []
    whose += [f"{last.name} extended it last"] if last else ["nobody has extended it yet"]
    return (
        f"{item.endpoint_name} is not yours to end before its time: {' and '.join(whose)}. Ask"
        " them, or for a token with the scope release."
    )
