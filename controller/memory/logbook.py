"""The branch `leasehold/status`, as the controller keeps it: read once, written when news came.

As a rule one process writes it at a time. Where two do, each writes the news of its own endpoints
and leaves the other's as they are. Without a repository everything is kept in memory alone.
"""

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol
from uuid import uuid4

from controller.memory.transitions import news
from ledger.committers import CONTROLLER
from ledger.errors import Failure
from ledger.observed import Applied, Entry, Record, read_applied, read_record, write
from ledger.snapshot import Change, Committed, Proposal, Snapshot

if TYPE_CHECKING:
    from ledger.names import EndpointName


class Branch(Protocol):
    """The repository that the branch is in."""

    def read(self) -> Snapshot: ...
    def commit(self, proposal: Proposal, *, deadline_seconds: float = ...) -> Committed: ...


class Logbook:
    def __init__(self, branch: Branch | None = None) -> None:
        self._branch = branch
        self._stored: dict[str, Record] = {}
        self._known: dict[str, Record] = {}
        self._noted: dict[str, Applied | None] = {}

    def read(self, environment: str) -> Record:
        """Return the record as this process knows it; the first time from the branch.

        Raise Failure where the branch cannot be read, as long as nothing is known.
        """
        if environment not in self._known:
            files = self._branch.read().files if self._branch else {}
            self._stored[environment] = read_record(files, environment)
            self._known[environment] = self._stored[environment]
            self._noted[environment] = read_applied(files, environment)
        return self._known[environment]

    def keep(self, environment: str, record: Record, note: Applied) -> None:
        """Remember a record, and commit it if anything moved, or a new commit was carried out.

        Raise Failure (LH2xxx) where it cannot be committed. It is remembered all the same, and
        goes into the next commit.
        """
        record = replace(record, is_new=False)
        self._known[environment] = record
        stored = self._stored.get(environment, Record())
        is_noted = self._noted.get(environment) == note
        if self._branch is None or (is_noted and not record.moved(stored) and not stored.is_new):
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
    quiet = "begin" if before.is_new else _summary(note)
    lines = tuple(" ".join(line.split()) for line in news(before, after))
    message = _message(environment, _subject(lines, quiet), lines, note.commit, request_id)

    def propose(snapshot: Snapshot) -> Change:
        there = read_record(snapshot.files, environment)
        changed: dict[EndpointName, Entry | None] = {}
        for name in after.moved(before):
            told = _told(there.entry(name)) - _told(before.entry(name))  # by another process
            ours = after.entry(name)
            changed[name] = replace(ours, notices=ours.notices | told) if ours else None
        files = write(environment, _with_details(there.with_entries(changed), after), note)
        return Change(files, message, CONTROLLER, request_id)

    return propose


def _summary(note: Applied) -> str:
    commit = note.commit[:8]
    return f"{len(note.open)} open at {commit}" if note.open else f"applied {commit}"


def _subject(lines: tuple[str, ...], quiet: str) -> str:
    if len(lines) > 1:
        return f"{len(lines)} endpoints moved"
    return lines[0].partition(" (")[0] if lines else quiet


def _message(
    environment: str, subject: str, lines: tuple[str, ...], ledger_commit: str, request_id: str
) -> str:
    """Write the commit message; what SageMaker said stands in a line that can be no trailer."""
    body = [f"- {line}" for line in lines] + ([""] if lines else [])
    trailers = [f"Ledger-Commit: {ledger_commit}", f"Request-Id: {request_id}"]
    return "\n".join([f"status({environment}): {subject}", "", *body, *trailers]) + "\n"


def _told(entry: Entry | None) -> frozenset[str]:
    return entry.notices if entry else frozenset()
