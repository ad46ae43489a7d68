"""A pause after a quota's refusal: until it is over, AWS is not asked for the same thing again.

It is remembered in this process alone: a new process asks once more.
"""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from controller.planning.desired import Desired
from ledger.errors import Refused

if TYPE_CHECKING:
    from ledger.names import EndpointName

QUOTA_PAUSE = timedelta(minutes=10)
QUOTA_CODE = "LH3002"

_Wish = tuple["EndpointName", str, int | None]  # an endpoint, its config, its instances


class QuotaPause:
    def __init__(self) -> None:
        self._refused: dict[_Wish, tuple[datetime, Refused]] = {}

    def guard(self, target: Desired, now: datetime, do: Callable[[Desired], None]) -> None:
        """Do it, or raise a quota's refusal again while the pause lasts. Raise Failure."""
        key = (target.endpoint_name, target.config_name, target.count)
        if (held := self._refused.get(key)) and now < held[0]:
            raise held[1]
        self._refused.pop(key, None)
        try:
            do(target)
        except Refused as refused:
            if refused.code == QUOTA_CODE:
                self._refused[key] = (now + QUOTA_PAUSE, refused)
            raise
