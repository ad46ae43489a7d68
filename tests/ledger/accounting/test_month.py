"""A month of invented history, whose sums were worked out by hand.

All times are hours since 1 November 2026, 00:00 UTC. Chat runs on one ml.a.large at $2 an hour,
from hour 300 on at $3, and from hour 200 on there are two of them.

    hour  what happens
    ----  ---------------------------------------------------------------------------------
      10  Ana extends to 20: hers are 10-20
      11  in service (it started at 10)
      15  Ben extends to 30: his are 20-30
      25  Ana releases: 25-30 are handed back
      26  it is gone: 25-26 it ran after its end
      28  Ben extends to 32: his are 28-32, and 28-30 are bought again
      28  it starts again, and fails at 29: it never came
     100  Ana extends to 310
     100  in service at once, with one instance; from 200 on with two
     305  Leasehold ends it for lack of use: 305-310 are handed back
     305  it is gone at once
     400  the definition is removed
     720  the report ends
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from leasehold import report_words as words
from ledger.accounting.account import Account, books, enter
from ledger.accounting.reading import LedgerReader, StatusReader
from ledger.accounting.tariff import Tariff
from ledger.committers import CONTROLLER
from ledger.lease import stamp
from ledger.snapshot import CommitRecord, Person
from tests.scene import definition

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
ANA, BEN = Person("Ana", "ana@example.com"), Person("Ben", "ben@example.com")
KIND = "ml.a.large"


def at(hour: float) -> datetime:
    return BEGIN + timedelta(hours=hour)


def second(hour: float) -> int:
    return int(at(hour).timestamp())


def lease(hour: float) -> bytes:
    return json.dumps({"expires_at": stamp(at(hour))}).encode()


def prices(amount: str) -> bytes:
    return json.dumps(
        {
            "region_name": "us-east-1",
            "currency": "USD",
            "unit": "hour",
            "source": "a test",
            "read_at": stamp(BEGIN),
            "prices": {"Hosting": {KIND: amount}},
        }
    ).encode()


DEFINED = json.dumps(
    definition(
        "Chat",
        inference_instance_type=KIND,
        owner="team-nlp@example.com",
        schedule={"idle_minutes": 90},
    )
).encode()

# Hour, author, action, file, and what is in it afterwards.
LEDGER: list[tuple[float, Person, str, str, bytes | None]] = [
    (0, BEN, "", "prices.json", prices("2")),
    (1, BEN, "", "Chat.endpoint.json", DEFINED),
    (10, ANA, "extend", "Chat.lease.json", lease(20)),
    (15, BEN, "extend", "Chat.lease.json", lease(30)),
    (25, ANA, "release", "Chat.lease.json", lease(25)),
    (28, BEN, "extend", "Chat.lease.json", lease(32)),
    (100, ANA, "extend", "Chat.lease.json", lease(310)),
    (300, BEN, "", "prices.json", prices("3")),
    (305, CONTROLLER, "idle", "Chat.lease.json", lease(305)),
    (400, BEN, "", "Chat.endpoint.json", None),
]
# Hour of the version, status, hour since which it has it, and how many instances.
STATUS: list[tuple[float, str, float, int | None]] = [
    (10, "Creating", 10, 1),
    (11, "InService", 11, 1),
    (26, "Deleting", 26, None),
    (28, "Creating", 28, 1),
    (29, "Failed", 29, None),
    (30, "absent", 30, None),
    (100, "InService", 100, 1),
    (200, "InService", 100, 2),
    (305, "absent", 305, None),
]


def entry(status: str, since: float, count: int | None) -> dict[str, Any]:
    hosts = [{"instance_type": KIND, "count": count, "usage": "Hosting"}] if count else None
    about = {"name": "Chat", "status": status, "since": stamp(at(since))}
    return about | ({"hosts": hosts} if hosts else {})


def _same(record: CommitRecord) -> CommitRecord:
    return record


def read_ledger(reader: LedgerReader) -> None:
    """Give the reader each change, newest first, until it has enough."""
    files: dict[str, bytes | None] = {}
    changes = []
    for number, (hour, author, action, file, content) in enumerate(LEDGER):
        changes.append((hour, author, action, file, files.get(file), content, number))
        files[file] = content
    for hour, author, action, file, before, after, number in reversed(changes):
        message = f"subject\n\nLease-Action: {action}\n" if action else "subject\n"
        record = CommitRecord(str(number), author, at(hour), message)
        if not reader(second(hour), {file: (before, after)}, partial(_same, record)):
            return


def told(since: float = 0, until: float = 720, *, today: str = "", zone: str = "UTC") -> Account:
    account = Account(second(since), second(until), ZoneInfo(zone))
    now = {"prices.json": prices("3")}
    reader = LedgerReader(account.since, now)
    read_ledger(reader)
    watcher = StatusReader(account.since, "dev")
    for hour, status, moved, count in reversed(STATUS):
        content = json.dumps({"endpoints": {"demo-Chat": entry(status, moved, count)}}).encode()
        if not watcher(second(hour), {"dev.json": (None, content)}):
            break
    tariff = reader.tariff
    if today:
        file = LedgerReader(0, {"prices.json": prices(today)}).tariff
        tariff = Tariff.fixed(file.at(0))
    for book in books(watcher.watched.lives(account.until), reader.leases, reader.definitions):
        enter(account, book, tariff)
    account.gaps = watcher.watched.gaps(account.since, account.until)
    return account


def hours(account: Account, what: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for key, line in account.lines.items():
        found[key.buyer] = found.get(key.buyer, 0) + getattr(line, what) / 3600
    return {who: length for who, length in found.items() if length}


ANA_IS, BEN_IS = "Ana <ana@example.com>", "Ben <ben@example.com>"


def test_who_bought_which_hours_in_service() -> None:
    # Ana 11-20 and 100-305; Ben 20-25; 25-26 nobody.
    assert hours(told(), "in_service") == {ANA_IS: 9 + 205, BEN_IS: 5, "after the end": 1}


def test_who_leased_how_much() -> None:
    # Ana 10-20 and 100-305, Ben 20-25 and 28-32.
    assert hours(told(), "leased") == {ANA_IS: 10 + 205, BEN_IS: 5 + 4}


def test_what_it_cost_by_the_prices_of_that_day() -> None:
    report = words.Report("dev", "person", told(), "each day")
    costs = {row.name: row.cost.amounts["USD"] for row in report.rows if row.in_service}
    # Ana: 9 h at 2; 100 h of one at 2; 100 h of two at 2; 5 h of two at 3.
    assert costs == {
        ANA_IS: Decimal(9 * 2 + 100 * 2 + 100 * 4 + 5 * 6),
        BEN_IS: Decimal(5 * 2),
        "after the end": Decimal(2),
    }
    assert report.total.cost.amounts == {"USD": Decimal(660)}


def test_prices_of_today_price_all_of_it() -> None:
    report = words.Report("dev", "person", told(today="1"), "today")
    # 9 + 5 + 1 + 100 h of one, and 105 h of two.
    assert report.total.cost.amounts == {"USD": Decimal(115 + 210)}


def test_a_start_that_never_came_costs_nothing_and_is_told() -> None:
    account = told()
    assert (account.starts, account.starts_in_vain) == (2, 1)
    assert account.starting_seconds == 2 * 3600
    assert account.starting.amounts == {"USD": Decimal(4)}
    said = "\n".join(words.sentences(words.Report("dev", "person", account, "each day")))
    assert "2 starts (2.00 h), 1 of them in vain: what never came costs nothing here" in said


def test_what_was_handed_back() -> None:
    account = told()
    # 26-28: at 25 given back was 25-30; an hour of it still ran, and 28-30 was bought again.
    # 305-310: two instances at 3.
    assert account.savings.handed_back_seconds == (2 + 5) * 3600
    assert account.savings.handed_back.amounts == {"USD": Decimal(2 * 2 + 5 * 6)}
    assert account.idle_stops == 1


def test_what_an_idle_stop_proves_was_not_used() -> None:
    # At 305, after 90 minutes without an invocation, on two instances at 3.
    account = told()
    assert account.unused_seconds == 1.5 * 3600
    assert account.unused.amounts == {"USD": Decimal(9)}
    said = "\n".join(words.sentences(words.Report("dev", "person", account, "each day")))
    assert "in service without an invocation: at least 1.50 h, $9.00 of the cost" in said
    assert told(304, 720).unused_seconds + told(0, 304).unused_seconds == account.unused_seconds
    assert told(0, 200).unused_seconds == 0


def test_what_was_not_left_on() -> None:
    savings = told().savings
    # Off 26-28, 29-100 with one at 2; 305-400 with two at 3, for then the definition goes.
    assert savings.if_left_on.amounts == {"USD": Decimal(2 * 2 + 71 * 2 + 95 * 6)}
    assert savings.if_unnoticed.amounts == savings.if_left_on.amounts


def test_a_stop_counts_for_fourteen_days_at_most(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ledger.accounting.account.UNNOTICED", 10 * 3600)
    assert told().savings.if_unnoticed.amounts == {"USD": Decimal(2 * 2 + 10 * 2 + 10 * 6)}


def test_a_report_of_a_part_knows_who_bought_it_before() -> None:
    account = told(210, 310)
    assert hours(account, "in_service") == {ANA_IS: 95}
    assert hours(account, "leased") == {ANA_IS: 95}
    assert account.savings.handed_back_seconds == 5 * 3600


def test_two_halves_are_the_whole() -> None:
    halves = [
        words.Report("dev", "person", told(*part), "each day") for part in ((0, 150), (150, 720))
    ]
    amounts = sum(half.total.cost.amounts["USD"] for half in halves)
    assert amounts == Decimal(660)
    assert sum(half.total.in_service for half in halves) == told().in_service


def test_what_is_over_does_not_grow() -> None:
    assert told(0, 720).in_service == told(0, 400).in_service


def test_before_the_first_note_is_a_gap() -> None:
    (gap,) = told().gaps
    assert (gap.begin, gap.end) == (second(0), second(10))
    assert told(12, 720).gaps == []


@pytest.mark.parametrize(
    ("by", "names"),
    [
        ("endpoint", ["Chat"]),
        ("owner", ["team-nlp@example.com"]),
        ("person", [ANA_IS, BEN_IS, "after the end"]),
    ],
)
def test_the_same_sum_is_divided_by_what_is_asked(by: str, names: list[str]) -> None:
    report = words.Report("dev", by, told(), "each day")
    assert [row.name for row in report.rows] == names
    assert sum(row.in_service for row in report.rows) == report.account.in_service


def test_days_are_those_of_the_zone() -> None:
    days = {key.day.isoformat() for key in told(10, 30).lines}
    assert days == {"2026-11-01", "2026-11-02"}
    far = {
        key.day.isoformat(): line.in_service
        for key, line in told(11, 18, zone="Asia/Tokyo").lines.items()
    }
    assert far == {"2026-11-01": 4 * 3600, "2026-11-02": 3 * 3600}
