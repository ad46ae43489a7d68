"""The lease algebra: how a lease may change, and whether an endpoint is on.

Pure: `now` is an argument, aware and in UTC; a lease counts in whole seconds, so fractions of `now`
are dropped. It must not know files, git or SageMaker.
"""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from ledger.errors import Refused
from ledger.instants import later
from ledger.instants import stamp as stamp  # noqa: PLC0414 - a lease is written with it
from ledger.schedule import Schedule, window_end

_MOST_MINUTES = 10**9  # about 1,900 years: past every ceiling
_FIRST_YEAR = 2000
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


@dataclass(frozen=True, slots=True)
class Lease:
    """Until when an endpoint is kept; `off_until` holds it off inside a schedule window."""

    expires_at: datetime
    off_until: datetime | None = None
    request_id: str | None = None

    def is_live(self, now: datetime) -> bool:
        """Tell whether the meter still runs: the one predicate for it, `now < expires_at`."""
        return now < self.expires_at

    def is_held_off(self, now: datetime) -> bool:
        """Tell whether a release still holds it off, whatever its windows say."""
        return self.off_until is not None and now < self.off_until


@dataclass(frozen=True, slots=True)
class Ceiling:
    """How far ahead of now a lease may reach, the file that says so, and by which rule of it."""

    minutes: int
    ruled_by: str
    rule: str = "max_lease_minutes"
    code: str = "LH4102"

    def at(self, now: datetime) -> datetime:
        return later(now, timedelta(minutes=self.minutes))


def extend(lease: Lease | None, minutes: int, now: datetime, ceiling: Ceiling) -> Lease:
    """Add whole minutes to what is left; an ended lease counts from now. Clears `off_until`.

    Raises Refused LH4101 for minutes that are no whole number from 1; past the ceiling LH4102, or
    LH4250 where it is one of money.
    """
    now = _instant(now)
    start = max(lease.expires_at, now) if lease else now
    expires_at = later(start, timedelta(minutes=_whole_minutes(minutes)))
    if expires_at > ceiling.at(now):
        largest = max(int((ceiling.at(now) - start).total_seconds() // 60), 0)
        possible = (
            f"the most that can be added now is {largest} min" if largest else "it is reached"
        )
        raise Refused(
            ceiling.code,
            f"adding {minutes} min would pass the ceiling of {ceiling.minutes} min from now, set by"
            f" {ceiling.rule} in {ceiling.ruled_by}; {possible}.",
        )
    return Lease(expires_at)


def set_expiry(
    lease: Lease | None, until: datetime, now: datetime, ceiling: Ceiling, *, shorten: bool = False
) -> Lease:
    """Set the end of the lease to an instant. A live lease gets shorter only on request.

    Raises Refused LH4102 past the ceiling, or LH4250 where it is one of money; LH4103 for a
    shortening, LH4104 for a naive time.
    """
    now, until = _instant(now), _instant(until)
    if until > ceiling.at(now):
        raise Refused(
            ceiling.code,
            f"{stamp(until)} is past the ceiling of {ceiling.minutes} min from now, set by"
            f" {ceiling.rule} in {ceiling.ruled_by}: the latest possible is"
            f" {stamp(ceiling.at(now))}.",
        )
    live = lease is not None and lease.is_live(now)
    if lease and live and until < lease.expires_at and not shorten:
        raise Refused(
            "LH4103",
            f"the lease runs until {stamp(lease.expires_at)}, and {stamp(until)} would shorten it."
            ' Say "shorten": true if you mean that.',
        )
    if not live and until <= now:
        raise Refused("LH4103", f"{stamp(until)} is past already, and no lease is running.")
    return Lease(until)


def grant(minutes: int, now: datetime, ceiling: Ceiling) -> Lease:
    """Give a definition its first lease, cut to the ceiling: nobody is there to be asked."""
    now = _instant(now)
    until = later(now, timedelta(minutes=_whole_minutes(minutes)))
    return Lease(min(until, ceiling.at(now)))


def credit(lease: Lease, start: datetime, ready: datetime, most_minutes: int) -> int:
    """Count the whole minutes of a start that are given back: leased, but not in service yet.

    None where the lease had ended before the start began, and never more than `most_minutes`.
    """
    if lease.expires_at <= start:
        return 0
    minutes = int((_instant(ready) - _instant(start)).total_seconds() // 60)
    return min(max(minutes, 0), most_minutes)


def prolong(lease: Lease | None, until: datetime, now: datetime, ceiling: Ceiling) -> Lease:
    """Let the lease run until an instant or the ceiling, and never end sooner than it does.

    For changes that nobody asked for by hand: they are cut to the ceiling instead of refused.
    """
    until = min(_instant(until), ceiling.at(_instant(now)))
    if lease is None:
        return Lease(until)
    return replace(lease, expires_at=max(lease.expires_at, until))


def release(lease: Lease | None, schedule: Schedule, now: datetime) -> Lease:
    """End the lease now, and stay off for the rest of a schedule window that is running.

    Raises Refused LH4105 where there is nothing to release: neither a live lease nor a window.
    """
    now = _instant(now)
    end = window_end(schedule, now)
    held_off = lease is not None and lease.is_held_off(now)
    if not (lease and lease.is_live(now)) and (end is None or held_off):
        ended = f"its lease ended at {stamp(lease.expires_at)}" if lease else "it was never leased"
        raise Refused("LH4105", f"there is nothing to release: {ended}.")
    return Lease(min(lease.expires_at, now) if lease else now, off_until=end)


def is_on(schedule: Schedule, lease: Lease | None, now: datetime) -> bool:
    """Tell whether it should run: leased, in a window or always on, and not held off."""
    if lease and lease.is_held_off(now):
        return False
    live = lease is not None and lease.is_live(now)
    return live or schedule.always_on or window_end(schedule, now) is not None


def with_request(lease: Lease, request_id: str) -> Lease:
    return replace(lease, request_id=request_id)


def instant_from(text: str) -> datetime:
    """Read an instant that a person wrote. Raises ValueError with what is wrong, to end a sentence.

    A year like 0001 is what some library has where nothing was filled in.
    """
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(f"{text} is no date of the calendar.") from None
    if found.year < _FIRST_YEAR:
        raise ValueError(f"{text} is before the year {_FIRST_YEAR}, and so before any endpoint.")
    return found


def duration(length: timedelta) -> str:
    """Say a length: seconds below a minute, minutes below two hours, then hours, then days."""
    seconds = int(length.total_seconds())
    if seconds < _MINUTE:
        return f"{seconds} s"
    if seconds < 2 * _HOUR:
        return f"{_rounded(seconds, _MINUTE)} min"
    if seconds < 2 * _DAY:
        return f"{_rounded(seconds, _HOUR)} h"
    return f"{_rounded(seconds, _DAY)} days"


def relative(moment: datetime, now: datetime) -> str:
    """Say how far a moment is from now: "in 24 min", "3 h ago"."""
    seconds = int((moment - now).total_seconds())
    if abs(seconds) < 1:
        return "now"
    length = duration(timedelta(seconds=abs(seconds)))
    return f"in {length}" if seconds > 0 else f"{length} ago"


def _rounded(seconds: int, unit: int) -> int:
    return (seconds + unit // 2) // unit


def _whole_minutes(minutes: object) -> int:
    if type(minutes) is not int:
        raise Refused("LH4101", f"minutes must be a whole number from 1, not {minutes!r:.40}.")
    if not 1 <= minutes <= _MOST_MINUTES:
        raise Refused("LH4101", f"minutes must be a whole number from 1 to {_MOST_MINUTES}.")
    return minutes


def _instant(moment: datetime) -> datetime:
    """Take an aware time to UTC and whole seconds."""
    if moment.tzinfo is None:
        raise Refused("LH4104", f"the time {moment.isoformat()} has no zone: end it with Z.")
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise Refused("LH4104", f"{moment.isoformat()} is outside of the calendar.") from None
