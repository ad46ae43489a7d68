"""The sandbox's clock: real time plus an offset that can be steered, or a clock that stands still.

Everything in the sandbox that depends on time asks this clock, and nothing waits for it: an
endpoint's state is worked out from time stamps when somebody looks. Moments are seconds since the
epoch, as in AWS's JSON protocol; people read and write them as `YYYY-MM-DDTHH:MM:SSZ`.
"""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from email.utils import format_datetime
from typing import Any

from sandbox.journal import Journal

KEY = "clock"


class Clock:
    """Its offset is kept in the journal; its skew, and whether it stands still, are not."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._offset = 0.0
        self._stopped_at: float | None = None
        self.skew = 0.0
        """By how much the Date header of answers is off; the sandbox itself is not."""

    def now(self) -> float:
        """Return the moment in whole milliseconds: AWS's JSON would round a finer one."""
        return round(self._real() + self._offset, 3)

    def set(self, moment: float) -> None:
        self._offset = moment - self._real()
        for key, value in self.entries():
            self._journal.write(key, value)

    @property
    def running(self) -> bool:
        return self._stopped_at is None

    def stop(self) -> None:
        """Stand still: time passes only when the clock is set."""
        self._stopped_at = self._real()

    def run(self) -> None:
        """Go on from the moment that it shows."""
        shown = self.now()
        self._stopped_at = None
        self.set(shown)

    def entries(self) -> Iterator[tuple[str, Any]]:
        yield KEY, {"offset": self._offset}

    def restore(self, entries: Mapping[str, Any]) -> None:
        self._offset = entries.get(KEY, {}).get("offset", 0.0)

    def _real(self) -> float:
        return time.time() if self._stopped_at is None else self._stopped_at


def written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def parsed(text: str) -> float:
    """Return seconds since the epoch; raise ValueError unless it is a UTC time with a Z."""
    return datetime.strptime(text, "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()


def http_date(moment: float) -> str:
    return format_datetime(datetime.fromtimestamp(int(moment), UTC), usegmt=True)
