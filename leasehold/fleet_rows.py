"""The endpoints of an environment as rows: what the ledger wants, what SageMaker has, who keeps it.

Pure. `leasehold status` shows them; how, is `status_table`'s.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

from controller.planning.action import Verb
from controller.planning.observed import Observed, by_name
from controller.tick import Tick
from ledger.documents.prices import plain
from ledger.faults import Faults
from ledger.holdings import Broken, Holding
from ledger.hosts import Hosts, as_data
from ledger.instants import LATEST
from ledger.lease import Lease, stamp
from ledger.money import NOTHING, for_time, per_hour
from ledger.phases import ABSENT, Phase, phase_of
from ledger.standing import State, standing

_AN_END = re.compile(r" (?:until|at) [0-9-]{10}T[0-9:]{8}Z$")
_WANTED = {
    Phase.SERVING: "on",
    Phase.ABSENT: "starting",
    Phase.STARTING: "starting",
    Phase.CHANGING: "updating",
    Phase.ENDING: "restarting",
    Phase.FAILED: "failed",
}
_FROZEN: tuple[str, datetime | None] = ("frozen", None)
_UNWANTED = {
    Phase.ABSENT: "off",
    Phase.FAILED: "failed",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One endpoint. `state` is the ledger's, `sagemaker` the status at AWS.

    `hourly` and `so_far` are None where nobody knows; `hosts` () is nothing that costs.
    """

    endpoint_name: str
    name: str | None
    sagemaker: str
    state: str
    expires_at: datetime | None
    reason: str
    hosts: Hosts | None = None
    hourly: Decimal | None = None
    so_far: Decimal | None = None
    owner: str | None = None
    ends: datetime | None = None  # of what it is on by: a lease, or a window
    kept_by: str | None = None
    is_trouble: bool = False
    custom_name: bool = False  # its name at SageMaker is not the default one

    @property
    def word(self) -> str:
        """Say in a word what it does: ledger and SageMaker together where they agree."""
        phase = phase_of(self.sagemaker)
        if self.state == "on" and self.is_trouble and phase is Phase.ABSENT:
            return "stuck"
        if self.state == "on" and phase is Phase.SERVING and self.is_asleep:
            return "asleep"
        if self.state == "on":
            return _WANTED.get(phase, "on")
        return _UNWANTED.get(phase, "stopping") if self.state == "off" else self.state

    @property
    def is_asleep(self) -> bool:
        """Tell whether it has scaled to no instance at all."""
        return bool(self.hosts) and all(each.count == 0 for each in self.hosts or ())

    @property
    def is_on(self) -> bool:
        """Tell whether it is meant to run, or costs something."""
        return self.state == "on" or phase_of(self.sagemaker).is_billed

    @property
    def why(self) -> str:
        """Return who keeps it on and why; or what it is on by, or off for, or what is wrong.

        Until when is said beside it.
        """
        if self.is_trouble:
            return self.reason
        return self.kept_by or _AN_END.sub("", self.reason)


def rows_of(tick: Tick, kept_by: Mapping[str, str]) -> Iterator[Row]:
    """Yield the endpoints of the ledger by name, and then what AWS has besides."""
    there = by_name(tick.observed)
    for item in sorted(tick.fleet.items, key=lambda each: each.name):
        yield _row(tick, item, there.pop(item.endpoint_name, None), kept_by)
    for orphan in there.values():
        action = tick.plan.action_for(orphan.endpoint_name)
        yield Row(
            orphan.endpoint_name,
            None,
            orphan.status,
            "orphan",
            None,
            action.reason if action else "",
            *_cost(tick, orphan),
            is_trouble=True,
        )


def leased(tick: Tick) -> list[str]:
    """Name the definitions with a live lease: there is somebody who keeps them on."""
    return [
        str(each.name)
        for each in tick.fleet.holdings
        if each.lease is not None and each.lease.is_live(tick.now)
    ]


def in_order(rows: Iterable[Row], sort: str) -> list[Row]:
    """Sort rows by name, by what ends first, or by what costs most."""
    return sorted(rows, key=_ORDERS[sort])


_ORDERS: Mapping[str, Callable[[Row], Any]] = {
    "name": lambda row: (row.name is None, (row.name or row.endpoint_name).casefold()),
    "ends": lambda row: (row.ends or LATEST, (row.name or row.endpoint_name).casefold()),
    "cost": lambda row: (
        -(row.hourly or NOTHING),
        row.hosts == (),
        (row.name or row.endpoint_name).casefold(),
    ),
}
SORTS = tuple(_ORDERS)


def _row(
    tick: Tick, item: Holding | Broken, observed: Observed | None, kept_by: Mapping[str, str]
) -> Row:
    lease = _metered(item)
    faults, name = Faults(), item.endpoint_name
    state, ends = faults.around(name, partial(_state, item, tick.now), _FROZEN)
    hosts, hourly, so_far = _cost(tick, observed)
    action = tick.plan.action_for(name)
    return Row(
        endpoint_name=name,
        name=item.name,
        sagemaker=observed.status if observed else ABSENT,
        state=state,
        expires_at=lease.expires_at if lease else None,
        reason=_reason(tick, item, observed),
        hosts=hosts,
        hourly=hourly,
        so_far=so_far,
        owner=item.owner,
        ends=ends,
        kept_by=kept_by.get(str(item.name)) if state == "on" else None,
        is_trouble=state in ("frozen", "held") or (action is not None and _calls(action.verb)),
        custom_name=_is_custom(tick, item),
    )


def _calls(verb: Verb) -> bool:
    return verb in (Verb.REPORT, Verb.HOLD)


def _is_custom(tick: Tick, item: Holding | Broken) -> bool:
    settings = tick.fleet.environment
    return settings is not None and item.endpoint_name != settings.endpoint_name(item.name)


def _cost(
    tick: Tick, observed: Observed | None
) -> tuple[Hosts | None, Decimal | None, Decimal | None]:
    """Return on what it runs, what that costs an hour, and has cost since this start."""
    if observed is None or not observed.phase.is_billed:
        return (), None, None
    entry = tick.findings.record.entry(observed.endpoint_name)
    hosts = entry.hosts if entry else None
    hourly = per_hour(hosts, tick.fleet.prices)
    if entry is None or hourly is None:
        return hosts, hourly, None
    return hosts, hourly, for_time(hourly, tick.now - (entry.created_at or entry.since))


def _reason(tick: Tick, item: Holding | Broken, observed: Observed | None) -> str:
    """Return why, with what AWS said where it is not in service and the plan does not repeat it."""
    action = tick.plan.action_for(item.endpoint_name)
    entry = tick.findings.record.entry(item.endpoint_name)
    reason = action.reason if action else ""
    said = (observed.failure_reason if observed else entry and entry.refused) or ""
    if (observed and observed.phase is Phase.SERVING) or said.rstrip(".") in reason:
        return reason
    return f"{reason} (AWS said: {said})"


def _state(item: Holding | Broken, now: datetime) -> tuple[str, datetime | None]:
    """Return the ledger's word for it, and until when it is on."""
    told = standing(item, now)
    match told.state:
        case State.FROZEN:
            return _FROZEN
        case State.SUSPENDED | State.LEASE_LOST:
            return "held", told.until
        case _:
            return ("on", told.until) if told.is_on else ("off", None)


def _metered(item: Holding | Broken) -> Lease | None:
    if isinstance(item, Broken) or item.definition.schedule.always_on:
        return None
    return item.lease


def as_json(rows: Sequence[Row], currency: str | None) -> list[dict[str, Any]]:
    return [_as_data(row, currency) for row in rows]


def _as_data(row: Row, currency: str | None) -> dict[str, Any]:
    return {
        "endpoint_name": row.endpoint_name,
        "name": row.name,
        "sagemaker_status": row.sagemaker,
        "state": row.state,
        "lease_expires_at": stamp(row.expires_at) if row.expires_at else None,
        "ends_at": stamp(row.ends) if row.ends else None,
        "reason": row.reason,
        "owner": row.owner,
        "kept_by": row.kept_by,
        "hosts": None if row.hosts is None else as_data(row.hosts),
        "per_hour": None if row.hourly is None else plain(row.hourly),
        "so_far": None if row.so_far is None else f"{row.so_far:.2f}",
        "currency": currency,
    }
