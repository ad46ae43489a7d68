"""Refusals as HTTP answers: `{"error": sentence, "code": "LH4xxx"}` with the right status.

Called by the handler. `refusals.json` beside it holds what API Gateway says by itself, for whoever
deploys the API or emulates it.
"""

import json
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from gateway.reply import Reply
from ledger.errors import Failure, Refused

GATEWAY_RESPONSES: Mapping[str, Mapping[str, str]] = json.loads(
    Path(__file__).with_name("refusals.json").read_bytes()
)
RETRY_AFTER_SECONDS = 5

_STATUS = {
    "LH4031": HTTPStatus.FORBIDDEN,
    "LH4041": HTTPStatus.NOT_FOUND,
    "LH4102": HTTPStatus.UNPROCESSABLE_ENTITY,
    "LH4103": HTTPStatus.CONFLICT,
    "LH4105": HTTPStatus.CONFLICT,
    "LH4106": HTTPStatus.NOT_FOUND,
    "LH4108": HTTPStatus.CONFLICT,
    "LH4109": HTTPStatus.CONFLICT,
    "LH4110": HTTPStatus.CONFLICT,
    # The authorizer's context is ours, not the caller's.
    "LH4201": HTTPStatus.INTERNAL_SERVER_ERROR,
    "LH4202": HTTPStatus.INTERNAL_SERVER_ERROR,
}


def answer(failure: Failure) -> Reply:
    """Give the answer for a failure. What git said stays in the log."""
    if failure.code.startswith("LH4"):
        status = _STATUS.get(failure.code, HTTPStatus.BAD_REQUEST)
        return Reply({"error": failure.message, "code": failure.code}, status)
    if isinstance(failure, Refused):
        error = "The repository refuses the change; it is not committed. Tell who runs this API."
        return Reply({"error": error, "code": "LH4502"}, HTTPStatus.BAD_GATEWAY)
    error = (
        "The repository did not confirm the change in time. Look before you send it again, or"
        " repeat it with the same Idempotency-Key."
        if failure.code == "LH2010"
        else "The repository cannot be reached, and nothing is committed. Try again."
    )
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return Reply({"error": error, "code": "LH4503"}, HTTPStatus.SERVICE_UNAVAILABLE, headers)
