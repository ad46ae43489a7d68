"""One holding with everything that a decision about it looks at. Pure.

It says what is wanted of the endpoint now; what is done about it, the rows of the planner's table
say: `decide`, `failures` and `in_service`.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from controller.planning.action import Action, Target, Verb
from controller.planning.desired import Desired, desired, differs_in_count_alone, lease_mark
from controller.planning.existing_config import ConfigSeen
from controller.planning.findings import Findings
from controller.planning.observed import Observed
from controller.planning.ownership import Owner
from ledger.budget import ceiling
from ledger.documents import Environment
from ledger.holdings import Fleet, Holding
from ledger.instants import later
from ledger.lease import Lease, credit, prolong
from ledger.observed import Entry
from ledger.phases import Phase
from ledger.schedule import Schedule
from ledger.standing import Standing, State, standing
from ledger.tags import LEASE_TAG


@dataclass(frozen=True)
class Decision:
    """A holding, with what it takes to decide about it."""

    fleet: Fleet
    environment: Environment
    holding: Holding
    findings: Findings
    now: datetime

    def act(self, verb: Verb, reason: str, target: Target | None = None) -> Action:
        return Action(verb, self.holding.name, self.holding.endpoint_name, reason, target)

    @cached_property
    def target(self) -> Desired:
        wanted = desired(self.holding, self.environment, self.owner)
        seen = self.config_seen
        return replace(wanted, config_version=seen.version) if seen else wanted

    @cached_property
    def owner(self) -> Owner:
        return Owner.of(self.fleet, self.environment, self.findings.record)

    @property
    def config_seen(self) -> ConfigSeen | None:
        """Return the config that its definition names, as it was looked at."""
        return self.findings.configs.get(self.holding.endpoint_name)

    def is_served(self, there: Observed) -> bool:
        """Tell whether an endpoint has the wanted config, whatever its number of instances."""
        name = there.config_name
        return name == self.target.config_name or differs_in_count_alone(
            name, self.holding, self.environment
        )

    @property
    def schedule(self) -> Schedule:
        return self.holding.definition.schedule

    @cached_property
    def entry(self) -> Entry | None:
        return self.findings.record.entry(self.holding.endpoint_name)

    @cached_property
    def credit_minutes(self) -> int:
        """Return the minutes that its start has taken from the lease so far, or took in all."""
        lease, entry = self.holding.lease, self.entry
        if lease is None or entry is None or entry.starting_since is None:
            return 0
        cut_short = entry.starting_lease is not None and lease.expires_at < entry.starting_lease
        if cut_short or self.schedule.always_on or self.schedule.lease_starts == "request":
            return 0
        ready = entry.since if entry.phase is Phase.SERVING else self.now
        return credit(lease, entry.starting_since, ready, self.schedule.max_creating_minutes)

    @cached_property
    def lease(self) -> Lease | None:
        """The lease with its credit: the meter stands still while an endpoint starts."""
        lease, minutes = self.holding.lease, self.credit_minutes
        if lease is None or not minutes:
            return lease
        until = later(lease.expires_at, timedelta(minutes=minutes))
        return prolong(lease, until, self.now, ceiling(self.fleet, self.holding))

    @cached_property
    def standing(self) -> Standing:
        """On or off, until when and why, by the lease with its credit."""
        return standing(replace(self.holding, lease=self.lease), self.now)

    @property
    def lease_left(self) -> timedelta:
        """Return how long its lease lasts yet, or would, if it got its first one now."""
        if self.holding.first_lease_due:
            return timedelta(minutes=self.schedule.initial_provision_minutes)
        return self.lease.expires_at - self.now if self.lease else timedelta()

    @property
    def is_on(self) -> bool:
        return self.standing.is_on

    @property
    def lease_is_lost(self) -> bool:
        """Tell whether only a missing file says that it is off: that is no end."""
        return self.standing.state is State.LEASE_LOST

    @property
    def why(self) -> str:
        """Return why it is on or off."""
        return self.standing.sentence

    def renewed(self, there: Observed) -> bool:
        """Tell whether the lease was renewed since the endpoint was started."""
        return (there.tags or {}).get(LEASE_TAG) != lease_mark(self.holding)
