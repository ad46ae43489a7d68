# ruff: noqa: INP001 - a function's folder is no package
"""A Lambda function before a text generation model: checks the request and passes it on.

API Gateway calls `handler` with its proxy event. It has the standard library, boto3, and
`model_proxy` from the layer of all functions.
"""

import json
from typing import Any

import model_proxy


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's)
    """Return the model's answer to `{"inputs": ..., "parameters": ...}`."""
    body = model_proxy.body_of(event)
    if (wrong := _wrong(body)) is not None:
        return model_proxy.error_answer(400, "LH4002", wrong)
    return model_proxy.invoke(event, body)


def _wrong(body: bytes) -> str | None:
    """Return what is wrong with a request; the model would say it in its own words, and later."""
    try:
        request = json.loads(body)
    except (ValueError, RecursionError):
        return "The body is not JSON."
    if not isinstance(request, dict) or "inputs" not in request:
        return 'The body must be a JSON object with "inputs", the prompt.'
    return None
