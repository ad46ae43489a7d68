"""The observed history: what SageMaker did, as the ledger's status branch has it.

One file, `<env>.json`, with an entry for each endpoint. A tick begins with `sighted`, which brings
the record up to what is there, and ends with a commit if anything moved. It is memory, never the
truth: a lost record costs a start-up credit or repeats a notice, and deletes nothing. Pure.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from ledger.json_files import dump_json
from ledger.lease import stamp

ABSENT = "absent"
_INSTANTS = frozenset(
    {
        "since",
        "created_at",
        "starting_since",
        "starting_lease",
        "lease_end",
        "renewed_at",
        "suspended_since",
    }
)
_NO_TEXT = frozenset({"notices", "scaled", "failures"})


@dataclass(frozen=True, slots=True)
class Entry:
    """One endpoint as the last ticks saw it. Times are in UTC, whole seconds."""

    name: str
    status: str
    since: datetime
    cause: str = ""
    created_at: datetime | None = None
    config: str | None = None
    previous_config: str | None = None
    attempted_config: str | None = None  # of the last update
    update_failure: str | None = None  # why that one was rolled back
    starting_since: datetime | None = None  # wanted since, and not in service yet
    starting_lease: datetime | None = None  # the latest end of its lease in that time
    lease_end: datetime | None = None  # as the last tick saw it, where idleness may end it
    renewed_at: datetime | None = None  # when a tick saw that end move ahead
    scaled: bool = False  # Application Auto Scaling has something of ours for it
    failures: int = 0  # in a row, for lack of capacity
    suspended_since: datetime | None = None
    notices: frozenset[str] = frozenset()  # keys of those delivered


@dataclass(frozen=True, slots=True)
class Record:
    """All entries of one environment, by endpoint name. `is_new`: there was none before."""

    entries: Mapping[str, Entry] = field(default_factory=lambda: MappingProxyType({}))
    is_new: bool = False

    def entry(self, endpoint_name: str) -> Entry | None:
        return self.entries.get(endpoint_name)

    def moved(self, before: "Record") -> tuple[str, ...]:
        """Name the endpoints with news since a former record; details alone are none."""
        names = sorted({*self.entries, *before.entries})
        return tuple(name for name in names if _news(self.entry(name)) != _news(before.entry(name)))

    def with_entries(self, changed: Mapping[str, Entry | None]) -> "Record":
        """Return the record with these entries in place of the former; None drops one."""
        entries = {**self.entries, **changed}
        kept = {name: entry for name, entry in sorted(entries.items()) if entry}
        return Record(kept, self.is_new)


def parse_record(content: bytes | None) -> Record:
    """Read a record. What cannot be read is a new one: it is memory, and never the truth."""
    if content is None:
        return Record(is_new=True)
    try:
        entries = json.loads(content)["endpoints"]
        return Record({name: _entry(data) for name, data in sorted(entries.items())})
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError):
        return Record(is_new=True)


def dump_record(record: Record) -> bytes:
    """Write a record, byte for byte the same for the same entries."""
    return dump_json(
        {"endpoints": {name: _data(entry) for name, entry in sorted(record.entries.items())}}
    )


def _news(entry: Entry | None) -> Entry | None:
    """Leave out what may be found out later without anything having moved."""
    return (
        replace(entry, created_at=None, starting_lease=None, lease_end=None, renewed_at=None)
        if entry
        else None
    )


def _entry(data: Mapping[str, Any]) -> Entry:
    known = {each.name for each in fields(Entry)}
    values = {key: _value(key, value) for key, value in data.items() if key in known}
    return Entry(**values)


def _value(key: str, value: Any) -> Any:  # noqa: ANN401  (whatever JSON holds)
    """Read one field, or raise ValueError: a tick must not meet a value of another kind."""
    match key, value:
        case _, str() if key in _INSTANTS and (moment := datetime.fromisoformat(value)).tzinfo:
            return moment.astimezone(UTC)
        case "notices", list() if all(isinstance(each, str) for each in value):
            return frozenset(value)
        case ("scaled", bool()) | ("failures", int()):
            return value
        case _, str() if key not in _INSTANTS and key not in _NO_TEXT:
            return value
        case _:
            raise ValueError(f"{key} is {value!r}")


def _data(entry: Entry) -> dict[str, Any]:
    """Give an entry as JSON, without what is empty."""
    values = {each.name: getattr(entry, each.name) for each in fields(Entry)}
    return {key: _plain(value) for key, value in values.items() if value}


def _plain(value: object) -> object:
    match value:
        case datetime():
            return stamp(value)
        case frozenset():
            return sorted(value)
        case _:
            return value
