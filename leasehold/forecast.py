"""`leasehold forecast`: what will be on when, what it will cost, and what ends, by a given day.

It goes by the ledger as it is now, on a clock that runs ahead: nobody knows who will extend. AWS is
not asked; what an endpoint runs on is its definition's, or what the status branch noted.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal
from typing import Any

import click

from leasehold.console import Cell, dim, output_option, show_json, show_table, tell
from leasehold.context import Context, clock, connected
from leasehold.own_zone import own_zone
from leasehold.times import as_of, both, zone_name
from ledger.budget import asked_for
from ledger.claims import settle
from ledger.documents.prices import plain
from ledger.errors import Refused
from ledger.holdings import Broken, Fleet, Holding
from ledger.hosts import Hosts
from ledger.instants import in_zone
from ledger.lease import Lease, grant, stamp
from ledger.moments import moment_from
from ledger.money import Total, cents, for_time, per_hour, priced, rate, total
from ledger.names import EndpointName
from ledger.observed import Noted
from ledger.on_time import Stretch, on_time

_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Ahead:
    """What the ledger promises of one endpoint; costs are None where something has no price."""

    name: str
    stretches: tuple[Stretch, ...]
    hourly: Decimal | None
    cost: Decimal | None

    @property
    def length(self) -> timedelta:
        return sum((each.length for each in self.stretches), timedelta())

    def ends(self, until: datetime) -> datetime | None:
        """Return when it is off for good, in that time; None where it is on at its end."""
        last = self.stretches[-1].end
        return last if last < until else None


@click.command("forecast")
@connected
@click.option(
    "--until",
    required=True,
    metavar="DAY",
    help="The end of a day, such as friday or 2026-11-27, or a time such as friday 18:00.",
)
@output_option
def forecast_(context: Context, *, until: str, output: str) -> None:
    """Show what will be on until a day, what it will cost, and what ends."""
    snapshot, now = context.repository().read(), clock().replace(microsecond=0)
    zone = own_zone()
    end = until_day(until, now, zone)
    fleet = context.fleet(snapshot)
    fleet.require_settings()
    fleet = settle(fleet, context.known(fleet, None), now)
    ahead = list(foretold(fleet, context.noted(fleet), now, end))
    sums = total(each.cost for each in ahead)
    if output == "json":
        show_json(_as_data(fleet, ahead, now, end))
        return
    head = as_of(fleet.name, snapshot.commit, now, zone)
    tell(dim(f"{head}, until {both(end, now, zone, with_date=True)}"))
    tell()
    to = f"TO ({zone_name(in_zone(now, zone))})"
    headers = ("ENDPOINT", "ON FROM", to, "HOURS", "COST/H", "COST")
    rows = [_cells(each, now, end, zone) for each in ahead]
    show_table(headers, rows, spare=("ON FROM", "COST/H"))
    tell()
    tell(_summary(fleet, ahead, sums, end))


def until_day(text: str, now: datetime, zone: tzinfo = UTC) -> datetime:
    """Read the end of a day, or an instant. Raises Refused LH5136 where it is none ahead."""
    end = None
    with suppress(Refused):
        end = moment_from(text, now, zone)
    if end is None or not now < end <= now + _LONGEST:
        raise Refused(
            "LH5136",
            f"--until {text} is no time within a year from now: write a day such as friday or"
            " 2026-11-27, or an instant such as 2026-11-27T18:00:00Z.",
        )
    return end


def foretold(
    fleet: Fleet, noted: Mapping[EndpointName, Noted | None], now: datetime, end: datetime
) -> Iterator[Ahead]:
    """Yield what will be on, the soonest to end first."""
    found = [
        _ahead(fleet, each, noted.get(each.endpoint_name), Stretch(now, end))
        for each in fleet.holdings
    ]
    ahead = (each for each in found if each.stretches)
    yield from sorted(ahead, key=lambda each: (each.stretches[-1].end, each.name))


def _ahead(fleet: Fleet, holding: Holding, noted: Noted | None, time: Stretch) -> Ahead:
    suspended = holding.definition.suspended
    schedule, lease = holding.definition.schedule, _lease(fleet, holding, time.begin)
    held = suspended is not None and suspended.holds(time.begin)
    stretches = () if held else tuple(on_time(schedule, lease, *time))
    hourly = per_hour(_hosts(holding, noted), fleet.prices)
    length = sum((each.length for each in stretches), timedelta())
    cost = None if hourly is None else for_time(hourly, length)
    return Ahead(str(holding.name), stretches, hourly, cost)


def _lease(fleet: Fleet, holding: Holding, now: datetime) -> Lease | None:
    """Return the lease, or the first one that the controller is about to grant."""
    if not holding.first_lease_due:
        return holding.lease
    minutes = holding.definition.schedule.initial_provision_minutes
    return grant(minutes, now, fleet.ceiling)


def _hosts(holding: Holding, noted: Noted | None) -> Hosts | None:
    """Return what it runs on now, or what its definition asks for."""
    if noted and noted.hosts and not noted.foreign:
        return noted.hosts
    return asked_for(holding.definition)


def _cells(each: Ahead, now: datetime, end: datetime, zone: tzinfo) -> tuple[Cell, ...]:
    begin = each.stretches[0].begin
    times = len(each.stretches)
    more = f" ({times} times)" if times > 1 else ""
    ends = each.ends(end)
    return (
        each.name,
        "now" if begin <= now else f"{in_zone(begin, zone):%a %m-%d %H:%M}",
        f"{in_zone(ends, zone):%a %m-%d %H:%M}{more}" if ends else f"stays on{more}",
        f"{cents(Decimal(int(each.length.total_seconds())) / 3600):,f}",
        rate(each.hourly),
        rate(each.cost) if each.cost is None else f"{cents(each.cost):,f}",
    )


def _summary(fleet: Fleet, ahead: list[Ahead], sums: Total, end: datetime) -> str:
    ending = sum(1 for each in ahead if each.ends(end))
    stay = len(ahead) - ending
    word = "stays" if stay == 1 else "stay"
    counts = f"{ending} of {len(ahead)} end until then, {stay} {word} on"
    broken = sum(1 for each in fleet.items if isinstance(each, Broken))
    if broken:
        counts += f"; of {broken} nothing can be told, for their documents are broken"
    if fleet.prices is None:
        return f"{counts}."
    example = " by example prices" if fleet.prices.is_example else ""
    return f"{counts}. It will cost {priced(sums, fleet.prices.currency)}{example}."


def _as_data(fleet: Fleet, ahead: list[Ahead], now: datetime, end: datetime) -> dict[str, Any]:
    return {
        "environment": fleet.name,
        "now": stamp(now),
        "until": stamp(end),
        "currency": fleet.prices.currency if fleet.prices else None,
        "endpoints": [
            {
                "name": each.name,
                "on": [{"from": stamp(it.begin), "to": stamp(it.end)} for it in each.stretches],
                "ends": stamp(ends) if (ends := each.ends(end)) else None,
                "per_hour": None if each.hourly is None else plain(each.hourly),
                "cost": None if each.cost is None else f"{cents(each.cost):f}",
            }
            for each in ahead
        ],
    }
