"""How each protocol of AWS says no, so that its SDKs read code and message.

The same refusal has other codes in the older services: SNS and S3 have words of their own.
"""

import json
import uuid
from collections.abc import Mapping
from xml.sax.saxutils import escape

from werkzeug.wrappers import Response

from sandbox.aws.refusals import Refusal

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


def refused(refusal: Refusal, service: str, protocol: str) -> Response:
    """Answer a call of that service in its protocol: "query", "xml" (S3) or "json"."""
    match protocol:
        case "query":
            code, status = _code(refusal, service)
            fault = "Sender" if status < 500 else "Receiver"  # noqa: PLR2004 - HTTP's own border
            body = (
                f"<ErrorResponse><Error><Type>{fault}</Type>{_told(code, refusal)}</Error>"
                f"<RequestId>{uuid.uuid4()}</RequestId></ErrorResponse>"
            )
            return Response(body, status, content_type="text/xml")
        case "xml":
            code, status = _code(refusal, service)
            body = f"<Error>{_told(code, refusal)}<RequestId>{uuid.uuid4()}</RequestId></Error>"
            return Response(body, status, content_type="application/xml")
        case _:
            return _json(refusal)


def _json(refusal: Refusal) -> Response:
    """In the form of AWS's JSON protocols; the header is what REST clients read."""
    body = json.dumps({"__type": refusal.code, "message": refusal.message})
    headers = {"x-amzn-RequestId": str(uuid.uuid4()), "x-amzn-ErrorType": refusal.code}
    return Response(body, refusal.status, headers, content_type=JSON_TYPE)


def _code(refusal: Refusal, service: str) -> tuple[str, int]:
    return CODES.get(service, QUERY).get(refusal.code, (refusal.code, refusal.status))


def _told(code: str, refusal: Refusal) -> str:
    return f"<Code>{escape(code)}</Code><Message>{escape(refusal.message)}</Message>"
