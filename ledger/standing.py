"""Whether an endpoint is on, until when, and the one sentence that says why. Pure.

The sentence is the same wherever the endpoint is told about: in a plan, a table, an answer of the
API. It is about what the ledger says, and must not know what SageMaker has.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from ledger.documents import Suspension
from ledger.fleet import FROZEN, Broken, Holding
from ledger.lease import Lease, is_on, stamp
from ledger.schedule import Schedule, window_end

# Windows repeat weekly. What has no end after a week, and the hours that clocks are put back by in
# it, has none at all.
_ENDLESS = timedelta(days=7, hours=12)


_Why = tuple["State", str, datetime | None]


class State(StrEnum):
    """Why an endpoint is on, off or left as it is; the values are the API's."""

    FROZEN = "frozen"
    SUSPENDED = "suspended"
    OFF = "off"
    ALWAYS_ON = "always_on"
    LIVE = "live"
    SCHEDULED = "scheduled"
    ENDED = "ended"
    NEVER_LEASED = "never_leased"
    LEASE_LOST = "lease_lost"


@dataclass(frozen=True, slots=True)
class Standing:
    """One endpoint at one instant.

    `is_on` is what lease and schedule say; whatever it is, a frozen or suspended endpoint is left
    as it is. `until` is the end of the state (UTC), where it has one that is known. The sentence is
    to be read after the endpoint's name, and has no full stop.
    """

    state: State
    is_on: bool
    sentence: str
    until: datetime | None = None


def standing(item: Holding | Broken, now: datetime) -> Standing:
    """Tell whether an endpoint is on, until when and why."""
    if isinstance(item, Broken):
        return Standing(State.FROZEN, is_on=False, sentence=FROZEN)
    on = is_on(item.definition.schedule, item.lease, now)
    suspended = item.definition.suspended
    if suspended and suspended.holds(now):
        state, sentence, until = _suspended(suspended)
    elif on:
        state, sentence, until = _on(item.definition.schedule, item.lease, now)
    elif item.lost_lease:
        state, sentence, until = _lost(item, item.lost_lease)
    else:
        state, sentence, until = _off(item.lease, now)
    if item.first_lease_due and state is not State.SUSPENDED:
        minutes = item.definition.schedule.initial_provision_minutes
        sentence = f"its first lease of {minutes} min is due"
    return Standing(state, on, sentence, until)


def _suspended(suspended: Suspension) -> _Why:
    end = f" until {stamp(suspended.until)}" if suspended.until else ""
    return State.SUSPENDED, f"suspended{end}: {suspended.reason}", suspended.until


def _on(schedule: Schedule, lease: Lease | None, now: datetime) -> _Why:
    if schedule.always_on:
        return State.ALWAYS_ON, "always on", None
    if lease and lease.is_live(now):
        return State.LIVE, f"leased until {stamp(lease.expires_at)}", lease.expires_at
    closes = window_end(schedule, now)
    if closes is None or closes - now > _ENDLESS:
        return State.SCHEDULED, "scheduled around the clock", None
    return State.SCHEDULED, f"scheduled until {stamp(closes)}", closes


def _lost(item: Holding, lease: Lease) -> _Why:
    sentence = (
        f"{item.name}.lease.json is missing, and it was leased until {stamp(lease.expires_at)}: it"
        " is left as it is until then, unless it is extended or released"
    )
    return State.LEASE_LOST, sentence, lease.expires_at


def _off(lease: Lease | None, now: datetime) -> _Why:
    if lease is None:
        return State.NEVER_LEASED, "no lease", None
    if lease.off_until and lease.is_held_off(now):
        return State.OFF, f"released, off until {stamp(lease.off_until)}", lease.off_until
    return State.ENDED, f"lease ended at {stamp(lease.expires_at)}", None
