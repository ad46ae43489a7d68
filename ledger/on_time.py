"""When an endpoint is on, by its lease and its windows, between two instants. Pure.

It says of a span of time what `ledger.lease.is_on` says of an instant.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import NamedTuple

from ledger.instants import in_utc
from ledger.lease import Lease, is_on
from ledger.schedule import Schedule, windows_between


class Stretch(NamedTuple):
    """A half-open stretch of time, in UTC."""

    begin: datetime
    end: datetime

    @property
    def length(self) -> timedelta:
        return max(self.end - self.begin, timedelta())


def on_time(
    schedule: Schedule, lease: Lease | None, begin: datetime, end: datetime
) -> Iterator[Stretch]:
    """Yield when it is on between two instants, in order; what touches is one stretch."""
    opened: datetime | None = None
    for at in sorted({begin, *_edges(schedule, lease, begin, end)}):
        on = is_on(schedule, lease, at)
        if on and opened is None:
            opened = at
        elif not on and opened is not None:
            yield Stretch(opened, at)
            opened = None
    if opened is not None and opened < end:
        yield Stretch(opened, end)


def _edges(
    schedule: Schedule, lease: Lease | None, begin: datetime, end: datetime
) -> Iterator[datetime]:
    """Yield the instants within at which anything may change."""
    words = (lease.expires_at, lease.off_until) if lease else ()
    yield from (in_utc(word) for word in words if word and begin < word < end)
    for run in windows_between(schedule, begin, end):
        yield from (in_utc(at) for at in run if begin < at < end)
