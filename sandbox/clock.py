"""The sandbox's clock: real time plus an offset that can be steered.

Everything in the sandbox that depends on time asks this clock, and nothing waits for it: an
endpoint's state is worked out from time stamps when somebody looks. Moments are seconds since the
epoch, as in AWS's JSON protocol; people read and write them as `YYYY-MM-DDTHH:MM:SSZ`.
"""

import time
from datetime import UTC, datetime
from email.utils import format_datetime


class Clock:
    def __init__(self, offset: float = 0.0) -> None:
        self.offset = offset
        self.skew = 0.0
        """By how much the Date header of answers is off; the sandbox itself is not."""

    def now(self) -> float:
        """Give the moment in whole milliseconds: finer ones do not survive AWS's JSON and back."""
        return round(time.time() + self.offset, 3)

    def set(self, moment: float) -> None:
        self.offset = moment - time.time()


def spoken(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parsed(text: str) -> float:
    """Seconds since the epoch; ValueError unless `text` is a UTC moment that ends in Z."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def http_date(moment: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(moment), UTC), usegmt=True)
