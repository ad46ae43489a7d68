"""The queue in DynamoDB: a lock that can be taken over, and changes that wait and are answered."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from benchmarks.writers import make_table
from gateway.group_commit.queue import Lock, PastTurn, Ticket
from gateway.group_commit.table import LOCK_SECONDS, MOST, TableQueue
from ledger.errors import Unavailable
from tests.gateway.conftest import dynamodb_at

if TYPE_CHECKING:
    from types_boto3_dynamodb import DynamoDBClient

NOW = 1_000_000.0
TURN = PastTurn(0.75, 30, NOW + 0.5)


def opened(client: Any, table_name: str) -> TableQueue:  # noqa: ANN401
    return TableQueue(
        lambda _service, config: client,  # noqa: ARG005
        table_name,
        lambda: datetime.fromtimestamp(NOW, UTC),
    )


@pytest.fixture
def queue(dynamodb: DynamoDBClient, table_name: str) -> TableQueue:
    make_table(dynamodb, table_name)
    return opened(dynamodb, table_name)


class TestTheLock:
    def test_is_one_holder_s_until_it_is_released(self, queue: TableQueue) -> None:
        assert queue.acquire("a", NOW, None) == Lock("a")
        assert queue.acquire("b", NOW, None) == Lock("a")
        queue.release("b", TURN)  # not b's
        assert queue.acquire("b", NOW, None) == Lock("a")
        queue.release("a", TURN)
        assert queue.acquire("b", NOW, None) == Lock("b")

    def test_of_a_holder_that_shows_no_life_is_taken_over(self, queue: TableQueue) -> None:
        queue.acquire("a", NOW, None)
        queue.beat("a", 1, NOW + 1)
        assert queue.acquire("b", NOW, Lock("a", 0)) == Lock("a", 1)  # it has shown life since
        assert queue.acquire("b", NOW, Lock("a", 1)) == Lock("b", 0, somebody_waits=True)
        queue.beat("a", 2, NOW)  # it is not a's any more
        queue.release("a", TURN)
        assert queue.acquire("c", NOW, None) == Lock("b")

    def test_whose_time_is_over_is_anybody_s(self, queue: TableQueue) -> None:
        queue.acquire("a", NOW, None)
        later = NOW + LOCK_SECONDS + 0.1
        assert queue.acquire("b", later, None) == Lock("b", 0, somebody_waits=True)

    def test_tells_its_next_holder_that_somebody_waits(self, queue: TableQueue) -> None:
        held = queue.acquire("a", NOW, None)
        queue.put(Ticket("1", "{}"), held)
        assert queue.acquire("b", NOW, None) == Lock("a", 0, somebody_waits=True)
        queue.release("a", TURN)
        assert queue.acquire("b", NOW, None) == Lock("b", 0, somebody_waits=True)
        queue.release("b", TURN)
        assert queue.acquire("c", NOW, None) == Lock("c")

    def test_tells_when_it_was_taken_and_how_the_turn_before_was(self, queue: TableQueue) -> None:
        first = queue.acquire("a", NOW, None)
        assert (first.began, first.last) == (NOW, PastTurn())
        queue.release("a", TURN)
        for seen in (queue.acquire("b", NOW + 2, None), queue.acquire("c", NOW + 3, None)):
            assert (seen.holder, seen.began, seen.last) == ("b", NOW + 2, TURN)
        queue.release("a", PastTurn(9.0, 9, NOW))  # it is not a's any more
        assert queue.look("1")[0].last == TURN


class TestTickets:
    def test_say_when_they_came(self) -> None:
        earlier, later = Ticket.new("{}", NOW), Ticket.new("{}", NOW + 0.25)
        assert (earlier.came, later.came) == (NOW, NOW + 0.25)
        assert earlier.id < later.id
        assert Ticket("made by hand", "").came == 0.0


class TestChanges:
    def test_wait_in_the_order_in_which_they_came(self, queue: TableQueue) -> None:
        for number in (2, 1, 3):
            queue.put(Ticket(f"{number}", f"{number}!"), Lock("a", somebody_waits=True))
        assert queue.waiting() == [Ticket("1", "1!"), Ticket("2", "2!"), Ticket("3", "3!")]

    def test_that_are_very_many_come_in_rounds(self, queue: TableQueue) -> None:
        ids = [f"{number:03}" for number in range(MOST + 1)]
        for each in ids:
            queue.put(Ticket(each, ""), Lock(somebody_waits=True))
        first = [ticket.id for ticket in queue.waiting()]
        assert first == ids[:MOST]
        assert list(queue.claim("a", first)) == first
        queue.settle("a", dict.fromkeys(first, "done"))
        assert [ticket.id for ticket in queue.waiting()] == ids[MOST:]

    def test_are_answered_once_by_whoever_claimed_them_last(self, queue: TableQueue) -> None:
        for each in "12":
            queue.put(Ticket(each, ""), Lock())
        assert list(queue.claim("a", ["1", "2", "gone"])) == ["1", "2"]
        assert list(queue.claim("b", ["1"])) == ["1"]
        queue.settle("a", {"1": "too late", "2": "done"})
        assert queue.look("1")[1] is None
        assert queue.look("2")[1] == "done"
        queue.settle("b", {"1": "really"})
        assert queue.look("1")[1] == "really"
        assert queue.waiting() == []

    def test_that_have_all_gone_are_nobody_s(self, queue: TableQueue) -> None:
        assert list(queue.claim("a", ["1", "2"])) == []

    def test_are_taken_back_unless_somebody_has_them(self, queue: TableQueue) -> None:
        for each in "123":
            queue.put(Ticket(each, ""), Lock())
        queue.claim("a", ["1", "2"])
        queue.settle("a", {"2": None})
        assert [queue.withdraw(each) for each in "1234"] == [False, True, True, False]
        assert [ticket.id for ticket in queue.waiting()] == ["1"]

    def test_are_forgotten_by_the_table_after_a_time(
        self, queue: TableQueue, dynamodb: DynamoDBClient, table_name: str
    ) -> None:
        queue.put(Ticket("1", ""), Lock())
        queue.put(Ticket("2", ""), Lock())
        queue.claim("a", ["1"])
        queue.settle("a", {"1": "done"})
        rows = dynamodb.scan(TableName=table_name)["Items"]
        kept = [row["expires_at_epoch"] for row in rows if row["row_kind"]["S"] != "lock"]
        assert kept == [{"N": "1003600"}] * 2


class TestATableThatCannotBeUsed:
    @pytest.fixture(params=["not there", "out of reach"])
    def broken(self, request: pytest.FixtureRequest, dynamodb: DynamoDBClient) -> TableQueue:
        client = dynamodb if request.param == "not there" else dynamodb_at("http://127.0.0.1:1")
        return opened(client, "nowhere")

    def test_is_said_of_everything(self, broken: TableQueue) -> None:
        for ask in (
            lambda: broken.acquire("a", NOW, None),
            lambda: broken.beat("a", 1, NOW),
            lambda: broken.release("a", TURN),
            lambda: broken.put(Ticket("1", ""), Lock()),
            lambda: broken.look("1"),
            broken.waiting,
            lambda: broken.claim("a", ["1"]),
            lambda: broken.settle("a", {"1": "done"}),
            lambda: broken.withdraw("1"),
        ):
            with pytest.raises(Unavailable, match="changes cannot wait in the table nowhere") as it:
                ask()
            assert it.value.code == "LH4242"


class Stubborn:
    """A client whose transactions always meet others, and whose reads are always too many."""

    def transact_write_items(self, **_: object) -> None:
        told: Any = {
            "Error": {"Code": "TransactionCanceledException"},
            "CancellationReasons": [{"Code": "TransactionConflict"}],
        }
        raise ClientError(told, "TransactWriteItems")

    def batch_get_item(self, **_: object) -> Any:  # noqa: ANN401
        return {"Responses": {}, "UnprocessedKeys": {"t": {}}}


def test_what_keeps_failing_is_said() -> None:
    queue = opened(Stubborn(), "t")
    with pytest.raises(Unavailable, match="transactions keep meeting each other"):
        queue.claim("a", ["1"])
    with pytest.raises(Unavailable, match="asked too often"):
        queue.look("1")
    assert list(queue.claim("a", [])) == []


class Stumbling:
    """A client whose server has an error of its own, so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def query(self, **_: object) -> Any:  # noqa: ANN401
        if self.left:
            self.left -= 1
            told: Any = {"Error": {"Code": "500"}, "ResponseMetadata": {"HTTPStatusCode": 500}}
            raise ClientError(told, "Query")
        return {"Items": []}


def test_what_the_server_stumbles_over_is_asked_again() -> None:
    assert opened(Stumbling(4), "t").waiting() == []
    with pytest.raises(Unavailable):
        opened(Stumbling(5), "t").waiting()
