"""boto3 clients for a tick, which reads thousands of times of day from lists.

What is throttled they repeat for themselves; see `retries`. Each call ends in time, whatever
happens; see `ledger.aws_calls`.

botocore tries a parser for every format that a time may have. SageMaker sends a number of seconds,
which needs none of them.
"""

from datetime import UTC, datetime
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.utils import parse_timestamp

from controller.aws.retries import repeat_throttled
from ledger.aws_calls import end_in_time

PATIENT = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard"},
    max_pool_connections=64,  # as many as the gateway of `leasehold up` has threads
)
# For notices: a target that is slow gets its notice with the next tick, and holds up none.
HASTY = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 1})

_NOTHING = "/dev/null"


def session() -> boto3.Session:
    """Return a session with this machine's settings, whose clients read times fast."""
    return _fast(botocore.session.Session())


def session_apart() -> boto3.Session:
    """Return one that no variable and no file of this machine reaches, for a sandbox."""
    apart = {
        name: (None, None, default, convert)
        for name, (_, _, default, convert) in botocore.session.Session.SESSION_VARIABLES.items()
    }
    files = dict.fromkeys(("config_file", "credentials_file"), (None, None, _NOTHING, None))
    return _fast(botocore.session.Session(session_vars={**apart, **files}))


def _fast(core: botocore.session.Session) -> boto3.Session:
    parsers = core.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=_instant)
    events = core.get_component("event_emitter")
    repeat_throttled(events)
    end_in_time(events)
    return boto3.Session(botocore_session=core)


def _instant(value: Any) -> datetime:  # noqa: ANN401  (what botocore finds in an answer)
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return parse_timestamp(value)
