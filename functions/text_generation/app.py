# ruff: noqa: INP001 - a function's folder is no package
"""A Lambda function before a text generation model: checks the request and passes it on.

API Gateway calls `handler` with its proxy event; ENDPOINT_NAME says which endpoint to ask. It has
nothing but the standard library and boto3, and is deployed as this folder alone.
"""

import base64
import json
import os
from functools import cache
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

ATTRIBUTES = "X-Amzn-SageMaker-Custom-Attributes"


@cache
def _runtime() -> Any:  # noqa: ANN401 - boto3's
    return boto3.client("sagemaker-runtime")


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:  # noqa: ARG001  (Lambda's)
    """Answer `{"inputs": ..., "parameters": ...}` with what the model makes of it."""
    if not _may_invoke(event):
        return _refusal(403, "LH4031", "This token lacks the scope invoke.")
    body = _body(event)
    if (wrong := _wrong(body)) is not None:
        return _refusal(400, "LH4002", wrong)
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    attributes = headers.get(ATTRIBUTES.lower())
    more = {"CustomAttributes": attributes} if attributes else {}
    try:
        response = _runtime().invoke_endpoint(
            EndpointName=os.environ["ENDPOINT_NAME"],
            Body=body,
            ContentType="application/json",
            Accept="application/json",
            **more,
        )
        answer = _answer(200, response["Body"].read().decode())
    except ClientError as error:
        return _refused(event, error)
    except BotoCoreError as error:
        return _refusal(502, "LH4307", f"SageMaker did not answer ({type(error).__name__}).")
    if said := response.get("CustomAttributes"):
        answer["headers"][ATTRIBUTES] = said
    return answer


def _may_invoke(event: dict[str, Any]) -> bool:
    """Ask for the scope; where the API lets everybody pass, there is no caller."""
    caller = (event.get("requestContext") or {}).get("authorizer")
    return caller is None or not {"invoke", "admin"}.isdisjoint(caller["scopes"].split(","))


def _body(event: dict[str, Any]) -> bytes:
    body = event.get("body") or ""
    return base64.b64decode(body) if event.get("isBase64Encoded") else body.encode()


def _wrong(body: bytes) -> str | None:
    """Say what is wrong with a request; the model would say it in its own words, and later."""
    try:
        request = json.loads(body)
    except ValueError:
        return "The body is not JSON."
    if not isinstance(request, dict) or "inputs" not in request:
        return 'The body is a JSON object with "inputs": a prompt.'
    return None


def _refused(event: dict[str, Any], error: ClientError) -> dict[str, Any]:
    """Pass on what the model said, and say in one sentence what SageMaker said."""
    code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
    match code:
        case "ModelError":
            said: Any = error.response
            return _answer(said["OriginalStatusCode"], said["OriginalMessage"], "text/plain")
        case "ValidationError" if message.endswith("not found."):
            return _not_running(event)
        case "ThrottlingException":
            return _refusal(429, "LH4305", "More calls than SageMaker takes: slow down.")
        case _:
            return _refusal(502, "LH4307", f"SageMaker refuses the call ({code}).")


def _not_running(event: dict[str, Any]) -> dict[str, Any]:
    """Answer with the call that starts it; whether it is starting already, only the API knows."""
    name = os.environ["ENDPOINT_NAME"]
    said = f"{name} does not run: it is stopped, or it is starting. Start it with: "
    answer = _refusal(503, "LH4301", said + _extend(event, name))
    answer["headers"] |= {"Retry-After": "60", "X-Leasehold-Status": "NotInService"}
    return answer


def _extend(event: dict[str, Any], name: str) -> str:
    """Write the call, with the API's address and stage as the caller knows them."""
    context = event.get("requestContext") or {}
    headers = {key.lower(): value for key, value in (event.get("headers") or {}).items()}
    stage = str(context.get("path", "")).removesuffix(str(event.get("path", "")))
    place = f"{headers.get('x-forwarded-proto', 'https')}://{context.get('domainName', '')}{stage}"
    body = json.dumps({"EndpointName": name, "minutes": 60})
    return (
        f'curl -X POST {place}/endpoint-expiry -H "Authorization: $TOKEN"'
        f" -H 'Content-Type: application/json' -d '{body}'"
    )


def _refusal(status: int, code: str, sentence: str) -> dict[str, Any]:
    return _answer(status, json.dumps({"error": sentence, "code": code}))


def _answer(status: int, body: str, kind: str = "application/json") -> dict[str, Any]:
    return {"statusCode": status, "headers": {"Content-Type": kind}, "body": body}
