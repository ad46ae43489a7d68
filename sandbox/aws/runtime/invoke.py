"""SageMaker's runtime: invoke, invoke asynchronously, invoke with a response stream.

Each endpoint serves the echo model. An invocation is counted into CloudWatch where AWS counts it,
and an asynchronous one reads and writes its objects in moto's S3: at once where there is an
instance, else when the endpoint has one again; until then it waits in the endpoint's backlog.
"""

import json
import uuid
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from werkzeug.wrappers import Request, Response

from sandbox.aws.cloudwatch.monitor import Monitor
from sandbox.aws.moto import account
from sandbox.aws.moto.account import Moto
from sandbox.aws.protocol.wire import Incoming
from sandbox.aws.refusals import Refusal, not_serving
from sandbox.aws.runtime import echo, eventstream
from sandbox.aws.sagemaker.account import ACCOUNT_ID, Account, arn_of
from sandbox.aws.sagemaker.endpoints import SERVING, Endpoint

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
    def arn(self) -> str:
        return self.endpoint.arn

    @property
    def headers(self) -> dict[str, str]:
        headers = {INVOKED_VARIANT: self.variant, "x-amzn-RequestId": str(uuid.uuid4())}
        if attributes := self.request.headers.get(ATTRIBUTES):
            headers[ATTRIBUTES] = attributes
        return headers


@dataclass(frozen=True)
class Job:
    """An asynchronous request: where its input is, and where its output or its error goes."""

    region: str
    arn: str
    source: str | bytes
    result: str
    failure: str


class Runtime:
    def __init__(self, account: Account, moto: Moto, monitor: Monitor) -> None:
        self._account = account
        self._moto = moto
        self._monitor = monitor
        self._waiting: deque[Job] = deque()

    def answer(self, incoming: Incoming, request: Request) -> Response:
        invocation = self._invocation(incoming, request)
        try:
            response = self._serve(incoming.operation, invocation)
        except echo.UnreadableError as error:
            return _model_error(invocation, error)
        self._count(invocation)
        return response

    def _serve(self, operation: str, invocation: Invocation) -> Response:
        match operation:
            case "InvokeEndpointAsync":
                return self._invoke_async(invocation)
            case "InvokeEndpointWithResponseStream":
                return self._stream(invocation)
            case _:
                return self._invoke(invocation)

    def catch_up(self) -> None:
        """Do the asynchronous requests whose endpoint has an instance again."""
        if not self._waiting:
            return
        with self._account.lock:
            jobs, self._waiting = self._waiting, deque()
            for job in jobs:
                endpoint = self._account.endpoint(job.arn)
                if endpoint is None:
                    continue  # its queue went with it
                if _instances(endpoint):
                    with suppress(Refusal):  # nobody waits for this answer any more
                        self._do(job)
                    self._queue(endpoint, -1)
                else:
                    self._waiting.append(job)

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
        output = echo.generate(body)
        return Response(output, 200, invocation.headers, content_type="application/json")

    def _stream(self, invocation: Invocation) -> Response:
        events = list(_events(invocation.request.get_data()))
        headers = invocation.headers | {"X-Amzn-SageMaker-Content-Type": "text/event-stream"}
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
        location = invocation.request.headers.get("X-Amzn-SageMaker-InputLocation")
        source = location if location is not None else invocation.request.get_data()
        self._take_on(invocation, Job(invocation.region, invocation.arn, source, result, failure))
        headers = {
            **invocation.headers,
            "X-Amzn-SageMaker-OutputLocation": result,
            "X-Amzn-SageMaker-FailureLocation": failure,
        }
        body = json.dumps({"InferenceId": str(identity)})
        return Response(body, 202, headers, content_type="application/json")

    def _take_on(self, invocation: Invocation, job: Job) -> None:
        if _instances(invocation.endpoint):
            self._do(job)
            return
        with self._account.lock:
            self._waiting.append(job)
            self._queue(invocation.endpoint, 1)

    def _do(self, job: Job) -> None:
        source = job.source
        body = source if isinstance(source, bytes) else self._s3(job.region, "GET", source)
        try:
            location, written = job.result, echo.generate(body)
        except echo.UnreadableError as error:
            location, written = job.failure, str(error).encode()
        self._s3(job.region, "PUT", location, written)

    def _queue(self, endpoint: Endpoint, more: int) -> None:
        size = max(0, self._monitor.backlog(endpoint) + more)
        self._monitor.set_backlog(endpoint, size, self._account.clock.now())

    def _s3(self, region: str, method: str, location: str, body: bytes = b"") -> bytes:
        place = urlsplit(location)
        path = f"/{place.netloc}{place.path}"
        request = account.Request("s3", region, method=method, path=path, body=body)
        response = self._moto.send(request)
        if response.status_code != 200:  # noqa: PLR2004
            raise Refusal("ValidationError", f"The sandbox's S3 cannot {method} {location}.")
        return response.get_data()

    def _count(self, invocation: Invocation) -> None:
        with self._account.lock:
            now = self._account.clock.now()
            self._monitor.count_invocations(invocation.endpoint, invocation.variant, now)


def _events(body: bytes) -> Iterator[bytes]:
    try:
        for part in echo.stream(body):
            yield eventstream.event("PayloadPart", part)
    except echo.BrokenOffError:
        told = json.dumps({"Message": "The model stopped answering.", "ErrorCode": "StreamBroken"})
        yield eventstream.exception("ModelStreamError", told.encode())


def _instances(endpoint: Endpoint) -> int:
    return sum(variant.count for variant in endpoint.serving.variants)


def _model_error(invocation: Invocation, error: echo.UnreadableError) -> Response:
    """Refuse as the runtime does, with the container's own status and body beside its words."""
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
