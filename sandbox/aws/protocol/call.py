"""A call of an AWS API, read from its HTTP request once: which service and operation, with what.

JSON services name the operation in X-Amz-Target, query services in the form's Action, and REST
services by method and path (see `rest`). What an operation does is not known here.
"""

import io
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

from werkzeug.wrappers import Request

from sandbox.aws.protocol import rest

RUNTIME = "runtime.sagemaker"
INVOCATIONS: Mapping[str, str] = {
    "invocations": "InvokeEndpoint",
    "async-invocations": "InvokeEndpointAsync",
    "invocations-response-stream": "InvokeEndpointWithResponseStream",
}
DEFAULT_REGION = "us-east-1"

_FORM = "application/x-www-form-urlencoded"
_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_INVOCATION = re.compile(rf"/endpoints/(?P<name>[^/]+)/(?P<verb>{'|'.join(INVOCATIONS)})")


@dataclass(frozen=True)
class Call:
    """`api` is the prefix of X-Amz-Target, else the service; `params` are those of a JSON body."""

    request: Request
    now: float
    region: str
    service: str
    api: str
    operation: str
    params: dict[str, Any] = field(default_factory=dict)
    protocol: str = "json"

    @property
    def endpoint(self) -> str | None:
        """The endpoint's name; Application Auto Scaling has it in its resource ID."""
        if self.api == RUNTIME:
            return self.request.path.split("/")[2]
        resource = self.params.get("ResourceId")
        if isinstance(resource, str) and resource.startswith("endpoint/"):
            return resource.split("/")[1]
        name = self.params.get("EndpointName")
        return name if isinstance(name, str) else None

    @property
    def is_signed(self) -> bool:
        """Tell whether it has nothing in Authorization but AWS's own; a URL has it in its query."""
        return self.request.headers.get("Authorization", "AWS").startswith("AWS")


def read(request: Request, now: float) -> Call:
    """Return the call that a request makes. Its body can be read again, as moto does."""
    scope = _SCOPE.search(request.headers.get("Authorization", ""))
    region, service = (scope["region"], scope["service"]) if scope else (DEFAULT_REGION, "s3")
    if target := request.headers.get("X-Amz-Target"):
        api, _, operation = target.rpartition(".")
        return Call(request, now, region, service, api, operation, _json_object(_body(request)))
    if service == "sagemaker" and (invocation := _INVOCATION.fullmatch(request.path)):
        operation = INVOCATIONS[invocation["verb"]]
        return Call(request, now, region, service, RUNTIME, operation)
    unnamed = f"{service}:{request.method}"
    if service == "s3" and request.method == "PUT" and request.mimetype == _FORM:
        # What curl says of a body that is none: S3 takes it as it is, and moto would read a form.
        request.environ["CONTENT_TYPE"] = "binary/octet-stream"
    elif request.mimetype == _FORM:
        form = parse_qs(_body(request).decode(errors="replace"))
        operation = form.get("Action", [unnamed])[0]
        return Call(request, now, region, service, service, operation, protocol="query")
    headers = frozenset(name.lower() for name, _ in request.headers)
    operation = rest.operation(service, request.environ, headers) or unnamed
    protocol = "xml" if service == "s3" else "json"
    return Call(request, now, region, service, service, operation, protocol=protocol)


def _body(request: Request) -> bytes:
    body = request.get_data()
    request.environ["wsgi.input"] = io.BytesIO(body)
    return body


def _json_object(body: bytes) -> dict[str, Any]:
    try:
        parsed = json.loads(body or b"{}")
    except ValueError:
        return {}
    return parsed if isinstance(parsed, dict) else {}
