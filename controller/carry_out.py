"""Carries a plan out: lease changes to the ledger, all else to AWS.

It decides nothing. Before something ends it reads the ledger again and plans again, so that a push
of the last seconds counts.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from controller.dependencies import Dependencies, Ledger
from controller.lease_changes import proposal_for, request_id
from controller.plan import plan
from controller.planning.action import Action, Verb
from controller.tick import Outcome, State, Tick
from ledger.committers import CONTROLLER
from ledger.errors import Failure, Refused, Wait
from ledger.holdings import fleet_of
from ledger.proposals import Request
from ledger.snapshot import CommitRecord

_MOST_AT_ONCE = 256  # lease changes that share a push


def carry_out(dependencies: Dependencies, tick: Tick) -> Iterator[Outcome]:
    """Do the changes of a plan; the failure of one stops no other. Lease changes share a push."""
    changes = [action for action in tick.plan.changes if action.verb.commits]
    if changes:
        commit = partial(
            _commit, dependencies.ledger, tick, _known_changes(dependencies.ledger, tick, changes)
        )
        with ThreadPoolExecutor(min(len(changes), _MOST_AT_ONCE)) as callers:
            yield from callers.map(commit, changes)
    for action in tick.plan.changes:
        if not action.verb.commits:
            yield _outcome(action, partial(_apply, dependencies, tick, action))


def _outcome(action: Action, do: Callable[[], str | None]) -> Outcome:
    """Do one thing. It returns a sentence where it was not to be done any more."""
    try:
        news = do()
    except Failure as failure:
        return Outcome(action, _state(failure), failure.message, failure.code)
    return Outcome(action, State.DROPPED, news) if news else Outcome(action, State.DONE)


def _apply(dependencies: Dependencies, tick: Tick, action: Action) -> str | None:
    """Act on AWS, or return why not: before anything ends, the ledger is read once more."""
    news = _last_look(dependencies.ledger, tick, action) if action.verb.ends else None
    if not news:
        dependencies.cloud.apply(action, tick.now)
    return news


def _last_look(ledger: Ledger, tick: Tick, action: Action) -> str | None:
    """Return what the ledger wants instead of this end, if somebody pushed; None if nothing."""
    if ledger.head() == tick.plan.commit:
        return None
    snapshot = ledger.read()
    fleet = fleet_of(snapshot, tick.fleet.name)
    if action.endpoint_name is None:
        return "somebody pushed to the ledger meanwhile: the next tick looks again"
    anew = plan(fleet, tick.observed, tick.now, snapshot.commit, tick.findings)
    wanted = anew.action_for(action.endpoint_name)
    if wanted is not None and wanted.verb.ends:
        return None
    reason = wanted.reason if wanted else "it is not ours any more"
    return f"somebody pushed to the ledger meanwhile: {reason}"


def _known_changes(ledger: Ledger, tick: Tick, changes: Iterable[Action]) -> frozenset[str]:
    """Return the ids of credits that the history has: a tick may have been cut short after one."""
    fleet, record, commit = tick.fleet, tick.findings.record, tick.plan.commit
    credited = [action for action in changes if action.verb is Verb.CREDIT]
    asked = [request_id(action, fleet, record, commit) for action in credited]
    return frozenset(each for each in asked if any(map(_changed_lease, ledger.answers(each))))


def _changed_lease(found: CommitRecord) -> bool:
    return any(path.endswith(".lease.json") for path in found.files)


def _commit(ledger: Ledger, tick: Tick, known: Collection[str], action: Action) -> Outcome:
    """Commit a lease change, unless it is in the history already."""
    environment, commit = tick.fleet.name, tick.plan.commit
    change = request_id(action, tick.fleet, tick.findings.record, commit)
    if change in known:
        return Outcome(action, State.DONE)
    reason = None if action.verb is Verb.GRANT else action.reason
    request = Request(environment, action.resource_name, CONTROLLER, change, tick.now, reason)
    proposal = proposal_for(action, tick.fleet, request)

    def do() -> None:
        ledger.commit(proposal)

    return _outcome(action, do)


def _state(failure: Failure) -> State:
    match failure:
        case Wait():
            return State.WAITING
        case Refused():
            return State.REFUSED
        case _:
            return State.FAILED
