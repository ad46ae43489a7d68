"""Carries a plan out: lease changes to the ledger, all else to AWS.

It decides nothing. Before something ends it reads the ledger again and plans again, so that a push
of the last seconds counts; and before an endpoint is deleted it looks whether it still is the one
that the plan is about. The ledger is read last of all, with nothing slow between it and the end.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from threading import Lock

from controller.dependencies import Dependencies, Ledger
from controller.lease_changes import proposal_for, request_id
from controller.plan import plan
from controller.planning.action import Action, Plan, Verb
from controller.planning.claims import known_of, settled_fleet
from controller.planning.components import ComponentQuestion, held_by, may_host
from controller.planning.observed import Existing, by_name
from controller.planning.ownership import Owner
from controller.tick import Outcome, State, Tick
from ledger.batch import Batch
from ledger.committers import CONTROLLER
from ledger.deadline import carried, left, turn
from ledger.errors import Failure, Refused, Unavailable, Wait
from ledger.faults import unforeseen
from ledger.holdings import fleet_of
from ledger.lease import stamp
from ledger.names import EndpointName
from ledger.proposals import Request
from ledger.snapshot import CommitRecord

_MOST_AT_ONCE = 256  # lease changes that share a push
_MOST_ENDS_AT_ONCE = 16  # each waits for AWS nearly all the time
_A_SECOND = 1.0
_LONGEST_LOOK = 120.0  # seconds, where nobody has said when to end
_NO_TIME = "this tick has taken too long to begin with it: the next one does it"
_SAME_MOMENT = timedelta(seconds=1)


def carry_out(dependencies: Dependencies, tick: Tick) -> Iterator[Outcome]:
    """Do the changes of a plan; the failure of one stops no other. Lease changes share a push.

    Deletes come first: what runs past its end costs more by the minute than what begins later.
    """
    looks = _Looks(dependencies.ledger, tick)
    apply = partial(_apply, dependencies, tick, looks)
    deletes = [action for action in tick.plan.changes if action.verb is Verb.DELETE]
    if deletes:
        end = carried(lambda action: _outcome(action, partial(apply, action)))
        with ThreadPoolExecutor(min(len(deletes), _MOST_ENDS_AT_ONCE)) as enders:
            yield from enders.map(end, deletes)
    changes = [action for action in tick.plan.changes if action.verb.commits]
    if changes:
        commit = partial(
            _commit, dependencies.ledger, tick, _known_changes(dependencies.ledger, tick, changes)
        )
        with ThreadPoolExecutor(min(len(changes), _MOST_AT_ONCE)) as callers:
            yield from callers.map(carried(commit), changes)
    for action in tick.plan.changes:
        if action.verb is not Verb.DELETE and not action.verb.commits:
            yield _outcome(action, partial(apply, action))


def _outcome(action: Action, do: Callable[[], str | None]) -> Outcome:
    """Do one thing. It returns a sentence where it was not to be done any more."""
    if not left(_A_SECOND):
        return Outcome(action, State.WAITING, _NO_TIME, "LH3030")
    try:
        news = do()
    except Failure as failure:
        return Outcome(action, _state(failure), failure.message, failure.code)
    except Exception as error:  # noqa: BLE001  (whatever it is, it concerns this action alone)
        return Outcome(action, State.FAILED, unforeseen(error), "LH1023")
    return Outcome(action, State.DROPPED, news) if news else Outcome(action, State.DONE)


def _apply(dependencies: Dependencies, tick: Tick, looks: "_Looks", action: Action) -> str | None:
    """Act on AWS, or return why not: before anything ends, the ledger is read once more."""
    if action.verb is Verb.DELETE and action.endpoint_name:
        return _end(dependencies, tick, looks, action)
    news = looks.last(action) if action.verb.ends else None
    if not news:
        dependencies.cloud.apply(action)
    return news


def _end(dependencies: Dependencies, tick: Tick, looks: "_Looks", action: Action) -> str | None:
    """Delete an endpoint, or return why not."""
    cloud, name = dependencies.cloud, EndpointName(action.resource_name)
    if news := looks.first(action):
        return news
    left_behind: Failure | None = None
    try:
        cloud.take_scaling(name)
    except Failure as failure:  # it is deleted all the same: running on costs more
        left_behind = failure
    there = cloud.find(name)
    if there is not None:  # else it is gone, as wanted
        if news := _is_another(there, tick):
            return news
        _check_components(dependencies, there)
        if news := looks.last(action):
            return news
        cloud.apply(action)
    if left_behind:
        raise Unavailable(
            "LH3013",
            "The endpoint is deleted, but its scaling at Application Auto Scaling is not:"
            f" {left_behind.message}",
        ) from left_behind
    return None


def _is_another(there: Existing, tick: Tick) -> str | None:
    """Say why an endpoint is not the one that the plan is about: a list or an index lagged."""
    fleet, settings = tick.fleet, tick.fleet.require_settings()
    seen = by_name(tick.observed).get(there.endpoint_name)
    if seen and seen.created_at and abs(there.created_at - seen.created_at) >= _SAME_MOMENT:
        return (
            f"it was made anew at {stamp(there.created_at)}, and the plan is about the one of"
            f" {stamp(seen.created_at)}: the next tick looks again"
        )
    if not Owner.of(fleet, settings, tick.findings.record).owns(there.tags):
        return "its own tags do not say that it is ours, so AWS's index of tags lags behind"
    return None


def _check_components(dependencies: Dependencies, there: Existing) -> None:
    """Raise Refused LH3035 where inference components have come since the plan was made.

    Raise Wait LH3036 where nobody can tell.
    """
    if not may_host(there.endpoint_name, there.config_name):
        return
    question = ComponentQuestion(there.endpoint_name, there.config_name)
    hosted = dependencies.cloud.components((question,)).get(there.endpoint_name)
    if hosted and (why := held_by(hosted)):
        if hosted.problem:
            raise Wait("LH3036", f"It is not deleted: {why}")
        raise Refused("LH3035", f"It is not deleted: {why}")


@dataclass(eq=False)
class _Question:
    """Somebody who wants to know the head as it is from now on."""

    head: str | Failure | None = None

    @property
    def settled(self) -> bool:
        return self.head is not None


class _Looks:
    """Looks at the ledger while a plan is carried out: does it still want an end?

    Many may look at once. They share the questions for the head: nobody gets an answer to one that
    was asked before they came.
    """

    def __init__(self, ledger: Ledger, tick: Tick) -> None:
        self._ledger = ledger
        self._tick = tick
        self._asking: Batch[_Question] = Batch(self._ask)
        self._head: str | None = None
        self._planning = Lock()
        self._anew: tuple[str, Plan] | None = None

    def first(self, action: Action) -> str | None:
        """Look before anything is taken from an endpoint; once for all ends of a tick."""
        return self._news(self._head or self._head_now(), action)

    def last(self, action: Action) -> str | None:
        """Return what the ledger wants instead of this end, if somebody pushed; None if nothing."""
        return self._news(self._head_now(), action)

    def _head_now(self) -> str:
        question = _Question()
        self._asking.settle(question, left(_LONGEST_LOOK))
        match question.head:
            case str(head):
                self._head = head
                return head
            case Failure() as failure:
                raise failure
        raise Unavailable(
            "LH2014",
            "The git server did not say in time what its head is, so nothing is deleted. The next"
            " tick asks again.",
        )

    def _ask(self, everyone: Sequence[_Question]) -> None:
        try:
            head: str | Failure = self._ledger.head()
        except Failure as failure:
            head = failure
        for each in everyone:
            each.head = head

    def _news(self, head: str, action: Action) -> str | None:
        planned = self._tick.plan.commit
        if head == planned:
            return None
        if not self._ledger.descends(head, planned):
            return f"the ledger's head went back from {planned[:8]} to {head[:8]}: not done now"
        if action.endpoint_name is None:
            return "somebody pushed to the ledger meanwhile: the next tick looks again"
        wanted = self._plan_of(head).action_for(action.endpoint_name)
        if wanted is not None and wanted.verb.ends:
            return None
        reason = wanted.reason if wanted else "it is not ours any more"
        return f"somebody pushed to the ledger meanwhile: {reason}"

    def _plan_of(self, head: str) -> Plan:
        with turn(self._planning):
            if self._anew is None or self._anew[0] != head:
                self._anew = head, self._planned_anew()
            return self._anew[1]

    def _planned_anew(self) -> Plan:
        snapshot, tick = self._ledger.read(), self._tick
        fleet = fleet_of(snapshot, tick.fleet.name)
        fleet = settled_fleet(fleet, tick.observed, tick.findings.record, tick.now)
        return plan(fleet, tick.observed, tick.now, snapshot.commit, tick.findings)


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

    def do() -> None:
        change = request_id(action, tick.fleet, tick.findings.record, tick.plan.commit)
        if change in known:
            return
        reason = None if action.verb is Verb.GRANT else action.reason
        about = known_of(tick.fleet, tick.observed, tick.findings.record)
        request = Request(
            tick.fleet.name, action.resource_name, CONTROLLER, change, tick.now, reason, known=about
        )
        ledger.commit(proposal_for(action, tick.fleet, request))

    return _outcome(action, do)


def _state(failure: Failure) -> State:
    match failure:
        case Wait():
            return State.WAITING
        case Refused():
            return State.REFUSED
        case _:
            return State.FAILED
