"""What a tick works with, as it needs it. Entry points put it together. Pure: protocols alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.aws.endpoints import Look
from controller.memory.applied import Applied
from controller.memory.record import Record
from controller.notices.notice import Delivery, Notice
from controller.planning.action import Action
from controller.planning.findings import Findings
from ledger.documents import Environment
from ledger.holdings import Fleet
from ledger.snapshot import CommitRecord, Committed, Proposal, Snapshot


class Ledger(Protocol):
    """The ledger's repository, as a tick needs it."""

    def read(self) -> Snapshot: ...
    def head(self) -> str: ...
    def commit(self, proposal: Proposal, *, deadline_seconds: float = ...) -> Committed: ...
    def latest(self, limit: int) -> Iterator[CommitRecord]: ...


class Cloud(Protocol):
    """AWS, as a tick needs it."""

    def observe(self, fleet: Fleet) -> Look: ...
    def survey(self, fleet: Fleet, look: Look, record: Record, now: datetime) -> Findings: ...
    def apply(self, action: Action, now: datetime) -> None: ...


class Memory(Protocol):
    """The observed history, as a tick needs it."""

    def read(self, environment: str) -> Record: ...
    def keep(self, environment: str, record: Record, note: Applied) -> None: ...


class Notifier(Protocol):
    """Whoever delivers notices."""

    def deliver(
        self, notices: Sequence[Notice], environment: Environment
    ) -> tuple[Delivery, ...]: ...


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a tick works with."""

    ledger: Ledger
    cloud: Cloud
    logbook: Memory
    notifier: Notifier
