"""The ledger's two histories as they are read: newest first, and no further than is needed. Pure.

A reader is given what each commit changed in a folder: by file, what it was before and after. It
says whether it needs to know more.
"""

import json
from bisect import bisect_right
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from operator import itemgetter
from typing import Any

from ledger.accounting.account import Versions
from ledger.accounting.service import Watched
from ledger.accounting.steps import (
    FIRST_LEASE,
    IN_USE,
    START_CREDIT,
    Leases,
    Step,
    Steps,
)
from ledger.accounting.tariff import Tariff
from ledger.committers import CONTROLLER
from ledger.documents import Definition, Prices, parse_definition, parse_prices
from ledger.file_names import document_of
from ledger.fleet import ENVIRONMENT_FILE, PRICES_FILE
from ledger.history import LeaseAction, trailers
from ledger.names import Name
from ledger.snapshot import CommitRecord
from ledger.unread import Unread

Changed = Mapping[str, tuple[bytes | None, bytes | None]]
_EVER = -(2**62)
_BEGIN = itemgetter(0)
_Owed = tuple[Name, int]  # a change of a lease, whose buyer is found out later
_OURS = {
    LeaseAction.GRANT: FIRST_LEASE,
    LeaseAction.CREDIT: START_CREDIT,
    LeaseAction.EXTEND: IN_USE,
}


@dataclass
class LedgerReader:
    """Reads changes of leases, definitions and prices of one environment, back to an instant.

    Further back it reads what was bought before and lasted until then, and who wrote the definition
    that a first lease was granted for. `now` are the files of the
    folder as they are, for what has not changed since. `unread` has the commits that left a file
    in a state that cannot be read.
    """

    since: int
    now: Mapping[str, bytes]
    unread: dict[str, Unread] = field(default_factory=dict)  # by file
    _steps: dict[Name, Steps] = field(default_factory=dict)
    _definitions: dict[Name, list[tuple[int, Definition | None]]] = field(default_factory=dict)
    _prices: list[tuple[int, Prices | None]] = field(default_factory=list)
    _regions: list[tuple[int, str | None]] = field(default_factory=list)
    _before: dict[str, bytes | None] = field(default_factory=dict)
    _granted: dict[Name, list[_Owed]] = field(default_factory=dict)  # whose author is to come
    _moved: dict[str, list[_Owed]] = field(default_factory=dict)  # by file: whose buyer is to come
    _open: dict[str, int] | None = None  # leases that lasted until then, and whose buyer is to come

    def __call__(self, at: int, files: Changed, told: Callable[[], CommitRecord]) -> bool:
        if self._open is None and at < self.since:
            self._open = self._lasting()
        moves = _moves(files) if len(files) > 1 else {}
        for file, (before, after) in sorted(files.items(), key=_is_removed):
            if self._matters(file):
                self._read(file, at, (before, after), told)
                if self._open is None:
                    self._before[file] = before
                if file in moves:
                    self._follow(moves[file], file)
        return self._open is None or bool(self._open) or bool(self._granted)

    @property
    def leases(self) -> Leases:
        return Leases(self._steps)

    @property
    def tariff(self) -> Tariff:
        """Return the prices of each moment, where they were those of the environment's region."""
        prices = [(_EVER, _prices(self._oldest(PRICES_FILE))), *reversed(self._prices)]
        regions = [(_EVER, _region(self._oldest(ENVIRONMENT_FILE))), *reversed(self._regions)]
        told: list[tuple[int, Prices | None]] = []
        for at in sorted({at for at, _ in (*prices, *regions)}):
            listed = prices[bisect_right(prices, at, key=_BEGIN) - 1][1]
            region = regions[bisect_right(regions, at, key=_BEGIN) - 1][1]
            fits = listed and region in {None, listed.region_name}
            told.append((at, listed if fits else None))
        return Tariff(told)

    @property
    def definitions(self) -> dict[Name, Versions]:
        files: dict[Name, list[str]] = {name: [] for name in self._steps}
        for file in {**self.now, **self._before}:
            if (name := _defined(file)) is not None:
                files.setdefault(name, []).append(file)
        return {name: self._versions(name, found) for name, found in files.items()}

    def _versions(self, name: Name, files: list[str]) -> Versions:
        """Return what it was from when on, in files of its name: these ignore case."""
        contents = [content for file in files if (content := self._oldest(file)) is not None]
        begin = next(filter(None, map(_definition, contents)), None)
        later = self._definitions.get(name, [])[::-1]
        return later if contents and begin is None else [(_EVER, begin), *later]

    def _oldest(self, file: str) -> bytes | None:
        """Return what a file was before all changes that were read."""
        return self._before[file] if file in self._before else self.now.get(file)

    def _lasting(self) -> dict[str, int]:
        """Return the leases that were live at the instant, with their ends."""
        files = {*self._before, *self.now}
        leases = (file for file in files if (found := document_of(file)) and found[1] == "lease")
        ends = {file: _end(self._oldest(file)) for file in leases}
        return {file: end for file, end in ends.items() if end is not None and end > self.since}

    def _matters(self, file: str) -> bool:
        if self._open is None or file in self._open:
            return True
        name = _defined(file)
        return name is not None and name in self._granted

    def _read(
        self,
        file: str,
        at: int,
        contents: tuple[bytes | None, bytes | None],
        told: Callable[[], CommitRecord],
    ) -> None:
        before, after = contents
        if after is not None and not _is_readable(file, after):
            self.unread.setdefault(file, Unread()).take(told().commit)
        if file == PRICES_FILE:
            self._prices.append((at, _prices(after)))
            return
        if file == ENVIRONMENT_FILE:
            self._regions.append((at, _region(after)))
            return
        match document_of(file):
            case (name, "lease"):
                self._read_lease(Name(name), at, (_end(before), _end(after)), told())
                if self._open is not None and (_end(before) or 0) <= self.since:
                    del self._open[file]
            case (name, "endpoint"):
                definition = _definition(after)
                if self._open is None and (definition or after is None):  # a broken one freezes
                    self._definitions.setdefault(Name(name), []).append((at, definition))
                for owed in self._granted.pop(Name(name), ()):
                    self._credit(owed, f"{FIRST_LEASE} ({_person(told())})")

    def _read_lease(
        self, name: Name, at: int, ends: tuple[int | None, int | None], record: CommitRecord
    ) -> None:
        previous, expires = ends
        if expires is None:
            return
        ours = record.author.email == CONTROLLER.email
        action = trailers(record.message).get("Lease-Action") if ours else None
        buyer = _person(record)
        if ours:
            buyer = next((what for verb, what in _OURS.items() if verb == action), buyer)
        step = Step(at, previous, expires, buyer, action == LeaseAction.IDLE)
        if (steps := self._steps.get(name)) is None:
            steps = self._steps[name] = Steps()
        owed = [(name, steps.add(step))]
        for moved in self._moved.pop(f"{name}.lease.json", ()):
            self._credit(moved, buyer)
            owed.append(moved)
        if buyer == FIRST_LEASE:
            self._granted.setdefault(name, []).extend(owed)

    def _credit(self, owed: _Owed, buyer: str) -> None:
        name, number = owed
        self._steps[name].credit(number, buyer)

    def _follow(self, old: str, new: str) -> None:
        """Look for who bought a lease where it was before its file was moved."""
        name = Name(new.removesuffix(".lease.json"))
        self._moved.setdefault(old, []).append((name, len(self._steps[name]) - 1))
        if self._open is not None:
            self._open[old] = self.since


@dataclass
class StatusReader:
    """Reads the versions of one environment's record, back to the one that was there at `since`."""

    since: int
    environment: str
    watched: Watched = field(default_factory=Watched)

    def __call__(self, at: int, files: Changed) -> bool:
        change = files.get(f"{self.environment}.json")
        if change is not None:
            self.watched.add(at, _entries(change[1]))
        return at >= self.since or change is None


def _entries(content: bytes | None) -> Mapping[str, object] | None:
    """Return the entries of a version; none of one that was only begun, None where it is broken."""
    try:
        found: Any = json.loads(content or b"{}")
        return dict(found.get("endpoints", {}))
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None


def _person(record: CommitRecord) -> str:
    return f"{record.author.name} <{record.author.email}>"


def _is_readable(file: str, content: bytes) -> bool:
    """Tell whether a version of a file says what it should, if it is one that is read at all."""
    if file == PRICES_FILE:
        return _prices(content) is not None
    match document_of(file):
        case (_, "lease"):
            return _end(content) is not None
        case (_, "endpoint"):
            return _definition(content) is not None
    return True


@lru_cache(maxsize=4096)
def _end(content: bytes | None) -> int | None:
    """Read the end of a lease; a file that cannot be read changes none."""
    try:
        found: Any = json.loads(content.decode()) if content else None
        text: str = found["expires_at"]
        return int(datetime.fromisoformat(text).timestamp()) if text.endswith("Z") else None
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return None


def _definition(content: bytes | None) -> Definition | None:
    read = parse_definition("", content) if content is not None else None
    return read if isinstance(read, Definition) else None


def _prices(content: bytes | None) -> Prices | None:
    read = parse_prices("", content) if content is not None else None
    return read if isinstance(read, Prices) else None


def _region(content: bytes | None) -> str | None:
    """Return the region that an environment names; None where none can be read."""
    try:
        found: Any = json.loads(content or b"{}").get("region_name")
    except (ValueError, AttributeError, RecursionError):
        return None
    return found if isinstance(found, str) else None


def _moves(files: Changed) -> dict[str, str]:
    """Return the leases that one commit moved: which file was which one before."""
    gone = {before: file for file, (before, after) in files.items() if after is None}
    return {
        file: gone[after]
        for file, (before, after) in files.items()
        if before is None and after in gone and file.endswith(".lease.json") and _end(after)
    }


def _is_removed(change: tuple[str, tuple[bytes | None, bytes | None]]) -> bool:
    """Tell whether a file went. Newest first, a name that is spelled anew came after it went."""
    return change[1][1] is None


def _defined(file: str) -> Name | None:
    found = document_of(file)
    return Name(found[0]) if found and found[1] == "endpoint" else None
