"""What one tick saw, wanted and did, as values. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from controller.notices.notice import Delivery
from controller.planning.action import Action, Plan
from controller.planning.findings import Findings
from controller.planning.observed import Observed
from ledger.holdings import Fleet


class State(StrEnum):
    DONE = "done"
    DROPPED = "dropped"
    WAITING = "waiting"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one change of a plan. `detail` is empty when it was simply done."""

    action: Action
    state: State
    detail: str = ""
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Tick:
    """What one tick saw, wanted and did. `troubles` are sentences about what stops nothing."""

    now: datetime
    fleet: Fleet
    observed: tuple[Observed, ...]
    plan: Plan
    outcomes: tuple[Outcome, ...] = ()
    findings: Findings = field(default_factory=Findings)
    deliveries: tuple[Delivery, ...] = ()
    troubles: tuple[str, ...] = ()
