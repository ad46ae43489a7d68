"""The answer for an endpoint that does not run: what it does instead, and how to change that. Pure.

What SageMaker did last is read from the observed history, which the controller keeps beside the
ledger: no call of SageMaker is spent on those who come early.
"""

import json
import shlex
from collections.abc import Mapping
from datetime import datetime
from http import HTTPStatus

from gateway.http.answer import Answer
from ledger.holdings import Broken, Holding
from ledger.names import EndpointName
from ledger.observed import read_status
from ledger.phases import ABSENT, Phase, phase_of
from ledger.standing import State, standing

STATUS_HEADER = "X-Leasehold-Status"
_STARTING_SECONDS, _STOPPED_SECONDS = 30, 60
_MINUTES = 60


def observed_status(files: Mapping[str, bytes], environment: str, endpoint_name: str) -> str:
    """Read an endpoint's status; what is not noted, or cannot be read, counts as absent.

    What is noted as serving too: SageMaker has just said otherwise.
    """
    status = read_status(files, environment, EndpointName(endpoint_name)) or ABSENT
    return ABSENT if phase_of(status) is Phase.SERVING else status


def not_running(item: Holding | Broken, status: str, now: datetime, base_url: str) -> Answer:
    """Answer 503 with the status, when to ask again, and the call that extends the lease."""
    name, told = item.endpoint_name, standing(item, now)
    seconds = _STOPPED_SECONDS
    if told.state in (State.FROZEN, State.SUSPENDED):
        said = f"{name} does not run ({status}): {told.sentence}."
    elif told.is_on:
        seconds = _STARTING_SECONDS
        said = (
            f"{name} is not in service yet ({status}): {told.sentence}. Ask again in {seconds} s."
        )
    else:
        said = f"{name} is stopped ({status}): {told.sentence}. {_extend(base_url, name)}"
    body = {"error": said, "code": "LH4301"}
    headers = {"Retry-After": str(seconds), STATUS_HEADER: status}
    return Answer(body, HTTPStatus.SERVICE_UNAVAILABLE, headers)


def _extend(base_url: str, endpoint_name: str) -> str:
    body = json.dumps({"EndpointName": endpoint_name, "minutes": _MINUTES})
    call = ["curl", "-X", "POST", f"{base_url}/endpoint-expiry"]
    sent = shlex.join(["-H", "Content-Type: application/json", "-d", body])
    return f'Start it with: {shlex.join(call)} -H "Authorization: $TOKEN" {sent}'
