"""What is in the picture of what was paid by day and owner, and in the table beneath it. Pure."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

from leasehold.report_words import Report, Row, cells_of, columns, hours
from ledger.money import money
from ledger.printable import printable

OTHERS = "others"
_MOST = 8  # colours that anybody can tell apart
_MANY_DAYS = timedelta(days=366)
HEADERS = ("day", "owner", "in service h", "cost")


@dataclass(frozen=True, slots=True)
class Part:
    """What one owner paid on one day, and how it is said to those who hear the picture."""

    day: str
    owner: str
    amount: Decimal
    said: str


@dataclass(frozen=True, slots=True)
class Paid:
    """All that is drawn of one currency: days in order, owners from the dearest on."""

    currency: str
    days: tuple[str, ...]
    owners: tuple[str, ...]
    parts: tuple[Part, ...]

    @property
    def totals(self) -> Iterator[tuple[str, Decimal, str]]:
        """Yield each day that has any, what it comes to, and how that is written."""
        for day in self.days:
            if whole := sum((each.amount for each in self.parts if each.day == day), Decimal(0)):
                yield day, whole, money(whole, self.currency)

    @property
    def most(self) -> Decimal:
        return max((whole for _, whole, _ in self.totals), default=Decimal(1))


@dataclass(frozen=True, slots=True)
class Costs:
    """A chart for each currency under one title, and what is in none of them."""

    title: str
    left_out: str
    charts: tuple[Paid, ...]


def picture_of(report: Report) -> Costs:
    account = report.account
    days = tuple(_days(report))
    amounts = _amounts(report)
    currencies = sorted({currency for currency, _, _ in amounts})
    unpriced = report.total.cost.unpriced
    example = ", which are examples" if report.has_examples else ""
    return Costs(
        f"{report.environment}: cost by day ({account.zone}) and owner from {days[0]} to"
        f" {days[-1]}, at the list prices of {report.prices_of}{example}",
        f"{hours(unpriced)} h in service have no price and are not drawn" if unpriced else "",
        tuple(_paid(currency, days, amounts) for currency in currencies),
    )


def rows(report: Report) -> list[tuple[str, ...]]:
    """Return a line for each day and owner, and all of it together."""
    found: dict[tuple[str, str], Row] = {}
    for key, line in report.account.lines.items():
        place = key.day.isoformat(), key.owner
        found.setdefault(place, Row("")).take(line)
    places = sorted(found)
    told = columns([found[place] for place in places])
    shown = [
        (day, printable(owner), *cells[1:])
        for (day, owner), cells in zip(places, told, strict=True)
    ]
    return [*shown, ("all", "", *cells_of(report.total)[1:])]


def _amounts(report: Report) -> dict[tuple[str, str, str], Decimal]:
    found: dict[tuple[str, str, str], Decimal] = {}
    for key, line in report.account.lines.items():
        for currency, amount in line.cost.amounts.items():
            place = currency, key.day.isoformat(), key.owner
            found[place] = found.get(place, Decimal(0)) + amount
    return found


def _paid(currency: str, days: Sequence[str], amounts: dict[tuple[str, str, str], Decimal]) -> Paid:
    mine = {(day, owner): each for (of, day, owner), each in amounts.items() if of == currency}
    whole: dict[str, Decimal] = {}
    for (_, owner), amount in mine.items():
        whole[owner] = whole.get(owner, Decimal(0)) + amount
    dearest = sorted(whole, key=lambda owner: (-whole[owner], owner))
    named = dearest if len(dearest) <= _MOST else dearest[: _MOST - 1]
    drawn: dict[tuple[str, str], Decimal] = {}
    for (day, owner), amount in mine.items():
        place = day, (printable(owner) if owner in named else OTHERS)
        drawn[place] = drawn.get(place, Decimal(0)) + amount
    owners = [printable(each) for each in named] + ([OTHERS] if len(named) < len(dearest) else [])
    parts = (
        Part(day, owner, amount, f"{day}: {owner} {money(amount, currency)}")
        for (day, owner), amount in sorted(drawn.items())
    )
    return Paid(currency, tuple(days), tuple(owners), tuple(parts))


def _days(report: Report) -> Iterator[str]:
    """Yield each day of the report's zone, also those without any cost.

    A report of many years begins with its first day that has any.
    """
    account = report.account
    day, last = (_day(at, report) for at in (account.since, max(account.since, account.until - 1)))
    if last - day > _MANY_DAYS:
        day = min((key.day for key in account.lines), default=last)
    while day <= last:
        yield day.isoformat()
        day += timedelta(days=1)


def _day(at: int, report: Report) -> date:
    return datetime.fromtimestamp(at, UTC).astimezone(report.account.zone).date()
