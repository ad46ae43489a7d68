"""One tick: converge SageMaker to the ledger.

What is done, `plan` decides, a pure function; `carry_out` does it.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from functools import partial

from controller.carry_out import carry_out
from controller.dependencies import Dependencies
from controller.memory.applied import applied
from controller.memory.refusals import held, refused
from controller.memory.transitions import acted, forgotten, noted, refreshed, settled
from controller.notices import baseline, delivered, due, pruned
from controller.notices.message import with_last_extension
from controller.notices.notice import Delivery
from controller.plan import plan
from controller.planning.action import Action
from controller.planning.claims import settled_fleet
from controller.planning.components import components_asked, with_held, with_prices
from controller.planning.findings import Findings
from controller.planning.head import head_fault, set_back_at
from controller.planning.hosts import with_hosts
from controller.planning.objections import before_a_start
from controller.planning.observed import unread
from controller.planning.ownership import Owner
from controller.planning.region import in_its_region
from controller.tick import Outcome, State, Tick
from controller.trust import trusted
from ledger.automatic import first_id
from ledger.deadline import within
from ledger.documents import Environment
from ledger.errors import Failure
from ledger.faults import Faults
from ledger.holdings import fleet_of
from ledger.meter import metered
from ledger.minting import new_ledger_id
from ledger.observed import Record
from ledger.old_prices import with_old_prices
from ledger.overlong import with_overlong

MOST_SECONDS = 100.0  # of a tick; a call to AWS that is under way then may take a little longer
_BEFORE_REMEMBERING = 0.8  # of them: what was done is written down in any case

__all__ = ["Dependencies", "Outcome", "State", "Tick", "look", "reconcile"]


def look(dependencies: Dependencies, environment: str, now: datetime) -> Tick:
    """Read and plan, and change nothing. Raise Failure where either side cannot be read whole."""
    ledger, cloud = dependencies.ledger, dependencies.cloud
    head, before = ledger.read(), dependencies.logbook.read(environment)
    note = dependencies.logbook.applied(environment)
    counting = trusted(ledger, head, environment, note)
    snapshot = counting.snapshot
    fleet = in_its_region(fleet_of(snapshot, environment), before, cloud.region_name)
    if fleet.environment is None:
        frozen = plan(fleet, (), now, snapshot.commit)
        return Tick(now, fleet, (), frozen, findings=Findings(before), troubles=counting.troubles)
    descends = note is None or ledger.descends(snapshot.commit, note.commit)
    since = set_back_at(note, now, descends=descends)
    seen = cloud.observe(fleet, Owner.of(fleet, fleet.environment, before))
    fleet = settled_fleet(fleet, seen.observed, before, now)
    record = replace(before, region_name=cloud.region_name)
    faults = Faults()
    record = refreshed(
        record, fleet, seen.observed, now, faults, committed_at=snapshot.committed_at
    )
    found = dependencies.survey.findings(fleet, seen, record, now)
    known = with_hosts(noted(record, found, seen.observed, faults), fleet, found, seen.observed)
    findings = replace(
        found,
        record=_metered(before, known, now, faults),
        set_back_at=since,
        head_fault=head_fault(note, snapshot.commit, since),
        faults=faults.found,
    )
    planned = plan(fleet, seen.observed, now, snapshot.commit, findings)
    asked = components_asked(planned, seen.observed, findings.record)
    hosted = with_prices(dependencies.survey.hosted(asked, now), fleet.prices)
    findings = replace(findings, hosted=hosted, record=with_held(findings.record, hosted))
    if hosted:
        planned = plan(fleet, seen.observed, now, snapshot.commit, findings)
    planned = before_a_start(planned, fleet, findings, cloud.limits, now)
    said = filter(None, [findings.head_fault, record.fault, unread(seen.observed)])
    troubles = (*counting.troubles, *findings.troubles, *said)
    told = with_old_prices(with_overlong(fleet, now), now)
    return Tick(now, told, seen.observed, planned, findings=findings, troubles=troubles)


def reconcile(
    dependencies: Dependencies, environment: str, now: datetime, seconds: float = MOST_SECONDS
) -> Tick:
    """Converge one environment, in so many seconds whatever the git server does.

    - read the head of the ledger, as far as it is proven where that is asked for, what SageMaker
      has, and what the last ticks saw;
    - plan: a pure function of all that and of `now`;
    - carry the plan out, deletes before creates, each action by itself;
    - before something is deleted look at the endpoint and at the remote head again: an extension
      pushed just now wins;
    - tell whom it concerns, and write down what moved;
    - say what became of each.

    The first tick of a ledger gives it an id, and the record of its environment too: without them
    nobody could tell later whose an endpoint is.

    Raise Failure where either side cannot be read whole: no readable git, no deletes.
    """
    with within(seconds):
        with within(seconds * _BEFORE_REMEMBERING):
            tick = look(dependencies, environment, now)
            if tick.fleet.environment is not None:
                tick = _begun(dependencies, tick, tick.fleet.environment)
            tick = replace(tick, outcomes=tuple(carry_out(dependencies, tick)))
        return _remember(dependencies, tick) if tick.fleet.environment else tick


def _begun(dependencies: Dependencies, tick: Tick, settings: Environment) -> Tick:
    """Mint what identifies ledger and record where it is missing, and look again then.

    Where that cannot be committed, nothing is made: nobody could tell later whose it is.
    """
    environment, is_new = tick.fleet.name, settings.ledger_id is None
    try:
        if is_new:
            dependencies.ledger.commit(first_id(environment, new_ledger_id()))
        is_new = dependencies.logbook.begin(environment) or is_new
    except Failure as failure:
        fault = f"this ledger's id or its record's cannot be committed ({failure.message})"
        findings = replace(tick.findings, record_fault=fault)
        held = plan(tick.fleet, tick.observed, tick.now, tick.plan.commit, findings)
        return replace(tick, plan=held, findings=findings, troubles=(*tick.troubles, str(failure)))
    return look(dependencies, environment, tick.now) if is_new else tick


def _remember(dependencies: Dependencies, tick: Tick) -> Tick:
    """Tell whom it concerns, and write down what moved. What goes wrong here stops nothing."""
    name, logbook, findings = tick.fleet.name, dependencies.logbook, tick.findings
    done = (outcome.action for outcome in tick.outcomes if outcome.state is State.DONE)
    right = findings.clock_fault is None
    faults = Faults()
    record = acted(findings.record, done, tick.now, faults, clock_is_right=right)
    record = settled(record, tick.plan, faults)
    said = ((each.action, each.detail) for each in tick.outcomes if each.state is State.REFUSED)
    record = refused(record, tick.plan, said, tick.now, faults)
    record = held(record, _held_ends(tick))
    record, deliveries = _tell(dependencies, tick, record, faults)
    untold = {each.sentence: None for each in deliveries if each.sentence}
    troubles = [*tick.troubles, *untold, *faults.sentences]
    record = _metered(findings.record, record, tick.now, faults)
    note = applied(tick.plan, tick.now, logbook.applied(name), findings.set_back_at)
    if tick.fleet.environment and note.commit == tick.plan.commit:
        note = replace(note, verify=tick.fleet.environment.verify)
    try:
        logbook.keep(name, record, note)
    except Failure as failure:
        troubles.append(str(failure))
    return replace(tick, deliveries=deliveries, troubles=tuple(troubles))


def _metered(before: Record, record: Record, now: datetime, faults: Faults) -> Record:
    """Return the record with what has run, and how long it took to start, where that is new."""
    changed = {}
    for name, entry in record.entries.items():
        made = faults.around(name, partial(metered, before.entry(name), entry, now), entry)
        if made is not entry:
            changed[name] = made
    return record.with_entries(changed) if changed else record


def _held_ends(tick: Tick) -> Iterator[tuple[Action, str]]:
    """Yield the ends that were refused for inference components, with what was said."""
    for each in tick.outcomes:
        if each.code == "LH3035":
            yield each.action, each.detail


def _tell(
    dependencies: Dependencies, tick: Tick, record: Record, faults: Faults
) -> tuple[Record, tuple[Delivery, ...]]:
    """Deliver what is due, and note what arrived."""
    notices = due(tick.fleet, tick.plan, record, tick.now, faults)
    if record.is_new:
        record = baseline(record, notices, tick.now)
        notices = due(tick.fleet, tick.plan, record, tick.now, faults)
    deliveries: tuple[Delivery, ...] = ()
    if notices and tick.fleet.environment:
        told = with_last_extension(notices, dependencies.ledger)
        deliveries = dependencies.notifier.deliver(told, tick.fleet.environment)
    record = delivered(record, deliveries, tick.now)
    record = pruned(record, tick.fleet, tick.plan, faults)
    untold = {name for each in deliveries if not each.ok for name in each.notice.settles}
    return forgotten(record, tick.plan, untold), deliveries
