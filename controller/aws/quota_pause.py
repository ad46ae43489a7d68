"""Restraint where AWS has said no: a quota is not hammered. Called by `endpoints`.

It remembers per process and is an optimisation: a new process asks once more.
"""

from collections.abc import Callable
from datetime import datetime, timedelta

from controller.planning.desired import Desired
from ledger.errors import Refused

QUOTA_PAUSE = timedelta(minutes=10)
QUOTA_CODE = "LH3002"


class QuotaPause:
    def __init__(self) -> None:
        self._refused: dict[tuple[str, str], tuple[datetime, Refused]] = {}

    def guard(self, target: Desired, now: datetime, do: Callable[[Desired], None]) -> None:
        """Do it, or repeat the words of a quota's refusal for a while. Raises `Failure`."""
        key = (target.endpoint_name, target.config_name)
        if (held := self._refused.get(key)) and now < held[0]:
            raise held[1]
        self._refused.pop(key, None)
        try:
            do(target)
        except Refused as refused:
            if refused.code == QUOTA_CODE:
                self._refused[key] = (now + QUOTA_PAUSE, refused)
            raise
