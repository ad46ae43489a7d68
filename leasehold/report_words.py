"""A report as rows and sentences, and in the forms in which people want it. Pure.

Each figure comes with what it means: whoever reads a report for the first time has nothing else.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from html import escape
from typing import Any

from ledger.accounting.account import UNNOTICED, Account, Key, Line
from ledger.accounting.service import LATE, NOT_YET, UNREADABLE, Gap
from ledger.accounting.steps import (
    AFTER_THE_END,
    ALWAYS_ON,
    FIRST_LEASE,
    IN_USE,
    START_CREDIT,
    WINDOW,
)
from ledger.accounting.tariff import Sum
from ledger.lease import stamp
from ledger.money import apportioned, cents, money
from ledger.printable import in_markdown, printable
from ledger.unread import Unread

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
_HOUR = Decimal(3600)
_DAYS = UNNOTICED // 86400
_GAPS_SHOWN = 10
_QUIET = 86400  # seconds without a note that are worth a sentence
# What was not seen, and how it counts nevertheless.
_GAPS = {
    NOT_YET: "in no figure",
    UNREADABLE: "counted as what was noted before it",
    LATE: "counted by SageMaker's own time of the last move, and what moved before it is not known",
}
_STYLE = (
    ":root{color-scheme:light dark}"
    "body{font:16px/1.5 system-ui,sans-serif;max-width:64rem;margin:2rem auto;padding:0 1rem;"
    "background:#fff;color:#1f2328}"
    "table{border-collapse:collapse}th,td{padding:.2rem .6rem;text-align:left}"
    ".sums td,.sums th+th{text-align:right}"
    ".light,.dark{overflow-x:auto}.dark{display:none}"
    "@media (prefers-color-scheme:dark){body{background:#0d1117;color:#e6edf3}"
    ".light{display:none}.dark{display:block}}"
)
_BY: Mapping[str, Callable[[Key], str]] = {
    "person": lambda key: key.buyer,
    "endpoint": lambda key: key.endpoint,
    "owner": lambda key: key.owner,
    "day": lambda key: key.day.isoformat(),
}
DIMENSIONS = tuple(_BY)
# Who had what nobody bought by a change of a lease, and what that means.
_BUYERS = {
    FIRST_LEASE: "initial_provision_minutes of a definition, by its author",
    START_CREDIT: "leased minutes that passed while it started, given back",
    IN_USE: "extend_while_active_minutes, because it was asked something",
    WINDOW: "a window of its schedule was open, and no lease ran",
    ALWAYS_ON: "its definition says always_on, and no lease ran",
    AFTER_THE_END: "nothing kept it on any more, and it was not gone yet",
}
_NAMED = 5  # endpoints in a sentence


@dataclass
class Row:
    """One line of a report: seconds and money."""

    name: str
    leased: int = 0
    in_service: int = 0
    cost: Sum = field(default_factory=Sum)

    def take(self, line: Line) -> None:
        self.leased += line.leased
        self.in_service += line.in_service
        self.cost.take(line.cost)


@dataclass(frozen=True)
class Report:
    """What is told: of which environment, by what, and with which prices."""

    environment: str
    by: str
    account: Account
    prices_of: str  # "each day", or "today"
    has_examples: bool = False
    savings_plan_factor: Decimal | None = None
    has_prices: bool = True  # now

    @property
    def rows(self) -> list[Row]:
        """The rows, dearest first; by day they are in the order of days."""
        found: dict[str, Row] = {}
        for key, line in self.account.lines.items():
            name = _BY[self.by](key)
            found.setdefault(name, Row(name)).take(line)
        rows = sorted(found.values(), key=lambda row: row.name)
        if self.by == "day":
            return rows
        return sorted(rows, key=lambda row: (-_size(row.cost), -row.in_service))

    @property
    def headers(self) -> tuple[str, ...]:
        zone = f" ({self.account.zone})" if self.by == "day" else ""
        return f"{self.by.upper()}{zone}", "LEASED H", "IN SERVICE H", "COST"

    @property
    def total(self) -> Row:
        whole = Row("all")
        for line in self.account.lines.values():
            whole.take(line)
        return whole


def as_rows(report: Report) -> list[tuple[str, ...]]:
    """Return the cells of each row and of the total: what is shown of rows adds up to that."""
    rows, total = report.rows, report.total
    whole = (total.name, *cells_of(total))
    if len(rows) == 1:
        return [(rows[0].name, *whole[1:])]
    return [*((row.name, *cells) for row, cells in zip(rows, columns(rows), strict=True)), whole]


def columns(rows: Sequence[Row]) -> list[tuple[str, ...]]:
    """Return hours and cost of rows, rounded so that each column adds up."""
    leased = apportioned([row.leased for row in rows], _HOUR)
    in_service = apportioned([row.in_service for row in rows], _HOUR)
    lacking = apportioned([row.cost.unpriced for row in rows], _HOUR)
    unpriced = (
        each if row.cost.unpriced else None for each, row in zip(lacking, rows, strict=True)
    )
    costs = map(_sum_of, amounts_of(rows), unpriced)
    return [
        (f"{its_lease:,f}", f"{its_service:,f}", cost)
        for its_lease, its_service, cost in zip(leased, in_service, costs, strict=True)
    ]


def amounts_of(rows: Sequence[Row]) -> list[Mapping[str, Decimal]]:
    """Return what each row cost by currency, to the cent, so that each currency adds up."""
    exact = [row.cost.parts for row in rows]
    rounded: list[dict[str, Decimal]] = [{} for _ in rows]
    for currency in sorted({currency for amounts in exact for currency in amounts}):
        mine = [number for number, amounts in enumerate(exact) if currency in amounts]
        parts = apportioned([exact[number][currency] for number in mine], _HOUR)
        for number, part in zip(mine, parts, strict=True):
            rounded[number][currency] = part
    return list(rounded)


def headline(report: Report) -> str:
    account = report.account
    begin, end = (_instant(at) for at in (account.since, account.until))
    example = ", which are examples" if report.has_examples else ""
    return (
        f"Report of {report.environment} from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC,"
        f" by {report.by}, at the list prices of {report.prices_of}{example}"
    )


def sentences(report: Report) -> Iterator[str]:
    """Yield what the figures mean."""
    account, total = report.account, report.total
    yield (
        f"cost: {_sum(total.cost)} for {hours(total.in_service)} h in service: hours times"
        " instances times the list price, without storage, data transfer, tax and discounts."
    )
    if factor := report.savings_plan_factor:
        less = Sum({key: part * factor for key, part in total.cost.parts.items()})
        yield (
            f"with your savings plan's factor of {factor:f} it is {_sum(less)}; what is saved below"
            " is at list prices, for the commitment is paid anyway."
        )
    yield (
        f"leased: {hours(total.leased)} h that leases ran, whether the endpoint was in service then"
        " or not."
    )
    if report.by == "person":
        yield from _buyers(report)
    yield from _starts(account)
    yield from _saved(account)
    if account.idle_stops:
        yield f"idle stops: {_count(account.idle_stops, 'lease')} ended for lack of use."
    if account.unused_seconds:
        yield (
            f"in service without an invocation: at least {hours(account.unused_seconds)} h,"
            f" {_sum(account.unused)} of the cost: the idle_minutes before each idle stop. Whether"
            " the rest was used is not in git."
        )
    if total.cost.unpriced:
        yield (
            f"without a price: {hours(total.cost.unpriced)} h in service of {_unpriced(account)}"
            " are in no sum, for prices.json had no price of that day, or nobody had noted what"
            " they ran on." + _remedy(report)
        )
    yield from _gaps(account.gaps)
    if account.noted_at is not None and account.until - account.noted_at > _QUIET:
        yield (
            f"noted last: {_instant(account.noted_at):%Y-%m-%d %H:%M} UTC. Since then nothing has"
            " moved, or nobody looked: what was in service counts as such until the report's end."
        )
    yield from unread(account.unread, account.undated)


def _saved(account: Account) -> Iterator[str]:
    savings = account.savings
    yield (
        f"saved: {_sum(savings.handed_back)} handed back: leased time that a release or an idle"
        f" stop gave back ({hours(savings.handed_back_seconds)} h; an end that was set earlier is a"
        " release, too), less what was bought again before its old end, and less what ran all the"
        " same. Nothing is assumed."
    )
    yield (
        f"saved: {_so('about', savings.if_unnoticed)} if each stop had gone unnoticed for {_DAYS}"
        f" days: the time off, {_DAYS} days of each at most, which is how long AWS's own advisor"
        " looks back."
    )
    yield (
        f"saved: {_so('at most', savings.if_left_on)} if all had been left on since first started:"
        " the time off until the report's end, or until the definition went, and none while it was"
        " suspended. An upper bound; nobody would have paid it all."
    )


def _buyers(report: Report) -> Iterator[str]:
    """Yield what rows mean: a person's, and those that are nobody's."""
    yield "person: whoever made a lease last longer has the time that this added."
    shown = {row.name.partition(" (")[0] for row in report.rows}
    for buyer, meaning in _BUYERS.items():
        if buyer in shown:
            yield f"{buyer}: {meaning}."


def _unpriced(account: Account) -> str:
    lines = account.lines.items()
    names = sorted({key.endpoint for key, line in lines if line.cost.unpriced})
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more}"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def unread(files: Mapping[str, Unread], undated: Unread) -> Iterator[str]:
    """Yield what of the histories could not be read."""
    for file, commits in sorted(files.items()):
        yield (
            f"not read: {file} as {commits.named()} left it. What it said before is taken to have"
            " stayed, but of prices there is none for that time."
        )
    if undated:
        yield (
            f"no true dates: those of {undated.named()} cannot be read, or are against the order of"
            " the history. Each counts as made when the next one was, the newest as made now."
        )


def as_csv(report: Report) -> str:
    """Write the rows for a spreadsheet, in which no text is a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    head = ("leased_seconds", "in_service_seconds", "currency", "cost", "unpriced_seconds")
    writer.writerow((report.by, *head))
    rows = report.rows
    for row, amounts in zip(rows, amounts_of(rows), strict=True):
        costs = [(currency, f"{amount:f}") for currency, amount in amounts.items()]
        costs = costs or [("", "" if row.cost.unpriced else "0.00")]
        for number, cost in enumerate(costs):
            seconds = (row.leased, row.in_service) if number == 0 else (0, 0)
            unpriced = row.cost.unpriced if number == 0 else 0
            writer.writerow((_text(row.name), *seconds, *cost, unpriced))
    return out.getvalue()


def as_markdown(report: Report) -> str:
    lines = [f"### {in_markdown(headline(report))}", ""]
    first, *others = report.headers
    head = (_lowered(first), *map(str.lower, others))
    lines += [f"| {' | '.join(map(in_markdown, head))} |", "|:--|--:|--:|--:|"]
    lines += [f"| {' | '.join(map(in_markdown, cells))} |" for cells in as_rows(report)]
    lines += ["", *(f"- {in_markdown(each)}" for each in sentences(report))]
    return "\n".join(lines) + "\n"


def as_html(report: Report, pictures: str = "") -> str:
    """Write a page of its own, without a script and without anything from elsewhere.

    `pictures` are parts of it, or a sentence that says why there are none.
    """
    title = _html(headline(report))
    first, *others = report.headers
    head = "".join(
        f'<th scope="col">{_html(each)}</th>' for each in (_lowered(first), *map(str.lower, others))
    )
    body = "".join(_html_row(cells) for cells in as_rows(report))
    said = "".join(f"<li>{_html(each)}</li>" for each in sentences(report))
    return (
        '<!doctype html>\n<html lang="en"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width">'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n"
        f'<h1>{title}</h1>\n<table class="sums"><thead><tr>{head}</tr></thead>\n'
        f"<tbody>{body}</tbody></table>\n<ul>{said}</ul>\n{pictures}</html>\n"
    )


def as_data(report: Report) -> dict[str, Any]:
    account, total, savings = report.account, report.total, report.account.savings
    rows = report.rows
    return {
        "environment": report.environment,
        "since": stamp(_instant(account.since)),
        "until": stamp(_instant(account.until)),
        "zone": str(account.zone),
        "by": report.by,
        "prices_of": report.prices_of,
        "example_prices": report.has_examples,
        "rows": [
            {"name": row.name, **_row_data(row, amounts)}
            for row, amounts in zip(rows, amounts_of(rows), strict=True)
        ],
        "total": _row_data(total, total.cost.amounts),
        "starting": {"seconds": account.starting_seconds, **_sum_data(account.starting)},
        "switching": _sum_data(account.switching),
        "starts": account.starts,
        "starts_in_vain": account.starts_in_vain,
        "idle_stops": account.idle_stops,
        "unused": {"seconds": account.unused_seconds, **_sum_data(account.unused)},
        "saved": {
            "handed_back": {
                "seconds": savings.handed_back_seconds,
                **_sum_data(savings.handed_back),
            },
            "if_unnoticed_for_14_days": _sum_data(savings.if_unnoticed),
            "if_left_on": _sum_data(savings.if_left_on),
        },
        "gaps": [
            {
                "begin": stamp(_instant(gap.begin)),
                "end": stamp(_instant(gap.end)),
                "reason": gap.reason,
            }
            for gap in account.gaps
        ],
        "noted_at": None if account.noted_at is None else stamp(_instant(account.noted_at)),
        "unread": {file: list(commits) for file, commits in sorted(account.unread.items())},
        "undated": list(account.undated),
        "sentences": list(sentences(report)),
    }


def _starts(account: Account) -> Iterator[str]:
    if account.starts or account.starting_seconds:
        vain = account.starts_in_vain
        failed = f", {vain} of them in vain: what never came costs nothing here" if vain else ""
        more = f"up to {_sum(account.starting)} more are" if account.starting.amounts else "it is"
        yield (
            f"starts: {_count(account.starts, 'start')} ({hours(account.starting_seconds)} h)"
            f"{failed}. From when on AWS bills a start is not certain, so {more} in no sum."
        )
    if _size(account.switching) or account.switching.unpriced:
        yield (
            f"updates: {_so('up to', account.switching)} more while it was updated: old and new"
            " instances run beside each other then, and one of them is in the sum."
        )


def _gaps(gaps: Sequence[Gap]) -> Iterator[str]:
    for gap in gaps[:_GAPS_SHOWN]:
        begin, end = (_instant(at) for at in (gap.begin, gap.end))
        yield (
            f"gap: from {begin:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC {gap.reason}; what ran"
            f" then is {_GAPS.get(gap.reason, 'in no figure, or in part')}."
        )
    if len(gaps) > _GAPS_SHOWN:
        yield f"gap: {len(gaps) - _GAPS_SHOWN} more; --output json has them all."


def _remedy(report: Report) -> str:
    if not report.has_prices:
        return " `leasehold prices update` writes one, and --prices today goes by it."
    return " --prices today prices them by the file of now." if report.prices_of != "today" else ""


def cells_of(row: Row) -> tuple[str, str, str]:
    return hours(row.leased), hours(row.in_service), _sum(row.cost)


def _html_row(cells: Sequence[str]) -> str:
    first, *others = map(_html, cells)
    return f'<tr><th scope="row">{first}</th>{"".join(f"<td>{each}</td>" for each in others)}</tr>'


def _row_data(row: Row, amounts: Mapping[str, Decimal]) -> dict[str, Any]:
    return {
        "leased_seconds": row.leased,
        "in_service_seconds": row.in_service,
        "cost": _amounts_data(amounts),
        "unpriced_seconds": row.cost.unpriced,
    }


def _sum_data(found: Sum) -> dict[str, Any]:
    return {"cost": _amounts_data(found.amounts), "unpriced_seconds": found.unpriced}


def _amounts_data(amounts: Mapping[str, Decimal]) -> dict[str, str]:
    return {currency: f"{cents(amount):f}" for currency, amount in amounts.items()}


def _sum(found: Sum) -> str:
    return _sum_of(found.amounts, cents(found.unpriced / _HOUR) if found.unpriced else None)


def _so(how: str, found: Sum) -> str:
    """Write a sum with how exact it is; of nothing there is nothing to say."""
    return f"{how} {_sum(found)}" if found.amounts or found.unpriced else _sum(found)


def _sum_of(amounts: Mapping[str, Decimal], unpriced: Decimal | None) -> str:
    """Write a sum, each currency by itself; what has no price is said and is not nothing."""
    said = [money(amount, currency, with_cents=True) for currency, amount in amounts.items()]
    if unpriced is not None:
        said.append(f"{unpriced:,f} h without a price")
    return " and ".join(said) or "nothing"


def hours(seconds: int) -> str:
    return f"{cents(seconds / _HOUR):,f}"


def _size(found: Sum) -> Decimal:
    return sum(found.amounts.values(), Decimal(0))


def _text(text: str) -> str:
    """Keep a spreadsheet from taking a text for a formula."""
    shown = printable(text)
    return f"'{shown}" if text.startswith(_FORMULA) else shown


def _lowered(header: str) -> str:
    """Write a header in small letters, but for the zone in it."""
    what, bracket, zone = header.partition(" (")
    return f"{what.lower()}{bracket}{zone}"


def _html(text: str) -> str:
    return escape(printable(text))


def _instant(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
