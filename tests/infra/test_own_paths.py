"""The paths of definitions: who answers there, and what a direct integration makes of an answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.conftest import staged
from tests.gateway.serving import FALCON, PROMPT, start_fleet
from tests.infra.direct import Answer, answered, asked
from tests.infra.synthesis import GATEWAY, MODELS
from tests.infra.test_api import function_behind
from tests.infra.test_gateway_stack import OURS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.infra.synthesis import Synthesis
    from tests.scene import Scene

HAIKU = [{"generated_text": "write a haiku"}]
ENDPOINT = "arn:<AWS::Partition>:sagemaker:eu-central-1:<AWS::AccountId>:endpoint"


@pytest.fixture(scope="module")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    with staged(tmp_path_factory.mktemp("direct")) as scene:
        start_fleet(scene)
        yield scene


@pytest.fixture
def direct(synthesis: Synthesis) -> dict[str, Any]:
    return dict(synthesis.methods()["POST", "/falcon"]["Integration"])


# -- who answers


def test_a_definition_of_type_api_is_answered_by_sagemaker_itself(direct: dict[str, Any]) -> None:
    assert direct["Type"] == "AWS"
    uri = "".join(part for part in direct["Uri"]["Fn::Join"][1] if isinstance(part, str))
    assert uri.endswith(":runtime.sagemaker:path/endpoints/shop-Falcon-Endpoint/invocations")


def test_a_direct_integration_may_ask_its_own_endpoints(
    synthesis: Synthesis, direct: dict[str, Any]
) -> None:
    """In both spellings: SageMaker's ARNs are in lower case, and its names ignore case."""
    role, _ = direct["Credentials"]["Fn::GetAtt"]
    (asking,) = synthesis.statements_of(role)
    names = ("shop-Falcon-Endpoint", "shop-falcon-endpoint", "Llama-By-Hand", "llama-by-hand")
    assert asking.actions == {"sagemaker:InvokeEndpoint"}
    assert asking.resources == {f"{ENDPOINT}/{name}" for name in names}
    assert asking.condition == OURS


@pytest.mark.parametrize(("name", "asked_for"), [("Writer", "CUSTOM"), ("Chat", "NONE")])
def test_a_definition_of_type_lambda_is_answered_by_a_function_of_its_own(
    synthesis: Synthesis, name: str, asked_for: str
) -> None:
    method = synthesis.methods()["POST", f"/{name.lower()}"]
    assert method["AuthorizationType"] == asked_for
    function = f"Own{name}"
    assert function_behind(method) == synthesis.function_id(function)
    assert synthesis.variables(function) == {"ENDPOINT_NAME": f"shop-{name}-Endpoint"}
    assert {path.name for path in synthesis.asset(function).iterdir()} == {"app.py"}
    (asking,) = synthesis.allowing(function, "sagemaker:InvokeEndpoint")
    assert f"{ENDPOINT}/shop-{name}-Endpoint" in asking.resources
    assert asking.condition == OURS
    assert {each.rpartition("/")[2].lower() for each in asking.resources} == {
        f"shop-{name}-endpoint".lower()
    }


def test_a_public_definition_is_answered_by_the_gateway_which_looks_again(
    synthesis: Synthesis,
) -> None:
    method = synthesis.methods()["POST", "/open"]
    assert method["AuthorizationType"] == "NONE"
    assert function_behind(method) == synthesis.function_id(MODELS)


def test_without_integrations_there_is_the_generic_path_alone(quiet_synthesis: Synthesis) -> None:
    assert ("POST", "/{api_resource_name}") in quiet_synthesis.methods()
    assert len(quiet_synthesis.resources("AWS::Lambda::Function")) == 7
    assert quiet_synthesis.function(GATEWAY)


# -- what a direct integration answers


def ask(
    fleet: Scene,
    integration: dict[str, Any],
    name: str = FALCON,
    prompt: object = PROMPT,
    **call: str,
) -> Answer:
    client = fleet.account.client("sagemaker-runtime")
    body = json.dumps(prompt)
    return answered(integration, asked(client, EndpointName=name, Body=body, **call))


def test_a_models_answer_comes_through(fleet: Scene, direct: dict[str, Any]) -> None:
    answer = ask(fleet, direct)
    assert (answer.status, json.loads(answer.text)) == (200, HAIKU)
    assert answer.headers["Content-Type"] == "application/json"


def test_custom_attributes_come_back(fleet: Scene, direct: dict[str, Any]) -> None:
    answer = ask(fleet, direct, CustomAttributes="accept_eula=true")
    assert answer.headers["X-Amzn-SageMaker-Custom-Attributes"] == "accept_eula=true"


def test_what_the_caller_sends_is_passed_on(synthesis: Synthesis, direct: dict[str, Any]) -> None:
    method = synthesis.methods()["POST", "/falcon"]
    passed_on = direct["RequestParameters"]
    amazons = ("X-Amzn-SageMaker-Custom-Attributes", "X-Amzn-SageMaker-Inference-Component")
    for header in ("Content-Type", "Accept", *amazons):
        source = f"method.request.header.{header}"
        assert passed_on[f"integration.request.header.{header}"] == source
        assert method["RequestParameters"][source] is False


def test_an_endpoint_that_does_not_run_is_answered_with_the_command_that_starts_it(
    fleet: Scene, direct: dict[str, Any]
) -> None:
    answer = ask(fleet, direct, "nobody")
    assert answer.status == 503
    assert answer.headers["Retry-After"] == "60"
    assert answer.headers["X-Leasehold-Status"] == "NotInService"
    body = json.loads(answer.text)
    assert body["code"] == "LH4301"
    command = body["error"].partition("Start it with: ")[2]
    assert command == (
        'curl -X POST https://api.example.com/prod/endpoint-expiry -H "Authorization: $TOKEN"'
        " -H 'Content-Type: application/json'"
        ' -d \'{"EndpointName": "shop-Falcon-Endpoint", "minutes": 60}\''
    )


def test_an_endpoint_that_iam_denies_may_be_stopped_and_is_answered_so(
    direct: dict[str, Any],
) -> None:
    """What is not there has no tags, so IAM refuses before SageMaker can say that it is gone."""
    answer = answered(direct, Answer(403, {}, '{"Message": "not authorized"}'))
    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    said, _, command = json.loads(answer.text)["error"].partition(". Start it with: ")
    assert said == (
        "shop-Falcon-Endpoint does not run: it is stopped, or it is not this environment's own"
    )
    assert command.startswith("curl -X POST https://api.example.com/prod/endpoint-expiry ")


def test_a_call_that_sagemaker_refuses_tells_where_to_hear_why(
    fleet: Scene, direct: dict[str, Any]
) -> None:
    answer = ask(fleet, direct, prompt="x" * 7_000_000)
    assert (answer.status, json.loads(answer.text)["code"]) == (400, "LH4306")
    assert "/invoke/shop-Falcon-Endpoint" in answer.text


@pytest.mark.parametrize(
    "message",
    [
        "Inference Component Name header is required for endpoints to which you plan to deploy",
        "Inference Component llama of account 123456789012 not found.",
    ],
)
def test_a_call_that_names_no_inference_component_is_told_by_which_header(
    direct: dict[str, Any], message: str
) -> None:
    answer = answered(direct, Answer(400, {}, json.dumps({"Message": message})))
    assert (answer.status, json.loads(answer.text)["code"]) == (400, "LH4235")
    assert "X-Amzn-SageMaker-Inference-Component" in answer.text


@pytest.mark.parametrize("status", [400, 418, 503])
def test_the_models_own_errors_come_through_with_their_status(
    fleet: Scene, direct: dict[str, Any], status: int
) -> None:
    prompt = {"inputs": "hello", "parameters": {"fail_with": status}}
    answer = ask(fleet, direct, prompt=prompt)
    assert answer.status == status
    assert answer.headers["Content-Type"].startswith("text/plain")
    assert answer.text.strip()


def test_an_error_of_the_model_that_is_json_is_called_json(direct: dict[str, Any]) -> None:
    said = {"OriginalStatusCode": 422, "OriginalMessage": '{"detail": "no inputs"}'}
    answer = answered(direct, Answer(424, {}, json.dumps(said)))
    assert (answer.status, answer.headers["Content-Type"]) == (422, "application/json")
    assert json.loads(answer.text) == {"detail": "no inputs"}


def test_an_error_of_the_model_without_a_status_is_a_bad_gateway(direct: dict[str, Any]) -> None:
    answer = answered(direct, Answer(424, {}, '{"OriginalMessage": "gone"}'))
    assert (answer.status, answer.text.strip()) == (502, "gone")


@pytest.mark.parametrize(
    ("status", "answer", "code"),
    [(403, 503, "LH4301"), (429, 429, "LH4305"), (500, 502, "LH4307"), (503, 502, "LH4307")],
)
def test_what_aws_says_instead_has_the_gateways_codes(
    direct: dict[str, Any], status: int, answer: int, code: str
) -> None:
    got = answered(direct, Answer(status, {}, '{"message": "arn:aws:iam::123456789012:role/x"}'))
    assert (got.status, json.loads(got.text)["code"]) == (answer, code)
    assert "123456789012" not in got.text
