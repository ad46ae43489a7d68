"""The controller as AWS Lambda runs it: an environment, a git secret, a tick for each event."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from controller import handler as deployed
from controller.aws.tick_turn import TickTurn
from ledger.errors import Unavailable
from tests.deployed import lambda_environment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Scene


@pytest.fixture
def function(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> Iterator[Scene]:
    """The environment of a Lambda function, and a git server that asks for a token."""
    scene.at(datetime.now(UTC))
    secret = json.dumps({"username": "leasehold", "token": "s3cret"})
    scene.account.client("secretsmanager").create_secret(Name="git", SecretString=secret)
    with lambda_environment(scene, monkeypatch, deployed):
        yield scene


def test_a_grant_and_a_create_by_two_events(function: Scene) -> None:
    endpoint = function.define("Falcon40B", schedule={"initial_provision_minutes": 30})
    first = deployed.handler({"source": "aws.scheduler"}, None)
    second = deployed.handler({"source": "aws.scheduler"}, None)
    assert [action["action"] for action in first["actions"]] == ["grant"]
    assert [action["action"] for action in second["actions"]] == ["create"]
    assert function.account.status(endpoint) == "Creating"
    assert json.loads(json.dumps(second)) == second


def test_what_is_built_is_kept_for_a_warm_process(function: Scene) -> None:
    function.account.calls()
    deployed.handler({}, None)
    deployed.handler({}, None)
    assert function.account.calls()["GetSecretValue"] == 1


def test_an_action_that_failed_fails_the_event_and_is_named(function: Scene) -> None:
    function.define("A", 60)
    function.define("B", 60)
    function.account.order_fault("unavailable", operation="CreateEndpointConfig", rate=1)
    with pytest.raises(Unavailable) as caught:
        deployed.handler({}, None)
    assert caught.value.code == "LH3010"
    assert "2 actions failed (demo-A-Endpoint, demo-B-Endpoint)" in caught.value.message


def test_what_only_a_person_can_mend_does_not_fail_the_event(function: Scene) -> None:
    function.define("A", 60, endpoint_config_name="nowhere")
    answer = deployed.handler({}, None)
    assert answer["actions"][0]["outcome"]["code"] == "LH3008"


def test_a_ledger_out_of_reach_fails_the_event(
    function: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LEASEHOLD_REPOSITORY", "http://127.0.0.1:9/fleet.git")
    with pytest.raises(Unavailable) as caught:
        deployed.handler({}, None)
    assert caught.value.code == "LH2003"


def test_what_a_webhook_asked_for_before_the_last_good_tick_is_done_already(
    function: Scene,
) -> None:
    asked_before = datetime.now(UTC).isoformat()
    assert "actions" in deployed.handler({"asked_at": asked_before}, None)
    assert "covered_by" in deployed.handler({"asked_at": asked_before}, None)
    asked_after = datetime.now(UTC).isoformat()
    assert "actions" in deployed.handler({"asked_at": asked_after}, None)
    assert "actions" in deployed.handler({"source": "aws.scheduler"}, None)


def test_a_tick_leaves_the_turn_to_one_that_runs(
    function: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = function.account.client("dynamodb")
    client.create_table(
        TableName="turns",
        KeySchema=[{"AttributeName": "environment", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "environment", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    monkeypatch.setenv("LEASEHOLD_TICK_TABLE", "turns")
    deployed._turn.cache_clear()
    other = TickTurn(client, "turns", "dev")
    assert other.take(datetime.now(UTC))
    assert deployed.handler({}, None) == {"environment": "dev", "overlaps": True}
    other.give_back()
    assert "actions" in deployed.handler({}, None)
    assert client.scan(TableName="turns")["Items"] == []
    deployed._turn.cache_clear()
