"""Who keeps endpoints on: who changed each lease last, and why, from the ledger's history."""

from collections.abc import Collection
from contextlib import suppress

from leasehold.context import Context
from ledger.accounting.steps import FIRST_LEASE, IN_USE
from ledger.committers import CONTROLLER
from ledger.errors import Failure
from ledger.history import LeaseAction, read_changes
from ledger.holdings import ROOT
from ledger.repository import Journaled
from ledger.snapshot import CommitRecord

_MOST = 2000  # commits that are read back: a lease that ends soon was changed lately
_OURS = {LeaseAction.GRANT: FIRST_LEASE, LeaseAction.EXTEND: IN_USE}


def keepers(context: Context, environment: str, names: Collection[str]) -> dict[str, str]:
    """Return who keeps each of these on; what cannot be read, or is long ago, is left out."""
    reader = Keepers(names)
    if names:
        with suppress(Failure):  # the plan does not hang on it
            context.repository().journal(f"{ROOT}/{environment}", reader.begin)
    return reader.found


def keeper(record: CommitRecord) -> str | None:
    """Return who made a change of a lease, and why; None for minutes given back for a start."""
    change = next((each.change for each in read_changes([record])), None)
    if record.author.email == CONTROLLER.email:
        return _OURS.get(change.action) if change else None
    reason = change.reason if change else None
    return f"{record.author.name}: {reason}" if reason else record.author.name


class Keepers:
    """Reads back until all are found; begins anew where the clone was damaged."""

    def __init__(self, names: Collection[str], most: int = _MOST) -> None:
        self._wanted = {f"{name}.lease.json": name for name in names}
        self._most = self._left = most
        self.found: dict[str, str] = {}

    def begin(self) -> "Keepers":
        self.found, self._left = {}, self._most
        return self

    def __call__(self, each: Journaled) -> bool:
        self._left -= 1
        for name in {self._wanted[file] for file in each.files if file in self._wanted}:
            if name not in self.found and (who := keeper(each.record)):
                self.found[name] = who
        return self._left > 0 and len(self.found) < len(self._wanted)
