"""How many requests a caller may send in a minute: the rule, and where it is counted."""

from __future__ import annotations

import threading
import uuid
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta, timezone
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from moto.dynamodb.responses import DynamoHandler

from gateway.callers.counters import Counters, MemoryCounters, Minute, TableCounters
from gateway.callers.rate_limit import (
    Rate,
    Rates,
    TooManyRequests,
    key,
)
from gateway.principal import Scope
from ledger.documents import Environment
from ledger.errors import Refused, Unavailable
from ledger.function_variables import rate_variables
from ledger.variables import INVOCATIONS_PER_MINUTE, REQUESTS_PER_MINUTE

if TYPE_CHECKING:
    from collections.abc import Callable

    from types_boto3_dynamodb import DynamoDBClient

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
SIXTY = Rate("requests_per_minute", 60)
SETTINGS = Environment("demo", "us-east-1", "arn:aws:iam::123456789012:role/demo")


# -- the rule


@pytest.mark.parametrize("name", [REQUESTS_PER_MINUTE, INVOCATIONS_PER_MINUTE])
@pytest.mark.parametrize("text", ["0", "-1", "1.5", "many", " 7", "007", "1e3", "9" * 5000, "٣"])
def test_a_variable_that_is_no_number_is_refused_with_its_name_and_value(
    name: str, text: str
) -> None:
    with pytest.raises(Refused, match=f"LH4220: {name} is ") as refused:
        Rates.read({name: text})
    assert text[:20] in refused.value.message
    assert len(refused.value.message) < 200


@pytest.mark.parametrize("variables", [{}, {REQUESTS_PER_MINUTE: "", INVOCATIONS_PER_MINUTE: ""}])
def test_without_variables_there_is_no_limit(variables: dict[str, str]) -> None:
    assert Rates.read(variables) == Rates()


@pytest.mark.parametrize(
    ("requests", "invocations"), [(120, None), (1, 1), (6000, 60)], ids=["default", "one", "both"]
)
def test_what_the_settings_say_arrives_by_the_variables(
    requests: int, invocations: int | None
) -> None:
    settings = Environment(
        "demo",
        "us-east-1",
        "role",
        requests_per_minute=requests,
        invocations_per_minute=invocations,
    )
    rates = Rates.read(rate_variables(settings))
    assert rates.requests == Rate("requests_per_minute", requests)
    assert (rates.invocations and rates.invocations.most) == invocations


def test_settings_that_say_nothing_allow_120_requests_and_any_number_of_invocations() -> None:
    assert rate_variables(SETTINGS) == {REQUESTS_PER_MINUTE: "120"}


@pytest.mark.parametrize(
    ("scope", "field"),
    [
        (Scope.READ, "requests_per_minute"),
        (Scope.EXTEND, "requests_per_minute"),
        (Scope.ADD, "requests_per_minute"),
        (Scope.RELEASE, "requests_per_minute"),
        (Scope.ADMIN, "requests_per_minute"),
        (Scope.INVOKE, "invocations_per_minute"),
        (None, None),
    ],
)
def test_calls_of_models_are_counted_apart_and_public_routes_are_not(
    scope: Scope | None, field: str | None
) -> None:
    ruling = Rates.read({REQUESTS_PER_MINUTE: "60", INVOCATIONS_PER_MINUTE: "6"}).ruling(scope)
    assert (ruling and ruling.field) == field


@pytest.mark.parametrize(
    ("seconds", "start", "wait"),
    [
        (0, NOON, 60),
        (0.001, NOON, 60),
        (30, NOON, 30),
        (30.5, NOON, 30),
        (59.999, NOON, 1),
        (60, NOON + timedelta(minutes=1), 60),
    ],
)
def test_a_minute_is_the_clocks_and_the_wait_reaches_the_next_one(
    seconds: float, start: datetime, wait: int
) -> None:
    now = NOON + timedelta(seconds=seconds)
    minute = Minute.at(now)
    assert (minute.start, minute.seconds_left(now)) == (start, wait)
    assert Minute.at(now + timedelta(seconds=wait)) != minute


@given(st.timezones(), st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001
def test_a_minute_is_the_same_in_every_zone(zone: Any, when: datetime) -> None:  # noqa: ANN401
    now = when.replace(tzinfo=UTC)
    assert Minute.at(now.astimezone(zone)) == Minute.at(now)
    assert Minute.at(now.astimezone(timezone(timedelta(seconds=17)))) == Minute.at(now)


def test_a_key_says_nothing_of_the_caller_and_is_ones_own() -> None:
    minute, later = Minute.at(NOON), Minute.at(NOON + timedelta(minutes=1))
    ana = key("dev", SIXTY, "ana@example.com", minute)
    assert "ana" not in ana
    assert len(ana) == 64
    assert ana == key("dev", SIXTY, "Ana@Example.com", minute), "capitals make no second caller"
    others = {
        key("prod", SIXTY, "ana@example.com", minute),
        key("dev", Rate("invocations_per_minute", 60), "ana@example.com", minute),
        key("dev", Rate("requests_per_minute", 60, "reads"), "ana@example.com", minute),
        key("dev", SIXTY, "ben@example.com", minute),
        key("dev", SIXTY, "ana@example.com", later),
    }
    assert len(others - {ana}) == 5


def test_the_sentence_names_number_limit_wait_and_what_rules_it() -> None:
    told = TooManyRequests(61, SIXTY, "dev", 23)
    assert (told.code, told.retry_after_seconds) == ("LH4033", 23)
    parts = ("61", "allows 60", "23 s", "limits.requests_per_minute", "nothing is committed")
    assert [part for part in parts if part not in told.message] == []
    assert "environments/dev/environment.json" in told.message


# -- the counts: one suite for the memory of a process and for the table of all


class Shared:
    """A table that everybody who opens it shares."""

    def __init__(self, dynamodb: DynamoDBClient) -> None:
        self.dynamodb = dynamodb
        self.name = f"rates-{uuid.uuid4().hex}"
        dynamodb.create_table(
            TableName=self.name,
            AttributeDefinitions=[{"AttributeName": "caller_minute", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "caller_minute", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )

    def open(self) -> TableCounters:
        return TableCounters(lambda *_, **__: self.dynamodb, self.name)

    def rows(self) -> list[Any]:
        return list(self.dynamodb.scan(TableName=self.name)["Items"])


@pytest.fixture
def shared(dynamodb: DynamoDBClient, monkeypatch: pytest.MonkeyPatch) -> Shared:
    """A table whose updates are atomic as DynamoDB's are: moto's threads need a lock for that."""
    update, turn = DynamoHandler.update_item, threading.Lock()

    def update_alone(handler: DynamoHandler) -> Any:  # noqa: ANN401
        with turn:
            return update(handler)

    monkeypatch.setattr(DynamoHandler, "update_item", update_alone)
    return Shared(dynamodb)


@pytest.fixture(params=["memory", "table"])
def counts(request: pytest.FixtureRequest, shared: Shared) -> Counters:
    return MemoryCounters() if request.param == "memory" else shared.open()


class TestCounts:
    def test_begin_at_one_for_each_key_and_minute(self, counts: Counters) -> None:
        minute, later = Minute.at(NOON), Minute.at(NOON + timedelta(minutes=1))
        assert [counts.add("ana", minute) for _ in range(3)] == [1, 2, 3]
        assert counts.add("ben", minute) == 1
        assert counts.add("ana of later", later) == 1
        assert counts.add("ana", minute) == 4, "a clock that was set back finds its count"

    def test_give_no_number_twice_to_many_threads(self, counts: Counters) -> None:
        minute, start = Minute.at(NOON), threading.Barrier(16)

        def send(_: int) -> list[int]:
            start.wait()
            return [counts.add("ana", minute) for _ in range(8)]

        with ThreadPoolExecutor(16) as threads:
            found = [number for numbers in threads.map(send, range(16)) for number in numbers]
        assert sorted(found) == list(range(1, 129))


def test_memory_forgets_what_is_over() -> None:
    counts = MemoryCounters()
    for minute in range(100):
        for caller in range(10):
            counts.add(f"{caller} in {minute}", Minute.at(NOON + timedelta(minutes=minute)))
    assert sum(map(len, counts._minutes.values())) == 20


def test_a_row_cleans_itself_and_names_nobody(shared: Shared) -> None:
    table, minute = shared.open(), Minute.at(NOON)
    name = key("dev", SIXTY, "ana@example.com", minute)
    table.add(name, minute)
    table.add(name, minute)
    (row,) = shared.rows()
    assert row == {
        "caller_minute": {"S": name},
        "sent": {"N": "2"},
        "expires_at_epoch": {"N": str(int((NOON + timedelta(minutes=6)).timestamp()))},
    }


def test_a_table_that_is_missing_is_said_with_its_name(dynamodb: DynamoDBClient) -> None:
    table = TableCounters(lambda *_, **__: dynamodb, "no-such-table")
    with pytest.raises(Unavailable, match=r"LH4221.*no-such-table"):
        table.add("ana", Minute.at(NOON))


def test_the_table_is_asked_hastily(dynamodb: DynamoDBClient) -> None:
    asked: list[Any] = []

    def client(service: str, **more: Any) -> DynamoDBClient:  # noqa: ANN401
        asked.append((service, more["config"]))
        return dynamodb

    TableCounters(client, "rates")
    ((service, config),) = asked
    assert service == "dynamodb"
    assert (config.connect_timeout, config.read_timeout) == (1, 1)
    assert config.retries["total_max_attempts"] == 2


# -- the rule and the counts together


REQUESTS = st.lists(
    st.tuples(st.sampled_from(["ana", "ben", "cleo"]), st.integers(0, 5 * 60 * 1000)), max_size=200
)


def admitted(sent: list[tuple[str, int]], most: int, counts: Callable[[], Counters]) -> list[bool]:
    """Who passes, of requests in this order; each goes to a process of its own."""
    answers = []
    rate = Rate("requests_per_minute", most)
    for caller, milliseconds in sent:
        now = NOON + timedelta(milliseconds=milliseconds)
        minute = Minute.at(now)
        answers.append(counts().add(key("dev", rate, caller, minute), minute) <= most)
    return answers


@given(REQUESTS, st.integers(1, 8))
def test_exactly_the_first_ones_of_each_caller_and_minute_pass(
    sent: list[tuple[str, int]], most: int
) -> None:
    memory = MemoryCounters()
    sent.sort(key=lambda each: each[1])
    answers = admitted(sent, most, lambda: memory)
    of_minute: dict[tuple[str, int], list[bool]] = defaultdict(list)
    for (caller, milliseconds), passed in zip(sent, answers, strict=True):
        of_minute[caller, milliseconds // 60_000].append(passed)
    for told in of_minute.values():
        assert told == [number < most for number in range(len(told))]


@given(REQUESTS, st.integers(1, 8))
def test_nobody_is_refused_for_what_others_send(sent: list[tuple[str, int]], most: int) -> None:
    memory, alone = MemoryCounters(), MemoryCounters()
    sent.sort(key=lambda each: each[1])
    together = admitted(sent, most, lambda: memory)
    mine = [passed for (who, _), passed in zip(sent, together, strict=True) if who == "ana"]
    own = [each for each in sent if each[0] == "ana"]
    assert mine == admitted(own, most, lambda: alone)


def test_many_processes_admit_no_more_than_one_would(shared: Shared) -> None:
    processes = [shared.open() for _ in range(5)]
    sent = [("ana", number) for number in range(12)] + [("ben", 13)]
    turns = iter(processes * 3)
    assert admitted(sent, 7, lambda: next(turns)) == [True] * 7 + [False] * 5 + [True]
