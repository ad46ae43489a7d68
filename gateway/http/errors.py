"""Failures as HTTP answers: `{"error": sentence, "code": "LH4xxx"}` with the right status.

`gateway_responses.json` beside it holds what API Gateway says by itself, for whoever deploys the
API or emulates it. A failure whose code is not in the table was not meant for a caller: it is
logged, and answered as an error of the gateway's own.
"""

import json
import re
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path

from gateway.http.answer import Answer
from gateway.log_lines import logger
from ledger.errors import Failure, Refused

GATEWAY_RESPONSES: Mapping[str, Mapping[str, str]] = json.loads(
    Path(__file__).with_name("gateway_responses.json").read_bytes()
)
RETRY_AFTER_SECONDS = 5  # where the repository cannot be reached
# AWS's messages and ARNs have it, between punctuation; names with as many digits stay.
_ACCOUNT = re.compile(r"(?<![0-9A-Za-z-])[0-9]{12}(?![0-9A-Za-z-])")
_CODES = {
    HTTPStatus.BAD_REQUEST: (
        "LH4001 LH4002 LH4003 LH4004 LH4101 LH4104 LH4107 LH4114 LH4115 LH4116 LH4306 LH4340"
        " LH4235 LH4236 LH4270 LH4282 LH4285 LH4286 LH4341 LH4403 LH4408"
    ),
    HTTPStatus.UNAUTHORIZED: "LH4010 LH4216 LH4277 LH4401",
    HTTPStatus.FORBIDDEN: (
        "LH4031 LH4213 LH4229 LH4231 LH4233 LH4271 LH4272 LH4274 LH4275 LH4321 LH4324"
    ),
    HTTPStatus.NOT_FOUND: "LH4041 LH4106 LH4261 LH4279 LH4280 LH4325 LH4404 LH4409",
    HTTPStatus.CONFLICT: (
        "LH2013 LH4103 LH4105 LH4108 LH4109 LH4110 LH4117 LH4118 LH4119 LH4227 LH4234 LH4288"
        " LH4309 LH4323"
    ),
    HTTPStatus.GONE: "LH4273 LH4284",
    HTTPStatus.PRECONDITION_FAILED: "LH4112",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "LH4302 LH4322 LH4402",
    HTTPStatus.UNPROCESSABLE_ENTITY: "LH4102 LH4111",
    HTTPStatus.TOO_MANY_REQUESTS: "LH4033 LH4278 LH4305",
    # The authorizer's context is ours, not the caller's.
    HTTPStatus.INTERNAL_SERVER_ERROR: "LH4201 LH4202 LH4232 LH4405",
    HTTPStatus.NOT_IMPLEMENTED: "LH4283 LH4310 LH4320",
    HTTPStatus.BAD_GATEWAY: "LH4281 LH4287 LH4303 LH4307 LH4308 LH4311 LH4326",
    HTTPStatus.SERVICE_UNAVAILABLE: "LH4113 LH4228 LH4240 LH4241 LH4289 LH4304 LH4406 LH4407",
    HTTPStatus.GATEWAY_TIMEOUT: "LH4342",
}
_STATUS = {code: status for status, codes in _CODES.items() for code in codes.split()}

log = logger("leasehold.gateway")


def told(error: Exception, request_id: str) -> Answer:
    """Return the answer for whatever ended a request, and log it. For entry points."""
    if isinstance(error, Failure) and (known := answer(error)):
        log.info("%s %s", error.code, error.message)
        return known
    return _unexpected(error, request_id)


def answer(failure: Failure) -> Answer | None:
    """Return the answer for a failure; None for one that no caller should see.

    What git said stays in the log.
    """
    if (status := _STATUS.get(failure.code)) is not None:
        body = {"error": _ACCOUNT.sub("ACCOUNT", failure.message), "code": failure.code}
        return Answer(body, status, _retry_after(failure.retry_after_seconds))
    return _of_git(failure) if failure.code.startswith("LH2") else None


def _of_git(failure: Failure) -> Answer:
    if isinstance(failure, Refused):
        error = "The repository refuses the change; it is not committed. Tell who runs this API."
        return Answer({"error": error, "code": "LH4502"}, HTTPStatus.BAD_GATEWAY)
    error = (
        "The repository did not confirm the change in time. Look before you send it again, or"
        " repeat it with the same Idempotency-Key."
        if failure.code == "LH2010"
        else "The repository cannot be reached, and nothing is committed. Try again."
    )
    headers = _retry_after(RETRY_AFTER_SECONDS)
    return Answer({"error": error, "code": "LH4503"}, HTTPStatus.SERVICE_UNAVAILABLE, headers)


def _retry_after(seconds: int | None) -> Mapping[str, str]:
    return {} if seconds is None else {"Retry-After": str(seconds)}


def _unexpected(error: Exception, request_id: str) -> Answer:
    """Return the answer for an error that nobody thought of, and log it.

    Nothing of the error is told: its text could have a path, a name or a token in it.
    """
    log.error("LH4350 The request %s failed.", request_id, exc_info=error)
    said = (
        "The gateway met an error of its own. Read the lease before you send a change again, and"
        f" tell who runs this API the request's id: {request_id}."
    )
    return Answer({"error": said, "code": "LH4350"}, HTTPStatus.INTERNAL_SERVER_ERROR)
