"""The project's functions as Lambda runs them: a process of their own, ENDPOINT_NAME, an event."""

from __future__ import annotations

import ast
import base64
import json
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.lambda_functions.invocation import InvocationContext
from sandbox.lambda_functions.local_function import LocalFunction
from sandbox.server import Sandbox
from tests.sandbox.conftest import REGION, Cloud

if TYPE_CHECKING:
    from collections.abc import Iterator

FUNCTIONS = Path(__file__).resolve().parents[2] / "functions"
LAYER = FUNCTIONS / "layer"
NAMES = sorted(path.parent.name for path in FUNCTIONS.glob("*/app.py"))
OURS = ("model_proxy", "model_queue")
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
REQUESTS = {
    "text_generation": {"inputs": "größer als zwei", "parameters": {"max_new_tokens": 2}},
    "text2text": {"text_inputs": "größer als zwei", "max_length": 2},
}
ANSWERS: dict[str, object] = {
    "text_generation": [{"generated_text": "größer als"}],
    "text2text": {"generated_texts": ["größer als"]},
}


@pytest.fixture(scope="module")
def cloud() -> Iterator[Cloud]:
    """A sandbox with one endpoint in service."""
    with Sandbox(startup_seconds=0) as sandbox:
        made = Cloud(sandbox.url)
        made.create("demo-Falcon40B-Endpoint")
        yield made


@pytest.fixture(scope="module")
def functions(cloud: Cloud) -> Iterator[dict[str, LocalFunction]]:
    made = {
        f"{name} {endpoint}": function(cloud, FUNCTIONS / name, endpoint)
        for name in NAMES
        for endpoint in ("demo-Falcon40B-Endpoint", "demo-Idle-Endpoint")
    }
    yield made
    for each in made.values():
        each.stop()


def function(cloud: Cloud, folder: Path, endpoint: str) -> LocalFunction:
    variables = {
        "AWS_ENDPOINT_URL": cloud.url,
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_MAX_ATTEMPTS": "1",
        "ENDPOINT_NAME": endpoint,
    }
    return LocalFunction(folder, variables, [LAYER])


def context() -> InvocationContext:
    deadline = NOON + timedelta(seconds=29)
    return InvocationContext("function", "1", REGION, "123456789012", deadline, lambda: NOON)


def call(each: LocalFunction, body: str | None, **event: object) -> dict[str, Any]:
    answer: Any = each({"headers": None, "body": body, **event}, context())
    return dict(answer)


def of(
    functions: dict[str, LocalFunction], name: str, endpoint: str = "Falcon40B"
) -> LocalFunction:
    return functions[f"{name} demo-{endpoint}-Endpoint"]


@pytest.mark.parametrize("name", NAMES)
class TestAnyOfThem:
    def test_passes_on_what_the_model_answers(
        self, functions: dict[str, LocalFunction], name: str
    ) -> None:
        answer = call(of(functions, name), json.dumps(REQUESTS[name]))
        assert answer["statusCode"] == 200
        assert answer["headers"] == {"Content-Type": "application/json"}
        assert json.loads(answer["body"]) == ANSWERS[name]

    def test_reads_a_body_in_base64(self, functions: dict[str, LocalFunction], name: str) -> None:
        body = base64.b64encode(json.dumps(REQUESTS[name]).encode()).decode()
        answer = call(of(functions, name), body, isBase64Encoded=True)
        assert json.loads(answer["body"]) == ANSWERS[name]

    def test_gives_the_models_own_refusal_its_status(
        self, functions: dict[str, LocalFunction], name: str
    ) -> None:
        answer = call(of(functions, name), '{"inputs": 3}')
        assert answer["statusCode"] == 400
        assert answer["body"] == "inputs (or text_inputs) must be a text or a list of texts"

    def test_says_that_the_endpoint_does_not_run(
        self, functions: dict[str, LocalFunction], name: str
    ) -> None:
        answer = call(of(functions, name, "Idle"), json.dumps(REQUESTS[name]))
        assert (answer["statusCode"], answer["headers"]["Retry-After"]) == (503, "60")
        assert json.loads(answer["body"])["code"] == "LH4301"

    @pytest.mark.parametrize(("fault", "status"), [("throttle", 429), ("denied", 503)])
    def test_says_in_a_sentence_what_sagemaker_refuses(
        self, cloud: Cloud, functions: dict[str, LocalFunction], name: str, fault: str, status: int
    ) -> None:
        cloud.order_fault(fault, operation="InvokeEndpoint")
        answer = call(of(functions, name), json.dumps(REQUESTS[name]))
        assert answer["statusCode"] == status
        assert json.loads(answer["body"])["error"]

    def test_says_that_sagemaker_is_out_of_reach(self, name: str) -> None:
        variables = {"AWS_ENDPOINT_URL": "http://127.0.0.1:9", "ENDPOINT_NAME": "any"}
        keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing"}
        lost = {**variables, **keys, "AWS_DEFAULT_REGION": REGION, "AWS_MAX_ATTEMPTS": "1"}
        each = LocalFunction(FUNCTIONS / name, lost, [LAYER])
        assert call(each, json.dumps(REQUESTS[name]))["statusCode"] == 502
        each.stop()

    @pytest.mark.parametrize("module", ["{}/app.py", *(f"layer/python/{each}.py" for each in OURS)])
    def test_has_nothing_but_the_standard_library_boto3_and_its_layer(
        self, name: str, module: str
    ) -> None:
        tree = ast.parse((FUNCTIONS / module.format(name)).read_text())
        imported = {
            each.name.partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for each in node.names
        } | {
            (node.module or "").partition(".")[0]
            for node in ast.walk(tree)
            if isinstance(node, ast.ImportFrom)
        }
        assert imported <= {*sys.stdlib_module_names, "boto3", "botocore", *OURS}


def test_text_generation_wants_inputs(functions: dict[str, LocalFunction]) -> None:
    for body in (None, "no JSON", "[]", '{"text_inputs": "hi"}'):
        answer = call(of(functions, "text_generation"), body)
        assert (answer["statusCode"], json.loads(answer["body"])["code"]) == (400, "LH4002")


def test_text2text_has_a_request_of_its_own(functions: dict[str, LocalFunction]) -> None:
    answer = call(of(functions, "text2text"), None)
    assert json.loads(answer["body"])["generated_texts"][0].startswith("Say in one sentence")


def test_text_generation_passes_on_custom_attributes(
    functions: dict[str, LocalFunction],
) -> None:
    """Some models answer only whoever accepts their terms this way."""
    headers = {"x-amzn-sagemaker-custom-attributes": "accept_eula=true"}
    body = json.dumps(REQUESTS["text_generation"])
    answer = call(of(functions, "text_generation"), body, headers=headers)
    assert answer["headers"]["X-Amzn-SageMaker-Custom-Attributes"] == "accept_eula=true"


def test_a_call_that_names_an_inference_component_that_is_not_there(
    functions: dict[str, LocalFunction],
) -> None:
    headers = {"X-Amzn-SageMaker-Inference-Component": "llama"}
    body = json.dumps(REQUESTS["text_generation"])
    answer = call(of(functions, "text_generation"), body, headers=headers)
    assert answer["statusCode"] == 400
    assert json.loads(answer["body"])["code"] == "LH4235"
