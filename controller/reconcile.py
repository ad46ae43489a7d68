"""One tick: converge SageMaker to the ledger.

What is done, `plan` decides, a pure function; `carry_out` does it.
"""

from dataclasses import replace
from datetime import datetime

from controller.carry_out import carry_out
from controller.dependencies import Dependencies, Notifier
from controller.memory.applied import applied
from controller.memory.transitions import acted, forgotten, noted, settled, sighted
from controller.notices import baseline, delivered, due, pruned
from controller.notices.notice import Delivery
from controller.plan import plan
from controller.tick import Outcome, State, Tick
from ledger.errors import Failure
from ledger.holdings import fleet_of
from ledger.observed import Record

__all__ = ["Dependencies", "Outcome", "State", "Tick", "look", "reconcile"]


def look(dependencies: Dependencies, environment: str, now: datetime) -> Tick:
    """Read and plan, and change nothing. Raise Failure where either side cannot be read whole."""
    snapshot = dependencies.ledger.read()
    fleet = fleet_of(snapshot, environment)
    record = dependencies.logbook.read(environment)
    seen = dependencies.cloud.observe(fleet)
    if fleet.environment is not None:
        record = sighted(record, fleet, seen.observed, now)
    findings = dependencies.survey.findings(fleet, seen, record, now)
    findings = replace(findings, record=noted(record, findings, seen.observed))
    planned = plan(fleet, seen.observed, now, snapshot.commit, findings)
    return Tick(now, fleet, seen.observed, planned, findings=findings)


def reconcile(dependencies: Dependencies, environment: str, now: datetime) -> Tick:
    """Converge one environment.

    - read the head of the ledger, what SageMaker has, and what the last ticks saw;
    - plan: a pure function of all that and of `now`;
    - carry the plan out, deletes before creates, each action by itself;
    - before something is deleted read the remote head again: an extension pushed just now wins;
    - tell whom it concerns, and write down what moved;
    - say what became of each.

    Raise Failure where either side cannot be read whole: no readable git, no deletes.
    """
    seen = look(dependencies, environment, now)
    tick = replace(seen, outcomes=tuple(carry_out(dependencies, seen)))
    return tick if tick.fleet.environment is None else _remember(dependencies, tick)


def _remember(dependencies: Dependencies, tick: Tick) -> Tick:
    """Tell whom it concerns, and write down what moved. What goes wrong here stops nothing."""
    done = (outcome.action for outcome in tick.outcomes if outcome.state is State.DONE)
    right = tick.findings.clock_fault is None
    record = acted(tick.findings.record, done, tick.now, clock_is_right=right)
    record = settled(record, tick.plan)
    record, deliveries = _tell(dependencies.notifier, tick, record)
    troubles = [*tick.findings.troubles, *(each.sentence for each in deliveries if not each.ok)]
    try:
        dependencies.logbook.keep(tick.fleet.name, record, applied(tick.plan, tick.now))
    except Failure as failure:
        troubles.append(str(failure))
    return replace(tick, deliveries=deliveries, troubles=tuple(troubles))


def _tell(notifier: Notifier, tick: Tick, record: Record) -> tuple[Record, tuple[Delivery, ...]]:
    """Deliver what is due, and note what arrived."""
    notices = due(tick.fleet, tick.plan, record, tick.now)
    if record.is_new:
        record = baseline(record, notices, tick.now)
        notices = due(tick.fleet, tick.plan, record, tick.now)
    deliveries: tuple[Delivery, ...] = ()
    if notices and tick.fleet.environment:
        deliveries = notifier.deliver(notices, tick.fleet.environment)
    record = delivered(record, deliveries, tick.now)
    record = pruned(record, tick.fleet, tick.plan)
    untold = {name for each in deliveries if not each.ok for name in each.notice.settles}
    return forgotten(record, tick.plan, untold), deliveries
