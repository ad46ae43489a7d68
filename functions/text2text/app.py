# ruff: noqa: INP001 - a function's folder is no package
"""A Lambda function before a text2text model: passes on a request, or one of its own.

API Gateway calls `handler` with its proxy event. It has the standard library, boto3, and
`model_proxy` from the layer of all functions.
"""

import json
from typing import Any

import model_proxy

WITHOUT_A_BODY = {
    "text_inputs": "Say in one sentence what you can be asked.",
    "max_length": 50,
    "temperature": 0.0,
}


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's)
    """Return the model's answer to `{"text_inputs": ..., "max_length": ...}`."""
    body = model_proxy.body_of(event) or json.dumps(WITHOUT_A_BODY).encode()
    return model_proxy.invoke(event, body)
