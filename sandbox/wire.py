"""What is asked of which AWS service, read from an HTTP request; and answers in AWS's JSON."""

import io
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from werkzeug.wrappers import Request, Response

from sandbox.refusals import Refusal

CONTROL_PLANE = "SageMaker"
RUNTIME = "runtime.sagemaker"
PRICING = "AWSPriceListService"
TAGGING = "ResourceGroupsTaggingAPI_20170126"
INVOCATIONS: Mapping[str, str] = {
    "invocations": "InvokeEndpoint",
    "async-invocations": "InvokeEndpointAsync",
    "invocations-response-stream": "InvokeEndpointWithResponseStream",
}
JSON_TYPE = "application/x-amz-json-1.1"
DEFAULT_REGION = "us-east-1"

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_INVOCATION = re.compile(rf"/endpoints/(?P<name>[^/]+)/(?P<verb>{'|'.join(INVOCATIONS)})")


@dataclass(frozen=True)
class Incoming:
    """One AWS API call; `api` is the prefix of X-Amz-Target, else the service it is signed for."""

    api: str
    region: str
    operation: str
    params: dict[str, Any] = field(default_factory=dict)
    endpoint: str | None = None


def identify(request: Request) -> Incoming:
    scope = _SCOPE.search(request.headers.get("Authorization", ""))
    region = scope["region"] if scope else DEFAULT_REGION
    service = scope["service"] if scope else "s3"
    if target := request.headers.get("X-Amz-Target"):
        api, _, operation = target.rpartition(".")
        params = _json_object(_body(request))
        name = params.get("EndpointName")
        endpoint = name if isinstance(name, str) else None
        return Incoming(api, region, operation, params, endpoint)
    if service == "sagemaker" and (invocation := _INVOCATION.fullmatch(request.path)):
        operation = INVOCATIONS[invocation["verb"]]
        return Incoming(RUNTIME, region, operation, endpoint=invocation["name"])
    if request.mimetype == "application/x-www-form-urlencoded":
        form = parse_qs(_body(request).decode(errors="replace"))
        return Incoming(service, region, form.get("Action", [f"{service}:{request.method}"])[0])
    return Incoming(service, region, f"{service}:{request.method}")


def answered(payload: Mapping[str, Any], status: int = 200) -> Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    return Response(json.dumps(payload), status, headers, content_type=JSON_TYPE)


def refused(refusal: Refusal) -> Response:
    """In the form of AWS's JSON protocols; the header is what REST clients read."""
    body = {"__type": refusal.code, "message": refusal.message}
    response = answered(body, refusal.status)
    response.headers["x-amzn-ErrorType"] = refusal.code
    return response


def _body(request: Request) -> bytes:
    """Read the body so that moto can read it again."""
    body = request.get_data()
    request.environ["wsgi.input"] = io.BytesIO(body)
    return body


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
