"""What a plan is made of: verbs, actions with their reasons, and the plan itself. Pure.

The planner makes them; `reconcile` carries them out, `report` and `notices` tell them.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from controller.planning.collection import Artifact
from controller.planning.desired import Desired
from controller.planning.scaling_policy import Scale


class Verb(StrEnum):
    """What is done, in the order in which it is done. `report` is keep, for a person to look."""

    GRANT = "grant"
    CREDIT = "credit"
    EXTEND = "extend"
    IDLE = "idle"
    ADOPT = "adopt"
    DELETE = "delete"
    UPDATE = "update"
    CREATE = "create"
    TAG = "tag"
    SCALE = "scale"
    COLLECT = "collect"
    WAIT = "wait"
    REPORT = "report"
    HOLD = "hold"
    KEEP = "keep"


COMMITS = (Verb.GRANT, Verb.CREDIT, Verb.EXTEND, Verb.IDLE)
CHANGES = tuple(verb for verb in Verb if verb not in (Verb.WAIT, Verb.REPORT, Verb.HOLD, Verb.KEEP))

# What an action is done with: requests, a leftover, a lease's new end, or the length of a credit.
Target = Desired | Artifact | Scale | datetime | timedelta


@dataclass(frozen=True, slots=True)
class Action:
    """One line of a plan: what, on which endpoint, and a reason that its user can read."""

    verb: Verb
    name: str
    endpoint_name: str
    reason: str
    target: Target | None = None
    is_orphan: bool = False


@dataclass(frozen=True)
class Plan:
    """What one tick would do, in the order in which it is done: deletes before creates."""

    environment: str
    commit: str
    actions: tuple[Action, ...]

    @property
    def changes(self) -> tuple[Action, ...]:
        return tuple(action for action in self.actions if action.verb in CHANGES)

    @property
    def needs_a_person(self) -> bool:
        return any(action.verb is Verb.REPORT for action in self.actions)

    def action_for(self, endpoint_name: str) -> Action | None:
        return self._by_endpoint.get(endpoint_name.lower())

    @cached_property
    def _by_endpoint(self) -> dict[str, Action]:
        # The first action of a name counts, so it is put in last.
        return {action.endpoint_name.lower(): action for action in reversed(self.actions)}
