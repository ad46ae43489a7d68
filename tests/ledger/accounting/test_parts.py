"""Whatever happens, the parts add up to the whole, to the second."""

from __future__ import annotations

from datetime import time
from decimal import Decimal
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from ledger.accounting.account import Account, Book, enter
from ledger.accounting.service import Piece
from ledger.accounting.spans import Span, clipped, length, united, without
from ledger.accounting.steps import Leases, Step, Steps, played
from ledger.accounting.tariff import Tariff
from ledger.documents import Definition, ExistingConfig, Prices
from ledger.hosts import Host, Usage
from ledger.instants import EARLIEST
from ledger.names import Name
from ledger.phases import Phase
from ledger.schedule import Schedule, Window

BEGIN = 1_793_491_200  # 1 November 2026
SPAN = 4000
instants = st.integers(0, SPAN)


def in_order(pair: tuple[int, int]) -> Span:
    return min(pair), max(pair)


spans = st.lists(st.tuples(instants, instants).map(in_order), max_size=6).map(united)
WINDOW = Schedule(
    zone=ZoneInfo("Europe/Berlin"),
    windows=(Window(frozenset({"sun"}), time(0), time(1, 30)),),
)
SCHEDULES = [Schedule(), Schedule(always_on=True), WINDOW]
PRICES = Prices(
    "us-east-1", "USD", "x", EARLIEST, {(Usage.HOSTING, "ml.a.large"): Decimal("0.0000000007")}
)


def seconds(of: list[Span]) -> set[int]:
    return {second for begin, end in of for second in range(begin, end)}


@given(spans, spans)
def test_spans_are_as_sets_of_seconds(left: list[Span], right: list[Span]) -> None:
    assert seconds(list(without(left, right))) == seconds(left) - seconds(right)
    assert seconds(united([*left, *right])) == seconds(left) | seconds(right)
    assert seconds(clipped(left, 100, 900)) == seconds(left) & set(range(100, 900))
    assert length(left) == len(seconds(left))


steps = st.lists(
    st.tuples(instants, st.integers(-500, SPAN), st.sampled_from(["Ana", "Ben", "Chi"])),
    max_size=12,
).map(sorted)


def lease_of(changes: list[tuple[int, int, str]]) -> Steps:
    made, found = [], Steps()
    previous = None
    for at, expires, buyer in changes:
        made.append(Step(BEGIN + at, previous, BEGIN + expires, buyer))
        previous = BEGIN + expires
    for step in reversed(made):
        found.add(step)
    return found


@given(steps)
def test_what_is_bought_is_what_was_leased(changes: list[tuple[int, int, str]]) -> None:
    """Second by second: it is leased if the last change before it says so."""
    lease = played(lease_of(changes))
    bought = [(each.begin - BEGIN, each.end - BEGIN) for each in lease.bought]
    assert bought == sorted(bought)
    assert length(bought) == len(seconds(bought))
    for second in range(0, SPAN, 37):
        before = [expires for at, expires, _ in changes if at <= second]
        leased = bool(before) and second < before[-1]
        assert (second in seconds(bought)) is leased


@given(steps)
def test_handed_back_is_what_was_given_back_and_not_bought_again(
    changes: list[tuple[int, int, str]],
) -> None:
    """Second by second."""
    expected: set[int] = set()
    end = 0
    for at, expires, _ in changes:
        expected -= set(range(max(end, at), expires))
        expected |= set(range(max(expires, at), end))
        end = expires
    handed = [(begin - BEGIN, end - BEGIN) for _, begin, end in played(lease_of(changes)).handed]
    assert seconds(handed) == expected
    assert length(handed) == len(expected)


def test_what_is_bought_after_a_later_release_is_not_handed_back_by_an_earlier_one() -> None:
    changes = [(0, 20, "Ana"), (10, 10, "Ana"), (12, 15, "Ana"), (13, 13, "Ana"), (16, 18, "Ben")]
    handed = played(lease_of(changes)).handed
    spans = sorted((begin - BEGIN, end - BEGIN) for _, begin, end in handed)
    assert spans == [(10, 12), (13, 15), (15, 16), (18, 20)]


def test_purchases_are_a_sequence_and_leases_a_mapping() -> None:
    changes = [(0, 10, "Ana"), (5, 20, "Ben"), (12, 30, "Ana")]
    leases = Leases({Name("A"): lease_of(changes)})
    bought = leases[Name("A")].bought
    assert [each.buyer for each in bought[1:]] == ["Ben", "Ana"]
    assert bought[-1] == (BEGIN + 20, BEGIN + 30, "Ana")
    assert (list(leases), len(leases), Name("B") in leases) == ([Name("A")], 1, False)


def test_an_idle_stop_before_or_after_the_report_proves_nothing_of_it() -> None:
    changed = Steps()
    changed.add(Step(BEGIN + 3000, BEGIN + 3600, BEGIN + 3000, "x", is_idle=True))
    changed.add(Step(BEGIN, None, BEGIN + 3600, "Ana"))
    life = [Piece(BEGIN, BEGIN + 4000, Phase.SERVING, None, is_suspended=False)]
    schedule = Schedule(idle_minutes=10)
    defined = [(0, Definition(Name("A"), ExistingConfig("x"), schedule=schedule))]
    book = Book(Name("A"), life, played(changed), defined)
    for since, until, unused in [(0, 100, 0), (3500, 4000, 0), (2700, 2800, 100), (0, 4000, 600)]:
        account = Account(BEGIN + since, BEGIN + until, ZoneInfo("UTC"))
        enter(account, book, Tariff.fixed(PRICES))
        assert account.unused_seconds == unused


pieces = st.lists(
    st.tuples(
        st.integers(1, 600),
        st.sampled_from(
            [Phase.SERVING, Phase.ABSENT, Phase.STARTING, Phase.FAILED, Phase.CHANGING]
        ),
        st.sampled_from([None, (), (Host("ml.a.large", 2),), (Host("ml.b.large", 1),)]),
    ),
    max_size=9,
)


@given(
    steps,
    pieces,
    st.lists(st.tuples(instants, st.sampled_from([None, 0, 1, 2])), max_size=3),
    st.tuples(instants, instants),
    st.sampled_from(["UTC", "Asia/Tokyo", "America/New_York"]),
)
def test_the_parts_add_up_to_the_time_in_service(
    changes: list[tuple[int, int, str]],
    lived: list[tuple[int, Phase, tuple[Host, ...] | None]],
    defined: list[tuple[int, int | None]],
    period: tuple[int, int],
    zone: str,
) -> None:
    life, at = [], BEGIN
    for lasts, phase, hosts in lived:
        life.append(Piece(at, at + lasts, phase, hosts, is_suspended=False))
        at += lasts
    definitions = [
        (
            BEGIN + moment,
            None
            if schedule is None
            else Definition(Name("A"), ExistingConfig("x"), schedule=SCHEDULES[schedule]),
        )
        for moment, schedule in sorted(defined, key=lambda each: each[0])
    ]
    since, until = (BEGIN + each for each in sorted(period))
    account = Account(since, until, ZoneInfo(zone))
    book = Book(Name("A"), life, played(lease_of(changes)), definitions)
    enter(account, book, Tariff.fixed(PRICES))

    served = clipped(
        [piece.span for piece in life if piece.phase in (Phase.SERVING, Phase.CHANGING)],
        since,
        until,
    )
    assert account.in_service == length(served)
    unpriced = sum(line.cost.unpriced for line in account.lines.values())
    parts = sum(
        (line.cost.parts.get("USD", Decimal(0)) for line in account.lines.values()), Decimal(0)
    )
    whole = sum(
        min(piece.end, until) - max(piece.begin, since)
        for piece in life
        if piece.hosts == (Host("ml.a.large", 2),)
        and piece.phase in (Phase.SERVING, Phase.CHANGING)
        and max(piece.begin, since) < min(piece.end, until)
    )
    assert parts == 2 * Decimal("0.0000000007") * whole
    assert unpriced + whole <= account.in_service
