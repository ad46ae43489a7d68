"""A fleet whose models can be asked, and the API as `leasehold up` puts it together."""

from __future__ import annotations

import http.client
import json
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gateway.callers.authorizer import Authorizer
from gateway.callers.tokens import TokenTable
from gateway.dependencies import Dependencies
from gateway.http import errors
from gateway.principal import Principal, Scope
from leasehold.deployment import Deployment, deploy_state_machine
from ledger.committers import GATEWAY
from ledger.variables import STATE_MACHINE
from sandbox.api_gateway.authorizer import TokenAuthorizer
from sandbox.api_gateway.rest_api import ApiGateway, RestApi
from tests.gateway.api import READER, Answer, Api
from tests.scene import REGION, SETTLE, definition, lease, path

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from tests.scene import Json, Scene

IDA = Principal("Ida", "ida@example.com", frozenset({Scope.READ, Scope.EXTEND, Scope.INVOKE}))
FALCON = "demo-Falcon40B-Endpoint"
PROMPT = {"inputs": "write a haiku about leases", "parameters": {"max_new_tokens": 3}}
REMEMBERED = 16  # seconds: the gateway looks at the ledger again


def integration(kind: str, resource: str, source: str | None = None) -> Json:
    properties = {"api_resource_name": resource} | ({"lambda_src": source} if source else {})
    return {"integration": {"type": kind, "properties": properties}}


FLEET: Mapping[str, Json] = {
    "Falcon40B": integration("api", "falcon") | {"async_api_enabled": True},
    "FlanT5": integration("lambda", "flan", "functions/text2text"),
    "Writer": integration("lambda", "writer", "functions/text_generation"),
    "Lost": integration("lambda", "lost", "functions/nowhere"),
    "Outside": integration("lambda", "outside", "tests/functions"),
    "Open": integration("api", "open") | {"public": True},
    "Chat": integration("lambda", "chat", "functions/text_generation") | {"public": True},
    "Plain": {},
    "TwinA": integration("api", "twin"),
    "TwinB": integration("api", "twin"),
}


@dataclass(frozen=True)
class Models(Api):
    """The running API; `token` is Ida's, who may invoke."""

    state_machine: str = ""

    def ask(self, where: str, body: object = PROMPT, **more: Any) -> Answer:  # noqa: ANN401
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.send("POST", content, path=f"/prod{where}", **more)

    @property
    def reader(self) -> str:
        return self.token_for(READER)

    def look_again(self) -> None:
        self.scene.let_pass(seconds=REMEMBERED)

    def connection(self) -> http.client.HTTPConnection:
        return http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=60)


def start_fleet(scene: Scene) -> None:
    """Start the whole fleet with one tick, and note with another that it is in service."""
    files: dict[str, Json | str | None] = {}
    for name, fields in FLEET.items():
        files[path(name)] = definition(name, **fields)
        files[path(name, "lease")] = lease(scene.now + timedelta(days=1))
    scene.push(files, "define the fleet")
    scene.tick()
    scene.let_pass(seconds=SETTLE)
    scene.tick()


@contextmanager
def serving(scene: Scene, **settings: str) -> Iterator[Models]:
    """Put the API together as `leasehold up` does; a token is looked up for every request."""

    def clock() -> Any:  # noqa: ANN401
        return scene.now

    table = TokenTable(scene.account.client("dynamodb"), "auth")
    table.ensure_table()
    machine = deploy_state_machine(scene.account.client("stepfunctions"))
    dependencies = Dependencies(
        scene.open(GATEWAY),
        "dev",
        clock,
        scene.account.client,
        scene.open_status(GATEWAY),
        {STATE_MACHINE: machine, **settings},
    )
    variables = {
        **scene.account.variables,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_MAX_ATTEMPTS": "1",
    }
    door = TokenAuthorizer(Authorizer(table, clock), clock=clock, ttl=timedelta(0))
    with Deployment(dependencies, variables) as deployment:
        api = RestApi(
            deployment.routes(),
            door,
            gateway_responses=errors.GATEWAY_RESPONSES,
            deployed=deployment.integrations,
        )
        with ApiGateway(api, clock=clock) as server:
            yield Models(scene, server.url, table, table.create(IDA, scene.now)[0], machine)
