"""Why an endpoint is on or off, until when, by whom and for how much, as answers. Pure.

Each line answers one question, and the last ones say what would change it. It goes by the ledger,
by its history and by what the controller noted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from ledger.accounting.tariff import Sum
from ledger.ahead import ahead
from ledger.budget import asked_for, ceiling, over_budget
from ledger.documents import Prices
from ledger.fleet import prices_path
from ledger.forecast import forecast
from ledger.history import RecordedChange
from ledger.holdings import Broken, Fleet, Holding, document_path
from ledger.hosts import Hosts, describe
from ledger.lease import relative, stamp
from ledger.money import NOTHING, cents, for_time, money, per_hour
from ledger.observed import Entry
from ledger.phases import ABSENT, Phase
from ledger.snapshot import CommitRecord
from ledger.standing import State, standing

_HELD = frozenset({State.SUSPENDED, State.LEASE_LOST})
_SOON = timedelta(days=9)
_HOUR = 3600


@dataclass(frozen=True, slots=True)
class Spent:
    """What the present run has cost, as a report of its time says it."""

    in_service: Sum
    starting: Sum


@dataclass(frozen=True)
class Told:
    """All that is told of one endpoint."""

    fleet: Fleet
    item: Holding | Broken
    now: datetime
    entry: Entry | None = None
    last: RecordedChange | CommitRecord | None = None  # the latter where it does not say how
    next_tick: str = ""  # what a controller that is at hand would do
    spent: Spent | None = None  # by the histories, where they were read

    @property
    def prices(self) -> Prices | None:
        return self.fleet.prices

    @property
    def runs(self) -> bool:
        entry = self.entry
        return entry is not None and entry.phase.is_billed and not entry.foreign

    @property
    def is_anothers(self) -> bool:
        """Tell whether what has its name at SageMaker is somebody else's."""
        return self.entry is not None and self.entry.foreign and self.entry.phase.is_billed

    @property
    def hosts(self) -> Hosts | None:
        """Return on what it runs, or would run."""
        if self.entry is not None and self.runs:
            return self.entry.hosts
        return asked_for(self.item.definition) if isinstance(self.item, Holding) else None

    @property
    def hourly(self) -> Decimal | None:
        return per_hour(self.hosts, self.prices)

    @property
    def so_far(self) -> Decimal | None:
        """Return what the present run has cost; without histories by what it runs on now.

        None where that is not known, or has parts without a price or in another currency.
        """
        if self.spent is not None:
            currency = self.prices.currency if self.prices else None
            parts = self.spent.in_service.amounts
            if self.spent.in_service.unpriced or parts.keys() - {currency}:
                return None
            return sum(parts.values(), NOTHING)
        begun = self.begun
        if begun is None or self.hourly is None:
            return None
        return for_time(self.hourly, self.now - begun)

    @property
    def begun(self) -> datetime | None:
        """Return since when it runs; None where it does not."""
        if self.entry is None or not self.runs:
            return None
        return self.entry.created_at or self.entry.since


def answers(told: Told) -> Iterator[tuple[str, str]]:
    """Yield questions and answers, in the order in which people ask."""
    item = told.item
    if isinstance(item, Broken):
        yield "frozen", item.complaint
    elif told.is_anothers:
        yield (
            "held because",
            "what SageMaker has by this name is another's: it is not touched",
        )
    else:
        yield from _why(item, told.now)
    yield "at SageMaker", _at_sagemaker(told, told.entry.status if told.entry else ABSENT)
    if said := _by_whom(told):
        yield "kept by", said
    if told.runs or isinstance(item, Holding):
        yield "runs on" if told.runs else "would run on", _on_what(told.hosts)
        yield from _money(told)
    if isinstance(item, Broken):
        runs = "it is left running, and costs that" if told.runs else "it is left off"
        yield "to change it", f"mend what is wrong with its documents: until then {runs}"
        return
    if told.next_tick:
        yield "next tick", told.next_tick
    if told.is_anothers:
        yield "to change it", f"choose another endpoint_name in {_file(told, item)}, or adopt it"
        return
    yield from _rules(told, item)
    yield from _changes(told, item)


def _why(holding: Holding, now: datetime) -> Iterator[tuple[str, str]]:
    found = standing(holding, now)
    word = "held" if found.state in _HELD else "on" if found.is_on else "off"
    yield f"{word} because", found.sentence
    if found.until:
        yield "until", f"{stamp(found.until)}, {relative(found.until, now)}"


def _at_sagemaker(told: Told, status: str) -> str:
    entry = told.entry
    if entry is None:
        return f"{status}, and nothing was noted of it"
    since = f"{status} since {stamp(entry.since)}"
    if entry.refused:
        return f"{since}; AWS said: {entry.refused}"
    return f"{since} ({entry.cause})" if entry.cause else since


def _by_whom(told: Told) -> str:
    if told.last is None:
        return ""
    if isinstance(told.last, CommitRecord):
        when = relative(told.last.committed_at, told.now)
        name, commit = told.last.author.name, told.last.commit[:8]
        return f"{name} ({when}, commit {commit}, which does not say how it changed the lease)"
    change = told.last.change
    why = f": {change.reason}" if change.reason else ""
    when = relative(told.last.committed_at, told.now)
    return (
        f"{change.requested_by.name} ({change.action}, {when}, commit {told.last.commit[:8]}){why}"
    )


def _on_what(hosts: Hosts | None) -> str:
    return "instances that nobody has noted" if hosts is None else describe(hosts)


def _money(told: Told) -> Iterator[tuple[str, str]]:
    prices = told.prices
    if prices is None:
        return
    if told.hourly is None:
        yield "costs", _not_known(told, prices)
    else:
        example = ", by example prices" if prices.is_example else ""
        yield "costs", f"{money(told.hourly, prices.currency)} an hour{example}"
    if said := _so_far(told, prices):
        yield "so far", said


def _not_known(told: Told, prices: Prices) -> str:
    if told.hosts is None:
        return "not known: nobody has noted what it runs on"
    lacking = [each for each in told.hosts if each.count and prices.of(each) is None]
    names = " and ".join(f"{each.instance_type} for {each.usage}" for each in lacking)
    return f"not known: {prices_path(told.fleet.name)} has no price of {names}"


def _so_far(told: Told, prices: Prices) -> str:
    begun = told.begun
    if begun is None:
        return ""
    if told.spent is None:
        so_far = told.so_far
        if so_far is None:
            return ""
        return f"about {money(so_far, prices.currency)} since this start"
    starting = _sum(told.spent.starting)
    more = f", and up to {starting} while it started" if starting else ""
    return f"{_sum(told.spent.in_service) or 'nothing'} in service since this start{more}"


def _sum(found: Sum) -> str:
    """Write a sum, each currency by itself; what has no price is said."""
    said = [money(amount, currency) for currency, amount in found.amounts.items()]
    if found.unpriced:
        said.append(f"{cents(Decimal(found.unpriced) / _HOUR):,f} h without a price")
    return " and ".join(said)


def _rules(told: Told, holding: Holding) -> Iterator[tuple[str, str]]:
    """Yield the rules that may end or hold it before its lease does."""
    schedule = holding.definition.schedule
    if schedule.idle_minutes:
        yield "idle rule", f"its lease ends after {schedule.idle_minutes} min without an invocation"
    if schedule.extend_while_active_minutes:
        minutes = schedule.extend_while_active_minutes
        yield "use rule", f"it is kept until {minutes} min after the last invocation"
    most = ceiling(told.fleet, holding)
    if not schedule.always_on:
        limit = f"{most.rule} in {most.ruled_by}"
        yield "ceiling", f"a lease reaches {most.minutes} min ahead at most, by {limit}"
    for violation in over_budget(told.fleet, holding):
        yield "limit", str(violation)


def _changes(told: Told, holding: Holding) -> Iterator[tuple[str, str]]:
    """Yield what would change it."""
    schedule, now = holding.definition.schedule, told.now
    found = standing(holding, now)
    yield from _turns(told, holding, is_held=found.state in _HELD)
    if found.state is State.SUSPENDED:
        yield "to change it", f"remove suspended from {_file(told, holding)}: a lease does nothing"
        return
    if schedule.always_on:
        yield "to stop it", f"change its schedule in {_file(told, holding)}"
        return
    hour = money(told.hourly, told.prices.currency) if told.hourly and told.prices else ""
    adds = f", which costs {hour}" if hour else ""
    yield "to keep it on", f"leasehold extend {holding.name} 60{adds}"
    if found.is_on or (told.runs and found.state is State.LEASE_LOST):
        yield "to stop it", f"leasehold release {holding.name}"
    if told.entry and told.entry.phase is Phase.FAILED:
        yield "to start it", f"change {_file(told, holding)}, or extend it"


def _turns(told: Told, holding: Holding, *, is_held: bool) -> Iterator[tuple[str, str]]:
    now = told.now
    if is_held:
        on = ahead(told.fleet, holding, now, now + _SOON, runs=told.runs).on
        edges = [at for each in on for at in each if now < at < now + _SOON]
        if edges:
            word = "on" if any(each.begin == edges[0] for each in on) else "off"
            yield "turns by itself", f"{word} at {stamp(edges[0])}: nothing holds it any more"
        return
    turn = next(iter(forecast(holding.definition.schedule, holding.lease, now, 1)), None)
    if turn:
        word = "on" if turn.turns_on else "off"
        yield "turns by itself", f"{word} at {stamp(turn.at)}: {turn.reason}"


def _file(told: Told, holding: Holding) -> str:
    return document_path(told.fleet.name, holding.name, "endpoint")
