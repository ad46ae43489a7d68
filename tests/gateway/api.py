"""The API as its callers meet it: tokens in DynamoDB, the authorizer, API Gateway, the handler."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from gateway.callers.authorizer import Authorizer
from gateway.callers.tokens import TokenTable
from gateway.dependencies import Dependencies
from gateway.handler import build
from gateway.http import errors
from gateway.http.cross_origin import PREFLIGHT, CrossOrigin
from gateway.http.routes import METHODS
from gateway.principal import Principal, Scope
from ledger.committers import GATEWAY
from ledger.identity_settings import Identities
from sandbox.api_gateway.authorizer import TokenAuthorizer
from sandbox.api_gateway.rest_api import ApiGateway, RestApi, Route
from tests.ledger.forge import git
from tests.scene import path

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.scene import Scene

FALCON = "demo-Falcon40B-Endpoint"
ANA = Principal(
    "Ana", "ana@example.com", frozenset({Scope.READ, Scope.EXTEND, Scope.RELEASE, Scope.ADD})
)
READER = Principal("Rob", "rob@example.com", frozenset({Scope.READ}))


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def body(self) -> Any:  # noqa: ANN401 - JSON
        return json.loads(self.text)

    @property
    def code(self) -> str:
        return str(self.body["code"])

    @property
    def error(self) -> str:
        return str(self.body["error"])


@dataclass(frozen=True)
class Api:
    """A running API, a scene behind it, and Ana's token."""

    scene: Scene
    url: str
    table: TokenTable
    token: str

    def token_for(self, principal: Principal) -> str:
        return self.table.create(principal, self.scene.now)[0]

    def send(
        self,
        method: str,
        body: bytes | None = None,
        *,
        query: Mapping[str, str] | None = None,
        token: str | None = "",
        headers: Mapping[str, str] | None = None,
        path: str = "/prod/endpoint-expiry",
    ) -> Answer:
        """Send one request as Ana, or with another token, or with none."""
        url = f"{self.url}{path}" + (f"?{urlencode(query)}" if query else "")
        request = urllib.request.Request(url, body, method=method)
        request.add_header("Content-Type", "application/json")
        if token is not None:
            request.add_header("Authorization", token or self.token)
        for name, value in (headers or {}).items():
            request.add_header(name, value)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return Answer(answer.status, dict(answer.headers), answer.read().decode())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read().decode())

    def read(self, name: str | None = None, **more: Any) -> Answer:  # noqa: ANN401
        return self.send("GET", query={"EndpointName": name} if name else None, **more)

    def post(self, body: object, **more: Any) -> Answer:  # noqa: ANN401
        return self.send("POST", json.dumps(body).encode(), **more)

    def extend(self, name: str = FALCON, minutes: int = 10, **more: Any) -> Answer:  # noqa: ANN401
        return self.post({"EndpointName": name, "minutes": minutes}, **more)

    def release(self, name: str = FALCON, **more: Any) -> Answer:  # noqa: ANN401
        return self.send("DELETE", query={"EndpointName": name}, **more)

    def log(self, name: str = "Falcon40B", form: str = "%an %s") -> list[str]:
        """What `git log` says of a lease, the oldest first, without Ben's own commits."""
        lines = git(
            self.scene.forge.bare,
            "log",
            "--reverse",
            "--committer=Leasehold gateway",
            f"--format={form}",
            "main",
            "--",
            path(name, "lease"),
        )
        return lines.splitlines()


def deployed(
    scene: Scene,
    *,
    without_status: bool = False,
    identities: Identities | None = None,
    **dependencies: Any,  # noqa: ANN401
) -> tuple[ApiGateway, TokenTable]:
    """Put the API together as the stacks do: a token is looked up for every request."""

    def clock() -> Any:  # noqa: ANN401
        return scene.now

    table = TokenTable(scene.account.client("dynamodb"), "auth")
    table.ensure_table()
    ledger = scene.open(GATEWAY)
    status = None if without_status else scene.open_status(GATEWAY)
    handler = build(
        Dependencies(ledger, "dev", clock, scene.account.client, status, **dependencies)
    )
    dynamodb = scene.account.client("dynamodb")
    admits = Authorizer.admitting(identities or Identities(), dynamodb, table, clock)
    authorizer = TokenAuthorizer(admits, clock=clock, ttl=timedelta(0))
    routes = tuple(
        Route(each.method, each.resource, handler, authorized=each.needs_caller) for each in METHODS
    )
    origins = CrossOrigin.read(dependencies.get("variables", {}), "dev")
    routes += tuple(
        Route(PREFLIGHT, each, handler, authorized=False) for each in origins.resources()
    )
    api = RestApi(routes, authorizer, gateway_responses=errors.GATEWAY_RESPONSES)
    return ApiGateway(api, clock=clock), table
