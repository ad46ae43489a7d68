"""`leasehold next`: what turns on and off next, and why, as the ledger has it now.

It asks the ledger alone: AWS knows nothing of what is to come.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

import click
from rich.text import Text

from leasehold import completing
from leasehold.console import Cell, dim, output_option, screen, show_json, show_lines, tell
from leasehold.context import Context, clock, connected
from leasehold.own_zone import own_zone
from leasehold.times import as_of, localized, zone_name
from ledger.claims import settle
from ledger.faults import Faults
from ledger.forecast import Transition, forecast
from ledger.holdings import Broken, Fleet, Holding
from ledger.instants import in_zone
from ledger.lease import duration, stamp
from ledger.standing import State, standing

_WIDE = 150  # cells, from which on names are SageMaker's
_FLEET, _ONE = 1, 3  # how many are shown of each, and of the one that is asked for
_STYLES = {"on": "green", "off": "dim"}


@dataclass(frozen=True, slots=True)
class Row:
    """One transition ahead of one endpoint; `at` None: there is none, for this reason.

    `standing` says what the endpoint is now.
    """

    endpoint_name: str
    name: str
    standing: str
    reason: str
    at: datetime | None = None
    turns: str | None = None
    zone: ZoneInfo | None = None
    is_fault: bool = False

    @property
    def local(self) -> datetime | None:
        return in_zone(self.at, self.zone) if self.at and self.zone else None


@click.command("next")
@connected
@click.argument("name", required=False, shell_complete=completing.names)
@click.option(
    "--count",
    type=click.IntRange(min=1, max=100),
    metavar="N",
    help=f"How many of each endpoint.  [default: {_ONE} of NAME, {_FLEET} of each in the fleet]",
)
@output_option
def next_(context: Context, *, name: str | None, count: int | None, output: str) -> None:
    """Show what turns on and off next, and why.

    Without NAME it is the whole fleet, the soonest first.
    """
    snapshot, now = context.repository().read(), clock()
    fleet = context.fleet(snapshot)
    items = _chosen(settle(fleet, context.known(fleet, name), now), name)
    count = count or (_ONE if name else _FLEET)
    rows = sorted((row for item in items for row in _foretold(item, now, count)), key=_by_time)
    if output == "json":
        show_json([_as_data(row) for row in rows])
        return
    zone, is_wide = own_zone(), screen().width >= _WIDE
    tell(dim(as_of(fleet.name, snapshot.commit, now, zone)))
    if name is not None:
        tell(f"{rows[0].endpoint_name}: {localized(rows[0].standing, now, zone)}")
    tell()
    when = f"WHEN ({zone_name(in_zone(now, zone))})"
    headers = ("ENDPOINT", when, "IN", "TURNS", "LOCAL", "WHY")
    show_lines(headers, [_cells(row, now, zone, is_wide=is_wide) for row in rows], ("LOCAL",))
    for row in rows:
        if row.is_fault and screen().is_terminal:
            tell(f"! {row.name}: {row.reason}")


def _chosen(fleet: Fleet, name: str | None) -> tuple[Holding | Broken, ...]:
    """Pick the fleet or one of it. Raises Refused LH4106 where nothing is called so, and LH4109."""
    fleet.require_settings()
    return fleet.items if name is None else (fleet.get(name),)


def _foretold(item: Holding | Broken, now: datetime, count: int) -> list[Row]:
    """Return an endpoint's rows; what goes wrong with it is its row, and the others are shown."""
    faults, name = Faults(), item.endpoint_name
    rows: list[Row] = faults.around(name, lambda: [*_rows(item, now, count)], otherwise=[])
    fault = faults.of(name)
    return [Row(name, item.name, fault, fault, is_fault=True)] if fault else rows


def _rows(item: Holding | Broken, now: datetime, count: int) -> Iterator[Row]:
    """Yield the transitions of an endpoint, or one row that says why there are none."""
    sentence = standing(item, now).sentence
    row = Row(item.endpoint_name, item.name, sentence, sentence)
    if isinstance(item, Broken):
        yield replace(row, reason=item.complaint, is_fault=True)
        return
    transitions = _ahead(item, now, count)
    zone = item.definition.schedule.zone if item.definition.schedule.windows else None
    for each in transitions:
        turns = "on" if each.turns_on else "off"
        yield replace(row, reason=each.reason, at=each.at, turns=turns, zone=zone)
    if not transitions:
        yield row


def _ahead(holding: Holding, now: datetime, count: int) -> tuple[Transition, ...]:
    """Foretell nothing while it is suspended, nor before a first lease that is due."""
    if holding.first_lease_due or standing(holding, now).state is State.SUSPENDED:
        return ()
    return forecast(holding.definition.schedule, holding.lease, now, count)


def _by_time(row: Row) -> tuple[bool, str, str]:
    return row.at is None, stamp(row.at) if row.at else "", row.endpoint_name


def _cells(row: Row, now: datetime, zone: tzinfo, *, is_wide: bool) -> tuple[Cell, ...]:
    name = row.endpoint_name if is_wide else row.name
    if row.at is None or row.turns is None:
        return name, dim("-"), dim("-"), dim("-"), dim("-"), localized(row.reason, now, zone)
    return (
        name,
        f"{in_zone(row.at, zone):%Y-%m-%d %H:%M}",
        duration(row.at - now),
        Text(row.turns, style=_STYLES[row.turns]),
        f"{row.local:%a %Y-%m-%d %H:%M %Z}" if row.local else dim("-"),
        row.reason,
    )


def _as_data(row: Row) -> dict[str, Any]:
    return {
        "endpoint_name": row.endpoint_name,
        "name": row.name,
        "at": stamp(row.at) if row.at else None,
        "turns": row.turns,
        "local": row.local.isoformat(timespec="seconds") if row.local else None,
        "reason": row.reason,
        "standing": row.standing,
    }
