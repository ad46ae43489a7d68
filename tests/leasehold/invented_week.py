"""A week of an invented fleet, as the README shows it: what ran, who kept it on, what it cost."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

from leasehold.pictures import costs, timeline
from leasehold.pictures.page import Page
from leasehold.report_words import Report
from ledger.accounting.account import Account, Key
from ledger.accounting.account import Line as Entry
from ledger.accounting.lines import Line
from ledger.accounting.steps import Step
from ledger.accounting.tariff import Sum

NOW = datetime(2026, 11, 26, 12, 5, tzinfo=UTC)
BEGIN, END = NOW - timedelta(days=7), NOW + timedelta(days=2)
ANA, BEN, CHI = "Ana <ana@example.com>", "Ben <ben@example.com>", "Chi <chi@example.com>"
FIRST = "first lease"


def at(day: int, hour: float) -> int:
    """Return an hour of a day of November."""
    midnight = datetime(2026, 11, 1, tzinfo=UTC) + timedelta(days=day - 1)
    return int((midnight + timedelta(hours=hour)).timestamp())


def run(day: int, begin: float, end: float, start: float = 0.2) -> tuple[tuple[int, int], ...]:
    """Return when it started, and when it was in service."""
    return (at(day, begin), at(day, begin + start)), (at(day, begin + start), at(day, end))


def extended(day: int, hour: float, to: float, who: str) -> Step:
    return Step(at(day, hour), None, at(day, to), who)


def ran(
    name: str,
    *runs: tuple[tuple[int, int], ...],
    ahead: tuple[tuple[tuple[int, int], ...], tuple[tuple[int, int], ...]] = ((), ()),
    idle: tuple[int, ...] = (),
    steps: tuple[Step, ...] = (),
) -> Line:
    starting, served = tuple(each[0] for each in runs), tuple(each[1] for each in runs)
    return Line(name, starting, served, *ahead, idle=idle, extended=steps)


WEEK = (20, 23, 24, 25)  # days on which people work
NOW_SECOND = int(NOW.timestamp())
LINES = (
    ran(
        "Embed",
        *((run(day, 7.9, 18, 0.1)) for day in WEEK),
        (run(26, 7.9, 9, 0.1)[0], (at(26, 8), NOW_SECOND)),
        ahead=((), ((NOW_SECOND, at(26, 18)), (at(27, 8), at(27, 18)))),
    ),
    ran(
        "Falcon40B",
        run(20, 9, 16.5),
        run(24, 9, 26),
        (run(26, 9, 10)[0], (at(26, 9.2), NOW_SECOND)),
        ahead=(((NOW_SECOND, at(26, 17.5)),), ()),
        steps=(
            extended(20, 9, 13, ANA),
            extended(20, 12.5, 16.5, BEN),
            extended(24, 9, 14, CHI),
            extended(24, 13.5, 26, BEN),
            extended(26, 9, 13, ANA),
            extended(26, 11.5, 17.5, ANA),
        ),
    ),
    ran(
        "Mixtral",
        run(23, 13, 21, 0.5),
        run(25, 8, 14, 0.5),
        idle=(at(23, 21), at(25, 14)),
        steps=(extended(23, 13, 33, CHI), extended(25, 8, 20, CHI)),
    ),
    ran("Phi", run(21, 10, 12), steps=(extended(21, 10, 12, BEN),)),
    ran(
        "SDXL",
        run(22, 15, 30),
        run(25, 18, 30),
        (run(26, 8, 9)[0], (at(26, 8.2), NOW_SECOND)),
        ahead=(((NOW_SECOND, at(27, 9)),), ()),
        steps=(
            extended(22, 15, 20, FIRST),
            extended(22, 19, 30, ANA),
            extended(25, 18, 30, BEN),
            extended(26, 8, 33, CHI),
        ),
    ),
)
MOMENTS = int(BEGIN.timestamp()), NOW_SECOND, int(END.timestamp())
HOURLY = {
    "Embed": "0.115",
    "Falcon40B": "7.09",
    "Mixtral": "14.18",
    "Phi": "1.515",
    "SDXL": "5.752",
}
OWNERS = {
    "Embed": "search@example.com",
    "Falcon40B": "assistants@example.com",
    "Mixtral": "assistants@example.com",
    "Phi": "search@example.com",
    "SDXL": "images@example.com",
}


def week() -> Report:
    """Enter each stretch in service on the day on which it began."""
    account = Account(*MOMENTS[:2], ZoneInfo("UTC"))
    for line in LINES:
        for begin, end in line.in_service:
            cost = Sum()
            cost.add("USD", Decimal(HOURLY[line.name]), end - begin)
            day = datetime.fromtimestamp(begin, UTC).date()
            key = Key(line.name, OWNERS[line.name], ANA, day)
            account.lines[key] = Entry(end - begin, end - begin, cost)
    return Report("dev", "person", account, "each day", has_examples=True)


def pictures() -> dict[str, tuple[timeline.Timeline | costs.Costs, Page]]:
    """Return each picture of the week with its page, by its name."""
    told = week()
    when, paid = timeline.picture_of("dev", LINES, MOMENTS), costs.picture_of(told)
    return {
        "timeline": (when, Page(when.title, timeline.HEADERS, tuple(timeline.rows(LINES)))),
        "costs": (paid, Page(paid.title, costs.HEADERS, tuple(costs.rows(told)))),
    }
