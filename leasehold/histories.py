"""The ledger's two histories, read for a report or a timeline: who bought what, and what ran."""

from collections.abc import Iterator
from dataclasses import dataclass

from leasehold.context import Context
from ledger.accounting.account import Book, books
from ledger.accounting.reading import LedgerReader, StatusReader
from ledger.accounting.service import Gap
from ledger.accounting.tariff import Tariff
from ledger.holdings import ROOT, Fleet
from ledger.repository import Journaled, Repository
from ledger.unread import Unread


@dataclass(frozen=True)
class Histories:
    """What was read, back to an instant."""

    ledger: LedgerReader
    status: StatusReader
    undated: Unread

    @property
    def tariff(self) -> Tariff:
        return self.ledger.tariff

    def books(self, until: int) -> Iterator[Book]:
        """Yield what is known of each endpoint; whoever keeps them all keeps all of the history."""
        lives = self.status.watched.lives(until)
        return books(lives, self.ledger.leases, self.ledger.definitions)

    @property
    def unread(self) -> dict[str, Unread]:
        """Return the commits that left a file in a state that cannot be read, by file."""
        return self.ledger.unread

    @property
    def noted_at(self) -> int | None:
        """Return when what SageMaker did was noted last."""
        return self.status.watched.last

    def gaps(self, since: int, until: int) -> list[Gap]:
        return self.status.watched.gaps(since, until)


def read_histories(context: Context, ledger: Repository, fleet: Fleet, since: int) -> Histories:
    """Read both histories of an environment. Raises Failure."""
    folder = f"{ROOT}/{fleet.name}/"
    files = ledger.read().files
    now = {path.removeprefix(folder): files[path] for path in files if path.startswith(folder)}
    leases = _Leases(since, now)
    ledger.journal(folder.rstrip("/"), leases.begin)
    notes = _Notes(since, fleet.name)
    context.status().journal("", notes.begin)
    return Histories(leases.reader, notes.reader, leases.undated.joined(notes.undated))


class _Leases:
    """Begins anew where the clone was damaged."""

    def __init__(self, since: int, now: dict[str, bytes]) -> None:
        self._since, self._now = since, now
        self.reader = LedgerReader(since, now)
        self.undated = Unread()

    def begin(self) -> "_Leases":
        self.reader, self.undated = LedgerReader(self._since, self._now), Unread()
        return self

    def __call__(self, each: Journaled) -> bool:
        if not each.is_dated:
            self.undated.take(each.raw.name)
        return self.reader(each.at, each.files, lambda: each.record)


class _Notes:
    """Begins anew where the clone was damaged."""

    def __init__(self, since: int, environment: str) -> None:
        self._since, self._environment = since, environment
        self.reader = StatusReader(since, environment)
        self.undated = Unread()

    def begin(self) -> "_Notes":
        self.reader, self.undated = StatusReader(self._since, self._environment), Unread()
        return self

    def __call__(self, each: Journaled) -> bool:
        if not each.is_dated:
            self.undated.take(each.raw.name)
        return self.reader(each.at, each.files)
