"""What the API answers of calls to asynchronous models: taken on, done, elsewhere, failed. Pure.

Where an answer or a failure is signed for, the URL is given.
"""

import json
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from gateway.http.answer import Answer
from gateway.http.call import Call
from gateway.models.async_record import CallId, Record
from gateway.models.objects import Found
from gateway.models.wire import LARGEST_ANSWER, ModelAnswer
from ledger.instants import stamp

LARGEST_FAILURE = 16 * 1024
_PENDING_SECONDS = 5


def accepted(record: Record, told: Mapping[str, str]) -> Answer:
    """Say where the answer will be; `told` is where to ask for it."""
    body = {
        "Status": "Pending",
        "EndpointName": record.endpoint,
        "InferenceId": record.inference_id,
        "OutputLocation": record.output,
        "FailureLocation": record.failure,
        "ExpiresAt": stamp(record.until),
        **told,
    }
    headers = {
        "Retry-After": str(_PENDING_SECONDS),
        "X-Amzn-SageMaker-OutputLocation": record.output,
        "X-Amzn-SageMaker-FailureLocation": record.failure,
        **({"Location": told["ResultUrl"]} if "ResultId" in told else {}),
    }
    return Answer(body, HTTPStatus.ACCEPTED, headers)


def own_result(call: Call, known: CallId) -> dict[str, str]:
    """Say where its caller, and nobody else, asks for the answer."""
    return {"ResultId": str(known), "ResultUrl": f"{call.base_url}/invoke-result/{known}"}


def passed_on(found: Found) -> Answer | None:
    """Pass on what the model has written; None where it does not fit into an answer."""
    kind = found.content_type or "application/octet-stream"
    answer = ModelAnswer(found.body, headers={"Content-Type": kind})
    return answer if len(json.dumps(answer.as_proxy())) <= LARGEST_ANSWER else None


def elsewhere(url: str, size: int, until: datetime) -> Answer:
    """Lead to an answer that is too large."""
    body = {"OutputUrl": url, "Bytes": size, "ExpiresAt": stamp(until)}
    return Answer(body, HTTPStatus.SEE_OTHER, {"Location": url})


def failure(record: Record, written: bytes) -> str:
    told = written[:LARGEST_FAILURE].decode(errors="replace").strip()
    return f"{record.endpoint} failed at this call. SageMaker says: {told}"
