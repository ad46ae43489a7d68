"""Why an endpoint is on or off, until when, by whom and for how much, as answers. Pure.

Each line answers one question, and the last ones say what would change it. It goes by the ledger,
by its history and by what the controller noted.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from ledger.budget import asked_for, ceiling, over_budget
from ledger.documents import Prices
from ledger.forecast import forecast
from ledger.history import RecordedChange
from ledger.holdings import Broken, Fleet, Holding, document_path
from ledger.hosts import Hosts, describe
from ledger.lease import relative, stamp
from ledger.money import for_time, money, per_hour
from ledger.observed import Entry
from ledger.phases import ABSENT, Phase
from ledger.snapshot import CommitRecord
from ledger.standing import standing


@dataclass(frozen=True)
class Told:
    """All that is told of one endpoint."""

    fleet: Fleet
    item: Holding | Broken
    now: datetime
    entry: Entry | None = None
    last: RecordedChange | CommitRecord | None = None  # the latter where it does not say how
    next_tick: str = ""  # what a controller that is at hand would do

    @property
    def prices(self) -> Prices | None:
        return self.fleet.prices

    @property
    def runs(self) -> bool:
        return self.entry is not None and self.entry.phase.is_billed

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
        """Return what the present run has cost, at today's prices and on what it runs now."""
        if not self.runs or self.entry is None or self.hourly is None:
            return None
        begun = self.entry.created_at or self.entry.since
        return for_time(self.hourly, self.now - begun)


def answers(told: Told) -> Iterator[tuple[str, str]]:
    """Yield questions and answers, in the order in which people ask."""
    item = told.item
    status = told.entry.status if told.entry else ABSENT
    if isinstance(item, Broken):
        yield "frozen", item.complaint
        yield "at SageMaker", status
        return
    now = standing(item, told.now)
    yield ("on because" if now.is_on else "off because"), now.sentence
    if now.until:
        yield "until", f"{stamp(now.until)}, {relative(now.until, told.now)}"
    yield "at SageMaker", _at_sagemaker(told, status)
    if said := _by_whom(told):
        yield "kept by", said
    yield "runs on" if told.runs else "would run on", _on_what(told.hosts)
    yield from _money(told)
    if told.next_tick:
        yield "next tick", told.next_tick
    yield from _rules(told, item)
    yield from _changes(told, item)


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
        yield "costs", "not known: prices.json has no price of what it runs on"
        return
    example = ", by example prices" if prices.is_example else ""
    yield "costs", f"{money(told.hourly, prices.currency)} an hour{example}"
    if told.so_far is not None:
        yield "so far", f"{money(told.so_far, prices.currency)} since this start, at most"


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
    turn = next(iter(forecast(schedule, holding.lease, now, 1)), None)
    if turn:
        word = "on" if turn.turns_on else "off"
        yield "turns by itself", f"{word} at {stamp(turn.at)}: {turn.reason}"
    if schedule.always_on:
        yield "to stop it", f"change its schedule in {_file(told, holding)}"
        return
    hour = money(told.hourly, told.prices.currency) if told.hourly and told.prices else ""
    adds = f", which costs {hour}" if hour else ""
    yield "to keep it on", f"leasehold extend {holding.name} 60{adds}"
    if standing(holding, now).is_on:
        yield "to stop it", f"leasehold release {holding.name}"
    if told.entry and told.entry.phase is Phase.FAILED:
        yield "to start it", f"change {_file(told, holding)}, or extend it"


def _file(told: Told, holding: Holding) -> str:
    return document_path(told.fleet.name, holding.name, "endpoint")
