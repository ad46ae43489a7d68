"""A sandbox for each module, empty for each test, reached by unmodified boto3 over HTTP.

Endpoints take a minute of the sandbox's time to start, and its clock stands still: what is in
progress stays so until the test lets time pass, on a busy machine too.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError

from sandbox.server import Sandbox

REGION = "eu-west-1"
STARTUP_SECONDS = 60.0


@cache
def _session() -> boto3.Session:
    return boto3.Session("testing", "testing", region_name=REGION)


class Cloud:
    """The sandbox as its users meet it: AWS clients, and its own HTTP API."""

    def __init__(self, url: str) -> None:
        self.url = url
        self._clients: dict[tuple[str, str], Any] = {}

    def put_alarm(self, name: str, **more: object) -> None:
        """Make an alarm on the metric Mine/Size; `more` is what else it has, or has otherwise."""
        self.client("cloudwatch").put_metric_alarm(
            **{
                "AlarmName": name,
                "Namespace": "Mine",
                "MetricName": "Size",
                "Statistic": "Sum",
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 1,
                "ComparisonOperator": "GreaterThanThreshold",
                **more,
            }
        )

    def client(self, service: str, region: str = REGION) -> Any:  # noqa: ANN401 - any of boto3's
        key = service, region
        if key not in self._clients:
            config = Config(retries={"total_max_attempts": 1})
            session: Any = _session()
            self._clients[key] = session.client(
                service, region_name=region, endpoint_url=self.url, config=config
            )
        return self._clients[key]

    @property
    def sagemaker(self) -> Any:  # noqa: ANN401
        return self.client("sagemaker")

    def ask(self, method: str, path: str, body: object = None) -> tuple[int, dict[str, Any]]:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"{self.url}/sandbox{path}", data, method=method)
        try:
            with urllib.request.urlopen(request) as answer:
                return answer.status, json.load(answer)
        except urllib.error.HTTPError as error:
            with error:
                return error.code, json.load(error)

    def order_fault(self, kind: str, **wish: object) -> None:
        status, answer = self.ask("POST", "/faults", {"kind": kind, **wish})
        assert status == 200, answer

    def let_pass(self, seconds: float) -> None:
        assert self.ask("POST", "/clock", {"advance_seconds": seconds})[0] == 200

    def force(self, name: str, status: str, **more: object) -> None:
        answer = self.ask("POST", f"/endpoints/{name}", {"status": status, **more})
        assert answer[0] == 200, answer

    def configure(self, name: str, instance_type: str = "ml.g5.xlarge", count: int = 1) -> str:
        """An endpoint config of one variant, with its model."""
        if not self.sagemaker.list_models()["Models"]:
            self.sagemaker.create_model(ModelName="Falcon", PrimaryContainer={"Image": "image:1"})
        variant = {
            "VariantName": "AllTraffic",
            "ModelName": "Falcon",
            "InstanceType": instance_type,
            "InitialInstanceCount": count,
        }
        self.sagemaker.create_endpoint_config(EndpointConfigName=name, ProductionVariants=[variant])
        return name

    def create(self, name: str, config: str | None = None, **more: object) -> None:
        """Call CreateEndpoint; with a config of its own unless one is named."""
        config = config or self.configure(f"{name}-config")
        self.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=config, **more)

    def serve(self, name: str, config: str | None = None) -> None:
        """Create an endpoint and let it come into service."""
        self.create(name, config)
        self.let_pass(STARTUP_SECONDS)
        assert self.status(name) == "InService"

    def describe(self, name: str) -> dict[str, Any]:
        described: dict[str, Any] = self.sagemaker.describe_endpoint(EndpointName=name)
        return described

    def status(self, name: str) -> str:
        status: str = self.describe(name)["EndpointStatus"]
        return status


Refused = Callable[..., str]


def refused(call: Callable[..., object], **params: object) -> str:
    """The refusal that a call meets, as `Code: message`; a test fails if it is not refused."""
    with pytest.raises(ClientError) as caught:
        call(**params)
    error = caught.value.response["Error"]
    return f"{error['Code']}: {error['Message']}"


@pytest.fixture(name="refused")
def _refused() -> Refused:
    return refused


@pytest.fixture(scope="module")
def shared_cloud() -> Iterator[Cloud]:
    with Sandbox(startup_seconds=STARTUP_SECONDS) as sandbox:
        yield Cloud(sandbox.url)


@pytest.fixture
def cloud(shared_cloud: Cloud) -> Cloud:
    assert shared_cloud.ask("DELETE", "")[0] == 200
    assert shared_cloud.ask("POST", "/clock", {"running": False})[0] == 200
    return shared_cloud


@pytest.fixture
def cloud_at() -> Callable[[str], Cloud]:
    """Make a cloud of a sandbox that the test starts by itself."""
    return Cloud
