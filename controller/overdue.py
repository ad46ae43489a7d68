"""What runs and costs although its lease has ended, and what nobody can stop. Pure.

    what runs                                      overdue
    ---------------------------------------------  -------------------------------------------------
    has a definition                               it is off by lease and schedule, whatever keeps
                                                   it: a refusal, tags that are lost, a fault
    has a file that cannot be read (frozen)        its lease ended as the record last had it
    has no definition                              it is ours; or else, or where its definition may
                                                   be one that cannot be read, its lease ended
    has no definition, and on_remove retain        never
    suspended                                      never
    is somebody else's                             never

Without readable settings SageMaker is not looked at, and the record says what runs. An end that was
done in this tick, or is under way, is none that is overdue.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from controller.memory.observation import lease_of
from controller.planning.action import Verb
from controller.planning.collection import names_content
from controller.planning.decision import Decision
from controller.planning.desired import content_stem
from controller.planning.observed import Observed
from controller.planning.ownership import Owner, Whose
from controller.tick import State, Tick
from ledger.documents import Environment
from ledger.faults import Faults
from ledger.holdings import Broken, Holding
from ledger.names import EndpointName, Name
from ledger.observed import Entry
from ledger.phases import Phase
from ledger.standing import State as Standing

_OVER = frozenset({State.DONE, State.DROPPED})
_GONE = frozenset({Phase.ABSENT, Phase.ENDING})
_KEPT_ON_PURPOSE = frozenset({Standing.SUSPENDED, Standing.LEASE_LOST})


def overdue(tick: Tick) -> frozenset[EndpointName]:
    """Name what should be off and is still there."""
    if tick.fleet.environment is None:
        return frozenset(name for name, entry in _noted(tick) if _has_ended(tick, entry))
    view = _View(tick, tick.fleet.environment)
    done = {item.action.endpoint_name for item in tick.outcomes if item.state in _OVER}
    leaving = {item.endpoint_name for item in tick.observed if item.phase in _GONE}
    return frozenset({*view.pending(), *view.past()} - done - leaving - view.wanted())


def frozen_running(tick: Tick) -> frozenset[EndpointName]:
    """Name what runs, and nobody can stop, for its documents cannot be read."""
    if tick.fleet.environment is None:
        return frozenset(name for name, _ in _noted(tick))
    return frozenset(_View(tick, tick.fleet.environment).frozen())


@dataclass(frozen=True)
class _View:
    """A tick whose settings can be read."""

    tick: Tick
    environment: Environment

    def pending(self) -> Iterator[EndpointName]:
        """Yield what a plan ends, or waits with."""
        for action in self.tick.plan.actions:
            if (action.verb.ends or action.verb is Verb.WAIT) and action.endpoint_name:
                yield action.endpoint_name

    def wanted(self) -> frozenset[EndpointName]:
        """Return what should run, with the credit for a start that is under way."""
        faults, found = Faults(), set[EndpointName]()
        for item in self.tick.fleet.holdings:
            name, decision = item.endpoint_name, self._decision(item)
            if faults.around(name, partial(_is_on, decision), otherwise=False):
                found.add(name)
        return frozenset(found)

    def past(self) -> Iterator[EndpointName]:
        items = {item.endpoint_name: item for item in self.tick.fleet.items}
        for there in self.tick.observed:
            item = items.get(there.endpoint_name)
            if self._is_past(item, there):
                yield there.endpoint_name

    def frozen(self) -> Iterator[EndpointName]:
        broken = {item.endpoint_name for item in self.tick.fleet.broken}
        for there in self.tick.observed:
            is_frozen = there.endpoint_name in broken or self._is_of_broken(there)
            if is_frozen and self._is_ours(there) and there.phase not in _GONE:
                yield there.endpoint_name

    def _is_past(self, item: Holding | Broken | None, there: Observed) -> bool:
        if not self._is_ours(there):
            return False
        match item:
            case Holding():
                look = partial(_state, self._decision(item))
                state = Faults().around(item.endpoint_name, look, None)
                if state is None:
                    return self._lease_ended(there)
                return state not in _KEPT_ON_PURPOSE and not item.first_lease_due
            case Broken():
                return self._lease_ended(there)
            case _:
                return self._orphan_is_past(there)

    def _orphan_is_past(self, there: Observed) -> bool:
        action = self.tick.plan.action_for(there.endpoint_name)
        if action is None or action.verb is Verb.HOLD:
            return False
        in_doubt = bool(self.tick.fleet.unreadable) or self._is_of_broken(there)
        return self._lease_ended(there) if in_doubt or not self._owns(there) else True

    def _lease_ended(self, there: Observed) -> bool:
        entry = self.tick.findings.record.entry(there.endpoint_name)
        if entry and entry.lease_end:
            return _has_ended(self.tick, entry)
        started_under = lease_of(there)
        return started_under is not None and started_under <= self.tick.now

    def _is_of_broken(self, there: Observed) -> bool:
        broken: set[Name] = {item.name for item in self.tick.fleet.broken}
        return there.definition_name in broken

    def _is_ours(self, there: Observed) -> bool:
        """Tell whether we started it, as far as its tags or the config that it runs on say so."""
        whose = self._owner.whose(there.tags)
        stem = content_stem(there.endpoint_name)
        config = there.config_name or ""
        on_ours = names_content(config) and Name(config.rpartition("-")[0]) == Name(stem)
        return whose in {Whose.OURS, Whose.UNCLAIMED} or (whose is Whose.NOBODYS and on_ours)

    def _owns(self, there: Observed) -> bool:
        return self._owner.owns(there.tags)

    @property
    def _owner(self) -> Owner:
        return Owner.of(self.tick.fleet, self.environment, self.tick.findings.record)

    def _decision(self, holding: Holding) -> Decision:
        tick = self.tick
        return Decision(tick.fleet, self.environment, holding, tick.findings, tick.now)


def _state(decision: Decision) -> Standing | None:
    return decision.standing.state


def _is_on(decision: Decision) -> bool:
    return decision.is_on


def _noted(tick: Tick) -> Iterator[tuple[EndpointName, Entry]]:
    """Yield what ran when it could be seen last."""
    for name, entry in tick.findings.record.entries.items():
        if entry.phase not in _GONE and not entry.foreign:
            yield name, entry


def _has_ended(tick: Tick, entry: Entry) -> bool:
    ends, suspended = entry.lease_end, entry.suspended_since is not None
    return ends is not None and ends <= tick.now and not suspended
