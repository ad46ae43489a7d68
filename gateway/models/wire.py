"""A call to a model and its answer, between HTTP and SageMaker. Pure.

What the caller sends and what the model answers pass through as they are: the body, its type, the
type that is wanted, SageMaker's custom attributes, and which inference component is meant.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.http.answer import Answer
from gateway.http.call import Call
from ledger.errors import Unavailable

LARGEST_ANSWER = 6 * 1024 * 1024  # Lambda's
_ARGUMENTS = {
    "content-type": "ContentType",
    "accept": "Accept",
    "x-amzn-sagemaker-custom-attributes": "CustomAttributes",
    "x-amzn-sagemaker-inference-component": "InferenceComponentName",
}
_HEADERS = {
    "ContentType": "Content-Type",
    "CustomAttributes": "X-Amzn-SageMaker-Custom-Attributes",
    "InvokedProductionVariant": "X-Amzn-Invoked-Production-Variant",
}


@dataclass(frozen=True, slots=True)
class ModelCall:
    """The body, and InvokeEndpoint's arguments that came as headers."""

    body: bytes
    arguments: Mapping[str, str]


class ModelAnswer(Answer):
    """A model's bytes as they came: text stays text, for API Gateway decodes base64 on terms."""

    def as_proxy(self) -> dict[str, Any]:
        assert isinstance(self.body, bytes)  # noqa: S101 - made by this module alone
        try:
            text = self.body.decode()
        except UnicodeDecodeError:
            return super().as_proxy()
        return {"statusCode": int(self.status), "headers": dict(self.headers), "body": text}


def model_call(call: Call) -> ModelCall:
    """Return what a request is for the model."""
    named = {argument: call.headers.get(name) for name, argument in _ARGUMENTS.items()}
    return ModelCall(call.body, {argument: value for argument, value in named.items() if value})


def answer_headers(response: Mapping[str, Any]) -> dict[str, str]:
    """Return the headers of an answer; SageMaker leaves out what the container did not say."""
    return {header: response[key] for key, header in _HEADERS.items() if response.get(key)}


def model_answer(response: Mapping[str, Any], body: bytes) -> ModelAnswer:
    """Return the model's answer. Raises Unavailable LH4303 for one that does not fit."""
    answer = ModelAnswer(body, headers=answer_headers(response))
    if len(body) > LARGEST_ANSWER // 2 and len(json.dumps(answer.as_proxy())) > LARGEST_ANSWER:
        raise Unavailable(
            "LH4303",
            f"The model answered {len(body)} bytes, more than fit into an answer of this API: ask"
            " for fewer, or for a stream.",
        )
    return answer


def model_error(response: Mapping[str, Any]) -> ModelAnswer:
    """Return what the container answered instead of a result: its own status, its own body."""
    status = int(response.get("OriginalStatusCode") or 0)
    text = str(response.get("OriginalMessage") or "")
    try:
        json.loads(text)
        kind = "application/json"
    except (ValueError, RecursionError):
        kind = "text/plain; charset=utf-8"
    status = status if 400 <= status <= 599 else 502  # noqa: PLR2004 - HTTP's errors
    return ModelAnswer(text.encode(errors="replace"), status, {"Content-Type": kind})
