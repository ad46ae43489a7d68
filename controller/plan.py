"""The planner: what one tick does to each endpoint, and why.

Called by `reconcile` and by `leasehold plan`. Pure: a fleet, what SageMaker has, and `now` make a
`Plan`. It performs nothing and reads no clock.

    repository       SageMaker                          action
    ---------------  ---------------------------------  ------------------------------------------
    any              Creating, Updating,                wait (a stop that is met stays pending)
                     SystemUpdating, RollingBack,
                     Deleting
    document broken  any                                keep and report
    none             tagged ours                        delete; the brake is on these, never on ends
    none             untagged                           not ours, never touched
    first lease due  any                                grant; the lease starts it at the next tick
    on               absent                             create
    on               same config                        keep
    on               other config                       update (blue/green)
    on               Failed, capacity                   delete after a back-off, then create
    on               Failed, other reason, same config  keep and report until the definition changes
                     and same lease                     or the lease is renewed
    on               Failed, config or lease changed    delete, then create
    on               OutOfService, same config          keep and report
                     UpdateRollbackFailed, same config
    on or off        there, but untagged                keep and report: not ours
    off              present                            delete; config and model stay
    off              absent                             keep
    any              unknown status                     keep and report
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from controller.desired import (
    ENVIRONMENT_TAG,
    LEASE_TAG,
    NAME_TAG,
    PROJECT_TAG,
    Desired,
    desired,
    lease_mark,
)
from ledger.documents import Environment
from ledger.holdings import Broken, Fleet, Holding, environment_path
from ledger.lease import grant, is_on, stamp
from ledger.schedule import window_end

BACK_OFF = timedelta(minutes=5)
_BUSY = frozenset({"Creating", "Updating", "SystemUpdating", "RollingBack", "Deleting"})
_SETTLED = frozenset({"InService", "OutOfService", "UpdateRollbackFailed", "Failed"})
_CAPACITY = ("InsufficientInstanceCapacity", "CapacityError", "requested ML compute capacity")


class Verb(StrEnum):
    """What is done about an endpoint. `report` is keep, and a person has to look."""

    GRANT = "grant"
    DELETE = "delete"
    UPDATE = "update"
    CREATE = "create"
    WAIT = "wait"
    REPORT = "report"
    KEEP = "keep"


CHANGES = (Verb.GRANT, Verb.DELETE, Verb.UPDATE, Verb.CREATE)


@dataclass(frozen=True, slots=True)
class Observed:
    """One endpoint as SageMaker has it. Times are in UTC."""

    endpoint_name: str
    status: str
    modified_at: datetime
    config_name: str | None = None
    failure_reason: str | None = None
    tags: Mapping[str, str] | None = None

    def belongs_to(self, environment: Environment, environment_name: str) -> bool:
        tags = self.tags or {}
        return (tags.get(PROJECT_TAG), tags.get(ENVIRONMENT_TAG)) == (
            environment.project_prefix,
            environment_name,
        )


@dataclass(frozen=True, slots=True)
class Action:
    """One line of a plan: what, on which endpoint, and a reason that its user can read."""

    verb: Verb
    name: str
    endpoint_name: str
    reason: str
    target: Desired | None = None
    is_orphan: bool = False


@dataclass(frozen=True, slots=True)
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
        wanted = endpoint_name.lower()
        return next((a for a in self.actions if a.endpoint_name.lower() == wanted), None)


def plan(fleet: Fleet, observed: Iterable[Observed], now: datetime, commit: str = "") -> Plan:
    """Decide for every endpoint of an environment. Without its settings nothing is touched."""
    if fleet.environment is None:
        reason = " ".join(str(violation) for violation in fleet.violations)
        file = environment_path(fleet.name)
        return Plan(fleet.name, commit, (Action(Verb.REPORT, file, fleet.name, reason),))
    there = {item.endpoint_name.lower(): item for item in observed}
    actions = [
        *(_frozen(item) for item in fleet.broken),
        *(
            _decide(
                _Case(fleet, fleet.environment, item, now), there.get(item.endpoint_name.lower())
            )
            for item in fleet.holdings
        ),
        *_prune(fleet, fleet.environment, there),
    ]
    order = list(Verb)
    actions.sort(key=lambda action: (order.index(action.verb), action.endpoint_name))
    return Plan(fleet.name, commit, tuple(actions))


@dataclass(frozen=True, slots=True)
class _Case:
    """A holding, with what it takes to decide about it."""

    fleet: Fleet
    environment: Environment
    holding: Holding
    now: datetime

    def act(self, verb: Verb, reason: str, *, build: bool = False) -> Action:
        target = self.target if build else None
        return Action(verb, self.holding.name, self.holding.endpoint_name, reason, target)

    @property
    def target(self) -> Desired:
        return desired(self.holding, self.environment, self.fleet.name)

    @property
    def is_on(self) -> bool:
        return is_on(self.holding.definition.schedule, self.holding.lease, self.now)

    @property
    def grant_due(self) -> bool:
        minutes = self.holding.definition.schedule.initial_provision_minutes
        return self.holding.lease is None and minutes > 0

    @property
    def why(self) -> str:
        """Say why it is on or off."""
        return _why(self.holding, self.now)


def _decide(case: _Case, there: Observed | None) -> Action:
    """Apply the table above to one holding."""
    if there and not there.belongs_to(case.environment, case.fleet.name):
        return case.act(
            Verb.REPORT,
            "an endpoint of this name is there, but without Leasehold's tags: it is not touched."
            " Choose another endpoint_name, or remove that endpoint.",
        )
    if case.grant_due:
        minutes = case.holding.definition.schedule.initial_provision_minutes
        until = stamp(grant(minutes, case.now, case.fleet.ceiling).expires_at)
        return case.act(Verb.GRANT, f"first lease of {minutes} min, until {until}")
    if there is None:
        verb = Verb.CREATE if case.is_on else Verb.KEEP
        return case.act(verb, case.why, build=case.is_on)
    if there.status in _BUSY:
        return case.act(Verb.WAIT, _waiting(case, there))
    if there.status not in _SETTLED:
        return case.act(
            Verb.REPORT, f"its status {there.status} is unknown to this version: not touched"
        )
    return _on(case, there) if case.is_on else case.act(Verb.DELETE, case.why)


def _on(case: _Case, there: Observed) -> Action:
    """Decide for an endpoint that should run and is settled in some status."""
    changed = there.config_name != case.target.config_name
    match there.status:
        case "Failed":
            return _failed(case, there, changed=changed)
        case _ if changed:
            reason = (
                f"its definition changed: {there.config_name} becomes {case.target.config_name}"
            )
            return case.act(Verb.UPDATE, reason, build=True)
        case "InService":
            suffix = f"; the last update failed: {there.failure_reason}"
            return case.act(Verb.KEEP, case.why + (suffix if there.failure_reason else ""))
        case status:
            return case.act(Verb.REPORT, f"SageMaker says {status}: {_cause(there)}")


def _failed(case: _Case, there: Observed, *, changed: bool) -> Action:
    cause = _cause(there)
    renewed = (there.tags or {}).get(LEASE_TAG) != lease_mark(case.holding)
    if changed or renewed:
        news = "its definition changed" if changed else "its lease was renewed"
        return case.act(Verb.DELETE, f"it failed ({cause}), and {news}: it starts anew")
    if any(words in cause for words in _CAPACITY):
        retry_at = _retry_at(there)
        if case.now < retry_at:
            return case.act(Verb.WAIT, f"no capacity ({cause}); next try at {stamp(retry_at)}")
        return case.act(Verb.DELETE, f"no capacity ({cause}); it starts anew")
    return case.act(
        Verb.REPORT, f"it failed: {cause}. Change its definition or renew its lease to try again."
    )


def _cause(there: Observed) -> str:
    return (there.failure_reason or "no reason given").rstrip(".")


def _retry_at(there: Observed) -> datetime:
    """Back off by 1 to 2 times BACK_OFF after the failure; the jitter is the endpoint's own."""
    seed = f"{there.endpoint_name} {there.modified_at.isoformat()}"
    share = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:4]) / 2**32
    return there.modified_at + BACK_OFF * (1 + share)


def _waiting(case: _Case, there: Observed) -> str:
    if case.is_on or there.status == "Deleting":
        return f"SageMaker says {there.status}; {case.why}"
    return f"{case.why}; SageMaker refuses to stop it while {there.status}, so the stop is pending"


def _why(holding: Holding, now: datetime) -> str:
    lease, schedule = holding.lease, holding.definition.schedule
    if lease and lease.off_until and now < lease.off_until:
        return f"released, off until {stamp(lease.off_until)}"
    if schedule.always_on:
        return "always on"
    if lease and lease.is_live(now):
        return f"leased until {stamp(lease.expires_at)}"
    if end := window_end(schedule, now):
        return f"scheduled until {stamp(end)}"
    return f"lease ended at {stamp(lease.expires_at)}" if lease else "no lease"


def _frozen(broken: Broken) -> Action:
    reason = "frozen until mended: " + " ".join(str(v) for v in broken.violations)
    return Action(Verb.REPORT, broken.name, broken.endpoint_name, reason)


def _prune(
    fleet: Fleet, environment: Environment, there: Mapping[str, Observed]
) -> Iterator[Action]:
    """Delete what is ours and in no definition; past the brake, report all of them instead."""
    defined = {item.endpoint_name.lower() for item in fleet.items}
    frozen = {item.name.lower() for item in fleet.broken}
    orphans = [
        _orphan(item, frozen)
        for key, item in there.items()
        if key not in defined and item.belongs_to(environment, fleet.name)
    ]
    count, limit = sum(item.verb is Verb.DELETE for item in orphans), environment.max_orphans
    for orphan in orphans:
        if orphan.verb is Verb.DELETE and count > limit:
            reason = (
                f"{count} endpoints have no definition any more, and a tick may delete at most"
                f" {limit}: none is deleted. Restore the definitions, or raise prune.max_orphans"
                f" in {environment_path(fleet.name)}."
            )
            yield replace(orphan, verb=Verb.REPORT, reason=reason)
        else:
            yield orphan


def _orphan(there: Observed, frozen: frozenset[str] | set[str]) -> Action:
    name = (there.tags or {}).get(NAME_TAG, "")

    def act(verb: Verb, reason: str) -> Action:
        return Action(verb, name or there.endpoint_name, there.endpoint_name, reason, None, True)  # noqa: FBT003

    if name.lower() in frozen:
        return act(Verb.REPORT, f"the definition of {name} is broken, so its endpoint is kept")
    if there.status in _BUSY:
        return act(Verb.WAIT, f"no definition any more; SageMaker says {there.status}")
    if there.status not in _SETTLED:
        return act(Verb.REPORT, f"no definition any more; its status {there.status} is unknown")
    return act(Verb.DELETE, "no definition any more")
