"""SageMaker's runtime: invoke, invoke asynchronously, invoke with a response stream.

Each endpoint serves the echo model. An invocation is counted into CloudWatch where AWS counts it,
and an asynchronous one reads and writes its objects in S3; both are moto's.
"""

import json
import uuid
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from sandbox import echo, eventstream, moto_account
from sandbox.account import ACCOUNT_ID, Account, arn_of
from sandbox.endpoints import SERVING, Endpoint
from sandbox.moto_account import Moto
from sandbox.refusals import Refusal, not_serving
from sandbox.wire import Incoming

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
TARGET_VARIANT = "X-Amzn-SageMaker-Target-Variant"
INVOKED_VARIANT = "x-Amzn-Invoked-Production-Variant"
LARGEST_BODY = 6 * 1024 * 1024


@dataclass(frozen=True)
class Invocation:
    """A request that found an endpoint and a variant to serve it."""

    region: str
    endpoint: Endpoint
    variant: str
    request: Request

    @property
    def headers(self) -> dict[str, str]:
        headers = {INVOKED_VARIANT: self.variant, "x-amzn-RequestId": str(uuid.uuid4())}
        if attributes := self.request.headers.get(ATTRIBUTES):
            headers[ATTRIBUTES] = attributes
        return headers


class Runtime:
    def __init__(self, account: Account, moto: Moto) -> None:
        self._account = account
        self._moto = moto

    def answer(self, incoming: Incoming, request: Request) -> Response:
        invocation = self._invocation(incoming, request)
        match incoming.operation:
            case "InvokeEndpointAsync":
                response = self._invoke_async(invocation)
            case "InvokeEndpointWithResponseStream":
                response = self._stream(invocation)
            case _:
                response = self._invoke(invocation)
        self._count(invocation)
        return response

    def _invocation(self, incoming: Incoming, request: Request) -> Invocation:
        name = incoming.endpoint or ""
        with self._account.lock:
            endpoint = self._account.endpoint(arn_of(incoming.region, "endpoint", name))
        if endpoint is None or endpoint.name != name or endpoint.status not in SERVING:
            raise not_serving(name, ACCOUNT_ID)
        variants = [variant.name for variant in endpoint.serving.variants]
        wanted = request.headers.get(TARGET_VARIANT, variants[0])
        if wanted not in variants:
            raise Refusal("ValidationError", f"Variant {wanted} not found on endpoint {name}.")
        return Invocation(incoming.region, endpoint, wanted, request)

    def _invoke(self, invocation: Invocation) -> Response:
        if invocation.endpoint.serving.async_inference:
            raise Refusal(
                "ValidationError",
                f"Endpoint {invocation.endpoint.name} is asynchronous: use InvokeEndpointAsync.",
            )
        body = invocation.request.get_data()
        if len(body) > LARGEST_BODY:
            raise Refusal("ValidationError", f"The body is larger than {LARGEST_BODY} bytes.")
        try:
            output = echo.generate(body)
        except echo.UnreadableError as error:
            raise _model_error(invocation, error) from error
        return Response(output, 200, invocation.headers, content_type="application/json")

    def _stream(self, invocation: Invocation) -> Response:
        try:
            parts = list(echo.stream(invocation.request.get_data()))
        except echo.UnreadableError as error:
            raise _model_error(invocation, error) from error
        headers = invocation.headers | {"X-Amzn-SageMaker-Content-Type": "text/event-stream"}
        events = (eventstream.event("PayloadPart", part) for part in parts)
        return Response(events, 200, headers, content_type=eventstream.CONTENT_TYPE)

    def _invoke_async(self, invocation: Invocation) -> Response:
        settings = invocation.endpoint.serving.async_inference
        if not settings or "S3OutputPath" not in settings["OutputConfig"]:
            raise Refusal(
                "ValidationError",
                f"Endpoint {invocation.endpoint.name} has no asynchronous inference configured.",
            )
        output = settings["OutputConfig"]
        identity = invocation.request.headers.get("X-Amzn-SageMaker-Inference-Id") or uuid.uuid4()
        result = f"{output['S3OutputPath'].rstrip('/')}/{uuid.uuid4()}.out"
        failure = (
            f"{output.get('S3FailurePath', output['S3OutputPath']).rstrip('/')}/{identity}.err"
        )
        try:
            location, written = result, echo.generate(self._async_input(invocation))
        except echo.UnreadableError as error:
            location, written = failure, str(error).encode()
        self._s3(invocation.region, "PUT", location, written)
        headers = {
            **invocation.headers,
            "X-Amzn-SageMaker-OutputLocation": result,
            "X-Amzn-SageMaker-FailureLocation": failure,
        }
        body = json.dumps({"InferenceId": str(identity)})
        return Response(body, 202, headers, content_type="application/json")

    def _async_input(self, invocation: Invocation) -> bytes:
        location = invocation.request.headers.get("X-Amzn-SageMaker-InputLocation")
        if location is None:
            return invocation.request.get_data()
        return self._s3(invocation.region, "GET", location)

    def _s3(self, region: str, method: str, location: str, body: bytes = b"") -> bytes:
        place = urlsplit(location)
        path = f"/{place.netloc}{place.path}"
        request = moto_account.Request("s3", region, method=method, path=path, body=body)
        response = self._moto.send(request)
        if response.status_code != 200:  # noqa: PLR2004
            raise Refusal("ValidationError", f"The sandbox's S3 cannot {method} {location}.")
        return response.get_data()

    def _count(self, invocation: Invocation) -> None:
        datum: dict[str, Any] = {
            "MetricName": "Invocations",
            "Dimensions": [
                {"Name": "EndpointName", "Value": invocation.endpoint.name},
                {"Name": "VariantName", "Value": invocation.variant},
            ],
            "Timestamp": self._account.clock.now(),
            "Value": 1,
            "Unit": "None",
        }
        request = moto_account.Request(
            "monitoring",
            invocation.region,
            headers={
                "X-Amz-Target": "GraniteServiceVersion20100801.PutMetricData",
                "Content-Type": "application/x-amz-json-1.0",
            },
            body=json.dumps({"Namespace": "AWS/SageMaker", "MetricData": [datum]}).encode(),
        )
        self._moto.send(request)


def _model_error(invocation: Invocation, error: echo.UnreadableError) -> Refusal:
    return Refusal(
        "ModelError",
        f'Received client error (400) from {invocation.variant} with message "{error}".',
        424,
    )
