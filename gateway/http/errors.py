"""Refusals as HTTP answers: `{"error": sentence, "code": "LH4xxx"}` with the right status.

Called by the handler. `refusals.json` beside it holds what API Gateway says by itself, for whoever
deploys the API or emulates it.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from gateway.callers.rates import TooManyRequests
from gateway.http.answer import Answer
from gateway.http.requests import Event
from gateway.log_lines import logger
from ledger.errors import Failure, Refused, Wait
from ledger.push_rate import TooManyPushes

GATEWAY_RESPONSES: Mapping[str, Mapping[str, str]] = json.loads(
    Path(__file__).with_name("gateway_responses.json").read_bytes()
)
RETRY_AFTER_SECONDS = 5
# AWS's messages and ARNs have it, between punctuation; names with as many digits stay.
_ACCOUNT = re.compile(r"(?<![0-9A-Za-z-])[0-9]{12}(?![0-9A-Za-z-])")

log = logger("leasehold.gateway")

_STATUS = {
    "LH4031": HTTPStatus.FORBIDDEN,
    "LH4033": HTTPStatus.TOO_MANY_REQUESTS,
    "LH4041": HTTPStatus.NOT_FOUND,
    "LH4102": HTTPStatus.UNPROCESSABLE_ENTITY,
    "LH4103": HTTPStatus.CONFLICT,
    "LH4105": HTTPStatus.CONFLICT,
    "LH4106": HTTPStatus.NOT_FOUND,
    "LH4108": HTTPStatus.CONFLICT,
    "LH4109": HTTPStatus.CONFLICT,
    "LH4110": HTTPStatus.CONFLICT,
    "LH4111": HTTPStatus.UNPROCESSABLE_ENTITY,
    "LH4112": HTTPStatus.PRECONDITION_FAILED,
    "LH4113": HTTPStatus.SERVICE_UNAVAILABLE,
    "LH4010": HTTPStatus.UNAUTHORIZED,
    "LH4302": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "LH4303": HTTPStatus.BAD_GATEWAY,
    "LH4304": HTTPStatus.SERVICE_UNAVAILABLE,
    "LH4305": HTTPStatus.TOO_MANY_REQUESTS,
    "LH4307": HTTPStatus.BAD_GATEWAY,
    "LH4308": HTTPStatus.BAD_GATEWAY,
    "LH4309": HTTPStatus.CONFLICT,
    "LH4310": HTTPStatus.NOT_IMPLEMENTED,
    "LH4311": HTTPStatus.BAD_GATEWAY,
    "LH4320": HTTPStatus.NOT_IMPLEMENTED,
    "LH4342": HTTPStatus.GATEWAY_TIMEOUT,
    "LH4321": HTTPStatus.FORBIDDEN,
    "LH4322": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "LH4323": HTTPStatus.CONFLICT,
    "LH4324": HTTPStatus.FORBIDDEN,
    "LH4325": HTTPStatus.NOT_FOUND,
    "LH4326": HTTPStatus.BAD_GATEWAY,
    "LH4401": HTTPStatus.UNAUTHORIZED,
    "LH4402": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "LH4404": HTTPStatus.NOT_FOUND,
    "LH4405": HTTPStatus.INTERNAL_SERVER_ERROR,
    "LH4406": HTTPStatus.SERVICE_UNAVAILABLE,
    "LH4407": HTTPStatus.SERVICE_UNAVAILABLE,
    "LH4409": HTTPStatus.NOT_FOUND,
    # The authorizer's context is ours, not the caller's.
    "LH4201": HTTPStatus.INTERNAL_SERVER_ERROR,
    "LH4202": HTTPStatus.INTERNAL_SERVER_ERROR,
    "LH4213": HTTPStatus.FORBIDDEN,
    "LH4216": HTTPStatus.UNAUTHORIZED,
}


def answer(failure: Failure) -> Answer:
    """Give the answer for a failure. What git said stays in the log."""
    if failure.code.startswith("LH4"):
        status = _STATUS.get(failure.code, HTTPStatus.BAD_REQUEST)
        body = {"error": _ACCOUNT.sub("ACCOUNT", failure.message), "code": failure.code}
        return Answer(body, status, _retry_after(failure))
    if isinstance(failure, Refused):
        error = "The repository refuses the change; it is not committed. Tell who runs this API."
        return Answer({"error": error, "code": "LH4502"}, HTTPStatus.BAD_GATEWAY)
    error = (
        "The repository did not confirm the change in time. Look before you send it again, or"
        " repeat it with the same Idempotency-Key."
        if failure.code == "LH2010"
        else "The repository cannot be reached, and nothing is committed. Try again."
    )
    headers = {"Retry-After": str(RETRY_AFTER_SECONDS)}
    return Answer({"error": error, "code": "LH4503"}, HTTPStatus.SERVICE_UNAVAILABLE, headers)


def _retry_after(failure: Failure) -> Mapping[str, str]:
    match failure:
        case TooManyPushes() | TooManyRequests():
            return {"Retry-After": str(failure.seconds)}
        case Wait():
            return {"Retry-After": str(RETRY_AFTER_SECONDS)}
        case _:
            return {}


def told(event: Event, error: Exception) -> Answer:
    """Give the answer for whatever ended an event, and log it. Called by entry points."""
    if isinstance(error, Failure):
        log.info("%s %s", error.code, error.message)
        return answer(error)
    return _unexpected(event, error)


def _unexpected(event: Event, error: Exception) -> Answer:
    """Give the answer for an error that nobody thought of, and log it.

    Nothing of the error is told: its text could have a path, a name or a token in it.
    """
    request_id = (event.get("requestContext") or {}).get("requestId")
    log.error("LH4350 The request %s failed.", request_id, exc_info=error)
    said = (
        "The gateway met an error of its own. Read the lease before you send a change again, and"
        f" tell who runs this API the request's id: {request_id}."
    )
    return Answer({"error": said, "code": "LH4350"}, HTTPStatus.INTERNAL_SERVER_ERROR)
