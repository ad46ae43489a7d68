"""No way in is a way around: scopes, parameters and bodies of every route, before it answers."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from itertools import chain, combinations
from typing import TYPE_CHECKING, Any

import pytest

from gateway.dependencies import Dependencies
from gateway.handler import build
from gateway.http import errors
from gateway.http.parameters import PASSED_ON
from gateway.http.routes import ROUTES, Route
from gateway.models.streaming import streaming_handler
from gateway.principal import Scope
from ledger.errors import Refused, Unavailable, Wait
from ledger.variables import WEBHOOK_SECRET_VALUE
from tests.gateway.api import FALCON
from tests.scene import definition, lease, path

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gateway.handler import Handler
    from tests.gateway.api import Api
    from tests.scene import Json, Scene

SETS = [*chain.from_iterable(combinations(Scope, size) for size in range(1, len(Scope) + 1))]
QUERY = {"EndpointName": FALCON, "commit": "a" * 40, "dry_run": "true", "limit": "1"}
QUERY |= {"NextToken": "e30"}
PAGE = {"Digest": "0" * 16, "File": "app.js"}
BODIES: Json = {
    "extend": {"EndpointName": FALCON, "minutes": 1},
    "add": {"EndpointName": "new", "EndpointConfigName": "by-hand", "minutes": 1},
    "start_execution": {"endpointname": FALCON, "body": {}},
    "use_link": {"Token": "a.b"},
    "use_link_signed_in": {"Token": "a.b"},
    "describe_execution": {"executionArn": "arn:aws:states:us-east-1:1:execution:m:e"},
}
IDS = [route.operation for route in ROUTES]


def event(route: Route, scopes: tuple[Scope, ...] | None, **more: Any) -> Json:  # noqa: ANN401
    caller = {"name": "Ana", "email": "ana@example.com", "scopes": ",".join(scopes or ())}
    return {
        "httpMethod": route.method,
        "resource": route.resource,
        "pathParameters": {"EndpointName": FALCON, "api_resource_name": "falcon", **PAGE},
        "queryStringParameters": {
            each.name: QUERY[each.name] for each in route.parameters if each.place == "query"
        },
        "requestContext": {"requestId": "r-1", **({"authorizer": caller} if scopes else {})},
        "body": json.dumps(BODIES.get(route.operation, {})),
        **more,
    }


def nowhere(*_: object, **__: object) -> Any:  # noqa: ANN401
    raise Unavailable("LH4307", "There is no AWS here.")


@pytest.fixture
def dependencies(scene: Scene) -> Dependencies:
    """A ledger with one endpoint that has a path of its own, and no AWS."""
    fields: Json = {"type": "api", "properties": {"api_resource_name": "falcon"}}
    leased = lease(scene.now + timedelta(hours=1))
    scene.push(
        {path("Falcon40B"): definition("Falcon40B", integration=fields)}
        | {path("Falcon40B", "lease"): leased}
    )
    variables = {WEBHOOK_SECRET_VALUE: "a secret of the webhook"}
    return Dependencies(scene.repository, "dev", lambda: scene.now, nowhere, variables=variables)


@pytest.fixture
def handle(dependencies: Dependencies) -> Handler:
    return build(dependencies)


def code(answer: Json) -> str:
    said = json.loads(answer["body"]) if answer["body"].startswith(("{", "[")) else None
    return str(said.get("code", "")) if isinstance(said, dict) else ""


class TestTheScopeOfARoute:
    def test_is_demanded_by_every_route_of_every_set_of_scopes(self, handle: Handler) -> None:
        for route in ROUTES:
            for scopes in SETS:
                answer = handle(event(route, scopes), None)
                may = route.scope is None or route.scope in scopes or Scope.ADMIN in scopes
                if route.scope is Scope.RELEASE and Scope.EXTEND in scopes:
                    may = True  # for what is one's own: see leases/test_ending
                assert (code(answer) != "LH4031") is may, (route.operation, scopes, answer)
                assert may or answer["statusCode"] == 403
                assert code(answer) not in {"LH4350", "LH4115", "LH4002"}, (route, answer)

    @pytest.mark.parametrize("route", [each for each in ROUTES if each.needs_caller], ids=str)
    def test_is_nobodys_without_a_caller(self, route: Route, handle: Handler) -> None:
        answer = handle(event(route, None), None)
        assert (answer["statusCode"], code(answer)) in {(500, "LH4202"), (401, "LH4010")}

    def test_is_demanded_of_streams_too(self, dependencies: Dependencies) -> None:
        [route] = [each for each in ROUTES if each.operation == "invoke_stream"]
        begun = b"".join(streaming_handler(dependencies)(event(route, (Scope.READ,)), None))
        assert b"LH4031" in begun


class TestTheQueryOfARoute:
    @pytest.mark.parametrize("route", ROUTES, ids=IDS)
    def test_has_no_name_that_the_route_does_not_know(self, route: Route, handle: Handler) -> None:
        asked = event(route, (Scope.ADMIN,))
        asked["queryStringParameters"] |= {"dryRun": "true"}
        answer = handle(asked, None)
        assert (answer["statusCode"], code(answer)) == (400, "LH4115")

    @pytest.mark.parametrize("route", ROUTES, ids=IDS)
    def test_has_no_name_twice(self, route: Route, handle: Handler) -> None:
        for parameter in route.parameters:
            if parameter.place == "query":
                value = QUERY[parameter.name]
                twice = {
                    **{
                        name: [one]
                        for name, one in event(route, None)["queryStringParameters"].items()
                    },
                    parameter.name: [value, value],
                }
                asked = event(route, (Scope.ADMIN,), multiValueQueryStringParameters=twice)
                answer = handle(asked, None)
                assert (answer["statusCode"], code(answer)) == (400, "LH4116")

    @pytest.mark.parametrize("route", ROUTES, ids=IDS)
    def test_has_what_is_required(self, route: Route, handle: Handler) -> None:
        for parameter in route.parameters:
            if parameter.required:
                asked = event(route, (Scope.ADMIN,))
                del asked["queryStringParameters"][parameter.name]
                answer = handle(asked, None)
                assert (answer["statusCode"], code(answer)) == (400, parameter.code)

    @pytest.mark.parametrize(
        "name", ["dryrun", "dry-run", "dryRun", "DRY_RUN", "dry_runn", "Dry Run", "dry.run"]
    )
    def test_that_is_misspelt_is_told_what_was_meant_and_nothing_changes(
        self, quiet_api: Api, name: str
    ) -> None:
        head = quiet_api.scene.forge.tip
        query = {"EndpointName": FALCON, name: "true"}
        for answer in (
            quiet_api.extend(query={name: "true"}),
            quiet_api.send("DELETE", query=query),
        ):
            assert (answer.status, answer.code) == (400, "LH4115")
            assert "did you mean dry_run?" in answer.error
        assert quiet_api.scene.forge.tip == head

    def test_never_lists_all_for_a_name_that_is_misspelt(self, quiet_api: Api) -> None:
        for name in ("endpointName", "endpoint_name", "endpointname", "Endpointname"):
            answer = quiet_api.send("GET", query={name: FALCON})
            assert (answer.status, answer.code) == (400, "LH4115")
            assert "did you mean EndpointName?" in answer.error

    def test_is_told_what_there_is_where_nothing_comes_near(self, quiet_api: Api) -> None:
        answer = quiet_api.send("DELETE", query={"EndpointName": FALCON, "force": "1"})
        assert answer.code == "LH4115"
        assert answer.error.endswith("this path takes EndpointName, dry_run.")
        answer = quiet_api.send("GET", query={"x": "1"}, path="/prod/openapi.json", token=None)
        assert answer.error.endswith("this path takes none.")

    @pytest.mark.parametrize("query", ["dry_run=true&dry_run=false", "dry_run=true&dry_run=true"])
    def test_of_two_values_is_refused_and_nothing_changes(self, quiet_api: Api, query: str) -> None:
        head = quiet_api.scene.forge.tip
        answer = quiet_api.extend(path=f"/prod/endpoint-expiry?{query}")
        assert (answer.status, answer.code) == (400, "LH4116")
        one, other = "demo-Summarizer-Endpoint", FALCON
        path = f"/prod/endpoint-expiry?EndpointName={one}&EndpointName={other}"
        assert quiet_api.send("DELETE", path=path).code == "LH4116"
        assert quiet_api.scene.forge.tip == head

    def test_of_a_hostile_name_comes_back_in_one_printable_line(self, quiet_api: Api) -> None:
        answer = quiet_api.send("GET", query={"a\n\u202e" + "x" * 900: "1"})
        assert answer.code == "LH4115"
        assert answer.error.isprintable()
        assert len(answer.error) < 250


class TestTheHeadersOfARoute:
    def test_two_lines_of_if_match_are_one_list(self, handle: Handler) -> None:
        [route] = [each for each in ROUTES if each.operation == "extend"]
        commit = json.loads(handle(event(route, (Scope.EXTEND,)), None)["body"])["Commit"]
        unknown = '"' + "0" * 40 + '"'
        for lines, status in (([unknown, f'"{commit}"'], 200), ([unknown, unknown], 412)):
            asked = event(route, (Scope.EXTEND,), multiValueHeaders={"If-Match": lines})
            assert handle(asked, None)["statusCode"] == status

    def test_two_keys_are_no_key(self, handle: Handler) -> None:
        [route] = [each for each in ROUTES if each.operation == "extend"]
        asked = event(route, (Scope.EXTEND,), multiValueHeaders={"Idempotency-Key": ["a", "b"]})
        assert code(handle(asked, None)) == "LH4004"

    @pytest.mark.parametrize("header", PASSED_ON, ids=lambda header: header.name)
    def test_that_no_model_takes_are_refused(self, header: Any, handle: Handler) -> None:  # noqa: ANN401
        for route in ROUTES:
            if header in route.parameters:
                asked = event(route, (Scope.INVOKE,), headers={header.name.upper(): "a\x7f"})
                assert code(handle(asked, None)) == header.code


class TestTheBodyOfARoute:
    @pytest.mark.parametrize("route", [each for each in ROUTES if each.body_limit], ids=str)
    def test_has_a_limit(self, route: Route, handle: Handler) -> None:
        assert route.body_limit
        body = "x" * (route.body_limit.most_bytes + 1)
        answer = handle(event(route, (Scope.ADMIN,), body=body), None)
        assert (answer["statusCode"], code(answer)) == (413, route.body_limit.code)

    @pytest.mark.parametrize("route", [each for each in ROUTES if each.schema], ids=str)
    def test_fits_its_schema(self, route: Route, handle: Handler) -> None:
        for body, expected in (("", "LH4001"), ("{", "LH4001"), ("{}", "LH4002")):
            answer = handle(event(route, (Scope.ADMIN,), body=body), None)
            assert (answer["statusCode"], code(answer)) == (400, expected)


class TestAFailure:
    @pytest.mark.parametrize(
        ("failure", "header"),
        [
            (Wait("LH4305", "Slow down."), {"Retry-After": "5"}),
            (Unavailable("LH4307", "SageMaker did not answer."), {}),
            (Unavailable("LH2003", "The repository cannot be read."), {"Retry-After": "5"}),
            (Refused("LH4106", "no endpoint is called x."), {}),
        ],
    )
    def test_says_when_to_come_again_where_that_is_known(
        self, failure: Exception, header: Json
    ) -> None:
        assert errors.told(failure, "r-1").headers == header

    @pytest.mark.parametrize("unknown", ["LH4999", "LH3001", "LH1002", "LH5002"])
    def test_of_a_code_that_no_answer_has_is_an_error_of_the_gateways_own(
        self, unknown: str, caplog: pytest.LogCaptureFixture
    ) -> None:
        answer = errors.told(Refused(unknown, "for nobody's eyes"), "r-4711")
        assert answer.status == 500
        assert "for nobody's eyes" not in str(answer.body)
        assert "r-4711" in caplog.text


def imported(module: str) -> Iterator[str]:
    """What a function's module brings into a process of its own."""
    code = f"import sys, {module}; print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return (name.partition(".")[0] for name in done.stdout.split())


class TestAFunctionThatStarts:
    def test_as_the_webhook_needs_neither_git_nor_schemas(self) -> None:
        assert not {"pygit2", "jsonschema", "cryptography", "jwt"} & set(
            imported("gateway.webhook_handler")
        )

    def test_as_the_authorizer_needs_nothing_for_jwts_before_there_is_an_issuer(self) -> None:
        assert not {"pygit2", "jsonschema", "cryptography", "jwt"} & set(
            imported("gateway.authorizer_handler")
        )
