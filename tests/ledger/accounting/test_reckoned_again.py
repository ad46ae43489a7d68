"""Random histories, reckoned again by a slow and simple reckoning: quarter hour by quarter hour.

It shares no code with what it is held against but the readers of JSON: each quarter has a status,
hosts, a buyer, a price, and all figures are sums over quarters.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ledger.accounting.account import Account, books, enter
from ledger.accounting.reading import LedgerReader, StatusReader
from ledger.committers import CONTROLLER
from ledger.lease import stamp
from ledger.snapshot import CommitRecord, Person
from tests.scene import definition

QUARTER = 900
BEGIN = datetime(2026, 10, 24, 18, tzinfo=UTC)  # over the night in which Europe's clocks go back
SPAN = 80
END = SPAN + 40  # leases and what was noted last reach further than what happens
UNNOTICED = 9  # quarters, in the place of fourteen days
ANA, BEN = Person("Ana", "ana@example.com"), Person("Ben", "ben@example.com")
PEOPLE = {"Ana": ANA, "Ben": BEN, "grant": CONTROLLER, "credit": CONTROLLER, "idle": CONTROLLER}
KINDS = ("ml.a.large", "ml.b.large")
SERVES = {"InService", "Updating", "SystemUpdating", "RollingBack", "UpdateRollbackFailed"}
ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "Australia/Lord_Howe", "America/St_Johns"]
History = list[tuple[int, tuple[Any, ...]]]
Record = list[tuple[int, tuple[str, int, str, int, bool]]]


def moment(quarter: int) -> datetime:
    return BEGIN + timedelta(seconds=QUARTER * quarter)


def second(quarter: int) -> int:
    return int(moment(quarter).timestamp())


# -- What may happen ------------------------------------------------------------------------------

quarters = st.integers(0, SPAN)
changes = st.one_of(
    st.tuples(st.just("lease"), st.sampled_from(["Ana", "Ben"]), st.integers(-4, 40)),
    st.tuples(st.just("lease"), st.sampled_from(["grant", "credit", "idle"]), st.integers(0, 30)),
    st.tuples(
        st.just("define"),
        st.sampled_from(["team-a", "team-b", ""]),
        st.sampled_from(["", "always", "window", "idle"]),
    ),
    st.tuples(st.just("remove")),
    st.tuples(
        st.just("prices"),
        st.sampled_from(["USD", "EUR"]),
        st.sampled_from(["0.115", "25.251286", "0.0000000007"]),
        st.booleans(),
    ),
)
states = st.tuples(
    st.sampled_from(["Creating", "InService", "Updating", "Failed", "Deleting", "absent", ""]),
    st.integers(0, 3),
    st.sampled_from(KINDS),
    st.integers(-1, 3),
    st.booleans(),
)
ledgers = st.lists(st.tuples(quarters, changes), max_size=14, unique_by=lambda each: each[0]).map(
    lambda found: sorted(found, key=lambda each: each[0])
)
records = st.lists(
    st.tuples(st.integers(4, SPAN), states), max_size=10, unique_by=lambda each: each[0]
).map(lambda found: sorted(found, key=lambda each: each[0]))


# -- The same, as the ledger and the status branch have it ----------------------------------------


def definition_file(owner: str, rule: str) -> bytes:
    schedules: dict[str, dict[str, Any]] = {
        "always": {"always_on": True},
        "window": {
            "timezone": "Europe/Berlin",
            "windows": [
                {
                    "days": ["mon", "tue", "wed", "thu", "fri", "sat", "sun"],
                    "start": "06:00",
                    "end": "09:30",
                }
            ],
        },
        "idle": {"idle_minutes": 45},
    }
    fields: dict[str, Any] = {"owner": f"{owner}@example.com"} if owner else {}
    if rule:
        fields["schedule"] = schedules[rule]
    return json.dumps(definition("Chat", inference_instance_type=KINDS[0], **fields)).encode()


def prices_file(currency: str, amount: str, has_both: bool) -> bytes:  # noqa: FBT001
    listed = {KINDS[0]: amount} | ({KINDS[1]: "2"} if has_both else {})
    return json.dumps(
        {
            "region_name": "us-east-1",
            "currency": currency,
            "unit": "hour",
            "source": "a test",
            "read_at": stamp(BEGIN),
            "prices": {"Hosting": listed},
        }
    ).encode()


def account_of(history: History, record: Record, since: int, until: int, zone: str) -> Account:
    account = Account(second(since), second(until), ZoneInfo(zone), second(END))
    reader = read_ledger(history, account.since)
    lives = read_record(record, account.since).watched.lives(second(END))
    for book in books(lives, reader.leases, reader.definitions):
        enter(account, book, reader.tariff)
    return account


def read_ledger(history: History, since: int) -> LedgerReader:
    files: dict[str, bytes | None] = {}
    commits = []
    for number, (at, change) in enumerate(history):
        file, content = committed(at, change)
        who = PEOPLE[change[1]] if change[0] == "lease" else BEN
        action = f"\n\nLease-Action: {change[1]}" if who is CONTROLLER else ""
        if files.get(file) != content:
            told = CommitRecord(str(number), who, moment(at), f"subject{action}\n")
            commits.append((second(at), {file: (files.get(file), content)}, told))
        files[file] = content
    there = {name: content for name, content in files.items() if content is not None}
    reader = LedgerReader(since, there)
    for at, changed, told in reversed(commits):
        if not reader(at, changed, partial(lambda it: it, told)):
            break
    return reader


def committed(at: int, change: tuple[Any, ...]) -> tuple[str, bytes | None]:
    what, *details = change
    match what:
        case "lease":
            until = stamp(moment(at + details[1]))
            return "Chat.lease.json", json.dumps({"expires_at": until}).encode()
        case "define":
            return "Chat.endpoint.json", definition_file(*details)
        case "remove":
            return "Chat.endpoint.json", None
        case _:
            return "prices.json", prices_file(*details)


def read_record(record: Record, since: int) -> StatusReader:
    reader = StatusReader(since, "dev")
    for at, (status, count, kind, late, held) in reversed(record):
        hosts = [{"instance_type": kind, "count": count, "usage": "Hosting"}]
        entry = {"name": "Chat", "status": status, "since": stamp(moment(at - max(late, 0)))}
        entry |= {"hosts": hosts} if late >= 0 else {}  # type: ignore[dict-item]
        entry |= {"suspended_since": stamp(moment(at))} if held else {}
        content = json.dumps({"endpoints": {"demo-Chat": entry} if status else {}}).encode()
        if not reader(second(at), {"dev.json": (None, content)}):
            break
    return reader


# -- The reckoning --------------------------------------------------------------------------------


@dataclass
class Quarter:
    """What is true during one of them."""

    status: str = ""
    hosts: tuple[str, int] | None = None
    held: bool = False
    buyer: str = ""
    defined: tuple[str, str] | None = None
    prices: tuple[str, str, bool] | None = None


Handed = tuple[int, set[int]]
Paid = list[Any]  # quarters, amounts by currency times seconds, seconds without a price


def new() -> Paid:
    return [0, {}, 0]


@dataclass
class Reckoned:
    lines: dict[tuple[str, str, date], list[Any]] = field(default_factory=dict)
    leased: dict[tuple[str, str, date], int] = field(default_factory=dict)
    handed_back: int = 0
    handed_back_for: Paid = field(default_factory=new)
    left_on: Paid = field(default_factory=new)
    unnoticed: Paid = field(default_factory=new)
    starts: int = 0
    in_vain: int = 0


def reckon(history: History, record: Record) -> tuple[list[Quarter], list[Handed]]:
    """Return each quarter, and what was handed back when."""
    found = [Quarter() for _ in range(END + 45)]
    _statuses(found, record)
    author = ""
    for at, (what, *details) in history:
        for each in found[at:]:
            if what == "prices":
                each.prices = (details[0], details[1], details[2])
            elif what != "lease":
                each.defined = (details[0], details[1]) if what == "define" else None
    end, handed = None, list[Handed]()
    for at, (what, *details) in history:
        if what == "define":
            author = "Ben <ben@example.com>"
        elif what == "lease" and end != (until := at + details[1]):
            handed += _lease(found, handed, (at, end, until), _buyer(details[0], author))
            end = until
    return found, handed


def _lease(
    found: list[Quarter], handed: list[Handed], change: tuple[int, int | None, int], who: str
) -> list[Handed]:
    at, end, until = change
    lasts = max(end, at) if end is not None else at
    bought = set(range(lasts, until))
    for number in bought:
        found[number].buyer = who
    for _, units in handed:
        units.difference_update(bought)
    cut = set(range(max(until, at), lasts))
    for number in cut:
        found[number].buyer = ""
    return [(at, cut)] if cut else []


def _buyer(who: str, author: str) -> str:
    names = {"grant": f"first lease ({author})" if author else "first lease"}
    names |= {"credit": "start credit", "idle": f"{CONTROLLER.name} <{CONTROLLER.email}>"}
    return names.get(who) or f"{PEOPLE[who].name} <{PEOPLE[who].email}>"


def _found_out(record: Record) -> list[tuple[str, int] | None]:
    """Return hosts by version: those that were found out later, where nothing else had moved."""
    told: list[tuple[str, int] | None] = []
    for number, (at, (status, count, kind, late, _)) in reversed(list(enumerate(record))):
        hosts = (kind, count) if late >= 0 and status else None
        if hosts is None and status in {"Creating", *SERVES} and told:
            next_at, (next_status, _, _, next_late, _) = record[number + 1]
            is_same = at == next_at - max(next_late, 0) or status == "Creating"
            hosts = told[-1] if next_status and is_same else None
        told.append(hosts)
    return told[::-1]


def _statuses(found: list[Quarter], record: Record) -> None:
    before: Any = None
    earliest = -10
    found_out = _found_out(record)
    for number, (at, (status, count, kind, late, held)) in enumerate(record):
        since = at - max(late, 0)
        hosts = (kind, count) if late >= 0 else None
        now = (status, since, hosts, held) if status else None
        if now == before:
            continue
        begin = since if now and (before is None or before[1] != since) else at
        before, earliest = now, max(begin, earliest)
        for each in found[max(earliest, 0) :]:
            each.status, each.held = status, bool(status) and held
            each.hosts = found_out[number]


def cost(
    hosts: tuple[str, int] | None, prices: tuple[str, str, bool] | None
) -> tuple[str, Decimal] | None:
    if hosts is None:
        return None
    if hosts[1] == 0:
        return "", Decimal(0)
    if prices is None or (hosts[0] == KINDS[1] and not prices[2]):
        return None
    price = Decimal(prices[1]) if hosts[0] == KINDS[0] else Decimal(2)
    return prices[0], price * hosts[1]


def opened(quarter: int) -> bool:
    local = moment(quarter).astimezone(ZoneInfo("Europe/Berlin"))
    return "06:00" <= f"{local:%H:%M}" < "09:30"


def reckoned(history: History, record: Record, since: int, until: int, zone: str) -> Reckoned:
    told, (all_of_it, handed) = Reckoned(), reckon(history, record)
    for at in range(since, until):
        each = all_of_it[at]
        day = moment(at).astimezone(ZoneInfo(zone)).date()
        begin = max(since - 1, 0)  # what was removed at the very moment is known
        owner = _owner(all_of_it[begin:], at - begin)
        leased = each.buyer if is_defined(all_of_it[begin:], at - begin) else ""
        if leased:
            key = leased, owner, day
            told.leased[key] = told.leased.get(key, 0) + 1
        if each.status in SERVES:
            buyer = leased or _otherwise(each, at)
            line = told.lines.setdefault((buyer, owner, day), new())
            _add(line, cost(each.hosts, each.prices))
    _starts(told, all_of_it, since, until)
    _handed(told, all_of_it, handed, since, until)
    _left_on(told, all_of_it, since, until)
    return told


def _starts(told: Reckoned, all_of_it: list[Quarter], since: int, until: int) -> None:
    for at in range(since, until):
        if all_of_it[at].status == "Creating" and (
            at == 0 or all_of_it[at - 1].status != "Creating"
        ):
            told.starts += 1
            after = next((it for it in all_of_it[at:END] if it.status != "Creating"), None)
            told.in_vain += after is not None and after.status not in SERVES


def _handed(
    told: Reckoned,
    all_of_it: list[Quarter],
    handed: list[Handed],
    since: int,
    until: int,
) -> None:
    for at, cut in handed:
        if since <= at < until:
            for number in cut:
                if all_of_it[number].status not in {"Creating", *SERVES}:
                    there = all_of_it[at]
                    _add(told.handed_back_for, cost(_last(all_of_it, at), there.prices))
    told.handed_back = told.handed_back_for[0] * QUARTER


def _left_on(told: Reckoned, all_of_it: list[Quarter], since: int, until: int) -> None:
    has_served, gap = False, None
    for at, each in enumerate(all_of_it[:until]):
        if not is_defined(all_of_it, at):
            has_served, gap = False, None
            continue
        has_served = has_served or each.status in SERVES
        if each.status in {"Creating", *SERVES} or not has_served:
            gap = None
            continue
        gap = at if gap is None else gap
        if at >= since and not each.held:
            hour = cost(_last(all_of_it, gap), each.prices)
            _add(told.left_on, hour)
            if at - gap < UNNOTICED:
                _add(told.unnoticed, hour)


def _last(all_of_it: list[Quarter], at: int) -> tuple[str, int] | None:
    known = [each.hosts for each in all_of_it[: at + 1] if each.hosts]
    if known:
        return known[-1]
    return (KINDS[0], 1) if all_of_it[at].defined else None


def is_defined(all_of_it: list[Quarter], at: int) -> bool:
    """Tell whether it is, or was not yet: a person's clock may be late."""
    before = [each.defined for each in all_of_it[: at + 1] if each.defined]
    after = [each.defined for each in all_of_it[at:] if each.defined]
    return bool(all_of_it[at].defined or (after and not before))


def _owner(all_of_it: list[Quarter], at: int) -> str:
    before = [each.defined for each in all_of_it[: at + 1] if each.defined]
    after = [each.defined for each in all_of_it if each.defined]
    known = before[-1:] or after[:1]
    return f"{known[0][0]}@example.com" if known and known[0][0] else "nobody"


def _otherwise(each: Quarter, at: int) -> str:
    rule = each.defined[1] if each.defined else ""
    if rule == "always":
        return "always on"
    return "window" if rule == "window" and opened(at) else "after the end"


def _add(line: list[Any], hour: tuple[str, Decimal] | None) -> None:
    line[0] += 1
    if hour is None:
        line[2] += QUARTER
    elif hour[1]:
        line[1][hour[0]] = line[1].get(hour[0], Decimal(0)) + hour[1] * QUARTER


@given(ledgers, records, st.tuples(quarters, quarters), st.sampled_from(ZONES))
@settings(max_examples=200)
def test_what_ran_who_bought_it_and_what_it_cost(
    history: History, record: Record, period: tuple[int, int], zone: str
) -> None:
    since, until = min(period), max(period) + 1
    account = account_of(history, record, since, until, zone)
    told = reckoned(history, record, since, until, zone)
    assert {
        (key.buyer, key.owner, key.day): (line.in_service, line.cost.parts, line.cost.unpriced)
        for key, line in account.lines.items()
        if line.in_service
    } == {key: (QUARTER * line[0], line[1], line[2]) for key, line in told.lines.items()}
    assert {
        (key.buyer, key.owner, key.day): line.leased
        for key, line in account.lines.items()
        if line.leased
    } == {key: QUARTER * count for key, count in told.leased.items()}


@given(ledgers, records, quarters)
def test_starts_and_what_was_saved(history: History, record: Record, last: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ledger.accounting.account.UNNOTICED", UNNOTICED * QUARTER)
        account = account_of(history, record, 0, last + 1, "UTC")
    told, savings = reckoned(history, record, 0, last + 1, "UTC"), account.savings
    assert (account.starts, account.starts_in_vain) == (told.starts, told.in_vain)
    assert savings.handed_back_seconds == told.handed_back
    for found, wanted in (
        (savings.handed_back, told.handed_back_for),
        (savings.if_left_on, told.left_on),
        (savings.if_unnoticed, told.unnoticed),
    ):
        assert (found.parts, found.unpriced) == (wanted[1], wanted[2])
