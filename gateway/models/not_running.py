"""The answer for an endpoint that does not run: what it does instead, and how to change that. Pure.

What SageMaker did last is read from the observed history, which the controller keeps beside the
ledger: no call of SageMaker is spent on those who come early.
"""

import json
import shlex
from datetime import datetime
from http import HTTPStatus

from gateway.http.answer import Answer
from ledger.holdings import Broken, Holding
from ledger.observed import Noted
from ledger.phases import ABSENT, Phase
from ledger.standing import State, standing

STATUS_HEADER = "X-Leasehold-Status"
_STARTING_SECONDS, _STOPPED_SECONDS = 30, 60
_MINUTES = 60


def shown_status(noted: Noted | None) -> str:
    """Return the status to show; what is noted as serving is gone, for it does not answer."""
    return ABSENT if noted is None or noted.phase is Phase.SERVING else noted.status


def not_running(
    item: Holding | Broken, noted: Noted | None, now: datetime, base_url: str
) -> Answer:
    """Answer 503 with the status, when to ask again, and the call that extends the lease."""
    name, told, status = item.endpoint_name, standing(item, now), shown_status(noted)
    seconds = _STOPPED_SECONDS
    if told.state in (State.FROZEN, State.SUSPENDED):
        said = f"{name} does not run ({status}): {told.sentence}."
    elif told.is_on and (reason := _reason(noted)):
        said = f"{name} is not in service ({status}), though {told.sentence}. {reason}"
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


def _reason(noted: Noted | None) -> str | None:
    """Return what AWS said, where it is why nothing serves: a start takes more than a while."""
    is_starting = noted is not None and noted.phase.is_busy
    return noted.reason if noted and not is_starting and not noted.foreign else None


def _extend(base_url: str, endpoint_name: str) -> str:
    body = json.dumps({"EndpointName": endpoint_name, "minutes": _MINUTES})
    call = ["curl", "-X", "POST", f"{base_url}/endpoint-expiry"]
    sent = shlex.join(["-H", "Content-Type: application/json", "-d", body])
    return f'Start it with: {shlex.join(call)} -H "Authorization: $TOKEN" {sent}'
