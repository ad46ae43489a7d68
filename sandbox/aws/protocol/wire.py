"""What is asked of which AWS service, read from an HTTP request; and answers in AWS's JSON.

JSON services name the operation in X-Amz-Target, query services in the form's Action, and REST
services by method and path (see `rest`).
"""

import io
import json
import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from werkzeug.wrappers import Request, Response

from sandbox.aws.protocol import dialects, rest
from sandbox.aws.protocol.dialects import JSON_TYPE
from sandbox.aws.refusals import Refusal

CONTROL_PLANE = "SageMaker"
RUNTIME = "runtime.sagemaker"
PRICING = "AWSPriceListService"
TAGGING = "ResourceGroupsTaggingAPI_20170126"
INVOCATIONS: Mapping[str, str] = {
    "invocations": "InvokeEndpoint",
    "async-invocations": "InvokeEndpointAsync",
    "invocations-response-stream": "InvokeEndpointWithResponseStream",
}
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
    service: str = "sagemaker"
    protocol: str = "json"


def identify(request: Request) -> Incoming:
    scope = _SCOPE.search(request.headers.get("Authorization", ""))
    region = scope["region"] if scope else DEFAULT_REGION
    service = scope["service"] if scope else "s3"
    if target := request.headers.get("X-Amz-Target"):
        api, _, operation = target.rpartition(".")
        params = _json_object(_body(request))
        return Incoming(api, region, operation, params, _endpoint_name(params), service)
    if service == "sagemaker" and (invocation := _INVOCATION.fullmatch(request.path)):
        operation = INVOCATIONS[invocation["verb"]]
        return Incoming(RUNTIME, region, operation, endpoint=invocation["name"])
    if request.mimetype == "application/x-www-form-urlencoded":
        form = parse_qs(_body(request).decode(errors="replace"))
        operation = form.get("Action", [f"{service}:{request.method}"])[0]
        return Incoming(service, region, operation, service=service, protocol="query")
    headers = frozenset(name.lower() for name, _ in request.headers)
    named = rest.operation(service, request.environ, headers)
    return Incoming(
        service,
        region,
        named or f"{service}:{request.method}",
        service=service,
        protocol="xml" if service == "s3" else "json",
    )


def answered(payload: Mapping[str, Any], status: int = 200) -> Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    return Response(json.dumps(payload), status, headers, content_type=JSON_TYPE)


def refused(refusal: Refusal, incoming: Incoming) -> Response:
    return dialects.refused(refusal, incoming.service, incoming.protocol)


def _endpoint_name(params: Mapping[str, Any]) -> str | None:
    """Say which endpoint a call is about; Application Auto Scaling has it in its resource ID."""
    resource = params.get("ResourceId")
    if isinstance(resource, str) and resource.startswith("endpoint/"):
        return resource.split("/")[1]
    name = params.get("EndpointName")
    return name if isinstance(name, str) else None


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
