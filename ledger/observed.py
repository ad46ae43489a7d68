"""The branch `leasehold/status`: what the controller saw SageMaker do, and how far it came. Pure.

The controller writes it, and everybody may read it. Each environment has two files:

    <env>.json          a `Record`: an entry for each endpoint, with what the last ticks saw of it
    <env>.applied.json  an `Applied`: the ledger's commit that a tick carried out, and what was not
                        as that commit wants it. `schema/applied.schema.json` has its form.

Both are memory and never the truth, so a file that cannot be read counts as one that is not there.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from ledger.documents import Verify
from ledger.hosts import Hosts, as_data, read_hosts
from ledger.json_files import dump_json, read_json
from ledger.lease import stamp
from ledger.names import EndpointName, Name
from ledger.phases import Phase, phase_of

_INSTANTS = frozenset(
    {
        "since",
        "created_at",
        "starting_since",
        "starting_lease",
        "lease_end",
        "lease_set_at",
        "renewed_at",
        "suspended_since",
        "refused_at",
    }
)
_NUMBERS = frozenset({"failures", "attempted_count", "refusals"})
_SETS = frozenset({"notices", "tag_keys"})
_FLAGS = frozenset({"scaled", "foreign"})
_NO_TEXT = _SETS | _NUMBERS | _FLAGS
_STATUS = re.compile("[a-zA-Z]{1,40}")  # a reader may put it into a header


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
    hosts: Hosts | None = None  # what it runs on; None where nobody knows
    config_version: str | None = None  # of somebody else's config, when the endpoint took it
    attempted_config: str | None = None  # of the last update
    update_failure: str | None = None  # why that one was rolled back
    attempted_count: int = 0  # of instances, as long as it has not arrived
    starting_since: datetime | None = None  # wanted since, and not in service yet
    starting_lease: datetime | None = None  # the latest end of its lease in that time
    lease_end: datetime | None = None  # as the last tick saw it
    lease_set_at: datetime | None = None  # at the latest; None where no tick saw it change
    renewed_at: datetime | None = None  # when a tick saw that end move ahead
    scaled: bool = False  # Application Auto Scaling has something of ours for it
    failures: int = 0  # in a row, for lack of capacity
    refused: str | None = None  # what AWS said to the last request, if it will say so again
    refused_at: datetime | None = None
    refused_config: str | None = None  # that request's config, `@`, and a mark of all else in it
    refusals: int = 0  # of that request, in a row
    held: str | None = None  # why what is on it keeps it from being ended
    suspended_since: datetime | None = None
    foreign: bool = False  # it has a definition's name, and is not ours
    api_resource_name: str | None = None  # the path at which it answers
    notices: frozenset[str] = frozenset()  # keys of those delivered
    tag_keys: frozenset[str] = frozenset()  # of the tags that its definition has set

    @property
    def phase(self) -> Phase:
        return phase_of(self.status)


@dataclass(frozen=True, slots=True)
class Noted:
    """What others than the controller read of an entry: its status is a word of letters.

    `reason` is AWS's own sentence, where it refused something, or something failed; or why
    what is on it keeps it from being ended.
    """

    status: str
    foreign: bool = False
    since: datetime | None = None
    reason: str | None = None
    hosts: Hosts | None = None

    @property
    def phase(self) -> Phase:
        return phase_of(self.status)


@dataclass(frozen=True, slots=True)
class Record:
    """The entries of one environment. `is_new`: nothing was noted before.

    `id` is minted when a record is begun, and stands in the tags of all that is made after that.
    `region_name` is where the endpoints of its entries are.
    """

    entries: Mapping[EndpointName, Entry] = field(default_factory=lambda: MappingProxyType({}))
    is_new: bool = False
    id: str = ""
    region_name: str | None = None

    def entry(self, endpoint_name: EndpointName) -> Entry | None:
        return self.entries.get(endpoint_name)

    def moved(self, before: "Record") -> tuple[EndpointName, ...]:
        """Name the endpoints with news since a former record; details alone are none."""
        names = sorted({*self.entries, *before.entries}, key=str)
        return tuple(name for name in names if _news(self.entry(name)) != _news(before.entry(name)))

    def with_entries(self, changed: Mapping[EndpointName, Entry | None]) -> "Record":
        """Return the record with these entries, and their spelling; None drops one."""
        entries = {name: entry for name, entry in self.entries.items() if name not in changed}
        entries |= {name: entry for name, entry in changed.items() if entry}
        return replace(self, entries=dict(sorted(entries.items(), key=_spelling)))


@dataclass(frozen=True, slots=True)
class Applied:
    """How far the fleet is. Two are equal if they say the same, whenever they were noted.

    `open` names the endpoints that were not as `commit` wants them, files that may be a definition
    and are not read, or the environment where its settings cannot be read. `set_back_at` is when a
    tick found that the ledger's head does not descend from `commit`, which stays the one applied.
    `verify` is what the environment's settings said as of `commit`: by it the next commits are
    judged, and not by what they say themselves.
    """

    commit: str
    open: tuple[Name, ...]
    at: datetime = field(compare=False)
    set_back_at: datetime | None = None
    verify: Verify = "none"


def read_record(files: Mapping[str, bytes], environment: str) -> Record:
    """Read an environment's record; where there is none that can be read, begin a new one."""
    try:
        data = dict(json.loads(files[_record_path(environment)]))
    except (ValueError, TypeError, KeyError, RecursionError):
        return Record(is_new=True)
    begun = Record(
        is_new=True, id=_text(data.get("id")) or "", region_name=_text(data.get("region_name"))
    )
    try:
        read = {EndpointName(name): _entry(each) for name, each in data["endpoints"].items()}
    except (ValueError, TypeError, KeyError, AttributeError, OverflowError):
        return begun
    return replace(begun, entries=dict(sorted(read.items(), key=_spelling)), is_new=False)


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


def read_noted(files: Mapping[str, bytes], environment: str) -> Mapping[EndpointName, Noted | None]:
    """Return what readers need to know of each endpoint; None for an entry that is broken.

    One broken entry hides no other. Where no record is there, or one that was only begun, nothing
    is noted; raises ValueError for a record that cannot be read.
    """
    path = _record_path(environment)
    if path not in files:
        return {}
    try:
        entries = json.loads(files[path]).get("endpoints", {})
        return {EndpointName(name): _noted(data) for name, data in entries.items()}
    except (ValueError, TypeError, AttributeError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read") from error


def read_applied(files: Mapping[str, bytes], environment: str) -> Applied | None:
    """Read an environment's note of what was applied; None where none can be read."""
    path = _applied_path(environment)
    data = read_json(path, files[path], "applied") if path in files else ()
    if isinstance(data, tuple):
        return None
    try:
        at = datetime.fromisoformat(data["at"]).astimezone(UTC)
        set_back = data.get("set_back_at")
        set_back_at = datetime.fromisoformat(set_back).astimezone(UTC) if set_back else None
    except (ValueError, OverflowError):
        return None
    names = tuple(map(Name, data["open"]))
    return Applied(data["commit"], names, at, set_back_at, data.get("verify", "none"))


def write(environment: str, record: Record, applied: Applied) -> dict[str, bytes]:
    """Return an environment's files, byte for byte the same for the same values."""
    note = {"commit": applied.commit, "at": stamp(applied.at), "open": list(applied.open)}
    if applied.set_back_at:
        note["set_back_at"] = stamp(applied.set_back_at)
    if applied.verify != "none":
        note["verify"] = applied.verify
    return {**write_record(environment, record), _applied_path(environment): dump_json(note)}


def write_record(environment: str, record: Record) -> dict[str, bytes]:
    """Return the file of a record; of one that is new it says its id alone."""
    data: dict[str, Any] = {"id": record.id, "region_name": record.region_name}
    if not record.is_new:
        entries = sorted(record.entries.items(), key=_spelling)
        data["endpoints"] = {name: _data(entry) for name, entry in entries}
    return {
        _record_path(environment): dump_json(
            {key: value for key, value in data.items() if value or key == "endpoints"}
        )
    }


def _record_path(environment: str) -> str:
    return f"{environment}.json"


def _applied_path(environment: str) -> str:
    return f"{environment}.applied.json"


def _spelling(item: tuple[EndpointName, object]) -> str:
    return str(item[0])


def _news(entry: Entry | None) -> Entry | None:
    """Leave out what may be found out later without anything having moved."""
    return (
        replace(
            entry,
            created_at=None,
            starting_lease=None,
            lease_end=None,
            lease_set_at=None,
            renewed_at=None,
            api_resource_name=None,
        )
        if entry
        else None
    )


def _noted(data: object) -> Noted | None:
    if not isinstance(data, dict):
        return None
    status, foreign = data.get("status"), data.get("foreign", False)
    if (
        not isinstance(status, str)
        or not isinstance(foreign, bool)
        or not _STATUS.fullmatch(status)
    ):
        return None
    return Noted(
        status, foreign, _since(data), _reason(data, status), read_hosts(data.get("hosts"))
    )


def _since(data: Mapping[str, Any]) -> datetime | None:
    try:
        moment = datetime.fromisoformat(data["since"])
        return moment.astimezone(UTC) if moment.tzinfo else None
    except (KeyError, TypeError, ValueError, OverflowError):
        return None


def _reason(data: Mapping[str, Any], status: str) -> str | None:
    """Return what AWS said last: to a request of now, of what failed, or of an update."""
    dead = data.get("cause") if phase_of(status) is Phase.FAILED else None
    said = (data.get("refused"), data.get("held"), dead, data.get("update_failure"))
    return next((each for each in said if each and isinstance(each, str)), None)


def _entry(data: Mapping[str, Any]) -> Entry:
    known = {each.name for each in fields(Entry)}
    values = {key: _value(key, value) for key, value in data.items() if key in known}
    return Entry(**values)


def _value(key: str, value: Any) -> Any:  # noqa: ANN401  (whatever JSON holds)
    """Read one field, or raise ValueError: a tick must not meet a value of another kind."""
    match key, value:
        case "hosts", _:
            return read_hosts(value)  # what cannot be read is found out again
        case _, str() if key in _INSTANTS and (moment := datetime.fromisoformat(value)).tzinfo:
            return moment.astimezone(UTC)
        case _, list() if key in _SETS and all(isinstance(each, str) for each in value):
            return frozenset(value)
        case _, bool() if key in _FLAGS:
            return value
        case _, int() if key in _NUMBERS:
            return value
        case _, str() if key not in _INSTANTS and key not in _NO_TEXT:
            return value
        case _:
            raise ValueError(f"{key} is {value!r}")


def _data(entry: Entry) -> dict[str, Any]:
    """Return an entry as JSON, without what is empty."""
    values = {each.name: getattr(entry, each.name) for each in fields(Entry)}
    return {
        key: _plain(value)
        for key, value in values.items()
        if value or (key == "hosts" and value is not None)
    }


def _plain(value: object) -> object:
    match value:
        case datetime():
            return stamp(value)
        case frozenset():
            return sorted(value)
        case tuple():
            return as_data(value)
        case _:
            return value


def only(content: bytes | None, endpoint_name: EndpointName) -> bytes | None:
    """Return a record's file with one entry alone; one that cannot be read stays as it is."""
    try:
        entries = json.loads(content or b"{}").get("endpoints", {})
        kept = {name: each for name, each in entries.items() if EndpointName(name) == endpoint_name}
    except (ValueError, TypeError, AttributeError, RecursionError):
        return content
    return json.dumps({"endpoints": kept}).encode()
