"""One tick: converge SageMaker to the ledger. Called by the Lambda handler and the command line.

Everything is decided by `plan`, a pure function; everything is done by `endpoints` and the ledger.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol
from uuid import NAMESPACE_URL, uuid5

from controller.plan import Action, Observed, Plan, Verb, plan
from ledger.errors import Failure, Refused, Wait
from ledger.holdings import Fleet, read_fleet
from ledger.proposals import Request, first_lease
from ledger.snapshot import Committed, Person, Proposal, Snapshot

CONTROLLER = Person("Leasehold controller", "controller@leasehold.invalid")


class Ledger(Protocol):
    """The ledger's repository, as a tick needs it."""

    def read(self) -> Snapshot: ...
    def head(self) -> str: ...
    def commit(self, proposal: Proposal, *, deadline_seconds: float = ...) -> Committed: ...


class Cloud(Protocol):
    """SageMaker, as a tick needs it."""

    def observe(self, fleet: Fleet) -> tuple[Observed, ...]: ...
    def apply(self, action: Action, now: datetime) -> None: ...


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
    """What one tick saw, wanted and did."""

    now: datetime
    fleet: Fleet
    observed: tuple[Observed, ...]
    plan: Plan
    outcomes: tuple[Outcome, ...] = ()


def look(ledger: Ledger, cloud: Cloud, environment: str, now: datetime) -> Tick:
    """Read and plan, and change nothing. Raises Failure where either side cannot be read whole."""
    snapshot = ledger.read()
    fleet = read_fleet(snapshot.files, environment)
    observed = cloud.observe(fleet)
    return Tick(now, fleet, observed, plan(fleet, observed, now, snapshot.commit))


def reconcile(ledger: Ledger, cloud: Cloud, environment: str, now: datetime) -> Tick:
    """Converge one environment.

    - read the head of the ledger, and what SageMaker has;
    - plan: a pure function of both and of `now`;
    - carry the plan out, deletes before creates, each action by itself;
    - before each delete read the remote head again: an extension pushed a moment ago wins;
    - say what became of each.

    Raises Failure where either side cannot be read whole: no readable git, no deletes.
    """
    seen = look(ledger, cloud, environment, now)
    return Tick(now, seen.fleet, seen.observed, seen.plan, tuple(_carry_out(ledger, cloud, seen)))


def _carry_out(ledger: Ledger, cloud: Cloud, tick: Tick) -> Iterator[Outcome]:
    """Do the changes of a plan one by one; the failure of one stops no other."""
    for action in tick.plan.changes:
        try:
            news = _last_look(ledger, tick, action) if action.verb is Verb.DELETE else None
            if news:
                yield Outcome(action, State.DROPPED, news)
                continue
            if action.verb is Verb.GRANT:
                ledger.commit(_first_lease(tick, action))
            else:
                cloud.apply(action, tick.now)
            yield Outcome(action, State.DONE)
        except Failure as failure:
            yield Outcome(action, _state(failure), failure.message, failure.code)


def _last_look(ledger: Ledger, tick: Tick, action: Action) -> str | None:
    """Say what the ledger wants instead of a delete now, if its head moved and it does."""
    if ledger.head() == tick.plan.commit:
        return None
    snapshot = ledger.read()
    fleet = read_fleet(snapshot.files, tick.fleet.name)
    anew = plan(fleet, tick.observed, tick.now, snapshot.commit).action_for(action.endpoint_name)
    if anew is not None and anew.verb is Verb.DELETE:
        return None
    return f"the ledger moved meanwhile: {anew.reason if anew else 'it is not ours any more'}"


def _first_lease(tick: Tick, action: Action) -> Proposal:
    """Grant under an id that a repeated tick on the same commit would choose again."""
    environment = tick.fleet.name
    seed = f"grant {environment} {action.name} {tick.plan.commit}"
    request_id = uuid5(NAMESPACE_URL, seed).hex
    return first_lease(Request(environment, action.endpoint_name, CONTROLLER, request_id, tick.now))


def _state(failure: Failure) -> State:
    match failure:
        case Wait():
            return State.WAITING
        case Refused():
            return State.REFUSED
        case _:
            return State.FAILED
