"""What somebody is told about an endpoint, and what became of telling it. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from ledger.names import EndpointName, Name


class Kind(StrEnum):
    EXPIRING = "expiring"
    STARTED = "started"
    STOPPED = "stopped"
    FAILED = "failed"
    IDLE = "idle"
    BLOCKED = "blocked"


@dataclass(frozen=True, slots=True)
class Ending:
    """The lease that a notice says will end: what its links are made for.

    `lease_id` is the id of the lease's last change, and `commit` the ledger's as of which it is
    meant. `last` says who extended it last, where that is known.
    """

    path: str
    expires_at: datetime
    lease_id: str
    commit: str
    now: datetime
    last: str = ""


@dataclass(frozen=True, slots=True)
class Notice:
    """One message. `key` names what it is about, so that it is told once and not every minute.

    `settles` are the keys that its delivery puts into each endpoint's entry: its own, and those
    that it makes superfluous. `taken` are the targets that have it from an earlier tick. `owner` is
    whom the definition names; `act` is the end of `text`, which says what to do without a link.
    """

    kind: Kind
    environment: str
    name: str
    endpoint_name: Name
    key: str
    subject: str
    text: str
    detail: Mapping[str, Any]
    settles: Mapping[EndpointName, frozenset[str]]
    taken: frozenset[str] = frozenset()
    owner: str | None = None
    act: str = ""
    ending: Ending | None = None


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a notice: `ok` once every configured target took it, else a sentence why.

    One that is `ok` has a sentence if something of it was missing.
    """

    notice: Notice
    ok: bool
    taken: frozenset[str] = frozenset()
    code: str | None = None
    sentence: str = ""
