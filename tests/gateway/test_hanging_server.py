"""What callers are told beside a git server that trickles: each by its own deadline, at once."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from gateway.dependencies import Dependencies
from gateway.handler import Handler, build
from ledger.committers import GATEWAY
from ledger.remote import Remote
from ledger.repository import Repository
from ledger.settings import STATUS_BRANCH
from tests.ledger.stalling import Stalling

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Json, Scene

FALCON = "demo-Falcon40B-Endpoint"
CALLER = {"name": "Ana", "email": "ana@example.com", "scopes": "extend,read,release,invoke"}


@pytest.fixture
def stalling(scene: Scene) -> Iterator[Stalling]:
    scene.define("Falcon40B", 60)
    with Stalling(scene.forge.url) as made:
        made.flow()
        yield made


@pytest.fixture
def hanging(scene: Scene) -> Iterator[Stalling]:
    """The way to the status branch alone."""
    with Stalling(scene.forge.url) as made:
        made.flow()
        yield made


@pytest.fixture
def handle(scene: Scene, stalling: Stalling, hanging: Stalling) -> Handler:
    ledger, status = (
        Repository(
            each,
            scene.home / "gateway",
            under=under,
            may_begin=not under,
            committer=GATEWAY,
            clock=lambda: scene.now,
        )
        for each, under in (
            (Remote(stalling.url), "environments/"),
            (Remote(hanging.url, STATUS_BRANCH), ""),
        )
    )
    dependencies = Dependencies(ledger, "dev", lambda: scene.now, scene.account.client, status)
    return build(dependencies, seconds=4.0)


def event(
    method: str, resource: str = "/endpoint-expiry", body: object = None, **given: object
) -> Json:
    return {
        "httpMethod": method,
        "resource": resource,
        "headers": {},
        "pathParameters": given,
        "queryStringParameters": {"EndpointName": FALCON} if resource.endswith("history") else None,
        "requestContext": {"requestId": "r-1", "authorizer": CALLER},
        "body": None if body is None else json.dumps(body),
    }


EXTEND = event("POST", body={"EndpointName": FALCON, "minutes": 10})
CALLS = (
    event("GET"),
    event("GET", "/endpoint-expiry/history"),
    {**event("DELETE"), "queryStringParameters": {"EndpointName": FALCON}},
    EXTEND,
)


def test_four_calls_beside_a_hanging_server_are_all_answered(
    scene: Scene, handle: Handler, stalling: Stalling, hanging: Stalling
) -> None:
    head = scene.forge.tip
    stalling.passes = hanging.passes = lambda _: 0
    with ThreadPoolExecutor(len(CALLS)) as callers:
        answers = list(callers.map(lambda each: handle(each, None), CALLS))
    assert [each["statusCode"] for each in answers] == [503] * len(CALLS)
    assert {json.loads(each["body"])["code"] for each in answers} == {"LH4503"}
    assert {each["headers"]["Retry-After"] for each in answers} == {"5"}
    assert scene.forge.tip == head

    stalling.flow()
    assert handle(EXTEND, None)["statusCode"] == 200


def test_an_answer_that_never_came_is_told_to_be_in_doubt_and_found_when_asked_again(
    scene: Scene, handle: Handler, stalling: Stalling
) -> None:
    def passes(line: str) -> int | None:
        if line.startswith("POST /fleet.git/git-receive-pack"):
            stalling.passes = lambda _: 0
            return 0
        return None

    keyed = {**EXTEND, "headers": {"Idempotency-Key": "once"}}
    stalling.passes = passes
    answer = handle(keyed, None)
    assert answer["statusCode"] == 503
    assert "did not confirm" in json.loads(answer["body"])["error"]

    stalling.flow()
    again = handle(keyed, None)
    assert again["statusCode"] == 200
    assert json.loads(again["body"])["Commit"] == scene.forge.tip
    assert sum("extend Falcon40B" in each for each in scene.forge.subjects()) == 1


def test_a_status_branch_that_hangs_takes_no_answer_away(
    scene: Scene, handle: Handler, hanging: Stalling
) -> None:
    scene.tick()
    whole = json.loads(handle(event("GET"), None)["body"])
    hanging.passes = lambda _: 0
    answer = handle(event("GET"), None)
    assert answer["statusCode"] == 200
    lacks = {"EndpointStatus", "EndpointStatusSince", "Reason", "ObservedAt"}
    said = json.loads(answer["body"])
    assert [each["ExpiresAt"] for each in said] == [each["ExpiresAt"] for each in whole]
    assert whole[0]["EndpointStatus"] == "Creating"
    assert not any(each.get(key) for each in said for key in lacks)


def test_a_model_is_asked_by_what_is_remembered(
    scene: Scene, handle: Handler, stalling: Stalling, hanging: Stalling
) -> None:
    scene.tick()
    scene.let_pass(seconds=90)
    scene.tick()
    invoke = event("POST", "/invoke/{EndpointName}", {"inputs": "hi"}, EndpointName=FALCON)
    assert handle(invoke, None)["statusCode"] == 200
    scene.let_pass(seconds=30)
    stalling.passes = hanging.passes = lambda _: 0
    assert handle(invoke, None)["statusCode"] == 200
