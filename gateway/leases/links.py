"""Links of notices: what one would do, and doing it once, when a person says so.

    who sends the token of a link                          is the author of what it does
    -----------------------------------------------------  -----------------------------
    nobody who signed in; it was sent to an owner alone    that owner, for as long as they own it
    nobody who signed in; it was sent to a channel         LH4277: sign in
    somebody who signed in                                 they, by their own scopes

A link does what it says once: its nonce is the id of what it asks, and the history answers a repeat
with the first answer. It is about the lease that it was sent for: after a change of that one, the
new end is told (LH4276), and counts if it is confirmed. With dry_run, everything is told and
nothing is done.

Who uses a link is found out by the process that is asked. What it says may be done by another one
(`group_commit`), to which the link goes as what it says, without its signature.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from typing import Any, Protocol

from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.leases.changes import Changes, Made
from gateway.principal import Principal, Scope, owners
from ledger.errors import Refused
from ledger.history import trailers
from ledger.holdings import document_path, fleet_of
from ledger.lease import duration, stamp
from ledger.links import Keys, Link, LinkAction, of_claims, read

_DOES = frozenset({Scope.EXTEND, Scope.RELEASE})
_NOT_IT = frozenset({"idempotency-key", "if-match"})  # a link brings both along
# Stands for whoever will sign in, where it is only asked what a link would do.
_SOMEBODY = Principal("Whoever signs in", "somebody@link.invalid", _DOES)


class Limit(Protocol):
    """Counts attempts. Each raises Unavailable LH4278 for one too many."""

    def of_address(self, source_ip: str, now: datetime) -> None: ...
    def of_link(self, nonce: str, now: datetime) -> None: ...


@dataclass(frozen=True, slots=True)
class Links:
    """The links of one environment. Safe to call from many threads."""

    changes: Changes
    keys: Callable[[], Keys]
    limit: Limit
    carry_out: Callable[[Call], Answer]  # `use_link`, here or in a process that commits for others

    def use(self, call: Call) -> Answer:
        """Do what a link says, for whom it was sent to."""
        return self._answer(call, None)

    def use_signed_in(self, call: Call) -> Answer:
        """Do what a link says, for who signed in."""
        return self._answer(call, call.principal)

    def _answer(self, call: Call, caller: Principal | None) -> Answer:
        link = self._read(call)
        by = caller or self._addressee(link)
        if by is None and not _is_dry_run(call):
            raise Refused(
                "LH4277",
                "This link was sent to a channel, so it does not say who you are. Sign in to the"
                f" console, and {link.action} with your own name.",
            )
        document = {**call.document, "Link": link.claims()}
        del document["Token"]
        return self.carry_out(replace(call, caller=by, document=document))

    def _read(self, call: Call) -> Link:
        """Count an attempt, and return the link. Raises Failure."""
        changes, now = self.changes, self.changes.clock()
        self.limit.of_address(call.source_ip, now)
        link = read(call.document["Token"], self.keys(), changes.environment, now)
        self.limit.of_link(link.nonce, now)
        return link

    def _addressee(self, link: Link) -> Principal | None:
        """Return the one person who got the link, and may use it while they own the endpoint."""
        if not link.names_a_person:
            return None
        fleet = fleet_of(self.changes.ledger.read(), self.changes.environment)
        item = fleet.get(link.endpoint_name)
        if link.audience.casefold() not in owners(item.owner):
            raise Refused(
                "LH4231",
                f"This link was sent to {link.audience}, whom the definition of"
                f" {item.endpoint_name} does not name as its owner any more. Sign in to the"
                " console instead.",
            )
        return Principal(link.audience.partition("@")[0], link.audience, _DOES)


def use_link(changes: Changes, call: Call) -> Answer:
    """Do what a link says in the name of the caller; `Links` has read both, and let them pass."""
    return _Use(changes, of_claims(call.document["Link"]), call, call.caller).answer()


@dataclass(frozen=True, slots=True)
class _Use:
    """One use of a link, or one look at what it would do."""

    changes: Changes
    link: Link
    call: Call
    by: Principal | None

    def answer(self) -> Answer:
        lease = self.call.document.get("Confirm", self.link.lease)
        try:
            return Answer(self._told(self._made(lease)))
        except Refused as refused:
            if refused.code != "LH4112":
                raise
        quote = self._told(self._made(None, only_shown=True), moved=True)
        if _is_dry_run(self.call):
            return Answer(quote)
        error = f"Nothing was done. {quote['Sentence']} Send Confirm with this Commit to do it."
        body = {"error": error, "code": "LH4276", "Quote": quote}
        return Answer(body, HTTPStatus.PRECONDITION_FAILED)

    def _made(self, lease: str | None, *, only_shown: bool = False) -> Made:
        """Ask for what the link says of a lease as of a commit; None is the lease as it is."""
        link, changes = self.link, self.changes
        headers = {name: it for name, it in self.call.headers.items() if name not in _NOT_IT}
        query = {"dry_run": ("true",)} if only_shown else self.call.query
        call = replace(
            self.call,
            caller=self.by or _SOMEBODY,
            link=link.nonce,
            query=query,
            headers=headers if lease is None else {**headers, "if-match": lease},
            document={"EndpointName": link.endpoint_name, "minutes": link.minutes},
        )
        if link.action is LinkAction.RELEASE:
            return changes.released(call, link.endpoint_name)
        return changes.extended(call)

    def _told(self, made: Made, *, moved: bool = False) -> dict[str, Any]:
        fleet, said = made.fleet, trailers(made.message)
        item = fleet.get(made.request.endpoint)
        state = self._state(made, moved=moved)
        author = made.done.change.author if made.earlier or self.by else None
        was, until = said.get("Lease-Previous"), said["Lease-Expires"]
        return {
            "Action": str(self.link.action),
            "State": state,
            "Sentence": self._sentence(made, state, was, until),
            "EndpointName": item.endpoint_name,
            "Minutes": self.link.minutes,
            "Was": was,
            "ExpiresAt": until,
            "By": {"Name": author.name, "Email": author.email} if author else None,
            "SignIn": self.by is None,
            "At": stamp(made.at) if state in {"done", "used"} else None,
            "Commit": made.done.commit,
            "CommitMessage": made.message if author else None,
            "Cost": self.changes.cost(made),
            "GoodUntil": stamp(self.link.expires_at),
            "Now": stamp(self.changes.clock()),
        }

    def _state(self, made: Made, *, moved: bool) -> str:
        if made.earlier:
            return "used"
        if moved:
            return "moved"
        return "ready" if _is_dry_run(self.call) else "done"

    def _sentence(self, made: Made, state: str, was: str | None, until: str) -> str:
        name, author, commit = made.request.endpoint, made.done.change.author, made.done.commit
        does = _does(self.link, until)
        match state:
            case "used":
                return (
                    f"This link was used before: {author.name} {_did(self.link, until)} at"
                    f" {stamp(made.at)}, by commit {commit}. Nothing more is done."
                )
            case "done":
                return f"{author.name} {_did(self.link, until)}, by commit {commit}."
            case "moved":
                return (
                    f"The lease of {name} was changed after this link was sent: it"
                    f" {_ends(was, self.changes.clock())}{self._last(made)}. This would {does}."
                )
        return f"{name} {_ends(was, self.changes.clock())}. This would {does}."

    def _last(self, made: Made) -> str:
        """Say who changed a lease last; nothing where that is far back."""
        item = made.fleet.get(made.request.endpoint)
        path = document_path(self.changes.environment, item.name, "lease")
        last = self.changes.ledger.last_change(path, made.done.snapshot)
        return f", by commit {last.commit} of {last.author.name}" if last else ""


def _is_dry_run(call: Call) -> bool:
    return call.parameter("dry_run") == "true"


def _does(link: Link, until: str) -> str:
    if link.action is LinkAction.RELEASE:
        return "end it now"
    return f"extend it by {link.minutes} min, to {until}"


def _did(link: Link, until: str) -> str:
    if link.action is LinkAction.RELEASE:
        return f"ended it ({until})"
    return f"extended it by {link.minutes} min to {until}"


def _ends(was: str | None, now: datetime) -> str:
    if was is None:
        return "has no lease"
    left = datetime.fromisoformat(was) - now
    if left.total_seconds() > 0:
        return f"ends at {was}, in {duration(left)}"
    return f"ended at {was}"
