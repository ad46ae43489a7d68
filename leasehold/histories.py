"""The ledger's two histories, read for a report or a timeline: who bought what, and what ran."""

from dataclasses import dataclass

from leasehold.context import Context
from ledger.accounting.account import Book, books
from ledger.accounting.reading import LedgerReader, StatusReader
from ledger.accounting.service import Gap
from ledger.accounting.tariff import Tariff
from ledger.holdings import ROOT, Fleet
from ledger.repository import Journaled, Repository


@dataclass(frozen=True)
class Histories:
    """What was read, back to an instant."""

    ledger: LedgerReader
    status: StatusReader

    @property
    def tariff(self) -> Tariff:
        return self.ledger.tariff

    def books(self, until: int) -> list[Book]:
        lives = self.status.watched.lives(until)
        return list(books(lives, self.ledger.leases, self.ledger.definitions))

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
    return Histories(leases.reader, notes.reader)


class _Leases:
    """Begins anew whenever a clone had to be deepened."""

    def __init__(self, since: int, now: dict[str, bytes]) -> None:
        self._since, self._now = since, now
        self.reader = LedgerReader(since, now)

    def begin(self) -> "_Leases":
        self.reader = LedgerReader(self._since, self._now)
        return self

    def __call__(self, each: Journaled) -> bool:
        return self.reader(each.raw_date, each.files, lambda: each.record)


class _Notes:
    """Begins anew whenever a clone had to be deepened."""

    def __init__(self, since: int, environment: str) -> None:
        self._since, self._environment = since, environment
        self.reader = StatusReader(since, environment)

    def begin(self) -> "_Notes":
        self.reader = StatusReader(self._since, self._environment)
        return self

    def __call__(self, each: Journaled) -> bool:
        return self.reader(each.raw_date, each.files)
