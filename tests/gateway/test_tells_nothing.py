"""Whatever goes wrong, an answer has no traceback, path, account, token or credentials in it."""

from __future__ import annotations

import io
import json
import logging
import re
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

from gateway import handler as deployed
from gateway.dependencies import Dependencies
from gateway.handler import build
from gateway.http import routes
from gateway.leases.history import write_token
from gateway.models.streaming import streaming_handler
from ledger.committers import GATEWAY
from ledger.errors import Refused, Unavailable
from ledger.repository import Place, Repository
from ledger.variables import CONTROLLER_FUNCTION, IDENTITIES, WEBHOOK_SECRET, WEBHOOK_SECRET_VALUE
from tests.gateway.api import ANA, FALCON
from tests.gateway.noted import noted
from tests.gateway.test_patience import invocation
from tests.ledger.forge import NOON
from tests.scene import definition, lease, path

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from gateway.http.routes import Route
    from tests.gateway.api import Api
    from tests.scene import Json, Scene

ACCOUNT = "123456789012"
TOKEN = "lh_" + "s3cret" * 7
ARN = f"arn:aws:sts::{ACCOUNT}:assumed-role/gateway/session"
TOLD = re.compile(
    r"Traceback|/home|/tmp|\.py\b|(?<![0-9a-f])[0-9]{12}(?![0-9a-f])|lh_|s3cret|://[^/]*@"
)
HOSTILE = f"x\r\n{TOKEN}\u2028\x1b[31m\u202e/../tmp/x.py"
MASTER = {"name": "Mia", "email": "mia@example.com", "scopes": "admin"}


def check(answer: Json) -> None:
    text = json.dumps({key: value for key, value in answer.items() if key != "isBase64Encoded"})
    without_dates = re.sub(r"20[0-9]{2}-[0-9T:Z-]+", "", text)
    assert not TOLD.search(without_dates.replace(HOSTILE, "")), text
    assert re.fullmatch("[ -~]*", text)


def request(route: Route, **more: Any) -> Json:  # noqa: ANN401
    """One that gets as far as the operation's own work."""
    return {
        "httpMethod": route.method,
        "resource": route.resource,
        "path": route.resource,
        "headers": {"Content-Type": "application/json", "X-Gitlab-Token": "s3cret s3cret s3cret"},
        "pathParameters": {"EndpointName": FALCON, "api_resource_name": "falcon"},
        "queryStringParameters": {
            each.name: QUERY[each.name] for each in route.parameters if each.place == "query"
        },
        "requestContext": {"requestId": "r-4711", "authorizer": MASTER},
        "body": json.dumps(BODIES.get(route.operation, {"ref": "refs/heads/main"})),
        **more,
    }


BEGIN = write_token(Place("a" * 40, ("a" * 40,)), path("Falcon40B", "lease"))
QUERY = {"EndpointName": FALCON, "commit": "a" * 40, "dry_run": "false", "limit": "1"}
QUERY |= {"NextToken": BEGIN}
BODIES: Json = {
    "extend": {"EndpointName": FALCON, "minutes": 1},
    "add": {"EndpointName": FALCON, "EndpointConfigName": "by-hand", "minutes": 1},
    "start_execution": {"endpointname": FALCON, "body": {"inputs": "x"}},
    "describe_execution": {"executionArn": f"arn:aws:states:us-east-1:{ACCOUNT}:execution:m:e"},
}
# What describes the API is the same for everybody, and has examples in it.
OF_NOBODYS = {"openapi", "me", "console", "console_head"}  # they ask nothing of git or AWS
ROUTES = [route for route in routes.ROUTES if route.operation not in OF_NOBODYS]
ROUTE_IDS = [route.operation for route in ROUTES]
VARIABLES = {
    WEBHOOK_SECRET_VALUE: "s3cret s3cret s3cret",
    CONTROLLER_FUNCTION: "controller",
    "LEASEHOLD_STATE_MACHINE": f"arn:aws:states:us-east-1:{ACCOUNT}:stateMachine:m",
}


class Breaking:
    """A ledger or a client of which everything raises."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401
        def breaks(*_: object, **__: object) -> Any:  # noqa: ANN401
            raise self._error

        return breaks

    def __call__(self, *_: object, **__: object) -> Any:  # noqa: ANN401
        raise self._error


UNFORESEEN = [
    ValueError(f"/home/ana/{TOKEN}: {ARN} in ledger/x.py\nLH9999 forged"),
    KeyError(TOKEN),
    RecursionError(),
    OSError(2, "No such file", "/home/leasehold/ssh/key"),
    AssertionError(f"https://user:{TOKEN}@git.example.com/fleet.git"),
]


RUNS = noted("demo-Falcon40B-Endpoint")


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    logging.getLogger("leasehold.gateway").addHandler(handler)
    yield stream
    logging.getLogger("leasehold.gateway").removeHandler(handler)


@pytest.mark.parametrize("error", UNFORESEEN, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("route", ROUTES, ids=ROUTE_IDS)
def test_an_error_that_nobody_thought_of(route: Route, error: Exception, log: io.StringIO) -> None:
    broken: Any = Breaking(error)
    dependencies = Dependencies(broken, "dev", lambda: NOON, broken, broken, VARIABLES, broken)
    answer = build(dependencies)(request(route), None)
    check(answer)
    if answer["statusCode"] == 500:
        said = json.loads(answer["body"])
        assert said["code"] == "LH4350"
        assert "r-4711" in said["error"]
        [line] = log.getvalue().splitlines()
        assert line.startswith("LH4350 The request r-4711 failed. Traceback")
        assert type(error).__name__ in line
    else:
        assert answer["statusCode"] in {400, 403, 404}


@pytest.mark.parametrize("route", ROUTES, ids=ROUTE_IDS)
@pytest.mark.parametrize(
    "failure",
    [
        Unavailable("LH2003", f"https://u:{TOKEN}@git/fleet.git cannot be read: /tmp/x.py"),
        Refused("LH2006", f"https://u:{TOKEN}@git/fleet.git does not accept the credentials."),
        Refused("LH2011", "/home/x.py is not the path of a file."),
    ],
    ids=lambda failure: failure.code,
)
def test_a_repository_that_fails(route: Route, failure: Exception) -> None:
    ledger: Any = Breaking(failure)
    dependencies = Dependencies(
        ledger, "dev", lambda: NOON, Breaking(failure), ledger, VARIABLES, ledger
    )
    check(build(dependencies)(request(route), None))


def aws_error(code: str) -> ClientError:
    said = f"User: {ARN} is not authorized; Endpoint x of account {ACCOUNT}. /tmp/x.py {TOKEN}"
    return ClientError({"Error": {"Code": code, "Message": said}}, "Operation")


@pytest.fixture
def served(scene: Scene) -> Scene:
    """A fleet whose one endpoint is leased and serves at a path."""
    fields: Json = {"type": "api", "properties": {"api_resource_name": "falcon"}}
    leased = lease(scene.now.replace(year=scene.now.year + 1))
    scene.push(
        {
            path("Falcon40B"): definition("Falcon40B", integration=fields, async_api_enabled=True),
            path("Falcon40B", "lease"): leased,
        }
    )
    return scene


@pytest.mark.parametrize(
    "code", ["AccessDeniedException", "ThrottlingException", "InternalFailure", "InvalidArn"]
)
def test_an_error_of_aws(served: Scene, code: str) -> None:
    client = Breaking(aws_error(code))
    aws = {WEBHOOK_SECRET: "hook", **VARIABLES}
    del aws[WEBHOOK_SECRET_VALUE]
    for variables in (VARIABLES, aws):
        ledger = served.repository
        dependencies = Dependencies(
            ledger, "dev", lambda: served.now, lambda *_, **__: client, RUNS, variables
        )
        handle, stream = build(dependencies), streaming_handler(dependencies)
        for route in ROUTES:
            check(handle(request(route), None))
        begun = b"".join(stream(invocation("/invoke/{EndpointName}/stream"), None)).decode()
        assert not re.search(f"{ACCOUNT}|Traceback|arn:", begun)


def test_a_validation_of_sagemaker_is_told_without_the_account(served: Scene) -> None:
    said = f"Endpoint x of account {ACCOUNT} takes no such call ({ARN}); demo-{ACCOUNT} does."
    error = ClientError({"Error": {"Code": "ValidationError", "Message": said}}, "InvokeEndpoint")
    client = Breaking(error)
    dependencies = Dependencies(
        served.repository, "dev", lambda: served.now, lambda *_, **__: client, RUNS
    )
    answer = build(dependencies)(invocation("/invoke/{EndpointName}"), None)
    told = json.loads(answer["body"])
    assert told["code"] == "LH4306"
    masked = "arn:aws:sts::ACCOUNT:assumed-role/gateway/session"
    assert told["error"].endswith(
        f"Endpoint x of account ACCOUNT takes no such call ({masked}); demo-{ACCOUNT} does."
    )


def test_a_signer_who_may_do_nothing_is_not_told_the_account(scene: Scene) -> None:
    nobody = f"arn:aws:iam::{ACCOUNT}:role/Nobody"
    variables = {IDENTITIES: json.dumps({"iam": {"scopes": {nobody: ["read"]}}})}
    dependencies = Dependencies(
        scene.repository, "dev", lambda: scene.now, scene.account.client, variables=variables
    )
    event = request(ROUTES[0], requestContext={"identity": {"userArn": ARN}})
    answer = build(dependencies)(event, None)
    assert answer["statusCode"] == 403
    check(answer)


@pytest.mark.parametrize("route", ROUTES, ids=ROUTE_IDS)
def test_a_hostile_request(quiet_api: Api, route: Route) -> None:
    scene = quiet_api.scene
    handle = build(
        Dependencies(
            scene.repository, "dev", lambda: scene.now, scene.account.client, None, VARIABLES
        )
    )
    for place in ("headers", "queryStringParameters", "pathParameters"):
        names = request(route)[place] or {}
        check_hostile(handle(request(route, **{place: dict.fromkeys(names, HOSTILE)}), None))
    for body in (HOSTILE, json.dumps({HOSTILE: HOSTILE}), "[" * 2000, '{"a":1e999}'):
        check_hostile(handle(request(route, body=body), None))
        check_hostile(handle(request(route, body=body, isBase64Encoded=True), None))


def check_hostile(answer: Json) -> None:
    """What a caller wrote may come back to them, and nothing else."""
    assert answer["statusCode"] != 500
    text = str(answer["body"])
    assert not re.search(r"Traceback|/home|File \"|site-packages", text)


def test_the_owners_token_and_address_never_come_back(quiet_api: Api) -> None:
    for answer in (quiet_api.read(), quiet_api.read("Nobody"), quiet_api.extend("Nobody")):
        assert quiet_api.token not in answer.text
        assert ANA.email not in answer.text
        assert quiet_api.scene.forge.url not in answer.text


def test_a_function_whose_ledger_is_nowhere(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LEASEHOLD_ENVIRONMENT", "dev")
    monkeypatch.setenv("LEASEHOLD_REPOSITORY", "http://127.0.0.1:1/fleet.git")
    monkeypatch.delenv("LEASEHOLD_GIT_SECRET", raising=False)
    deployed._built.cache_clear()
    try:
        for route in ROUTES[:4]:
            answer = deployed.handler(request(route), None)
            assert answer["statusCode"] == 503
            check(answer)
            assert "127.0.0.1" not in answer["body"]
    finally:
        deployed._built.cache_clear()


def test_the_gateways_repository_is_the_real_one() -> None:
    """Breaking stands for it above: what it has to have is what the gateway asks."""
    for name in ("read", "commit", "at", "answers", "last_change", "page", "find"):
        assert callable(getattr(Repository, name))
    assert GATEWAY.email.endswith(".invalid")
