"""What a tick works with, as protocols: an entry point puts the real ones together. Pure."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from controller.notices.notice import Delivery, Notice
from controller.planning.action import Action
from controller.planning.components import ComponentQuestion, Hosted
from controller.planning.desired import Desired
from controller.planning.fields import Documents
from controller.planning.findings import Findings
from controller.planning.observed import Existing, Look
from controller.planning.ownership import Owner
from ledger.documents import Environment
from ledger.holdings import Fleet
from ledger.json_files import Violation
from ledger.names import EndpointName
from ledger.observed import Applied, Record
from ledger.snapshot import CommitRecord, Committed, Proposal, SignedCommit, Snapshot


class Ledger(Protocol):
    """The ledger's repository, as a tick needs it."""

    def read(self) -> Snapshot: ...
    def head(self) -> str: ...
    def commit(self, proposal: Proposal, *, deadline_seconds: float = ...) -> Committed: ...
    def answers(self, request_id: str) -> Sequence[CommitRecord]: ...
    def descends(self, commit: str, ancestor: str) -> bool: ...
    def at(self, commit: str) -> Snapshot: ...
    def changes(self, path: str, limit: int) -> Iterator[CommitRecord]: ...
    def since(
        self, base: str, tip: str, watched: Sequence[str] = ...
    ) -> Sequence[SignedCommit] | None: ...


class Cloud(Protocol):
    """AWS, as a tick needs it."""

    @property
    def region_name(self) -> str: ...
    def observe(self, fleet: Fleet, owner: Owner) -> Look: ...
    def components(
        self, questions: Collection[ComponentQuestion]
    ) -> Mapping[EndpointName, Hosted]: ...
    def find(self, endpoint_name: str) -> Existing | None: ...
    def limits(self, documents: Documents, target: Desired) -> tuple[Violation, ...]: ...
    def take_scaling(self, name: EndpointName) -> None: ...
    def apply(self, action: Action) -> None: ...


class Survey(Protocol):
    """All that a plan depends on besides the endpoints, as far as it could be looked at."""

    def findings(self, fleet: Fleet, look: Look, record: Record, now: datetime) -> Findings: ...
    def hosted(
        self, questions: Collection[ComponentQuestion], now: datetime
    ) -> Mapping[EndpointName, Hosted]: ...


class Memory(Protocol):
    """What earlier ticks saw, as a tick needs it."""

    def read(self, environment: str) -> Record: ...
    def applied(self, environment: str) -> Applied | None: ...
    def begin(self, environment: str) -> bool: ...
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
    survey: Survey
    logbook: Memory
    notifier: Notifier
