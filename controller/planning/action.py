"""What a plan is made of: verbs, actions with their reasons, and the plan itself. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import cached_property

from controller.planning.artifact import Artifact, ResourceKind
from controller.planning.desired import Desired
from controller.planning.scaling_policy import Scale
from ledger.names import EndpointName, Name
from ledger.phases import Status


class Verb(StrEnum):
    """What is done, in the order in which it is done. `report` is keep, for a person to look."""

    DELETE = "delete"
    GRANT = "grant"
    CREDIT = "credit"
    EXTEND = "extend"
    IDLE = "idle"
    ADOPT = "adopt"
    UPDATE = "update"
    CREATE = "create"
    TAG = "tag"
    SCALE = "scale"
    RESIZE = "resize"
    COLLECT = "collect"
    WAIT = "wait"
    REPORT = "report"
    HOLD = "hold"
    KEEP = "keep"

    @property
    def changes(self) -> bool:
        """Tell whether anything is done at all."""
        return self not in _LEAVES_ALONE

    @property
    def commits(self) -> bool:
        """Tell whether it is done by a commit to the ledger: it changes a lease."""
        return self in _COMMITS

    @property
    def ends(self) -> bool:
        """Tell whether something that AWS has is gone after it."""
        return self in _ENDS

    @property
    def begins(self) -> Status | None:
        """Return the status that an endpoint has as soon as SageMaker has accepted it."""
        return _BEGINS.get(self)


_LEAVES_ALONE = frozenset({Verb.WAIT, Verb.REPORT, Verb.HOLD, Verb.KEEP})
_COMMITS = frozenset({Verb.GRANT, Verb.CREDIT, Verb.EXTEND, Verb.IDLE})
_ENDS = frozenset({Verb.DELETE, Verb.COLLECT})
_BEGINS = {
    Verb.DELETE: Status.DELETING,
    Verb.UPDATE: Status.UPDATING,
    Verb.CREATE: Status.CREATING,
    Verb.RESIZE: Status.UPDATING,
}

# What an action is done with: requests, a leftover, a lease's new end, or the length of a credit.
Target = Desired | Artifact | Scale | datetime | timedelta


@dataclass(frozen=True, slots=True)
class Action:
    """One line of a plan: what is done, to what, and a reason that its user can read.

    `name` is the definition's; of an environment it is the file that its settings are in.
    `resource_name` is what AWS calls it, and of an environment its own name.
    """

    verb: Verb
    name: str
    resource_name: Name
    reason: str
    target: Target | None = None
    is_orphan: bool = False
    kind: ResourceKind = ResourceKind.ENDPOINT
    past_limit: bool = False  # it is not done, for all that is on would cost too much

    @property
    def endpoint_name(self) -> EndpointName | None:
        """Name the endpoint that it is about; None where it is about something else."""
        return EndpointName(self.resource_name) if self.kind is ResourceKind.ENDPOINT else None


def in_order(actions: Iterable[Action]) -> tuple[Action, ...]:
    """Sort actions as they are done: by verb, and then by name."""
    order = {verb: number for number, verb in enumerate(Verb)}
    return tuple(sorted(actions, key=lambda each: (order[each.verb], str(each.resource_name))))


@dataclass(frozen=True)
class Plan:
    """What one tick would do, in the order in which it is done: deletes before creates."""

    environment: str
    commit: str
    actions: tuple[Action, ...]

    @property
    def changes(self) -> tuple[Action, ...]:
        return tuple(action for action in self.actions if action.verb.changes)

    @property
    def needs_a_person(self) -> bool:
        return any(action.verb is Verb.REPORT for action in self.actions)

    def action_for(self, endpoint_name: EndpointName) -> Action | None:
        return self._by_endpoint.get(endpoint_name)

    @cached_property
    def _by_endpoint(self) -> dict[EndpointName, Action]:
        # The first action of a name counts, so it is put in last.
        return {name: each for each in reversed(self.actions) if (name := each.endpoint_name)}
