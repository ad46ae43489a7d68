"""The TOKEN authorizer of the emulated API Gateway, asked over real HTTP."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import requests

from sandbox.api_gateway.authorizer import TokenAuthorizer
from sandbox.api_gateway.rest_api import ApiGateway, RestApi, Route

ANA = "the token of Ana"
PATIENCE = 120.0  # seconds: a busy machine makes a test slower, and not red
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
STAGE_ARN = "arn:aws:execute-api:us-east-1:123456789012:sandbox000/prod"


def policy(effect: str = "Allow", resource: object = f"{STAGE_ARN}/*/*") -> dict[str, Any]:
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": resource}
    return {
        "principalId": "ana",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"name": "Ana", "level": 3, "admin": True},
    }


@dataclass
class Api:
    """An API with one authorizer and a record of who was asked what, in order."""

    answer: Any = field(default_factory=policy)
    ttl: timedelta = timedelta(minutes=5)
    now: datetime = NOON
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def authorize(self, event: dict[str, Any], _context: object) -> object:
        self.asked.append(("authorizer", event))
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def handle(self, event: dict[str, Any], _context: object) -> dict[str, Any]:
        self.asked.append(("handler", event))
        return {"body": json.dumps(event["requestContext"].get("authorizer"))}

    def served(self) -> ApiGateway:
        def clock() -> datetime:
            return self.now

        routes = (
            Route("ANY", "/endpoints", self.handle),
            Route("ANY", "/endpoints/{name}", self.handle),
            Route("GET", "/health", self.handle, authorized=False),
        )
        authorizer = TokenAuthorizer(self.authorize, clock=clock, ttl=self.ttl)
        return ApiGateway(RestApi(routes, authorizer=authorizer), clock=clock)

    def who(self) -> list[str]:
        return [name for name, _ in self.asked]


def get(
    gateway: ApiGateway, path: str = "/endpoints", token: str | None = ANA
) -> requests.Response:
    headers = {} if token is None else {"Authorization": token}
    return requests.get(f"{gateway.url}{path}", headers=headers, timeout=PATIENCE)


def test_the_authorizer_is_asked_before_the_handler_and_its_context_arrives_as_strings() -> None:
    api = Api()
    with api.served() as gateway:
        answer = get(gateway, "/endpoints/Falcon", "lh_token")
    assert api.who() == ["authorizer", "handler"]
    assert api.asked[0][1] == {
        "type": "TOKEN",
        "methodArn": f"{STAGE_ARN}/GET/endpoints/Falcon",
        "authorizationToken": "lh_token",
    }
    assert answer.json() == {"principalId": "ana", "name": "Ana", "level": "3", "admin": "true"}


@pytest.mark.parametrize("token", [None, ""])
def test_without_a_token_it_is_401_and_nobody_is_asked(token: str | None) -> None:
    api = Api()
    with api.served() as gateway:
        answer = get(gateway, token=token)
    assert (answer.status_code, answer.json()) == (401, {"message": "Unauthorized"})
    assert api.asked == []


def test_an_authorizer_that_raises_unauthorized_makes_401_and_is_asked_again() -> None:
    api = Api(Exception("Unauthorized"))
    with api.served() as gateway:
        assert [get(gateway).status_code, get(gateway).status_code] == [401, 401]
    assert api.who() == ["authorizer", "authorizer"]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (policy("Deny"), "User is not authorized to access this resource with an explicit deny"),
        (
            policy(resource=f"{STAGE_ARN}/POST/*"),
            "User is not authorized to access this resource",
        ),
    ],
    ids=["deny", "nothing allows it"],
)
def test_a_policy_that_does_not_allow_the_method_makes_403(answer: object, words: str) -> None:
    api = Api(answer)
    with api.served() as gateway:
        refused = get(gateway)
    assert (refused.status_code, refused.json()) == (403, {"message": words})
    assert api.who() == ["authorizer"]


def test_a_deny_outweighs_an_allow() -> None:
    answer = policy()
    answer["policyDocument"]["Statement"] += policy("Deny", f"{STAGE_ARN}/GET/endpoints/Secret*")[
        "policyDocument"
    ]["Statement"]
    with Api(answer).served() as gateway:
        assert get(gateway, "/endpoints/Falcon").status_code == 200
        assert get(gateway, "/endpoints/SecretOne").status_code == 403


@pytest.mark.parametrize(
    ("resource", "status"),
    [
        ("*", 200),
        (f"{STAGE_ARN}/*", 200),
        (f"{STAGE_ARN}/GET/endpoints", 200),
        (f"{STAGE_ARN}/GE?/endpoint*", 200),
        ([f"{STAGE_ARN}/PUT/*", "arn:aws:execute-api:*:*:*/prod/GET/*"], 200),
        (f"{STAGE_ARN}/GET/endpoints/*", 403),
        (f"{STAGE_ARN}/[G]ET/endpoints", 403),
        (f"{STAGE_ARN}/get/endpoints", 403),
        ([], 403),
    ],
)
def test_resources_are_compared_with_the_wildcards_of_iam(resource: object, status: int) -> None:
    with Api(policy(resource=resource)).served() as gateway:
        assert get(gateway).status_code == status


@pytest.mark.parametrize(
    "broken",
    [
        RuntimeError("the table is gone"),
        Exception("Unauthorized: with more words"),
        None,
        {},
        {**policy(), "principalId": ""},
        {**policy(), "principalId": None},
        {**policy(), "policyDocument": "Allow"},
        {**policy(), "context": {"scopes": ["an", "array"]}},
        {**policy(), "context": {"nothing": None}},
        policy("allow"),
        policy(resource=7),
        policy(resource=object()),
    ],
)
def test_a_broken_authorizer_makes_500_and_never_lets_anyone_in(broken: object) -> None:
    api = Api(broken)
    with api.served() as gateway:
        answer = get(gateway)
    assert (answer.status_code, answer.json()) == (500, {"message": None})
    assert answer.headers["x-amzn-ErrorType"] == "AuthorizerConfigurationException"
    assert api.who() == ["authorizer"]


def test_a_policy_is_kept_for_its_token_and_judged_anew_for_each_method() -> None:
    api = Api(policy(resource=f"{STAGE_ARN}/GET/endpoints"))
    with api.served() as gateway:
        assert get(gateway).status_code == 200
        assert get(gateway).status_code == 200
        assert get(gateway, "/endpoints/Falcon").status_code == 403
        assert api.who().count("authorizer") == 1
        get(gateway, token="another")
    assert api.who().count("authorizer") == 2


def test_a_kept_policy_ends_with_its_time_to_live() -> None:
    api = Api(ttl=timedelta(seconds=300))
    with api.served() as gateway:
        get(gateway)
        api.now += timedelta(seconds=299)
        get(gateway)
        assert api.who().count("authorizer") == 1
        api.now += timedelta(seconds=1)
        api.answer = Exception("Unauthorized")
        assert get(gateway).status_code == 401


def test_a_time_to_live_of_zero_asks_every_time() -> None:
    api = Api(ttl=timedelta(0))
    with api.served() as gateway:
        get(gateway)
        get(gateway)
    assert api.who().count("authorizer") == 2


def test_a_route_without_authorization_is_open_and_has_no_caller() -> None:
    api = Api(Exception("Unauthorized"))
    with api.served() as gateway:
        answer = get(gateway, "/health", token=None)
    assert (answer.status_code, answer.json()) == (200, None)
    assert api.who() == ["handler"]


def test_an_unknown_route_is_refused_before_anyone_is_asked() -> None:
    api = Api()
    with api.served() as gateway:
        assert get(gateway, "/unknown").status_code == 403
    assert api.asked == []
