"""boto3 clients for a tick, which reads thousands of times of day from lists.

botocore tries a parser for every format that a time may have. SageMaker sends a number of seconds,
which needs none of them.
"""

from datetime import UTC, datetime
from typing import Any

import boto3
import botocore.session
from botocore.config import Config
from botocore.utils import parse_timestamp

PATIENT = Config(
    connect_timeout=5,
    read_timeout=20,
    retries={"mode": "standard"},
    max_pool_connections=64,  # as many as the gateway of `leasehold up` has threads
)
# Whoever is to be told waits for the next tick rather than the tick for them.
HASTY = Config(connect_timeout=2, read_timeout=3, retries={"total_max_attempts": 1})


def session() -> boto3.Session:
    """Return a session whose clients read times fast."""
    core = botocore.session.get_session()
    parsers = core.get_component("response_parser_factory")
    parsers.set_parser_defaults(timestamp_parser=_instant)
    return boto3.Session(botocore_session=core)


def _instant(value: Any) -> datetime:  # noqa: ANN401  (what botocore finds in an answer)
    if isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    return parse_timestamp(value)
