"""The only module that speaks to SageMaker's runtime: invoke, and invoke with a stream.

AWS's refusals end here: what the container answered is an answer, an endpoint that does not serve
is `NotServingError`, everything else is a Failure.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from threading import Lock
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError, EventStreamError, ReadTimeoutError
from urllib3.exceptions import HTTPError

from gateway import clients
from gateway.models.wire import (
    ModelAnswer,
    ModelCall,
    answer_headers,
    model_answer,
    model_error,
)
from ledger.errands import GivenUp, in_time
from ledger.errors import Failure, Refused, Unavailable, Wait

# How SageMaker begins where a call has to name an inference component, or names none that is there.
_COMPONENT_MISSING = "Inference Component Name header is required"
_NO_SUCH_COMPONENT = "Inference Component"


class NotServingError(Exception):
    """SageMaker knows no such endpoint in service: it is absent, starting or ending."""


@dataclass(frozen=True, slots=True)
class Queued:
    """Where an asynchronous model will put its answer, or why there is none."""

    output: str
    failure: str
    inference_id: str


@dataclass(frozen=True, slots=True)
class ModelStream:
    """The headers of an answer, and its parts as they come.

    Iterating raises Unavailable LH4311 when it breaks off.
    """

    headers: Mapping[str, str]
    parts: Iterator[bytes]


class ModelRuntime:
    """Calls models by their endpoints' names, each once; its clients are made when needed."""

    def __init__(self, client: Callable[..., Any]) -> None:
        self._make = client
        self._lock = Lock()
        self._made: dict[Config, Any] = {}

    def invoke(self, endpoint_name: str, call: ModelCall) -> ModelAnswer:
        """Ask a model. Raises NotServingError, or Failure LH4303 to LH4308, LH4342."""
        client = self._client(clients.MODEL)

        def asked() -> ModelAnswer:
            response = client.invoke_endpoint(
                EndpointName=endpoint_name, Body=call.body, **call.arguments
            )
            return model_answer(response, response["Body"].read())

        try:
            return in_time(asked, _kind(endpoint_name), clients.MODEL_SECONDS)
        except GivenUp as error:
            raise _too_slow(endpoint_name) from error
        except (ClientError, BotoCoreError) as error:
            return _answered(endpoint_name, error)

    def stream(self, endpoint_name: str, call: ModelCall) -> ModelStream | ModelAnswer:
        """Begin a stream; an answer is the container's refusal to. Raises like `invoke`."""
        try:
            response = self._client(clients.STREAM).invoke_endpoint_with_response_stream(
                EndpointName=endpoint_name, Body=call.body, **call.arguments
            )
        except (ClientError, BotoCoreError) as error:
            return _answered(endpoint_name, error)
        return ModelStream(answer_headers(response), _parts(endpoint_name, response["Body"]))

    def queue(self, endpoint_name: str, source: str, asked: Mapping[str, Any]) -> Queued:
        """Hand a call to an asynchronous model. Raises like `invoke`."""
        try:
            told = self._client(clients.MODEL).invoke_endpoint_async(
                EndpointName=endpoint_name, InputLocation=source, **asked
            )
        except (ClientError, BotoCoreError) as error:
            raise _failure(endpoint_name, error) from error
        return Queued(told["OutputLocation"], told.get("FailureLocation", ""), told["InferenceId"])

    def collect(self, endpoint_name: str, stream: ModelStream) -> bytes:
        """Wait for all of a stream. Raises Unavailable LH4311, LH4342."""
        try:
            parts = partial(b"".join, stream.parts)
            return in_time(parts, _kind(endpoint_name), clients.MODEL_SECONDS)
        except GivenUp as error:
            raise _too_slow(endpoint_name) from error

    def _client(self, config: Config) -> Any:  # noqa: ANN401 - any of boto3's
        with self._lock:
            if config not in self._made:
                self._made[config] = self._make("sagemaker-runtime", config=config)
            return self._made[config]


def _parts(endpoint_name: str, events: Any) -> Iterator[bytes]:  # noqa: ANN401 - boto3's
    try:
        for event in events:
            if part := event.get("PayloadPart", {}).get("Bytes"):
                yield part
    except (EventStreamError, BotoCoreError, HTTPError) as error:  # the last is urllib3's
        raise Unavailable(
            "LH4311", f"The answer of {endpoint_name} broke off: what came is not whole. Ask again."
        ) from error
    finally:
        events.close()


def _kind(endpoint_name: str) -> str:
    """Return what its calls are counted as, so that a model that hangs keeps no other from it."""
    return f"model {endpoint_name.lower()}"


def _too_slow(endpoint_name: str) -> Unavailable:
    return Unavailable(
        "LH4342",
        f"{endpoint_name} did not answer in time, and may still be working on it. Ask for less,"
        " for the answer as a stream (/invoke/NAME/stream), or by /startexecution.",
    )


def _answered(endpoint_name: str, error: ClientError | BotoCoreError) -> ModelAnswer:
    """Return the container's own refusal, or raise what is wrong between here and there."""
    if isinstance(error, ClientError) and error.response["Error"]["Code"] == "ModelError":
        return model_error(error.response)
    raise _failure(endpoint_name, error) from error


def _failure(endpoint_name: str, error: ClientError | BotoCoreError) -> Exception:
    """Return what is wrong between here and the model."""
    if isinstance(error, ReadTimeoutError):
        return _too_slow(endpoint_name)
    if not isinstance(error, ClientError):
        said = (
            f"SageMaker did not answer for {endpoint_name} ({type(error).__name__}); the model may"
            " have seen the call. Ask again."
        )
        return Unavailable("LH4307", said)
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    if code == "ValidationError" and message.endswith("not found."):
        if message.startswith(_NO_SUCH_COMPONENT):
            return _no_component(endpoint_name, message)
        return NotServingError(endpoint_name)
    return _refusal(endpoint_name, code, message)


def _refusal(endpoint_name: str, code: str, message: str) -> Failure:
    match code:
        case "ValidationError" | "ValidationException" if _COMPONENT_MISSING in message:
            return _no_component(endpoint_name, message)
        case "ValidationError" | "ValidationException":
            return Refused("LH4306", f"SageMaker refuses the call: {message}")
        case "ThrottlingException" | "Throttling" | "TooManyRequestsException":
            said = "More calls than SageMaker takes from this account: slow down."
            return Wait("LH4305", said)
        case "ModelNotReadyException" | "ServiceUnavailable" | "ServiceUnavailableException":
            return Wait("LH4304", f"{endpoint_name} is not ready for this call: try again.")
        case "AccessDenied" | "AccessDeniedException":
            said = (  # IAM looks at tags before SageMaker looks for the endpoint
                f"This API may not invoke {endpoint_name}: it was deleted a moment ago, or its tags"
                " do not say that it is this environment's. Ask again in a minute, and then tell"
                " who runs this API."
            )
            return Unavailable("LH4308", said)
        case _:
            return Unavailable(
                "LH4307",
                f"SageMaker failed to ask {endpoint_name} ({code}); the model may have seen the"
                " call. Ask again.",
            )


def _no_component(endpoint_name: str, message: str) -> Refused:
    return Refused(
        "LH4235",
        f"{endpoint_name} hosts inference components, and the call names none that is there. Say"
        " which one answers by the header X-Amzn-SageMaker-Inference-Component: `aws sagemaker"
        f" list-inference-components --endpoint-name-equals {endpoint_name}` names them. SageMaker"
        f" says: {message}",
    )
