"""The API's description is right, is served, and lies fresh in the repository."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jsonschema import Draft202012Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from gateway.http import openapi
from gateway.http.errors import GATEWAY_RESPONSES
from gateway.http.openapi import EXAMPLE_URL, as_text, document
from gateway.http.routes import ANYTHING, METHODS, OWN_PATH, Route
from gateway.principal import Scope
from ledger.json_files import SCHEMAS

if TYPE_CHECKING:
    from tests.gateway.api import Api

COPY = Path(openapi.__file__).with_name("openapi.json")
DOCUMENT = document(EXAMPLE_URL)


def operation(route: Route, described: dict[str, Any] = DOCUMENT) -> dict[str, Any]:
    found: dict[str, Any] = described["paths"][route.resource.replace("+}", "}")]
    return dict(found[route.method.lower()])


def problems(described: dict[str, Any]) -> list[str]:
    return [error.message for error in OpenAPIV31SpecValidator(described).iter_errors()]


def test_it_is_valid_openapi() -> None:
    assert problems(DOCUMENT) == []


def test_a_route_without_details_is_described_validly_too() -> None:
    plain = Route("PUT", "/plain", Scope.ADMIN, "plain", "Do something")
    described = document(EXAMPLE_URL, [*METHODS, plain])
    assert problems(described) == []
    assert "parameters" not in operation(plain, described)


def test_it_is_what_linters_ask_for_beyond_the_standard() -> None:
    """The rules of Redocly's `recommended-strict`, but for the example's own address."""
    assert DOCUMENT["info"]["license"]["identifier"] == "Apache-2.0"
    assert all(tag["description"].endswith(".") for tag in DOCUMENT["tags"])
    operations = [each for path in DOCUMENT["paths"].values() for each in path.values()]
    ids = [each["operationId"] for each in operations]
    assert len(ids) == len(set(ids))
    for each in operations:
        assert each["summary"]
        assert {"2", "4"} <= {status[0] for status in each["responses"]} or not each["security"]
        assert all(status[0] in "2345" for status in each["responses"])


def test_a_validator_would_find_what_is_wrong() -> None:
    assert problems({**DOCUMENT, "paths": {"/x": {"get": {"responses": {"200": {}}}}}})


def test_the_copy_in_the_repository_is_fresh() -> None:
    """If not: `python -m gateway.http.openapi > gateway/http/openapi.json`."""
    assert COPY.read_text(encoding="utf-8") == as_text(DOCUMENT)


@pytest.mark.parametrize("route", METHODS, ids=lambda route: " ".join(route.key))
class TestARoute:
    def test_is_described_with_its_scope(self, route: Route) -> None:
        described = operation(route)
        assert described["summary"] == route.summary
        assert described.get("x-leasehold-scope") == route.scope
        assert described["security"] == ([{"token": []}] if route.needs_caller else [])

    def test_says_what_it_answers(self, route: Route) -> None:
        assert {str(status) for status in route.statuses} <= set(operation(route)["responses"])

    def test_says_what_it_refuses_unless_a_model_answers(self, route: Route) -> None:
        refused = {*map(str, route.refusals), *(("401", "403") if route.needs_caller else ())}
        responses = set(operation(route)["responses"])
        by_model = route.media == ANYTHING and route.body is not None
        assert ({"4XX", "5XX"} if by_model else refused) <= responses

    def test_has_a_tag_of_its_own(self, route: Route) -> None:
        """The default is for a route that nobody has described yet."""
        assert route.tag != "API" or route.operation in {"openapi", "me"}


@pytest.mark.parametrize("status", ["429", "503"])
def test_a_refusal_that_passes_by_itself_may_say_when(status: str) -> None:
    header = DOCUMENT["components"]["responses"][status]["headers"]["Retry-After"]
    assert header["schema"] == {"type": "integer", "minimum": 0}


def test_examples_of_parameters_are_valid() -> None:
    parameters = [each for route in METHODS for each in route.parameters]
    for parameter in parameters:
        for example in parameter.schema.get("examples", ()):
            assert Draft202012Validator(dict(parameter.schema)).is_valid(example), parameter.name


def test_what_api_gateway_says_by_itself_is_a_refusal_as_described() -> None:
    schema = DOCUMENT["components"]["schemas"]["error"]
    for body in GATEWAY_RESPONSES.values():
        Draft202012Validator(schema).validate(body)


class TestTheServedDescription:
    def test_needs_no_token_and_names_the_address_it_was_asked_at(self, quiet_api: Api) -> None:
        answer = quiet_api.send("GET", token=None, path="/prod/openapi.json")
        assert answer.status == 200
        assert answer.body == document(f"{quiet_api.url}/prod")

    def test_names_a_domain_of_ones_own_without_the_stage(self, quiet_api: Api) -> None:
        answer = quiet_api.send("GET", token=None, path="/openapi.json")
        assert answer.body["servers"] == [{"url": quiet_api.url}]


def test_no_definition_can_take_a_path_of_the_apis_own() -> None:
    schema = json.loads((SCHEMAS / "endpoint.schema.json").read_bytes())
    settings = schema["properties"]["integration"]["properties"]["properties"]
    rule = settings["properties"]["api_resource_name"]
    own = {route.resource.split("/")[1] for route in METHODS if route.resource != OWN_PATH}
    possible = {name for name in own if re.search(rule["pattern"], name)}
    assert set(rule["not"]["enum"]) == possible
