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

from leasehold.console import Cell, dim, output_option, show_json, show_lines, tell
from leasehold.context import Context, clock, connected
from leasehold.own_zone import own_zone
from leasehold.times import as_of, both, with_weekday, zone_name
from ledger.ahead import ahead
from ledger.budget import asked_for
from ledger.claims import settle
from ledger.documents.prices import plain
from ledger.errors import Refused
from ledger.first_leases import granted
from ledger.holdings import Broken, Fleet, Holding
from ledger.hosts import Hosts
from ledger.instants import in_zone
from ledger.lease import stamp
from ledger.moments import moment_from
from ledger.money import cents, for_time, money, per_hour, priced, rate, total
from ledger.names import EndpointName
from ledger.observed import Noted
from ledger.on_time import Stretch

_LONGEST = timedelta(days=366)


@dataclass(frozen=True, slots=True)
class Foretold:
    """What the ledger promises of one endpoint; costs are None where something has no price."""

    name: str
    stretches: tuple[Stretch, ...]
    hourly: Decimal | None
    cost: Decimal | None
    ends_when_idle: bool = False
    is_held: bool = False  # suspended, frozen or without its lease's file: it is left running

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
    found = list(foretold(fleet, context.noted(fleet), now, end))
    if output == "json":
        show_json(_as_data(fleet, found, now, end))
        return
    head = as_of(fleet.name, snapshot.commit, now, zone)
    tell(dim(f"{head}, until {both(end, now, zone, with_date=True)}"))
    tell()
    to = f"TO ({zone_name(in_zone(now, zone))})"
    headers = ("ENDPOINT", "ON FROM", to, "HOURS", "COST/H", "COST")
    if rows := [_cells(each, now, end, zone) for each in found]:
        show_lines(headers, rows, spare=("ON FROM", "COST/H", "HOURS"))
        tell()
    tell(_summary(fleet, found, end))


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
) -> Iterator[Foretold]:
    """Yield what will be on, the soonest to end first; first leases as there is room for them."""
    fleet, waiting = granted(fleet, now, end)
    found = [
        _foretold(fleet, each, noted.get(each.endpoint_name), Stretch(now, end))
        for each in fleet.items
        if each.name not in waiting and not is_anothers(each, noted.get(each.endpoint_name))
    ]
    on = (each for each in found if each.stretches)
    yield from sorted(on, key=lambda each: (each.stretches[-1].end, each.name))


def is_anothers(item: Holding | Broken, noted: Noted | None) -> bool:
    """Tell whether what runs under its name is somebody else's, and is to stay so."""
    is_adopted = isinstance(item, Holding) and item.definition.adopt
    return noted is not None and noted.foreign and noted.phase.is_billed and not is_adopted


def _foretold(fleet: Fleet, item: Holding | Broken, noted: Noted | None, time: Stretch) -> Foretold:
    runs = noted is not None and noted.phase.is_billed
    found = ahead(fleet, item, *time, runs=runs)
    hosts = noted.hosts if noted and runs else None
    hourly = per_hour(hosts or _asked_for(item), fleet.prices)
    length = sum((each.length for each in found.on), timedelta())
    cost = None if hourly is None else for_time(hourly, length)
    idle = isinstance(item, Holding) and bool(item.definition.schedule.idle_minutes)
    return Foretold(str(item.name), found.on, hourly, cost, idle, bool(found.held))


def _asked_for(item: Holding | Broken) -> Hosts | None:
    return asked_for(item.definition) if isinstance(item, Holding) else None


def _cells(each: Foretold, now: datetime, end: datetime, zone: tzinfo) -> tuple[Cell, ...]:
    begin, ends = each.stretches[0].begin, each.ends(end)
    times = len(each.stretches)
    more = f" ({times} times)" if times > 1 else ""
    stays = "stays on, held" if each.is_held else "stays on"
    return (
        each.name,
        "now" if begin <= now else with_weekday(begin, now, zone),
        f"{with_weekday(ends, now, zone)}{more}" if ends else f"{stays}{more}",
        f"{cents(Decimal(int(each.length.total_seconds())) / 3600):,f}",
        rate(each.hourly),
        rate(each.cost) if each.cost is None else f"{cents(each.cost):,f}",
    )


def _summary(fleet: Fleet, found: list[Foretold], end: datetime) -> str:
    ending = sum(1 for each in found if each.ends(end))
    stay = len(found) - ending
    word = "stays" if stay == 1 else "stay"
    counts = f"{ending} of {len(found)} end until then, {stay} {word} on"
    if not found:
        counts = "Nothing will be on until then"
    if held := sum(1 for each in found if each.is_held):
        are = "is held and goes on as it is" if held == 1 else "are held and go on as they are"
        counts += f"; {held} of them {are}"
    if idle := sum(1 for each in found if each.ends_when_idle):
        word = "ends" if idle == 1 else "end"
        counts += (
            f"; {idle} of them {word} earlier where nobody uses {'it' if idle == 1 else 'them'}"
        )
    names = {each.name for each in found}
    waiting = [
        each for each in fleet.holdings if each.first_lease_due and str(each.name) not in names
    ]
    if waiting:
        leases = "lease waits" if len(waiting) == 1 else "leases wait"
        counts += f"; {len(waiting)} first {leases} for room under max_hourly"
    broken = sum(1 for each in fleet.broken if str(each.name) not in names)
    if broken:
        counts += f"; of {broken} nothing can be told, for their documents are broken"
    if fleet.prices is None:
        return f"{counts}."
    example = " by example prices" if fleet.prices.is_example else ""
    sums = total(each.cost for each in found)
    said = f"{counts}. It will cost {priced(sums, fleet.prices.currency)}{example}."
    if factor := fleet.prices.savings_plan_factor:
        less = money(sums.amount * factor, fleet.prices.currency)
        said += f" With your savings plan's factor of {factor:f} it is {less}."
    return said


def _as_data(fleet: Fleet, found: list[Foretold], now: datetime, end: datetime) -> dict[str, Any]:
    factor = fleet.prices.savings_plan_factor if fleet.prices else None
    return {
        "environment": fleet.name,
        "now": stamp(now),
        "until": stamp(end),
        "currency": fleet.prices.currency if fleet.prices else None,
        "savings_plan_factor": None if factor is None else plain(factor),
        "endpoints": [
            {
                "name": each.name,
                "on": [{"from": stamp(it.begin), "to": stamp(it.end)} for it in each.stretches],
                "held": each.is_held,
                "ends_when_idle": each.ends_when_idle,
                "ends": stamp(ends) if (ends := each.ends(end)) else None,
                "per_hour": None if each.hourly is None else plain(each.hourly),
                "cost": None if each.cost is None else f"{cents(each.cost):f}",
            }
            for each in found
        ],
    }
