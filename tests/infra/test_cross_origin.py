"""Where the environment names origins, browsers are answered; where it names none, nothing is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gateway.http.routes import METHODS
from tests.infra.conftest import CONTEXT, DEFINITIONS, ENVIRONMENT, made_once, synthesise, write
from tests.infra.synthesis import GATEWAY, MODELS, STREAM, Synthesis
from tests.infra.test_api import DEPLOYED_PATHS, function_behind

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

PAGE = "https://models.example.com"
READ = "gatewayresponse.header.Access-Control-Allow-Origin"


@pytest.fixture(scope="session")
def open_synthesis(
    node: Path, pretended: Mapping[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Synthesis:
    folder = tmp_path_factory.mktemp("cross-origin")
    write(folder, {**ENVIRONMENT, "cors": {"allowed_origins": [PAGE]}}, **DEFINITIONS)
    context = {**CONTEXT, **pretended}
    return Synthesis(
        made_once(tmp_path_factory, "cross-origin", lambda out: synthesise(folder, out, context))
    )


@pytest.mark.parametrize("api", ["Api", "Signed"])
def test_every_path_that_pages_may_ask_answers_a_browser(
    open_synthesis: Synthesis, api: str
) -> None:
    methods = open_synthesis.methods(api)
    asked = {path: method for (verb, path), method in methods.items() if verb == "OPTIONS"}
    own = {route.resource for route in METHODS if route.operation != "webhook"}
    assert set(asked) == (own | DEPLOYED_PATHS if api == "Api" else own)
    assert {method["AuthorizationType"] for method in asked.values()} == {"NONE"}
    for path in own:
        assert function_behind(asked[path]) == open_synthesis.function_id(GATEWAY)


def test_the_functions_know_the_origins(open_synthesis: Synthesis) -> None:
    for name in (GATEWAY, MODELS, STREAM):
        told = open_synthesis.variables(name)["LEASEHOLD_ALLOWED_ORIGINS"]
        assert told == f'["{PAGE}"]'


def test_no_model_is_asked_past_the_gateway(open_synthesis: Synthesis) -> None:
    """A direct integration cannot choose among origins, so there is none."""
    falcon = open_synthesis.methods()["POST", "/falcon"]
    assert function_behind(falcon) == open_synthesis.function_id(MODELS)
    assert falcon["AuthorizationType"] == "CUSTOM"


def test_api_gateways_own_refusals_can_be_read(open_synthesis: Synthesis) -> None:
    responses = open_synthesis.properties("AWS::ApiGateway::GatewayResponse")
    assert {it["ResponseParameters"][READ] for it in responses} == {f"'{PAGE}'"}


def test_without_origins_no_browser_is_answered(synthesis: Synthesis) -> None:
    assert not [key for key in synthesis.methods() if key[0] == "OPTIONS"]
    responses = synthesis.properties("AWS::ApiGateway::GatewayResponse")
    assert not any("ResponseParameters" in it for it in responses)
