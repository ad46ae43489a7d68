"""Pages of the origins that the environment names may call from a browser, and no others."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from gateway.handler import build
from gateway.http.cross_origin import CrossOrigin
from gateway.models.streaming import streaming_handler
from gateway.principal import Principal, Scope
from ledger.documents import Environment, parse_environment
from ledger.errors import Refused
from ledger.function_variables import origin_variables, refusal_headers
from ledger.variables import ALLOWED_ORIGINS
from tests.conftest import staged
from tests.gateway.api import Api, deployed
from tests.gateway.serving import FALCON, serving, start_fleet
from tests.gateway.webhook.test_receive import nowhere, parts_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.scene import Scene

PAGE, OTHER = "https://models.example.com", "http://localhost:5173"
STRANGER = "https://evil.example.com"
VARIABLES = {ALLOWED_ORIGINS: json.dumps([PAGE, OTHER])}
PATHS = ("/endpoint-expiry", "/invoke/x", "/invoke/x/stream", "/falcon", "/openapi.json")


@pytest.fixture(scope="module")
def scene_of_all(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with staged(tmp_path_factory.mktemp("cross-origin")) as made:
        yield made


@pytest.fixture
def api(scene_of_all: Scene) -> Iterator[Api]:
    server, table = deployed(scene_of_all, variables=VARIABLES)
    ana = Principal("Ana", "ana@example.com", frozenset({Scope.READ}))
    token, _ = table.create(ana, scene_of_all.now)
    with server:
        yield Api(scene_of_all, server.url, table, token)


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("origin", [PAGE, OTHER])
def test_a_browser_may_ask_without_a_token(api: Api, path: str, origin: str) -> None:
    asked = {"Origin": origin, "Access-Control-Request-Method": "POST"}
    answer = api.send("OPTIONS", token=None, headers=asked, path=f"/prod{path}")
    assert answer.status == 204
    assert answer.headers["Access-Control-Allow-Origin"] == origin
    assert answer.headers["Vary"] == "Origin"
    assert "Authorization" in answer.headers["Access-Control-Allow-Headers"]
    assert "If-Match" in answer.headers["Access-Control-Allow-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


def test_the_methods_are_those_of_the_path(api: Api) -> None:
    def methods(path: str) -> str:
        answer = api.send("OPTIONS", token=None, headers={"Origin": PAGE}, path=f"/prod{path}")
        return answer.headers["Access-Control-Allow-Methods"]

    assert methods("/endpoint-expiry") == "GET, POST, DELETE, OPTIONS"
    assert methods("/endpoint-expiry/history") == "GET, OPTIONS"
    assert methods("/falcon") == "POST, OPTIONS"


def test_who_is_no_page_hears_the_methods_alone(api: Api) -> None:
    answer = api.send("OPTIONS", token=None, path="/prod/reconcile")
    assert (answer.status, answer.headers["Allow"]) == (204, "GET, OPTIONS")
    assert "Access-Control-Allow-Origin" not in answer.headers


@pytest.mark.parametrize(
    "origin", [STRANGER, "null", "*", f"{PAGE}.evil.com", PAGE.upper(), f"{PAGE}/", f"{PAGE}:444"]
)
def test_a_page_of_another_origin_is_told_why_it_may_not(api: Api, origin: str) -> None:
    answer = api.send("OPTIONS", token=None, headers={"Origin": origin}, path="/prod/reconcile")
    assert (answer.status, answer.code) == (403, "LH4229")
    assert "cors.allowed_origins in environments/dev/environment.json" in answer.error
    assert "Access-Control-Allow-Origin" not in answer.headers
    assert answer.headers["Vary"] == "Origin"


def test_an_answer_and_a_refusal_can_be_read_by_the_page(api: Api) -> None:
    for path, status in (("/prod/endpoint-expiry", 200), ("/prod/reconcile", 400)):
        answer = api.send("GET", headers={"Origin": PAGE}, path=path)
        assert answer.status == status
        assert answer.headers["Access-Control-Allow-Origin"] == PAGE
        assert "ETag" in answer.headers["Access-Control-Expose-Headers"]
        stranger = api.send("GET", headers={"Origin": STRANGER}, path=path)
        assert stranger.status == status
        assert "Access-Control-Allow-Origin" not in stranger.headers
        assert answer.headers["Vary"] == stranger.headers["Vary"] == "Origin"


def test_an_answer_that_varies_by_itself_goes_on_to(api: Api) -> None:
    answer = api.send("GET", headers={"Origin": PAGE}, path="/prod/fleet")
    assert answer.headers["Vary"] == "Authorization, Origin"
    assert answer.headers["Access-Control-Allow-Origin"] == PAGE


def test_a_webhook_is_no_matter_of_browsers(api: Api) -> None:
    answer = api.send("OPTIONS", token=None, headers={"Origin": PAGE}, path="/prod/webhooks/git")
    assert answer.status == 403


def test_a_streamed_refusal_can_be_read_too(scene_of_all: Scene) -> None:
    handle = streaming_handler(parts_of(scene_of_all, nowhere(), VARIABLES))
    event = {
        "httpMethod": "POST",
        "resource": "/invoke/{EndpointName}/stream",
        "headers": {"origin": PAGE},
        "pathParameters": {"EndpointName": "x"},
        "requestContext": {},
    }
    prelude = json.loads(b"".join(handle(event, None)).partition(bytes(8))[0])
    assert prelude["headers"]["Access-Control-Allow-Origin"] == PAGE


def test_without_origins_nothing_is_said_of_any(scene_of_all: Scene) -> None:
    server, table = deployed(scene_of_all)
    with server:
        api = Api(scene_of_all, server.url, table, "")
        asked = {"Origin": PAGE}
        assert api.send("OPTIONS", token=None, headers=asked, path="/prod/reconcile").status == 403
        answer = api.send("GET", token=None, headers=asked, path="/prod/openapi.json")
        assert answer.status == 200
        assert not {"Vary", "Access-Control-Allow-Origin"} & set(answer.headers)


@pytest.mark.parametrize("text", ["{", '"*"', "[1]", "{}", "[" * 100_000])
def test_a_variable_that_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(Refused, match="LH4230"):
        CrossOrigin.read({ALLOWED_ORIGINS: text}, "dev")


def with_origins(*origins: str) -> object:
    document = {
        "project_prefix": "demo",
        "region_name": "us-east-1",
        "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
        "cors": {"allowed_origins": origins},
    }
    return parse_environment("environment.json", json.dumps(document).encode())


@pytest.mark.parametrize("origin", [PAGE, OTHER, "https://a.example:8443", "http://[::1]:3000"])
def test_an_environment_names_them(origin: str) -> None:
    environment = with_origins(origin)
    assert isinstance(environment, Environment)
    assert CrossOrigin.read(origin_variables(environment), "dev").origins == {origin}
    assert refusal_headers(environment)["Access-Control-Allow-Origin"] == f"'{origin}'"


@pytest.mark.parametrize(
    "origin",
    ["*", "null", "https://*.example.com", "https://a.example/", "http://a.example", "a.example",
     "https://A.example", "https://a.example:0", "https://a.example'", ""],
)  # fmt: skip
def test_what_is_no_exact_origin_is_a_violation(origin: str) -> None:
    assert isinstance(with_origins(origin), tuple)


def test_api_gateway_says_the_origin_that_asked_where_there_are_several() -> None:
    several, none = with_origins(PAGE, OTHER), with_origins()
    assert isinstance(several, Environment)
    assert isinstance(none, Environment)
    assert refusal_headers(several) == {
        "Access-Control-Allow-Origin": "method.request.header.Origin",
        "Vary": "'Origin'",
    }
    assert (refusal_headers(none), origin_variables(none)) == ({}, {})


def test_a_preflight_of_no_path_is_none(scene_of_all: Scene) -> None:
    handle = build(parts_of(scene_of_all, nowhere(), VARIABLES))
    answer = handle({"httpMethod": "OPTIONS", "resource": "/a/b", "headers": {}}, None)
    assert answer["statusCode"] == 404


def test_definitions_own_paths_and_their_models_answer_pages(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """As `leasehold up` puts the API together: public paths and functions are resources there."""
    with staged(tmp_path_factory.mktemp("pages")) as scene:
        start_fleet(scene)
        with serving(scene, **VARIABLES) as models:
            for path in ("falcon", "open", "chat", "flan"):
                asked = models.send(
                    "OPTIONS", token=None, headers={"Origin": PAGE}, path=f"/prod/{path}"
                )
                assert asked.status == 204, path
                assert asked.headers["Access-Control-Allow-Methods"] == "POST, OPTIONS"
            for path in ("/falcon", "/open", f"/invoke/{FALCON}", f"/invoke/{FALCON}/stream"):
                answer = models.ask(path, headers={"Origin": PAGE})
                assert (answer.status, answer.headers["Vary"]) == (200, "Origin"), path
                assert answer.headers["Access-Control-Allow-Origin"] == PAGE
