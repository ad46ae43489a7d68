"""Whose turn it is to tick, where nothing else keeps two ticks apart."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import boto3
import pytest
from botocore.config import Config

from controller.aws.tick_turn import LONGEST, TickTurn

if TYPE_CHECKING:
    from tests.scene import Scene

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
TABLE = "turns"


@pytest.fixture
def turns(scene: Scene) -> Scene:
    scene.account.client("dynamodb").create_table(
        TableName=TABLE,
        KeySchema=[{"AttributeName": "environment", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "environment", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    return scene


def turn(scene: Scene, table: str = TABLE, environment: str = "dev") -> TickTurn:
    return TickTurn(scene.account.client("dynamodb"), table, environment)


def test_one_tick_has_the_turn_until_it_gives_it_back(turns: Scene) -> None:
    first, second = turn(turns), turn(turns)
    assert first.take(NOON)
    assert not second.take(NOON + timedelta(seconds=60))
    assert turn(turns, environment="prod").take(NOON)
    first.give_back()
    assert second.take(NOON + timedelta(seconds=61))


def test_the_turn_of_a_tick_that_died_ends_by_itself(turns: Scene) -> None:
    dead, next_one, third = turn(turns), turn(turns), turn(turns)
    assert dead.take(NOON)
    assert next_one.take(NOON + LONGEST)
    dead.give_back()
    assert not third.take(NOON + LONGEST), "who is late ends nobody else's turn"


def test_a_table_that_does_not_answer_stops_no_tick(turns: Scene) -> None:
    lost = turn(turns, "gone")
    assert lost.take(NOON)
    lost.give_back()
    nowhere = boto3.Session("testing", "testing", region_name="us-east-1").client(
        "dynamodb",
        endpoint_url="http://127.0.0.1:1",
        config=Config(retries={"total_max_attempts": 1}),
    )
    unreachable = TickTurn(nowhere, TABLE, "dev")
    assert unreachable.take(NOON)
    unreachable.give_back()
