"""The API as it is deployed: the routes that the gateway has, and who is let through to them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft4Validator

from gateway.http.routes import METHODS, Route
from tests.infra.synthesis import CONSOLE, GATEWAY, MODELS, STREAM, WEBHOOK

if TYPE_CHECKING:
    from tests.infra.synthesis import Synthesis

DEPLOYED_PATHS = {"/falcon", "/llama", "/open", "/writer", "/chat"}
BY_OPERATION = {
    "invoke": MODELS,
    "invoke_resource": MODELS,
    "start_execution": MODELS,
    "describe_execution": MODELS,
    "invoke_stream": STREAM,
    "webhook": WEBHOOK,
    "console": CONSOLE,
    "console_head": CONSOLE,
    "console_file": CONSOLE,
    "console_file_head": CONSOLE,
}


def function_behind(method: dict[str, Any]) -> str:
    """Name the function that a method's integration calls, by its logical id."""
    (found,) = (
        part["Fn::GetAtt"][0]
        for part in method["Integration"]["Uri"]["Fn::Join"][1]
        if isinstance(part, dict) and "Fn::GetAtt" in part
    )
    return str(found)


# -- routes


@pytest.mark.parametrize("api", ["Api", "Signed"])
def test_every_route_of_the_gateway_is_deployed_and_no_other(
    synthesis: Synthesis, api: str
) -> None:
    deployed = {key for key in synthesis.methods(api) if key[1] not in DEPLOYED_PATHS}
    assert deployed == {(route.method, route.resource) for route in METHODS}


def test_each_route_reaches_the_function_that_may_do_it(synthesis: Synthesis) -> None:
    for route in METHODS:
        method = synthesis.methods()[route.method, route.resource]
        name = BY_OPERATION.get(route.operation, GATEWAY)
        assert function_behind(method) == synthesis.function_id(name), route


def test_a_stream_is_passed_on_as_it_comes(synthesis: Synthesis) -> None:
    for (_, path), method in synthesis.methods().items():
        mode = method["Integration"].get("ResponseTransferMode")
        assert mode == ("STREAM" if path.endswith("/stream") else None)


# -- who is let through


def test_a_token_is_asked_for_wherever_the_gateway_asks_for_a_scope(synthesis: Synthesis) -> None:
    (authorizer,) = synthesis.resources("AWS::ApiGateway::Authorizer")
    for route in METHODS:
        method = synthesis.methods()[route.method, route.resource]
        if not route.needs_caller:
            assert method["AuthorizationType"] == "NONE"
        else:
            assert method["AuthorizationType"] == "CUSTOM"
            assert method["AuthorizerId"] == {"Ref": authorizer}


def test_who_signs_with_aws_credentials_has_an_api_of_their_own(synthesis: Synthesis) -> None:
    for route in METHODS:
        method = synthesis.methods("Signed")[route.method, route.resource]
        assert method["AuthorizationType"] == ("AWS_IAM" if route.needs_caller else "NONE")


def test_behind_a_signature_nothing_answers_that_would_check_no_scope(
    synthesis: Synthesis,
) -> None:
    """Only the gateway knows what a signer may do, so no definition has a path of its own there."""
    assert not DEPLOYED_PATHS & {path for _, path in synthesis.methods("Signed")}


def test_without_signers_there_is_one_api(quiet_synthesis: Synthesis) -> None:
    assert len(quiet_synthesis.resources("AWS::ApiGateway::RestApi")) == 1


def test_a_revoked_token_is_refused_within_half_a_minute(synthesis: Synthesis) -> None:
    authorizer = synthesis.only("AWS::ApiGateway::Authorizer")
    assert authorizer["AuthorizerResultTtlInSeconds"] == 30


# -- bodies


@pytest.mark.parametrize("api", ["Api", "Signed"])
@pytest.mark.parametrize("route", [each for each in METHODS if each.body], ids=lambda it: it.key)
def test_a_body_is_checked_by_its_schema_before_a_function_runs(
    synthesis: Synthesis, api: str, route: Route
) -> None:
    method = synthesis.methods(api)[route.method, route.resource]
    name = method["RequestModels"]["application/json"]["Ref"]
    model = synthesis.resources("AWS::ApiGateway::Model")[name]["Properties"]
    Draft4Validator.check_schema(model["Schema"])
    assert model["Schema"]["required"]
    validator = synthesis.resources("AWS::ApiGateway::RequestValidator")[
        method["RequestValidatorId"]["Ref"]
    ]["Properties"]
    assert validator["ValidateRequestBody"] is True
    assert validator["RestApiId"] == method["RestApiId"] == model["RestApiId"]


def test_what_a_route_cannot_do_without_is_asked_for(synthesis: Synthesis) -> None:
    needed = {
        key: set(method.get("RequestParameters", {}))
        for key, method in synthesis.methods().items()
        if key[1] not in DEPLOYED_PATHS
    }
    for route in METHODS:
        required = {
            f"method.request.querystring.{each.name}"
            for each in route.parameters
            if each.required and each.place == "query"
        }
        assert needed[route.key] == required


def test_what_models_take_that_is_no_text_comes_through_whole(synthesis: Synthesis) -> None:
    """And JSON is text: a body that API Gateway takes for binary is not checked."""
    for api in synthesis.properties("AWS::ApiGateway::RestApi"):
        assert {"audio/wav", "image/png", "application/x-npy"} < set(api["BinaryMediaTypes"])
        assert not {"application/json", "*/*"} & set(api["BinaryMediaTypes"])


# -- refusals


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("UNAUTHORIZED", "LH4010"),
        ("ACCESS_DENIED", "LH4030"),
        ("BAD_REQUEST_BODY", "LH4002"),
        ("BAD_REQUEST_PARAMETERS", "LH4000"),
        ("THROTTLED", "LH4290"),
        ("DEFAULT_4XX", "LH4000"),
        ("DEFAULT_5XX", "LH4500"),
    ],
)
def test_a_refusal_by_aws_has_the_shape_of_ours(synthesis: Synthesis, kind: str, code: str) -> None:
    responses = [
        response
        for response in synthesis.properties("AWS::ApiGateway::GatewayResponse")
        if response["ResponseType"] == kind
    ]
    assert len(responses) == 2  # one for each API
    for response in responses:
        answer = json.loads(response["ResponseTemplates"]["application/json"])
        assert list(answer) == ["error", "code"]
        assert answer["code"] == code
        assert answer["error"]


# -- the stage


def stages(synthesis: Synthesis) -> list[dict[str, Any]]:
    found = synthesis.properties("AWS::ApiGateway::Stage")
    assert [stage["StageName"] for stage in found] == ["prod", "prod"]
    return found


def test_every_route_is_throttled(synthesis: Synthesis) -> None:
    for stage in stages(synthesis):
        limits = {
            (each["ResourcePath"], each["HttpMethod"]): each for each in stage["MethodSettings"]
        }
        everything = limits.pop(("/*", "*"))
        assert 0 < everything["ThrottlingRateLimit"] <= 10
        assert 0 < everything["ThrottlingBurstLimit"] <= 20
        for limit in limits.values():
            assert 0 < limit["ThrottlingRateLimit"] <= 100


def test_models_may_be_asked_more_often_than_leases_are_changed(synthesis: Synthesis) -> None:
    """At the routes for models, at the paths of definitions, and so may a page's files."""
    ask = {(route.method, route.resource) for route in METHODS if route.scope == "invoke"}
    ask |= {(route.method, route.resource) for route in METHODS if "+}" in route.resource}
    found = []
    for stage in stages(synthesis):
        apart = {
            (each["HttpMethod"], each["ResourcePath"][1:].replace("~1", "/"))
            for each in stage["MethodSettings"]
        }
        found.append(apart - {("*", "*")})
    own = {("POST", path) for path in DEPLOYED_PATHS}
    assert sorted(map(len, found)) == [len(ask), len(ask | own)]
    assert all(each in (ask, ask | own) for each in found)


def test_requests_are_logged_without_what_is_in_them(synthesis: Synthesis) -> None:
    for stage in stages(synthesis):
        logged = json.loads(stage["AccessLogSetting"]["Format"])
        assert logged["caller"] == "$context.authorizer.principalId"
        assert logged["request_id"] == "$context.requestId"
        assert [each.get("DataTraceEnabled") for each in stage["MethodSettings"]].count(True) == 0
