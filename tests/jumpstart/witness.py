"""The SageMaker SDK deploys a model, and what it would have sent to AWS is kept."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import boto3
from sagemaker.core.helper.session_helper import Session
from sagemaker.core.jumpstart.configs import JumpStartConfig
from sagemaker.core.training.configs import Compute
from sagemaker.serve.model_builder import ModelBuilder

ROLE = "arn:aws:iam::123456789012:role/demo"
_ARN = "arn:aws:sagemaker:us-east-1:123456789012"
# What AWS would answer; the names are those of the request.
_ANSWERS: dict[str, dict[str, Any]] = {
    "GetCallerIdentity": {"Account": "123456789012", "Arn": ROLE, "UserId": "x"},
    "GetRole": {"Role": {"Arn": ROLE, "RoleName": "demo"}},
    "SimulatePrincipalPolicy": {"EvaluationResults": []},
    "CreateModel": {"ModelArn": f"{_ARN}:model/x"},
    "CreateEndpointConfig": {"EndpointConfigArn": f"{_ARN}:endpoint-config/x"},
    "CreateEndpoint": {"EndpointArn": f"{_ARN}:endpoint/x"},
    "DescribeModel": {"ModelArn": f"{_ARN}:model/x", "ExecutionRoleArn": ROLE},
    "DescribeEndpoint": {"EndpointStatus": "InService", "EndpointArn": f"{_ARN}:endpoint/x"},
}


class Witness:
    """Requests by the name of their operation; S3 is asked, and nothing else is."""

    def __init__(self, region: str) -> None:
        self.requests: dict[str, dict[str, Any]] = {}
        self.session = boto3.Session(region_name=region)
        answer: Any = self._before_call  # what a handler returns ends the call there
        self.session.events.register("before-call", answer)

    def _before_call(self, model: Any, params: Any, **_: object) -> tuple[Any, Any] | None:  # noqa: ANN401
        if model.service_model.service_name == "s3":
            return None
        request = json.loads(params["body"]) if model.service_model.protocol == "json" else {}
        if model.name.startswith("Create"):
            self.requests[model.name] = request
        now = datetime.now(UTC)
        names = {key: value for key, value in request.items() if key.endswith("Name")}
        times = {"CreationTime": now, "LastModifiedTime": now}
        about = {"ResponseMetadata": {"HTTPStatusCode": 200, "RetryAttempts": 0}}
        return SimpleNamespace(status_code=200), {
            **names,
            **times,
            **_ANSWERS.get(model.name, {}),
            **about,
        }

    def deploy(self, model_id: str, version: str, instance_type: str) -> None:
        """Have the SDK deploy a model, with its licence accepted."""
        builder = ModelBuilder.from_jumpstart_config(
            jumpstart_config=JumpStartConfig(
                model_id=model_id, model_version=version, accept_eula=True
            ),
            compute=Compute(instance_type=instance_type, instance_count=1),
            role_arn=ROLE,
            sagemaker_session=Session(self.session),
        )
        builder.build()
        builder.deploy(wait=False)
