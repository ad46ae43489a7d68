"""Carries a plan out: lease changes to the ledger, all else to AWS.

Called by `reconcile`. It decides nothing, but for the one question that it asks the ledger again
before anything is deleted.
"""

from collections.abc import Callable, Collection, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from controller.dependencies import Dependencies, Ledger
from controller.lease_changes import proposal_for, request_id
from controller.plan import plan
from controller.planning.action import COMMITS, Action, Verb
from controller.tick import Outcome, State, Tick
from ledger.committers import CONTROLLER
from ledger.errors import Failure, Refused, Wait
from ledger.history import trailers
from ledger.holdings import read_fleet
from ledger.proposals import Request

_LATEST = 500  # commits, among which a credit is looked for
_MOST_AT_ONCE = 256  # lease changes that share a push


def carry_out(dependencies: Dependencies, tick: Tick) -> Iterator[Outcome]:
    """Do the changes of a plan; the failure of one stops no other. Lease changes share a push."""
    changes = [action for action in tick.plan.changes if action.verb in COMMITS]
    if changes:
        commit = partial(
            _commit, dependencies.ledger, tick, _known_changes(dependencies.ledger, changes)
        )
        with ThreadPoolExecutor(min(len(changes), _MOST_AT_ONCE)) as callers:
            yield from callers.map(commit, changes)
    for action in tick.plan.changes:
        if action.verb not in COMMITS:
            yield _outcome(action, partial(_apply, dependencies, tick, action))


def _outcome(action: Action, do: Callable[[], str | None]) -> Outcome:
    """Do one thing, which answers with what came in between, if anything did."""
    try:
        news = do()
    except Failure as failure:
        return Outcome(action, _state(failure), failure.message, failure.code)
    return Outcome(action, State.DROPPED, news) if news else Outcome(action, State.DONE)


def _apply(dependencies: Dependencies, tick: Tick, action: Action) -> str | None:
    """Act on AWS. Before anything is deleted, the ledger is asked once more."""
    ends = action.verb in (Verb.DELETE, Verb.COLLECT)
    news = _last_look(dependencies.ledger, tick, action) if ends else None
    if not news:
        dependencies.cloud.apply(action, tick.now)
    return news


def _last_look(ledger: Ledger, tick: Tick, action: Action) -> str | None:
    """Say what the ledger wants instead of a delete now, if its head moved and it does."""
    if ledger.head() == tick.plan.commit:
        return None
    snapshot = ledger.read()
    fleet = read_fleet(snapshot.files, tick.fleet.name)
    if action.verb is Verb.COLLECT:
        return "the ledger moved meanwhile: the next tick looks again"
    anew = plan(fleet, tick.observed, tick.now, snapshot.commit, tick.findings)
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
    change = request_id(action, tick.fleet, tick.findings.record, commit)
    if change in known:
        return Outcome(action, State.DONE)
    reason = None if action.verb is Verb.GRANT else action.reason
    request = Request(environment, action.endpoint_name, CONTROLLER, change, tick.now, reason)
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
