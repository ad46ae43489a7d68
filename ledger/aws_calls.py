"""boto3 sessions whose clients' calls end in time, whatever AWS's servers do.

botocore limits each attempt to connect and each read, and repeats what failed. A server that sends
a byte now and then keeps a call for ever, and three attempts of 25 seconds are more than anybody
has. So a call is an errand: at its own end, or at that of the work which it is part of, whoever
made it goes on, and it is repeated no more.
"""

from collections.abc import MutableSequence
from functools import cache, partial
from typing import Any

import boto3
import botocore.session
from botocore.exceptions import ConnectTimeoutError, ReadTimeoutError

from ledger.deadline import left
from ledger.errands import GivenUp, in_time

MOST_SECONDS = 25.0  # of a call with all its attempts, unless its client is to wait longer for one


class _CallsInTime:
    """What clients do before what botocore's own do."""

    meta: Any

    def _make_api_call(self, operation_name: str, arguments: dict[str, Any]) -> Any:  # noqa: ANN401
        call = super()._make_api_call  # type: ignore[misc]  # botocore's
        config, url = self.meta.config, self.meta.endpoint_url
        most = max(MOST_SECONDS, config.connect_timeout + config.read_timeout)
        try:
            return in_time(partial(call, operation_name, arguments), url, most)
        except GivenUp as error:
            kind = ReadTimeoutError if error.begun else ConnectTimeoutError
            raise kind(endpoint_url=url) from error


def end_in_time(events: Any) -> None:  # noqa: ANN401  (botocore's own emitter of events)
    """Let all calls of the clients end in time that are made with these events."""
    events.register("creating-client-class", _with_calls_in_time)
    events.register("before-send", _check_time)


def _with_calls_in_time(base_classes: MutableSequence[type], **_: object) -> None:
    base_classes.insert(0, _CallsInTime)


def _check_time(request: Any, **_: object) -> None:  # noqa: ANN401  (botocore's)
    """Raise where the time is up, so that nothing is sent that nobody waits for."""
    if not left(MOST_SECONDS):
        raise ConnectTimeoutError(endpoint_url=request.url)


@cache
def session() -> boto3.Session:
    """Return a session by this process's environment, whose clients' calls end in time."""
    core = botocore.session.Session()
    end_in_time(core.get_component("event_emitter"))
    return boto3.Session(botocore_session=core)
