"""What the ledger's two histories say of one endpoint in the last days, no further than is asked.

A list is for polls and reads none of this. A page of one endpoint reads what changed that endpoint,
among so many commits of each branch.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ledger.accounting.account import Book, books
from ledger.accounting.reading import LedgerReader, StatusReader
from ledger.accounting.service import Gap
from ledger.accounting.steps import Lease
from ledger.accounting.tariff import Tariff
from ledger.errors import Failure
from ledger.fleet import PRICES_FILE
from ledger.holdings import ROOT
from ledger.names import EndpointName, Name
from ledger.observed import only
from ledger.repository import Journaled, Repository, Snapshot

MOST_COMMITS = 2048
_FURTHER_BACK = "what was noted further back is not looked at here"
Reader = Callable[[Journaled], bool]


@dataclass(frozen=True, slots=True)
class Past:
    """One endpoint since an instant; its book has nothing in it where nothing is known."""

    book: Book
    tariff: Tariff
    gaps: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Subject:
    """Which endpoint of which environment is asked about."""

    environment: str
    name: Name
    endpoint_name: EndpointName


def read_past(
    ledger: Repository,
    snapshot: Snapshot,
    status: tuple[Repository, Snapshot] | None,
    subject: Subject,
    moments: tuple[int, int],
) -> Past:
    """Read both histories between two instants. Raises Failure for the ledger's own."""
    since, until = moments
    folder = f"{ROOT}/{subject.environment}"
    files = {
        file: content
        for file in (*_documents(subject.name), PRICES_FILE)
        if (content := snapshot.files.get(f"{folder}/{file}")) is not None
    }
    leases = _Ledger(since, files, subject.name)
    ledger.journal(folder, leases.begin, up_to=snapshot, most=MOST_COMMITS)
    notes = _Status(since, subject)
    if status:
        notes.read(*status)
    reader, lives = leases.reader, notes.reader.watched.lives(until)
    found = {each.name: each for each in books(lives, reader.leases, reader.definitions)}
    book = found.get(subject.name) or Book(subject.name, (), Lease())
    return Past(book, reader.tariff, notes.gaps(until))


def _documents(name: Name) -> tuple[str, ...]:
    return tuple(f"{name}.{kind}.json" for kind in ("endpoint", "lease"))


class _Ledger:
    """Hands on what concerns one endpoint; begins anew where the clone was damaged."""

    def __init__(self, since: int, now: Mapping[str, bytes], name: Name) -> None:
        self._since, self._now = since, now
        self._wanted = frozenset((*_documents(name), PRICES_FILE))
        self.reader = LedgerReader(since, now)

    def begin(self) -> Reader:
        self.reader = LedgerReader(self._since, self._now)
        return self

    def __call__(self, each: Journaled) -> bool:
        files = {file: pair for file, pair in each.files.items() if file in self._wanted}
        return self.reader(each.at, files, lambda: each.record)


class _Status:
    """The same for the status branch, where a version has the entries of all endpoints."""

    def __init__(self, since: int, subject: Subject) -> None:
        self._since, self._subject = since, subject
        self._looked = 0
        self._is_cut = False
        self.reader = StatusReader(since, subject.environment)

    def read(self, status: Repository, snapshot: Snapshot) -> None:
        """Read as much as can be; what cannot be read is told as a gap."""
        try:
            status.journal("", self.begin, up_to=snapshot, most=MOST_COMMITS)
        except Failure:
            self._is_cut = True
        self._is_cut = self._is_cut or self._looked >= MOST_COMMITS

    def begin(self) -> Reader:
        self._looked = 0
        self.reader = StatusReader(self._since, self._subject.environment)
        return self

    def __call__(self, each: Journaled) -> bool:
        self._looked += 1
        file, name = f"{self._subject.environment}.json", self._subject.endpoint_name
        files = {
            path: (None, only(after, name))
            for path, (_, after) in each.files.items()
            if path == file
        }
        return self.reader(each.at, files)

    def gaps(self, until: int) -> tuple[Gap, ...]:
        """Return when nobody looked, or this did not look."""
        found = self.reader.watched.gaps(self._since, until)
        if self._is_cut and found and found[0].begin == self._since:
            found[0] = found[0]._replace(reason=_FURTHER_BACK)
        return tuple(found)
