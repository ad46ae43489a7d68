"""What an endpoint ran on today, and how long its starts take, as its entry keeps it. Pure.

A tick sees a move as it happens, so an entry has the stretches of its day that are over, and the
present one is what it says by itself. Whoever adds up a day reads no history for that.
"""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from statistics import median_low

from ledger.observed import Entry, Ran
from ledger.phases import Phase

MOST_STRETCHES = 24
MOST_STARTS = 5
_SECOND = timedelta(seconds=1)


def metered(was: Entry | None, entry: Entry, now: datetime) -> Entry:
    """Return an entry with the stretch that has just ended, where one has.

    Instances that were not known yet are those that are known now: nothing ends by that.
    """
    if was is None:
        return entry
    has_moved = (was.status, was.since) != (entry.status, entry.since)
    is_resized = was.hosts is not None and was.hosts != entry.hosts
    if not has_moved and not is_resized:
        return entry
    end = entry.since if has_moved else now.replace(microsecond=0)
    ran = (*was.ran, *_over(was, end))
    kept = tuple(each for each in ran if each.end > midnight(now))[-MOST_STRETCHES:]
    return replace(entry, ran=kept, starts=_starts(was, entry))


def ran_since(entry: Entry, since: datetime, now: datetime) -> Iterator[Ran]:
    """Yield what an endpoint has run on between two instants of one day."""
    for each in (*entry.ran, *_over(entry, now)):
        begin, end = max(each.begin, since), min(each.end, now)
        if begin < end:
            yield Ran(begin, end, each.hosts)


def start_seconds(entry: Entry) -> int | None:
    """Return how long its starts take, by the last ones; None where none was seen."""
    return median_low(entry.starts) if entry.starts else None


def midnight(now: datetime) -> datetime:
    return now.replace(hour=0, minute=0, second=0, microsecond=0)


def _over(entry: Entry, end: datetime) -> Iterator[Ran]:
    """Yield the stretch that an entry is in, as if it ended then."""
    if not entry.phase.is_billed or entry.foreign:
        return
    begin = max(entry.since, entry.ran[-1].end) if entry.ran else entry.since
    if begin < end:
        yield Ran(begin, end, entry.hosts)


def _starts(was: Entry, entry: Entry) -> tuple[int, ...]:
    if (was.phase, entry.phase) != (Phase.STARTING, Phase.SERVING) or entry.since <= was.since:
        return was.starts
    return (*was.starts, (entry.since - was.since) // _SECOND)[-MOST_STARTS:]
