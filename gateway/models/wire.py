"""A call to a model and its answer, between HTTP and SageMaker. Pure.

What the caller sends and what the model answers pass through as they are: the body, its type, the
type that is wanted, and SageMaker's custom attributes.
"""

import base64
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from gateway.http.answer import Answer
from gateway.http.requests import Event
from ledger.errors import Refused, Unavailable

LARGEST = 6 * 1024 * 1024  # Lambda's, for a request and for an answer; and InvokeEndpoint's
_ARGUMENTS = {
    "content-type": "ContentType",
    "accept": "Accept",
    "x-amzn-sagemaker-custom-attributes": "CustomAttributes",
}
_TAKEN = re.compile(r"[ -~]{0,1024}")  # what SageMaker takes of each
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


def model_call(event: Event) -> ModelCall:
    """Read the call.

    Raises Refused LH4302 for a body that is too large, LH4001 for bad base64, LH4341 for a header.
    """
    body = body_of(event)
    if len(body) > LARGEST:
        raise Refused("LH4302", f"The body has {len(body)} bytes, and a model takes {LARGEST}.")
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    for name in _ARGUMENTS:
        if not _TAKEN.fullmatch(headers.get(name, "")):
            said = f"The header {name} has at most 1024 characters, all of them printable ASCII."
            raise Refused("LH4341", said)
    return ModelCall(
        body, {argument: headers[name] for name, argument in _ARGUMENTS.items() if name in headers}
    )


def body_of(event: Event) -> bytes:
    """Give the body's bytes; none is empty. Raises Refused LH4001."""
    body = event.get("body") or ""
    try:
        if event.get("isBase64Encoded"):
            return base64.b64decode(body, validate=True)
        return str(body).encode()
    except ValueError as error:
        raise Refused("LH4001", "The body is neither text in UTF-8 nor valid base64.") from error


def answer_headers(response: Mapping[str, Any]) -> dict[str, str]:
    """Give the headers of an answer; SageMaker leaves out what the container did not say."""
    return {header: response[key] for key, header in _HEADERS.items() if response.get(key)}


def model_answer(response: Mapping[str, Any], body: bytes) -> ModelAnswer:
    """Give the model's answer. Raises Unavailable LH4303 for one that does not fit."""
    answer = ModelAnswer(body, headers=answer_headers(response))
    if len(body) > LARGEST // 2 and len(json.dumps(answer.as_proxy())) > LARGEST:
        raise Unavailable(
            "LH4303",
            f"The model answered {len(body)} bytes, more than fit into an answer of this API: ask"
            " for fewer, or for a stream.",
        )
    return answer


def model_error(response: Mapping[str, Any]) -> ModelAnswer:
    """Give what the container answered instead of a result: its own status, its own body."""
    status = int(response.get("OriginalStatusCode") or 0)
    text = str(response.get("OriginalMessage") or "")
    try:
        json.loads(text)
        kind = "application/json"
    except (ValueError, RecursionError):
        kind = "text/plain; charset=utf-8"
    status = status if 400 <= status <= 599 else 502  # noqa: PLR2004 - HTTP's errors
    return ModelAnswer(text.encode(errors="replace"), status, {"Content-Type": kind})
