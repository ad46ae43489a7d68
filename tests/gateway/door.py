"""What tests of the API's door share: a steerable clock, events, and an API that says who calls."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import requests

from gateway.callers.identify import identified
from gateway.http import errors
from ledger.errors import Failure
from ledger.identity_settings import Identities
from sandbox.api_gateway.authorizer import TokenAuthorizer
from sandbox.api_gateway.rest_api import ApiGateway, RestApi, Route

if TYPE_CHECKING:
    from gateway.callers.authorizer import Authorizer

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
METHOD_ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc123/prod/GET/endpoints/Falcon"
NO_MEMORY = timedelta(0)


@dataclass
class Clock:
    now: datetime = NOON

    def __call__(self) -> datetime:
        return self.now

    def pass_(self, **time: float) -> None:
        self.now += timedelta(**time)


def event(token: object, method_arn: str = METHOD_ARN) -> dict[str, Any]:
    return {"type": "TOKEN", "methodArn": method_arn, "authorizationToken": token}


def api_behind(door: Authorizer, clock: Clock, ttl: timedelta = NO_MEMORY) -> ApiGateway:
    """An API whose one operation tells its caller, found as the gateway's handler finds it."""

    def whoami(request: dict[str, Any], context: object) -> dict[str, Any]:
        try:
            caller = identified(request, Identities(), clock())
        except Failure as failure:
            return errors.told(failure, "").as_proxy()
        assert caller is not None
        return {"body": json.dumps([caller.name, caller.email, sorted(caller.scopes)])}

    routes = (Route("GET", "/endpoint-expiry", whoami),)
    authorizer = TokenAuthorizer(door, clock=clock, ttl=ttl)
    return ApiGateway(RestApi(routes, authorizer=authorizer), clock=clock)


def ask(api: ApiGateway, authorization: str) -> requests.Response:
    headers = {"Authorization": authorization}
    return requests.get(f"{api.stage_url}/endpoint-expiry", headers=headers, timeout=10)
