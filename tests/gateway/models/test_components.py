"""Models that are inference components of an endpoint: a call names the one that is meant."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.conftest import staged
from tests.gateway.models.test_executions import ended
from tests.gateway.serving import PROMPT, Models, serving
from tests.scene import ROLE, SETTLE

if TYPE_CHECKING:
    from collections.abc import Iterator

HEADER = "X-Amzn-SageMaker-Inference-Component"
CONFIG = "studio-config"


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Models]:
    with staged(tmp_path_factory.mktemp("models")) as scene:
        variant = {
            "VariantName": "AllTraffic",
            "InstanceType": "ml.g5.xlarge",
            "InitialInstanceCount": 1,
        }
        sagemaker = scene.account.sagemaker
        sagemaker.create_endpoint_config(
            EndpointConfigName=CONFIG, ProductionVariants=[variant], ExecutionRoleArn=ROLE
        )
        endpoint = scene.define("Studio", 600, endpoint_config_name=CONFIG, async_api_enabled=True)
        scene.tick()
        scene.let_pass(seconds=SETTLE)
        scene.tick()
        sagemaker.create_inference_component(
            InferenceComponentName="llama",
            EndpointName=endpoint,
            VariantName="AllTraffic",
            Specification={"ModelName": "llama"},
            RuntimeConfig={"CopyCount": 1},
        )
        with serving(scene) as running:
            yield running


def test_the_component_that_a_call_names_answers(models: Models) -> None:
    answer = models.ask("/invoke/Studio", headers={HEADER: "llama"})
    assert (answer.status, answer.body) == (200, [{"generated_text": "write a haiku"}])


@pytest.mark.parametrize("where", ["/invoke/Studio", "/invoke/Studio/stream"])
@pytest.mark.parametrize("headers", [{}, {HEADER: "none"}], ids=["no name", "a wrong name"])
def test_a_call_that_names_none_is_told_what_is_missing(
    models: Models, where: str, headers: dict[str, str]
) -> None:
    answer = models.ask(where, headers=headers)
    assert (answer.status, answer.code) == (400, "LH4235")
    assert HEADER in answer.error
    assert "aws sagemaker list-inference-components --endpoint-name-equals" in answer.error


def test_what_is_no_name_never_gets_there(models: Models) -> None:
    answer = models.ask("/invoke/Studio", headers={HEADER: "a b"})
    assert (answer.status, answer.code) == (400, "LH4236")


def test_a_long_call_asks_the_component_that_it_names(models: Models) -> None:
    asked = {"endpointname": "Studio", "body": PROMPT}
    named = ended(models, models.ask("/startexecution", asked, headers={HEADER: "llama"}))
    assert json.loads(named["output"])["Body"] == '[{"generated_text": "write a haiku"}]'
    assert json.loads(named["input"])["inferencecomponentname"] == "llama"
    unnamed = ended(models, models.ask("/startexecution", asked))
    assert unnamed["status"] == "FAILED"
    wrong = models.ask("/startexecution", asked, headers={HEADER: "no name"})
    assert (wrong.status, wrong.code) == (400, "LH4236")
