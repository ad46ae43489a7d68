"""One tick: converge SageMaker to the ledger. Called by the Lambda handler and the command line.

Everything is decided by `plan`, a pure function; everything is done by the estate and the ledger.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Protocol

from controller.action import COMMITS, Action, Verb
from controller.endpoints import Look
from controller.lease_changes import CONTROLLER, proposal_for, request_id
from controller.notice import Delivery, Notice
from controller.notices import baseline, delivered, due, pruned
from controller.plan import plan
from controller.record import Record
from controller.sighting import acted, forgotten, settled, sighted
from controller.tick import Outcome, State, Tick
from controller.world import World
from ledger.documents import Environment
from ledger.errors import Failure, Refused, Wait
from ledger.history import trailers
from ledger.holdings import Fleet, read_fleet
from ledger.proposals import Request
from ledger.snapshot import CommitRecord, Committed, Proposal, Snapshot

__all__ = ["CONTROLLER", "Means", "Outcome", "State", "Tick", "look", "reconcile"]

_LATEST = 500  # commits, among which a credit is looked for
_MOST_AT_ONCE = 256  # lease changes that share a push


class Ledger(Protocol):
    """The ledger's repository, as a tick needs it."""

    def read(self) -> Snapshot: ...
    def head(self) -> str: ...
    def commit(self, proposal: Proposal, *, deadline_seconds: float = ...) -> Committed: ...
    def latest(self, limit: int) -> Iterator[CommitRecord]: ...


class Cloud(Protocol):
    """AWS, as a tick needs it."""

    def observe(self, fleet: Fleet) -> Look: ...
    def survey(self, fleet: Fleet, look: Look, record: Record, now: datetime) -> World: ...
    def apply(self, action: Action, now: datetime) -> None: ...


class Memory(Protocol):
    """The observed history, as a tick needs it."""

    def read(self, environment: str) -> Record: ...
    def keep(self, environment: str, record: Record, commit: str) -> None: ...


class Post(Protocol):
    """Whoever delivers notices."""

    def deliver(
        self, notices: Sequence[Notice], environment: Environment
    ) -> tuple[Delivery, ...]: ...


@dataclass(frozen=True, slots=True)
class Means:
    """What a tick works with."""

    ledger: Ledger
    cloud: Cloud
    logbook: Memory
    courier: Post


def look(means: Means, environment: str, now: datetime) -> Tick:
    """Read and plan, and change nothing. Raises Failure where either side cannot be read whole."""
    snapshot = means.ledger.read()
    fleet = read_fleet(snapshot.files, environment)
    record = means.logbook.read(environment)
    seen = means.cloud.observe(fleet)
    if fleet.environment is not None:
        record = sighted(record, fleet, seen.observed, now)
    world = means.cloud.survey(fleet, seen, record, now)
    planned = plan(fleet, seen.observed, now, snapshot.commit, world)
    return Tick(now, fleet, seen.observed, planned, world=world)


def reconcile(means: Means, environment: str, now: datetime) -> Tick:
    """Converge one environment.

    - read the head of the ledger, what SageMaker has, and what the last ticks saw;
    - plan: a pure function of all that and of `now`;
    - carry the plan out, deletes before creates, each action by itself;
    - before each delete read the remote head again: an extension pushed a moment ago wins;
    - tell whom it concerns, and write down what moved;
    - say what became of each.

    Raises Failure where either side cannot be read whole: no readable git, no deletes.
    """
    seen = look(means, environment, now)
    tick = replace(seen, outcomes=tuple(_carry_out(means, seen)))
    return tick if tick.fleet.environment is None else _remember(means, tick)


def _carry_out(means: Means, tick: Tick) -> Iterator[Outcome]:
    """Do the changes of a plan; the failure of one stops no other. Lease changes share a push."""
    changes = [action for action in tick.plan.changes if action.verb in COMMITS]
    if changes:
        commit = partial(_commit, means.ledger, tick, _known_changes(means.ledger, changes))
        with ThreadPoolExecutor(min(len(changes), _MOST_AT_ONCE)) as callers:
            yield from callers.map(commit, changes)
    for action in tick.plan.changes:
        if action.verb not in COMMITS:
            yield _outcome(action, partial(_apply, means, tick, action))


def _outcome(action: Action, do: Callable[[], str | None]) -> Outcome:
    """Do one thing, which answers with what came in between, if anything did."""
    try:
        news = do()
    except Failure as failure:
        return Outcome(action, _state(failure), failure.message, failure.code)
    return Outcome(action, State.DROPPED, news) if news else Outcome(action, State.DONE)


def _apply(means: Means, tick: Tick, action: Action) -> str | None:
    """Act on AWS. Before anything is deleted, the ledger is asked once more."""
    ends = action.verb in (Verb.DELETE, Verb.COLLECT)
    news = _last_look(means.ledger, tick, action) if ends else None
    if not news:
        means.cloud.apply(action, tick.now)
    return news


def _last_look(ledger: Ledger, tick: Tick, action: Action) -> str | None:
    """Say what the ledger wants instead of a delete now, if its head moved and it does."""
    if ledger.head() == tick.plan.commit:
        return None
    snapshot = ledger.read()
    fleet = read_fleet(snapshot.files, tick.fleet.name)
    if action.verb is Verb.COLLECT:
        return "the ledger moved meanwhile: the next tick looks again"
    anew = plan(fleet, tick.observed, tick.now, snapshot.commit, tick.world)
    wanted = anew.action_for(action.endpoint_name)
    if wanted is not None and wanted.verb is Verb.DELETE:
        return None
    return f"the ledger moved meanwhile: {wanted.reason if wanted else 'it is not ours any more'}"


def _known_changes(ledger: Ledger, changes: Iterable[Action]) -> frozenset[str]:
    """Name the changes that the history has: a tick may have been cut short after a credit."""
    if not any(action.verb is Verb.CREDIT for action in changes):
        return frozenset()
    records = ledger.latest(_LATEST)
    return frozenset(trailers(record.message).get("Request-Id", "") for record in records)


def _commit(ledger: Ledger, tick: Tick, known: Collection[str], action: Action) -> Outcome:
    """Commit a lease change, unless it is in the history already."""
    environment, commit = tick.fleet.name, tick.plan.commit
    change = request_id(action, tick.fleet, tick.world.record, commit)
    if change in known:
        return Outcome(action, State.DONE)
    reason = None if action.verb is Verb.GRANT else action.reason
    request = Request(environment, action.endpoint_name, CONTROLLER, change, tick.now, reason)
    proposal = proposal_for(action, tick.fleet, request)

    def do() -> None:
        ledger.commit(proposal)

    return _outcome(action, do)


def _remember(means: Means, tick: Tick) -> Tick:
    """Tell whom it concerns, and keep what moved. What goes wrong here stops nothing."""
    done = (outcome.action for outcome in tick.outcomes if outcome.state is State.DONE)
    record = settled(acted(tick.world.record, done, tick.now), tick.plan)
    record, deliveries = _tell(means.courier, tick, record)
    troubles = [*tick.world.troubles, *(each.sentence for each in deliveries if not each.ok)]
    try:
        means.logbook.keep(tick.fleet.name, record, tick.plan.commit)
    except Failure as failure:
        troubles.append(str(failure))
    return replace(tick, deliveries=deliveries, troubles=tuple(troubles))


def _tell(courier: Post, tick: Tick, record: Record) -> tuple[Record, tuple[Delivery, ...]]:
    """Deliver what is due, and note what arrived."""
    notices = due(tick.fleet, tick.plan, record, tick.now)
    if record.is_new:
        record = baseline(record, notices, tick.now)
        notices = due(tick.fleet, tick.plan, record, tick.now)
    deliveries: tuple[Delivery, ...] = ()
    if notices and tick.fleet.environment:
        deliveries = courier.deliver(notices, tick.fleet.environment)
    record = delivered(record, deliveries, tick.now)
    record = pruned(record, tick.fleet, tick.plan)
    untold = {each.notice.endpoint_name for each in deliveries if not each.ok}
    return forgotten(record, tick.plan, untold), deliveries


def _state(failure: Failure) -> State:
    match failure:
        case Wait():
            return State.WAITING
        case Refused():
            return State.REFUSED
        case _:
            return State.FAILED
