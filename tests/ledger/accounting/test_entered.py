"""What one endpoint's book comes to, where the ledger and SageMaker do not go hand in hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import pytest

from ledger.accounting.account import Account, Book, enter
from ledger.accounting.reading import LedgerReader
from ledger.accounting.service import Piece
from ledger.accounting.steps import Step, Steps, played
from ledger.documents import Definition, parse_definition
from ledger.hosts import Host, Hosts
from ledger.names import Name
from ledger.phases import Phase
from ledger.schedule import DAYS, Window
from tests.ledger.accounting.test_month import DEFINED, KIND, prices, second

if TYPE_CHECKING:
    from ledger.accounting.tariff import Tariff

EVERY_DAY = frozenset(DAYS)
ONE: Hosts = (Host(KIND, 1),)
PRICES = LedgerReader(0, {"prices.json": prices("2")}).tariff


def defined(owner: str | None = "team@example.com", **schedule: Any) -> Definition:  # noqa: ANN401
    found = parse_definition("", DEFINED)
    assert isinstance(found, Definition)
    return replace(found, owner=owner, schedule=replace(found.schedule, **schedule))


def life(*parts: tuple[float, Phase, Hosts | None], until: float = 24) -> list[Piece]:
    ends = [*(hour for hour, *_ in parts[1:]), until]
    return [
        Piece(second(hour), second(end), phase, hosts, is_suspended=False)
        for (hour, phase, hosts), end in zip(parts, ends, strict=True)
    ]


def leased(*changes: tuple[float, float]) -> Steps:
    found, made, previous = Steps(), [], None
    for hour, until in changes:
        made.append(Step(second(hour), previous, second(until), "Ana"))
        previous = second(until)
    for step in reversed(made):
        found.add(step)
    return found


def entered(book: Book, *period: float, now: float = 0, tariff: Tariff = PRICES) -> Account:
    account = Account(second(period[0]), second(period[1]), ZoneInfo("UTC"), second(now))
    enter(account, book, tariff)
    return account


def told(account: Account, what: str) -> dict[str, float]:
    found: dict[str, float] = {}
    for key, line in account.lines.items():
        name = getattr(key, what)
        found[name] = found.get(name, 0) + line.in_service / 3600
    return found


ON = life((0, Phase.SERVING, ONE))


def test_hours_are_those_of_who_owned_it_then() -> None:
    versions = [
        (0, None),
        (second(2), defined("a@example.com")),
        (second(6), defined("b@example.com")),
        (second(8), defined("b@example.com", idle_minutes=5)),
        (second(10), defined(None)),
        (second(12), None),
    ]
    book = Book(Name("A"), ON, played(Steps()), versions)
    hours = {"a@example.com": 6, "b@example.com": 4, "nobody": 14}
    assert told(entered(book, 0, 24), "owner") == hours
    assert book.owners[-1][1] == "nobody"


def test_a_lease_goes_with_its_definition() -> None:
    versions = [(0, defined()), (second(6), None), (second(10), defined())]
    book = Book(Name("A"), ON, played(leased((0, 20))), versions)
    account = entered(book, 0, 24)
    assert told(account, "buyer") == {"Ana": 16, "after the end": 8}
    assert sum(line.leased for line in account.lines.values()) == 16 * 3600


def test_what_was_undefined_is_not_saved() -> None:
    parts = life((0, Phase.SERVING, ONE), (2, Phase.ABSENT, None), (12, Phase.SERVING, ONE))
    versions = [(0, defined()), (second(4), None), (second(10), defined())]
    savings = entered(Book(Name("A"), parts, played(Steps()), versions), 0, 24).savings
    assert savings.if_left_on.amounts == {"USD": Decimal(2 * 2)}
    assert savings.if_unnoticed.amounts == {"USD": Decimal(2 * 2)}


def test_one_that_was_off_all_the_time_and_served_before_is_saved() -> None:
    off = [Piece(second(-9), second(24), Phase.ABSENT, None, is_suspended=False, has_served=True)]
    book = Book(Name("A"), off, played(Steps()), [(0, defined())])
    assert entered(book, 0, 24).savings.if_left_on.amounts == {"USD": Decimal(24 * 2)}
    never = Book(Name("A"), [off[0]._replace(has_served=False)], played(Steps()), [(0, defined())])
    assert entered(never, 0, 24).savings.if_left_on.amounts == {}


@pytest.mark.parametrize(
    ("parts", "counted"),
    [
        (((1, Phase.STARTING, None), (2, Phase.STARTING, ONE), (3, Phase.SERVING, ONE)), (1, 0)),
        (((1, Phase.STARTING, None), (2, Phase.STARTING, ONE), (3, Phase.FAILED, None)), (1, 1)),
        (((1, Phase.STARTING, ONE), (3, Phase.ENDING, None), (4, Phase.STARTING, ONE)), (2, 1)),
    ],
)
def test_a_start_is_counted_once(
    parts: tuple[tuple[float, Phase, Hosts | None], ...], counted: tuple[int, int]
) -> None:
    account = entered(Book(Name("A"), life(*parts), played(Steps())), 0, 24)
    assert (account.starts, account.starts_in_vain) == counted


def test_a_start_that_vanished_was_in_vain_whatever_came_days_later() -> None:
    parts = [*life((1, Phase.STARTING, ONE), until=2), *life((9, Phase.SERVING, ONE))]
    account = entered(Book(Name("A"), parts, played(Steps())), 0, 24)
    assert (account.starts, account.starts_in_vain) == (1, 1)


def test_a_start_at_the_end_of_a_report_is_known_by_what_came_of_it() -> None:
    parts = life((1, Phase.STARTING, ONE), (3, Phase.FAILED, None))
    book = Book(Name("A"), parts, played(Steps()))
    assert entered(book, 0, 2, now=24).starts_in_vain == 1
    starting = Book(Name("A"), life((1, Phase.STARTING, ONE), until=2), played(Steps()))
    assert entered(starting, 0, 2).starts_in_vain == 0


def test_what_ran_after_the_report_was_not_handed_back() -> None:
    parts = life((0, Phase.SERVING, ONE), (7, Phase.ABSENT, None))
    book = Book(Name("A"), parts, played(leased((0, 10), (2, 2))), [(0, defined())])
    for until, now in ((3, 24), (24, 24)):
        account = entered(book, 0, until, now=now)
        assert account.savings.handed_back_seconds == 3 * 3600


@pytest.mark.parametrize(
    ("schedule", "hours"),
    [
        ({}, 7),
        ({"always_on": True}, 0),
        # What is open when it is released, a release holds off; what opens later is on again.
        ({"zone": ZoneInfo("UTC"), "windows": (Window(EVERY_DAY, time(1), time(12)),)}, 7),
        ({"zone": ZoneInfo("UTC"), "windows": (Window(EVERY_DAY, time(5), time(12)),)}, 2),
    ],
)
def test_what_its_schedule_keeps_on_is_not_handed_back(
    schedule: dict[str, Any], hours: float
) -> None:
    parts = life((0, Phase.SERVING, ONE), until=3)
    book = Book(Name("A"), parts, played(leased((0, 10), (2, 2))), [(0, defined(**schedule))])
    savings = entered(book, 0, 3).savings
    assert savings.handed_back_seconds == hours * 3600
    assert savings.handed_back.amounts == ({"USD": 2 * hours} if hours else {})


def test_an_end_that_is_set_earlier_holds_no_window_off() -> None:
    window: dict[str, Any] = {
        "zone": ZoneInfo("UTC"),
        "windows": (Window(EVERY_DAY, time(1), time(8)),),
    }
    parts = life((0, Phase.SERVING, ONE), until=3)
    book = Book(Name("A"), parts, played(leased((0, 10), (2, 5))), [(0, defined(**window))])
    assert entered(book, 0, 3).savings.handed_back_seconds == 2 * 3600


def test_of_a_lease_without_an_end_a_year_is_handed_back() -> None:
    window: dict[str, Any] = {
        "zone": ZoneInfo("UTC"),
        "windows": (Window(EVERY_DAY, time(5), time(12)),),
    }
    endless = leased((0, 6e7), (2, 2), (4, 6e7), (4.5, 4.5))
    life_ = life((0, Phase.SERVING, ONE), until=4.5)
    book = Book(Name("A"), life_, played(endless), [(0, defined(**window))])
    assert entered(book, 0, 5).savings.handed_back_seconds == 366 * 17 * 3600


def test_two_idle_stops_prove_each_second_once() -> None:
    steps = Steps()
    for hour in (9.5, 9):
        steps.add(Step(second(hour), second(hour + 1), second(hour), "Leasehold", is_idle=True))
    book = Book(Name("A"), ON, played(steps), [(0, defined(idle_minutes=60))])
    assert entered(book, 0, 24).unused_seconds == 1.5 * 3600
