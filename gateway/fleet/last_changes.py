"""Who changed each lease last, for all leases together, by looking at the newest commits alone.

A list must not read a long history for each of its polls. What changed a lease last stays the same
as long as its file does, so it is looked for once; then only what has changed since. How far is
bounded, for leases that are live or ended lately by more than for others: one that nobody has
touched for so long has no last change here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock

from ledger.deadline import turn
from ledger.history import read_changes
from ledger.holdings import ROOT, Holding, document_path
from ledger.names import Name
from ledger.repository import Journaled, Repository, Snapshot
from ledger.snapshot import CommitRecord, Person

MOST_COMMITS = 1024
_AT_LEAST = 128  # are looked at where something is not found
_WORTH_LOOKING_FOR = timedelta(days=1)  # after its end
EDIT = "edit"


@dataclass(frozen=True, slots=True)
class LastChange:
    """The newest change of a lease. `edit` is a commit that somebody made with an editor."""

    commit: str
    at: datetime
    by: Person
    action: str
    reason: str | None

    @classmethod
    def of(cls, record: CommitRecord) -> "LastChange":
        """Read it from its commit."""
        told = next(read_changes([record]), None)
        action = str(told.change.action) if told else EDIT
        reason = told.change.reason if told else record.message.split("\n", 1)[0].strip()
        return cls(record.commit, record.committed_at, record.author, action, reason or None)


@dataclass(frozen=True)
class LastChanges:
    """Those of one environment's leases. Safe to call from many threads."""

    ledger: Repository
    environment: str
    most: int = MOST_COMMITS
    _known: dict[str, tuple[bytes, LastChange | None]] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def of(
        self, snapshot: Snapshot, items: Mapping[Name, Holding], now: datetime
    ) -> Mapping[Name, LastChange]:
        """Return what is known of them as of a snapshot. Raises Failure."""
        files = {
            f"{name}.lease.json": (name, content)
            for name in items
            if (content := snapshot.files.get(document_path(self.environment, name, "lease")))
        }
        with turn(self._lock):
            self._look(snapshot, files, items, now)
            found = {name: self._known.get(file) for file, (name, _) in files.items()}
        return {name: each[1] for name, each in found.items() if each and each[1]}

    def _look(
        self,
        snapshot: Snapshot,
        files: Mapping[str, tuple[Name, bytes]],
        items: Mapping[Name, Holding],
        now: datetime,
    ) -> None:
        new = {file for file, (_, each) in files.items() if self._content(file) != each}
        wanted = {file for file in new if _is_recent(items[files[file][0]], now)}
        folder, likely = f"{ROOT}/{self.environment}", max(len(wanted), _AT_LEAST)
        readers: list[_Newest] = []

        def begin() -> Callable[[Journaled], bool]:
            readers.append(_Newest(frozenset(new), frozenset(wanted)))
            return readers[-1]

        if new:
            self.ledger.journal(folder, begin, up_to=snapshot, most=self.most, likely=likely)
        self._keep(files, readers[-1].found if readers else {}, new)

    def _content(self, file: str) -> bytes | None:
        known = self._known.get(file)
        return known[0] if known else None

    def _keep(
        self,
        files: Mapping[str, tuple[Name, bytes]],
        found: Mapping[str, CommitRecord],
        new: set[str],
    ) -> None:
        for file in new:
            change = LastChange.of(found[file]) if file in found else None
            self._known[file] = files[file][1], change
        for gone in self._known.keys() - files.keys():
            del self._known[gone]


class _Newest:
    """Keeps the newest commit of each file, until it has those that are wanted.

    For the others it looks at a few commits, which cost next to nothing.
    """

    def __init__(self, files: frozenset[str], wanted: frozenset[str]) -> None:
        self.found: dict[str, CommitRecord] = {}
        self._files, self._wanted = set(files), set(wanted)
        self._looked = 0

    def __call__(self, each: Journaled) -> bool:
        self._looked += 1
        for file in self._files.intersection(each.files):
            self.found[file] = each.record
            self._files.discard(file)
            self._wanted.discard(file)
        return bool(self._wanted) or (bool(self._files) and self._looked < _AT_LEAST)


def _is_recent(item: Holding, now: datetime) -> bool:
    """Tell whether it is worth a look into the history: a live lease, or one that ended lately."""
    return item.lease is not None and now < item.lease.expires_at + _WORTH_LOOKING_FOR
