"""SageMaker's runtime: invoke, invoke asynchronously, invoke with a response stream.

Each endpoint serves the echo model, and each invocation is counted in CloudWatch.
"""

import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from werkzeug.wrappers import Response

from sandbox.aws.cloudwatch.store import MetricStore
from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.errors import AwsError
from sandbox.aws.runtime import echo, eventstream
from sandbox.aws.runtime.jobs import Job, Jobs
from sandbox.aws.sagemaker.account import ACCOUNT_ID, Account, arn_of
from sandbox.aws.sagemaker.components import Components, hosts_components
from sandbox.aws.sagemaker.lifecycle import SERVING, Endpoint

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
TARGET_VARIANT = "X-Amzn-SageMaker-Target-Variant"
COMPONENT = "X-Amzn-SageMaker-Inference-Component"
INVOKED_VARIANT = "x-Amzn-Invoked-Production-Variant"
LARGEST_BODY = 6 * 1024 * 1024
LONGEST_IN_QUEUE = 6 * 3600


@dataclass(frozen=True)
class Invocation:
    """A call that found an endpoint and a variant to serve it."""

    call: Call
    endpoint: Endpoint
    variant: str

    @property
    def body(self) -> bytes:
        return self.call.request.get_data()

    def header(self, name: str) -> str | None:
        return self.call.request.headers.get(name)

    @property
    def answer_headers(self) -> dict[str, str]:
        headers = {INVOKED_VARIANT: self.variant, "x-amzn-RequestId": str(uuid.uuid4())}
        if attributes := self.header(ATTRIBUTES):
            headers[ATTRIBUTES] = attributes
        return headers


class Runtime:
    def __init__(self, account: Account, jobs: Jobs, metrics: MetricStore) -> None:
        self._account = account
        self._jobs = jobs
        self._metrics = metrics

    def answer(self, call: Call) -> Response:
        invocation = self._invocation(call)
        try:
            response = self._serve(invocation)
        except echo.UnreadableError as error:
            return _model_error(invocation, error)
        self._count(invocation)
        return response

    def _serve(self, invocation: Invocation) -> Response:
        match invocation.call.operation:
            case "InvokeEndpointAsync":
                return self._invoke_async(invocation)
            case "InvokeEndpointWithResponseStream":
                return self._stream(invocation)
            case _:
                return self._invoke(invocation)

    def _invocation(self, call: Call) -> Invocation:
        name = call.endpoint or ""
        with self._account.lock:
            endpoint = self._account.endpoint(arn_of(call.region, "endpoint", name))
        if endpoint is None or endpoint.name != name or endpoint.status not in SERVING:
            # In these words also where it is starting, or spelled in another case.
            message = f"Endpoint {name} of account {ACCOUNT_ID} not found."
            raise AwsError("ValidationError", message)
        self._check_component(call, endpoint)
        variants = [variant.name for variant in endpoint.serving.variants]
        wanted = call.request.headers.get(TARGET_VARIANT, variants[0])
        if wanted not in variants:
            raise AwsError("ValidationError", f"Variant {wanted} not found on endpoint {name}.")
        return Invocation(call, endpoint, wanted)

    def _check_component(self, call: Call, endpoint: Endpoint) -> None:
        """Raise the runtime's error where the component that is to answer is missing."""
        component = call.request.headers.get(COMPONENT)
        if component is None and hosts_components(endpoint):
            raise AwsError(
                "ValidationError",
                "Inference Component Name header is required for endpoints to which you plan to "
                "deploy inference components. Please include Inference Component Name header or "
                "consider using SageMaker models.",
            )
        with self._account.lock:
            there = Components(self._account).on(endpoint)
        if component is not None and component not in there:
            raise AwsError(
                "ValidationError",
                f"Inference Component {component} of account {ACCOUNT_ID} not found.",
            )

    def _invoke(self, invocation: Invocation) -> Response:
        if invocation.endpoint.serving.async_inference:
            raise AwsError(
                "ValidationError",
                f"Endpoint {invocation.endpoint.name} is asynchronous: use InvokeEndpointAsync.",
            )
        if len(invocation.body) > LARGEST_BODY:
            raise AwsError("ValidationError", f"The body is larger than {LARGEST_BODY} bytes.")
        output = echo.generate(invocation.body)
        return Response(output, 200, invocation.answer_headers, content_type="application/json")

    def _stream(self, invocation: Invocation) -> Response:
        events = list(_events(invocation.body))
        headers = invocation.answer_headers | {"X-Amzn-SageMaker-Content-Type": "text/event-stream"}
        return Response(events, 200, headers, content_type=eventstream.CONTENT_TYPE)

    def _invoke_async(self, invocation: Invocation) -> Response:
        settings = invocation.endpoint.serving.async_inference
        if not settings or "S3OutputPath" not in settings["OutputConfig"]:
            raise AwsError(
                "ValidationError",
                f"Endpoint {invocation.endpoint.name} has no asynchronous inference configured.",
            )
        identity = invocation.header("X-Amzn-SageMaker-Inference-Id") or str(uuid.uuid4())
        job = self._job(invocation, settings["OutputConfig"])
        self._jobs.take_on(invocation.endpoint, job)
        headers = {
            **invocation.answer_headers,
            "X-Amzn-SageMaker-OutputLocation": job.result,
            "X-Amzn-SageMaker-FailureLocation": job.failure,
        }
        body = json.dumps({"InferenceId": identity})
        return Response(body, 202, headers, content_type="application/json")

    def _job(self, invocation: Invocation, output: Mapping[str, str]) -> Job:
        """Read a request. Raises the runtime's error for one that waits too short or too long."""
        ttl = _seconds(invocation, "RequestTTLSeconds", 60, LONGEST_IN_QUEUE)
        _seconds(invocation, "InvocationTimeoutSeconds", 1, 3600)
        location = invocation.header("X-Amzn-SageMaker-InputLocation")
        name, succeeds = uuid.uuid4(), output["S3OutputPath"].rstrip("/")
        fails = output.get("S3FailurePath", succeeds).rstrip("/")
        return Job(
            region=invocation.call.region,
            arn=invocation.endpoint.arn,
            source=location if location is not None else invocation.body,
            result=f"{succeeds}/{name}.out",
            failure=f"{fails}/{name}-error.out",
            ends_in_queue=invocation.call.now + ttl,
        )

    def _count(self, invocation: Invocation) -> None:
        with self._account.lock:
            now = self._account.clock.now()
            self._metrics.count_invocations(invocation.endpoint, invocation.variant, now)


def _seconds(invocation: Invocation, name: str, least: int, most: int) -> int:
    text = invocation.header(f"X-Amzn-SageMaker-{name}") or str(most)
    if not (text.isdecimal() and least <= int(text) <= most):
        raise AwsError("ValidationError", f"{name} must be from {least} to {most}.")
    return int(text)


def _events(body: bytes) -> Iterator[bytes]:
    try:
        for part in echo.stream(body):
            yield eventstream.event("PayloadPart", part)
    except echo.BrokenOffError:
        told = json.dumps({"Message": "The model stopped answering.", "ErrorCode": "StreamBroken"})
        yield eventstream.exception("ModelStreamError", told.encode())


def _model_error(invocation: Invocation, error: echo.UnreadableError) -> Response:
    """Return the runtime's own error, with the status and the body of the container in it."""
    fault = "client" if error.status < 500 else "server"  # noqa: PLR2004 - HTTP's own border
    told = f"Received {fault} error ({error.status}) from {invocation.variant}"
    body = {
        "ErrorCode": f"{fault.upper()}_ERROR_FROM_MODEL",
        "LogStreamArn": "",
        "Message": f'{told} with message "{error}".',
        "OriginalMessage": str(error),
        "OriginalStatusCode": error.status,
    }
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "x-amzn-ErrorType": "ModelError"}
    return Response(json.dumps(body), 424, headers, content_type="application/json")
