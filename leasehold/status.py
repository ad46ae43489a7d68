"""`leasehold status`: the fleet at a glance, from the ledger and from SageMaker."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from functools import partial
from typing import Any

import click
from rich.text import Text

from controller.cost import hourly
from controller.planning.artifact import ResourceKind
from controller.planning.observed import Observed, by_name
from controller.reconcile import Tick
from leasehold.console import Cell, dim, output_option, say, show_json, show_table
from leasehold.context import Context, connected
from leasehold.times import as_of, relative
from ledger.documents import Prices
from ledger.documents.prices import plain
from ledger.faults import Faults
from ledger.holdings import Broken, Holding
from ledger.hosts import Hosts, as_data
from ledger.lease import Lease, stamp
from ledger.money import per_hour, priced, rate
from ledger.phases import ABSENT, Phase, phase_of
from ledger.standing import State, standing

_COLOURS = {Phase.SERVING: "green", Phase.FAILED: "red", Phase.ABSENT: "dim"}
_STATES = {"on": "green", "off": "dim", "frozen": "red", "held": "yellow", "orphan": "red"}


@dataclass(frozen=True, slots=True)
class Row:
    """One endpoint: what SageMaker says, whether it should run, why, and until when."""

    endpoint_name: str
    name: str | None
    sagemaker: str
    state: str
    expires_at: datetime | None
    reason: str
    hosts: Hosts | None = None
    hourly: Decimal | None = None


@click.command
@connected
@output_option
def status(context: Context, output: str) -> None:
    """Show the fleet: what runs, why, until when."""
    tick = context.look()
    rows = list(_rows(tick))
    if output == "json":
        show_json([_as_data(row) for row in rows])
        return
    say(dim(as_of(tick.fleet.name, tick.plan.commit, tick.now)))
    say()
    _show(tick, rows)
    for action in tick.plan.actions:
        if action.kind is ResourceKind.DOCUMENT:
            say(f"! {action.reason}")
    for trouble in tick.troubles:
        say(f"! {trouble}")


def _show(tick: Tick, rows: Sequence[Row]) -> None:
    """Print the rows, and what they cost where the environment has prices."""
    prices = tick.fleet.prices
    headers = ["ENDPOINT", "SAGEMAKER", "STATE", "LEASE ENDS", "WHY"]
    cells = [_cells(row, tick.now) for row in rows]
    if prices is None:
        show_table(headers, cells)
        return
    rate_head = f"{prices.currency}/H"
    headers.insert(-1, rate_head)
    for row, line in zip(rows, cells, strict=True):
        line.insert(-1, dim("-") if row.hosts == () else rate(row.hourly))
    show_table(headers, cells, spare=(rate_head,))
    say()
    say(_sum(tick, prices))


def _sum(tick: Tick, prices: Prices) -> Text:
    """Say what all that runs costs."""
    found = hourly(tick.findings.record, prices)
    kind = "example prices" if prices.is_example else "list prices"
    return dim(
        f"running: {priced(found, prices.currency, '/h')}, by {kind} read {prices.read_at:%Y-%m-%d}"
    )


def _rows(tick: Tick) -> Iterator[Row]:
    there = by_name(tick.observed)
    for item in sorted(tick.fleet.items, key=lambda each: each.name):
        yield _row(tick, item, there.pop(item.endpoint_name, None))
    for orphan in there.values():
        action = tick.plan.action_for(orphan.endpoint_name)
        reason = action.reason if action else ""
        hosts, cost = _cost(tick, orphan)
        yield Row(orphan.endpoint_name, None, orphan.status, "orphan", None, reason, hosts, cost)


def _row(tick: Tick, item: Holding | Broken, observed: Observed | None) -> Row:
    lease = _metered(item)
    hosts, cost = _cost(tick, observed)
    return Row(
        hosts=hosts,
        hourly=cost,
        endpoint_name=item.endpoint_name,
        name=item.name,
        sagemaker=observed.status if observed else ABSENT,
        state=Faults().around(item.endpoint_name, partial(_state, item, tick.now), "frozen"),
        expires_at=lease.expires_at if lease else None,
        reason=_reason(tick, item, observed),
    )


def _cost(tick: Tick, observed: Observed | None) -> tuple[Hosts | None, Decimal | None]:
    """Return on what it runs and what that costs an hour; () is nothing, None is not known."""
    if observed is None or not observed.phase.is_billed:
        return (), None
    entry = tick.findings.record.entry(observed.endpoint_name)
    hosts = entry.hosts if entry else None
    return hosts, per_hour(hosts, tick.fleet.prices)


def _reason(tick: Tick, item: Holding | Broken, observed: Observed | None) -> str:
    """Return why, with what AWS said where it is not in service and the plan does not repeat it."""
    action = tick.plan.action_for(item.endpoint_name)
    entry = tick.findings.record.entry(item.endpoint_name)
    reason = action.reason if action else ""
    said = (observed.failure_reason if observed else entry and entry.refused) or ""
    if (observed and observed.phase is Phase.SERVING) or said.rstrip(".") in reason:
        return reason
    return f"{reason} (AWS said: {said})"


def _state(item: Holding | Broken, now: datetime) -> str:
    told = standing(item, now)
    match told.state:
        case State.FROZEN:
            return "frozen"
        case State.SUSPENDED | State.LEASE_LOST:
            return "held"
        case _:
            return "on" if told.is_on else "off"


def _metered(item: Holding | Broken) -> Lease | None:
    if isinstance(item, Broken) or item.definition.schedule.always_on:
        return None
    return item.lease


def _cells(row: Row, now: datetime) -> list[Cell]:
    return [
        row.endpoint_name,
        Text(row.sagemaker, style=_COLOURS.get(phase_of(row.sagemaker), "yellow")),
        Text(row.state, style=_STATES[row.state]),
        relative(row.expires_at, now) if row.expires_at else dim("-"),
        row.reason,
    ]


def _as_data(row: Row) -> dict[str, Any]:
    return {
        "endpoint_name": row.endpoint_name,
        "name": row.name,
        "sagemaker_status": row.sagemaker,
        "state": row.state,
        "lease_expires_at": stamp(row.expires_at) if row.expires_at else None,
        "reason": row.reason,
        "hosts": None if row.hosts is None else as_data(row.hosts),
        "per_hour": None if row.hourly is None else plain(row.hourly),
    }
