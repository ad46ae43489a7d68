"""The answer for an endpoint that does not run: what it does instead, and how to change that. Pure.

Called by the operations that ask models. What SageMaker did last is read from the observed history,
which the controller keeps beside the ledger: no call of SageMaker is spent on those who come early.
"""

import json
import shlex
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from gateway.http.answer import Answer
from gateway.http.requests import Event
from ledger.holdings import Broken, Holding
from ledger.lease import is_on, stamp
from ledger.names import EndpointName
from ledger.observed import read_status
from ledger.phases import ABSENT, Phase, phase_of

STATUS_HEADER = "X-Leasehold-Status"
_STARTING_SECONDS, _STOPPED_SECONDS = 30, 60
_MINUTES = 60


def observed_status(files: Mapping[str, bytes], environment: str, endpoint_name: str) -> str:
    """Read an endpoint's status; what is not noted, or cannot be read, counts as absent.

    What is noted as serving too: SageMaker has just said otherwise.
    """
    status = read_status(files, environment, EndpointName(endpoint_name)) or ABSENT
    return ABSENT if phase_of(status) is Phase.SERVING else status


def not_running(item: Holding | Broken, status: str, now: datetime, event: Event) -> Answer:
    """Answer 503 with the status, when to ask again, and the call that extends the lease."""
    name = item.endpoint_name
    match item:
        case Broken():
            seconds = _STOPPED_SECONDS
            said = f"{name} does not run ({status}), and its files in the ledger cannot be read."
        case Holding() if is_on(item.definition.schedule, item.lease, now):
            seconds = _STARTING_SECONDS
            said = f"{name} is not in service yet ({status}). Ask again in {seconds} s."
        case _:
            seconds = _STOPPED_SECONDS
            said = f"{name} is stopped ({status}): {_why(item, now)} {_extend(event, name)}"
    body = {"error": said, "code": "LH4301"}
    headers = {"Retry-After": str(seconds), STATUS_HEADER: status}
    return Answer(body, HTTPStatus.SERVICE_UNAVAILABLE, headers)


def _why(item: Holding, now: datetime) -> str:
    lease = item.lease
    if lease is None:
        return "nobody has leased it yet."
    if lease.off_until and now < lease.off_until:
        return f"it is held off until {stamp(lease.off_until)}."
    return f"its lease ended at {stamp(lease.expires_at)}."


def _extend(event: Event, endpoint_name: str) -> str:
    body = json.dumps({"EndpointName": endpoint_name, "minutes": _MINUTES})
    call = ["curl", "-X", "POST", f"{_address(event)}/endpoint-expiry"]
    sent = shlex.join(["-H", "Content-Type: application/json", "-d", body])
    return f'Start it with: {shlex.join(call)} -H "Authorization: $TOKEN" {sent}'


def _address(event: Event) -> str:
    """Find the API's address, with its stage if it has one, as the caller knows it."""
    context = event.get("requestContext") or {}
    headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
    stage = str(context.get("path", "")).removesuffix(str(event.get("path", "")))
    scheme = headers.get("x-forwarded-proto", "https")
    return f"{scheme}://{context.get('domainName', '')}{stage}"
