"""The predecessor as it stands in an account: what its stack made, and what its tick keeps.

Names are as CloudFormation makes them. Its tick is here, too, as far as it can be told from
outside: what it would do in a minute.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.scene import Account

TICK = "Start/Stop Endpoint Lambda Rule"
RULE = "SagemakerEndpointManager-StartStopEndpointLambdaRule-1QX2Z3"
ROLE = "arn:aws:iam::123456789012:role/SagemakerEndpointManagerS-SageMakerRole-8Y7K"
TOKENS = ("pass-code-of-the-team", "another-pass-code")
IMAGE = "763104351884.dkr.ecr.us-east-1.amazonaws.com/huggingface-pytorch-inference:2.0.0"


@dataclass
class Deployed:
    """The predecessor's stack of one `configs.json`, and endpoints that its API added."""

    account: Account
    prefix: str = "demo"
    table: str = "AuthTable"
    _made: int = field(default=0)

    def __post_init__(self) -> None:
        events, dynamodb = self.account.client("events"), self.account.client("dynamodb")
        events.put_rule(
            Name=RULE, Description=TICK, ScheduleExpression="rate(1 minute)", State="ENABLED"
        )
        dynamodb.create_table(
            TableName=self.table,
            AttributeDefinitions=[{"AttributeName": "token", "AttributeType": "S"}],
            KeySchema=[{"AttributeName": "token", "KeyType": "HASH"}],
            BillingMode="PAY_PER_REQUEST",
        )
        for token in TOKENS:
            dynamodb.put_item(TableName=self.table, Item={"token": {"S": token}})

    def realtime(self, name: str, until: datetime | None, *, starts: bool = True) -> str:
        """A model of the file, with its parameter; its endpoint is no part of the stack."""
        config = self._config(name)
        endpoint = f"{self.prefix}-{name}-Endpoint"
        self.keep(endpoint, config, until)
        if starts:
            self.start(endpoint, config)
        return endpoint

    def asynchronous(self, name: str) -> str:
        """A model of the file that is always on; CloudFormation has its endpoint."""
        output = {
            "S3OutputPath": "s3://sagemakerendpointmanager-bucket-1a2b/async_inference_output",
            "S3FailurePath": "s3://sagemakerendpointmanager-bucket-1a2b/async_inference_failure",
            "NotificationConfig": {
                "SuccessTopic": "arn:aws:sns:us-east-1:123456789012:Success-1A",
                "ErrorTopic": "arn:aws:sns:us-east-1:123456789012:Error-1B",
            },
        }
        client = {"MaxConcurrentInvocationsPerInstance": 4}
        config = self._config(
            name, AsyncInferenceConfig={"OutputConfig": output, "ClientConfig": client}
        )
        endpoint = f"{self.prefix}-{name}-Endpoint"
        self.start(endpoint, config)
        return endpoint

    def added(self, endpoint: str, until: datetime, config: str | None = None) -> str:
        """An endpoint that somebody added by the API, on a config of their own."""
        named = config or self._config(endpoint)
        self.keep(endpoint, named, until)
        self.start(endpoint, named)
        return endpoint

    def keep(self, endpoint: str, config: str, until: datetime | None) -> None:
        """Write the parameter; None is one that somebody broke by hand."""
        expiry = until.strftime("%d-%m-%Y-%H-%M-%S") if until else "tomorrow"
        value = {"expiry": expiry, "endpoint_name": endpoint, "endpoint_config_name": config}
        self.account.client("ssm").put_parameter(
            Name=f"/sagemaker/endpoint/expiry/{endpoint}",
            Value=json.dumps(value),
            Type="String",
            Overwrite=True,
        )

    def start(self, endpoint: str, config: str) -> None:
        self.account.sagemaker.create_endpoint(EndpointName=endpoint, EndpointConfigName=config)

    @property
    def is_ticking(self) -> bool:
        return bool(self.account.client("events").describe_rule(Name=RULE)["State"] == "ENABLED")

    def _config(self, name: str, **more: Any) -> str:  # noqa: ANN401
        """A model and an endpoint config, under names that nobody can guess."""
        self._made += 1
        part = "".join(letter for letter in name if letter.isalnum())[:20]
        model = f"Model{part}-{self._made:02}Hn7sQ"
        config = f"EndpointConfig{part}-{self._made:02}b4XcV"
        self.account.sagemaker.create_model(
            ModelName=model,
            ExecutionRoleArn=ROLE,
            PrimaryContainer={"Image": IMAGE, "ModelDataUrl": "s3://jumpstart/model.tar.gz"},
        )
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": model,
            "InstanceType": "ml.g5.12xlarge",
            "InitialInstanceCount": 1,
            "InitialVariantWeight": 1.0,
        }
        self.account.sagemaker.create_endpoint_config(
            EndpointConfigName=config, ProductionVariants=[variant], **more
        )
        return config


def in_minutes(now: datetime, minutes: float) -> datetime:
    return now + timedelta(minutes=minutes)
