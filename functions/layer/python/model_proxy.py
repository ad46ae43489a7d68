# ruff: noqa: INP001 - a layer's folder is no package
"""What every function before a model does: check the caller, invoke the model, answer as the API.

A Lambda layer of all functions of integrations: an `app.py` imports it, looks at the request, and
calls `invoke`. ENDPOINT_NAME says which endpoint that is. It has nothing but the standard library
and boto3.
"""

import base64
import json
import os
from functools import cache
from typing import Any

import boto3
import model_queue
from botocore.exceptions import BotoCoreError, ClientError

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"
COMPONENT = "X-Amzn-SageMaker-Inference-Component"
NOT_RUNNING_SECONDS, MINUTES = 60, 60


def body_of(event: dict[str, Any]) -> bytes:
    """Return the body of API Gateway's proxy event, empty where it has none."""
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def invoke(event: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Return API Gateway's answer to the caller of an event: what the model says to this body.

    What the caller may not do, and what SageMaker or the model refuses, is an answer too.
    """
    if not _may_invoke(event):
        return error_answer(403, "LH4031", "This token lacks the scope invoke.")
    try:
        return (model_queue.send if model_queue.is_asynchronous() else _asked)(event, body)
    except model_queue.Refusal as refusal:
        return error_answer(*refusal.args)
    except ClientError as error:
        return _refused(event, error)
    except BotoCoreError as error:
        return error_answer(502, "LH4307", f"AWS did not answer ({type(error).__name__}).")


def _asked(event: dict[str, Any], body: bytes) -> dict[str, Any]:
    """Return what a model answers that is waited for."""
    said = model_queue.headers_of(event)
    named = {"CustomAttributes": ATTRIBUTES, "InferenceComponentName": COMPONENT}
    passed_on = {key: said[name.lower()] for key, name in named.items() if said.get(name.lower())}
    response = _runtime().invoke_endpoint(
        EndpointName=os.environ["ENDPOINT_NAME"],
        Body=body,
        ContentType="application/json",
        Accept="application/json",
        **passed_on,
    )
    answer = _answer(200, response["Body"].read().decode())
    if attributes := response.get("CustomAttributes"):
        answer["headers"][ATTRIBUTES] = attributes
    return answer


def error_answer(status: int, code: str, sentence: str) -> dict[str, Any]:
    """Return an answer in the shape of all errors of the API."""
    return _answer(status, json.dumps({"error": sentence, "code": code}))


@cache
def _runtime() -> Any:  # noqa: ANN401 - boto3's
    return boto3.client("sagemaker-runtime")


def _may_invoke(event: dict[str, Any]) -> bool:
    """Tell whether the caller has the scope; where an endpoint is public, there is no caller."""
    caller = (event.get("requestContext") or {}).get("authorizer")
    return caller is None or not {"invoke", "admin"}.isdisjoint(caller["scopes"].split(","))


def _refused(event: dict[str, Any], error: ClientError) -> dict[str, Any]:
    """Return the model's own error as it is, and SageMaker's as one sentence."""
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    match code:
        case _ if error.operation_name == "PutObject":
            return error_answer(502, "LH4287", f"S3 does not take the request ({code}).")
        case "ModelError":
            said: Any = error.response
            return _answer(said["OriginalStatusCode"], said["OriginalMessage"], "text/plain")
        case "ValidationError" if message.startswith("Inference Component"):
            sentence = f"Say by the header {COMPONENT} which inference component answers. {message}"
            return error_answer(400, "LH4235", sentence)
        case "ValidationError" if message.endswith("not found."):
            return _not_running(event, "it is stopped, or it is starting")
        case "AccessDeniedException" | "AccessDenied":  # what is not there has no tags of ours
            return _not_running(event, "it is stopped, or it is not this environment's own")
        case "ThrottlingException":
            told = 429, "LH4305", "More calls than SageMaker takes: slow down."
        case _:
            told = 502, "LH4307", f"SageMaker refuses the call ({code})."
    return error_answer(*told)


def _not_running(event: dict[str, Any], why: str) -> dict[str, Any]:
    """Return the call that starts it; whether it is starting already, only the API knows."""
    name = os.environ["ENDPOINT_NAME"]
    said = f"{name} does not run: {why}. Start it with: "
    answer = error_answer(503, "LH4301", said + _extend(event, name))
    answer["headers"] |= {
        "Retry-After": str(NOT_RUNNING_SECONDS),
        "X-Leasehold-Status": "NotInService",
    }
    return answer


def _extend(event: dict[str, Any], name: str) -> str:
    """Return the `curl` that starts it, with the API's address as the caller knows it."""
    body = json.dumps({"EndpointName": name, "minutes": MINUTES})
    return (
        f"curl -X POST {model_queue.base_url(event)}/endpoint-expiry"
        f" -H \"Authorization: $TOKEN\" -H 'Content-Type: application/json' -d '{body}'"
    )


def _answer(status: int, body: str, kind: str = "application/json") -> dict[str, Any]:
    return {"statusCode": status, "headers": {"Content-Type": kind}, "body": body}
