"""What somebody is told about an endpoint, and what became of telling it. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass
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
class Notice:
    """One message. `key` names what it is about, so that it is told once and not every minute.

    `settles` are the keys that its delivery puts into each endpoint's entry: its own, and those
    that it makes superfluous. `taken` are the targets that have it from an earlier tick.
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


@dataclass(frozen=True, slots=True)
class Delivery:
    """What became of a notice: `ok` once every configured target took it, else a sentence why."""

    notice: Notice
    ok: bool
    taken: frozenset[str] = frozenset()
    code: str | None = None
    sentence: str = ""
