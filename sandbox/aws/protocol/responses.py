"""How AWS answers on the wire: results in its JSON, errors in the form that each SDK reads.

The same error has other codes in the older services: SNS and S3 have words of their own.
"""

import json
import uuid
from collections.abc import Mapping
from typing import Any
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from sandbox.aws.protocol.call import Call
from sandbox.aws.protocol.errors import AwsError

JSON_TYPE = "application/x-amz-json-1.1"
QUERY: Mapping[str, tuple[str, int]] = {
    "ThrottlingException": ("Throttling", 400),
    "AccessDeniedException": ("AccessDenied", 403),
}
CODES: Mapping[str, Mapping[str, tuple[str, int]]] = {
    "sns": {
        "ThrottlingException": ("Throttled", 429),
        "AccessDeniedException": ("AuthorizationError", 403),
        "InternalFailure": ("InternalError", 500),
    },
    "s3": {
        "ThrottlingException": ("SlowDown", 503),
        "AccessDeniedException": ("AccessDenied", 403),
        "InternalFailure": ("InternalError", 500),
    },
}


def result(payload: Mapping[str, Any]) -> Response:
    headers = {"x-amzn-RequestId": str(uuid.uuid4())}
    return Response(json.dumps(payload), 200, headers, content_type=JSON_TYPE)


def error(problem: AwsError, call: Call) -> Response:
    """Return the error in the protocol that its call came in: "query", "xml" (S3) or "json"."""
    code, status = CODES.get(call.service, QUERY).get(problem.code, (problem.code, problem.status))
    told = f"<Code>{escape(code)}</Code><Message>{escape(problem.message)}</Message>"
    request_id = str(uuid.uuid4())
    identified = f"<RequestId>{request_id}</RequestId>"
    match call.protocol:
        case "query":
            side = "Sender" if status < 500 else "Receiver"  # noqa: PLR2004 - HTTP's own border
            text = f"<Error><Type>{side}</Type>{told}</Error>{identified}"
            body = f"<ErrorResponse>{text}</ErrorResponse>"
            return Response(body, status, content_type="text/xml")
        case "xml":
            body = f"<Error>{told}{identified}</Error>"
            return Response(body, status, content_type="application/xml")
        case _:
            # The header is what clients of REST services read.
            body = json.dumps({"__type": problem.code, "message": problem.message})
            headers = {"x-amzn-RequestId": request_id, "x-amzn-ErrorType": problem.code}
            return Response(body, problem.status, headers, content_type=JSON_TYPE)
