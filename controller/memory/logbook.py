"""The branch `leasehold/status`, as the controller keeps it: read once, written when news came.

As a rule one process writes it at a time. Where two do, each writes the news of its own endpoints
and leaves the other's as they are. Without a repository everything is kept in memory alone.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from controller.memory.news import news
from ledger.committers import CONTROLLER
from ledger.errors import Failure, Refused
from ledger.observed import Applied, Entry, Record, read_applied, read_record, write, write_record
from ledger.snapshot import Change, Committed, Proposal, Snapshot

if TYPE_CHECKING:
    from ledger.names import EndpointName


_IN_THE_WAY = "LH2004"


class Branch(Protocol):
    """The repository that the branch is in."""

    def read(self) -> Snapshot: ...
    def commit(self, proposal: Proposal, *, deadline_seconds: float = ...) -> Committed: ...


class Logbook:
    def __init__(self, branch: Branch | None = None) -> None:
        self._branch = branch
        self._stored: dict[str, Record] = {}
        self._known: dict[str, Record] = {}
        self._shut_out: set[str] = set()  # whose branch git cannot have, for another is in the way
        self._noted: dict[str, Applied | None] = {}  # on the branch
        self._note: dict[str, Applied | None] = {}  # as this process knows it

    def read(self, environment: str) -> Record:
        """Return the record as this process knows it; the first time from the branch.

        One without an id gets one, which stands on the branch once it is begun or kept.

        Raise Failure where the branch cannot be read, as long as nothing is known.
        """
        if environment not in self._known or environment in self._shut_out:
            files = self._files(environment)
            if environment in self._shut_out and environment in self._known:
                return self._known[environment]
            stored = self._stored[environment] = read_record(files, environment)
            self._known[environment] = replace(stored, id=stored.id or uuid4().hex[:16])
            note = read_applied(files, environment)
            self._noted[environment] = self._note[environment] = note
        return self._known[environment]

    def _files(self, environment: str) -> Mapping[str, bytes]:
        """Return the branch's files; none where git can have no such branch, which is asked again.

        Then there is no record either, and it cannot be begun: `begin` says so.
        """
        try:
            files = self._branch.read().files if self._branch else {}
        except Refused as refusal:
            if refusal.code != _IN_THE_WAY:
                raise
            self._shut_out.add(environment)
            return {}
        self._shut_out.discard(environment)
        return files

    def applied(self, environment: str) -> Applied | None:
        """Return what was noted last of how far the ledger is applied. Raise Failure as `read`."""
        self._latest(environment)
        return self._note[environment]

    def _latest(self, environment: str) -> Record:
        """Return the record as it was read last."""
        return self._known.get(environment) or self.read(environment)

    def begin(self, environment: str) -> bool:
        """Commit the record's id, unless it is there: what is made is tagged with it, so it has to
        outlive this process. Tell whether that was so. Raise Failure (LH2xxx).
        """
        record = self._latest(environment)
        if self._branch is None or self._stored[environment].id:
            return False
        committed = self._branch.commit(_beginning(environment, record))
        begun = read_record(committed.snapshot.files, environment)
        self._stored[environment] = begun
        self._known[environment] = replace(record, id=begun.id)
        return True

    def keep(self, environment: str, record: Record, note: Applied) -> None:
        """Remember a record, and commit it if anything moved, or a new commit was carried out.

        Raise Failure (LH2xxx) where it cannot be committed. It is remembered all the same, and
        goes into the next commit.
        """
        record = replace(record, is_new=False, fault=None)
        self._known[environment], self._note[environment] = record, note
        stored = self._stored.get(environment, Record())
        is_noted = self._noted.get(environment) == note
        is_same = record.region_name == stored.region_name and not record.moved(stored)
        if self._branch is None or (is_noted and is_same and not stored.is_new):
            return
        try:
            committed = self._branch.commit(_proposal(environment, stored, record, note))
        except Failure as failure:
            raise type(failure)(
                failure.code,
                "What SageMaker did could not be written to the branch leasehold/status; the next"
                f" tick tries again. {failure.message}",
            ) from failure
        stored = read_record(committed.snapshot.files, environment)
        self._stored[environment] = stored
        self._known[environment] = _with_details(stored, record)
        self._noted[environment] = note


def _with_details(stored: Record, record: Record) -> Record:
    """Return what is stored, with the details that this process knows besides.

    Details alone make no commit, but go along with the next one.
    """
    told_otherwise = set(stored.moved(record))
    ours = {name: each for name, each in record.entries.items() if name not in told_otherwise}
    return stored.with_entries(ours)


def _proposal(environment: str, before: Record, after: Record, note: Applied) -> Proposal:
    request_id = uuid4().hex
    lines = tuple(" ".join(line.split()) for line in news(before, after))
    message = _message(environment, _subject(lines, note), lines, note.commit, request_id)

    def propose(snapshot: Snapshot) -> Change:
        there = read_record(snapshot.files, environment)
        changed: dict[EndpointName, Entry | None] = {}
        for name in after.moved(before):
            told = _told(there.entry(name)) - _told(before.entry(name))  # by another process
            ours = after.entry(name)
            changed[name] = replace(ours, notices=ours.notices | told) if ours else None
        kept = replace(
            _with_details(there.with_entries(changed), after),
            is_new=False,
            id=there.id or after.id,
            region_name=after.region_name,
        )
        return Change(write(environment, kept, note), message, CONTROLLER, request_id)

    return propose


def _beginning(environment: str, record: Record) -> Proposal:
    """Write the id that a record has by now, or else its new one."""
    request_id = uuid4().hex
    message = f"status({environment}): begin\n\nRequest-Id: {request_id}\n"

    def propose(snapshot: Snapshot) -> Change:
        there = read_record(snapshot.files, environment)
        begun = replace(there, id=there.id or record.id)
        return Change(write_record(environment, begun), message, CONTROLLER, request_id)

    return propose


def _summary(note: Applied) -> str:
    commit = note.commit[:8]
    return f"{len(note.open)} open at {commit}" if note.open else f"applied {commit}"


def _subject(lines: tuple[str, ...], note: Applied) -> str:
    if len(lines) > 1:
        return f"{len(lines)} endpoints moved"
    return lines[0].partition(" (")[0] if lines else _summary(note)


def _message(
    environment: str, subject: str, lines: tuple[str, ...], ledger_commit: str, request_id: str
) -> str:
    """Write the commit message; what SageMaker said stands in a line that can be no trailer."""
    body = [f"- {line}" for line in lines] + ([""] if lines else [])
    trailers = [f"Ledger-Commit: {ledger_commit}", f"Request-Id: {request_id}"]
    return "\n".join([f"status({environment}): {subject}", "", *body, *trailers]) + "\n"


def _told(entry: Entry | None) -> frozenset[str]:
    return entry.notices if entry else frozenset()
