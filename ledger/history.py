"""Lease changes as commits: the message that one is written with, and what is read back from it.

Pure. The format is git's own trailers, so `git log --format='%(trailers)'` and `git
interpret-trailers` read it too. It must not know how commits are made or found.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from ledger.committers import CONTROLLER
from ledger.lease import stamp
from ledger.snapshot import CommitRecord, Person
from ledger.unread import Unread

KEY_LIFETIME = timedelta(hours=24)  # for which a repeated Idempotency-Key is looked for
_TRAILER = re.compile(r"^([A-Za-z][A-Za-z-]*): (.+)$")


class LeaseAction(StrEnum):
    GRANT = "grant"
    EXTEND = "extend"
    SET = "set"
    RELEASE = "release"
    IDLE = "idle"
    CREDIT = "credit"


_EXTENDING = frozenset({LeaseAction.GRANT, LeaseAction.EXTEND, LeaseAction.SET})


@dataclass(frozen=True, slots=True)
class LeaseChange:
    """One change of one lease: what, of which endpoint, from when to when, by whom, why.

    `request_digest` tells what exactly was asked, where the caller chose the request's id: whoever
    uses it again for something else is told so. `via` is "link" where a notice's link asked.
    """

    action: LeaseAction
    endpoint_name: str
    expires_at: datetime
    previous: datetime | None
    requested_by: Person
    request_id: str
    reason: str | None = None
    request_digest: str | None = None
    via: str | None = None


@dataclass(frozen=True, slots=True)
class RecordedChange:
    """A lease change that is in the history."""

    commit: str
    committed_at: datetime
    change: LeaseChange


def write_message(environment: str, name: str, change: LeaseChange, *, by_minutes: int = 0) -> str:
    """Write the commit message of a lease change. The reason is the caller's own text, quoted."""
    length = f" by {by_minutes} min" if by_minutes else ""
    lines = [
        f"lease({environment}): {change.action} {name}{length} to {stamp(change.expires_at)}",
        "",
    ]
    if change.reason:
        lines += [f"> {line}" for line in change.reason.splitlines()] + [""]
    lines += [
        f"Lease-Action: {change.action}",
        f"Lease-Endpoint: {change.endpoint_name}",
        f"Lease-Expires: {stamp(change.expires_at)}",
    ]
    if change.previous:
        lines.append(f"Lease-Previous: {stamp(change.previous)}")
    lines += [
        f"Requested-By: {change.requested_by.name} <{change.requested_by.email}>",
        f"Request-Id: {change.request_id}",
    ]
    if change.request_digest:
        lines.append(f"Request-Digest: {change.request_digest}")
    if change.via:
        lines.append(f"Lease-Via: {change.via}")
    return "\n".join(lines) + "\n"


def read_changes(
    records: Iterable[CommitRecord], unread: Unread | None = None
) -> Iterator[RecordedChange]:
    """Read lease changes back from commits that changed a lease.

    Those whose messages do not say how, such as a person's own, are passed over, and `unread`.
    """
    for record in records:
        if (change := _read_message(record)) is not None:
            yield RecordedChange(record.commit, record.committed_at, change)
        elif unread is not None:
            unread.take(record.commit)


def last_extension(records: Iterable[CommitRecord]) -> CommitRecord | None:
    """Return the last commit in which a person kept an endpoint alive: by the API, or an editor.

    What the controller did by itself, such as a credit, is nobody's; `records` are newest first.
    """
    for record in records:
        change = _read_message(record)
        if change is not None and change.action not in _EXTENDING:
            continue
        if record.author.email.casefold() != CONTROLLER.email.casefold():
            return record
    return None


def reason_of(record: CommitRecord) -> str | None:
    return _reason(record.message)


def added_by(message: str, at: datetime) -> timedelta:
    """Return how much longer a change of that moment keeps its endpoint; negative: less long."""
    found = trailers(message)
    try:
        expires_at = _instant(found["Lease-Expires"])
        previous = _instant(found.get("Lease-Previous", found["Lease-Expires"]))
    except (KeyError, ValueError, OverflowError):
        return timedelta()
    before = max(previous, at) if "Lease-Previous" in found else at
    return max(expires_at, at) - before


def trailers(message: str) -> dict[str, str]:
    """Read the trailers of a message: `Key: value` lines of its last paragraph.

    A line ends where git ends it, at a line feed: what else Unicode calls a line break may stand
    in a person's name.
    """
    last = message.rstrip().rpartition("\n\n")[2]
    found = (_TRAILER.match(line) for line in last.split("\n"))
    return {match[1]: match[2] for match in found if match}


def _read_message(record: CommitRecord) -> LeaseChange | None:
    found = trailers(record.message)
    try:
        previous = found.get("Lease-Previous")
        return LeaseChange(
            action=LeaseAction(found["Lease-Action"]),
            endpoint_name=found["Lease-Endpoint"],
            expires_at=_instant(found["Lease-Expires"]),
            previous=_instant(previous) if previous else None,
            requested_by=record.author,
            request_id=found["Request-Id"],
            reason=_reason(record.message),
            request_digest=found.get("Request-Digest"),
            via=found.get("Lease-Via"),
        )
    except (KeyError, ValueError, OverflowError):
        return None


def _reason(message: str) -> str | None:
    quoted = [line.removeprefix("> ") for line in message.split("\n") if line.startswith("> ")]
    return "\n".join(quoted) or None


def _instant(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text} has no zone")
    return moment.astimezone(UTC)  # raises OverflowError where the calendar ends
