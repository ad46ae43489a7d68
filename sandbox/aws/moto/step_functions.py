"""Step Functions that runs its executions: moto's, with SageMaker's runtime among its services.

moto executes a state machine in a thread of this process, and calls other services as a client. By
itself it knows neither the name that Step Functions has for SageMaker's runtime nor where this
sandbox is. Here the call goes to the sandbox's own port, so an execution is counted, delayed and
refused like any other call.
"""

import json
from functools import partial
from typing import Any

import boto3
from botocore.config import Config
from botocore.response import StreamingBody
from moto.core.config import default_user_config
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service import (
    state_task_service_aws_sdk as tasks,
)

SERVICES = {"sagemakerruntime": "sagemaker-runtime"}
_WORDS = {"sagemakerruntime": "SageMakerRuntime"}  # as error names begin


def execute_at(url: str) -> None:
    """Make every state machine of this process call the services at a URL."""
    default_user_config["stepfunctions"] = {"execute_state_machine": True}
    tasks._SERVICE_ERROR_NAMES.update(_WORDS)  # noqa: SLF001 - moto has no setting for it
    tasks.boto_client_for = partial(_client_at, url)  # type: ignore[attr-defined]


def _client_at(url: str, service: str, region: str, **_: object) -> Any:  # noqa: ANN401 - boto3's
    # A session of its own, for boto3's default one is not made for many threads.
    session: Any = boto3.Session("sandbox", "sandbox", region_name=region)
    config = Config(retries={"total_max_attempts": 1})
    client = session.client(SERVICES.get(service, service), endpoint_url=url, config=config)
    return _Runtime(client) if service in SERVICES else client


class _Runtime:
    """SageMaker's runtime as a task calls it: JSON becomes the body, and the answer's is text."""

    def __init__(self, client: Any) -> None:  # noqa: ANN401
        self._client = client

    def invoke_endpoint(self, **asked: Any) -> dict[str, Any]:  # noqa: ANN401
        body = asked.get("Body", "")
        sent = body if isinstance(body, str) else json.dumps(body, separators=(",", ":"))
        answer: dict[str, Any] = self._client.invoke_endpoint(**{**asked, "Body": sent.encode()})
        return {key: _text(value) for key, value in answer.items()}


def _text(value: object) -> object:
    return value.read().decode() if isinstance(value, StreamingBody) else value
