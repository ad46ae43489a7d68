"""Times for people: "in 24 min", "3 h ago", "2026-11-23 10:00 UTC". Pure.

The command line's tables and answers use it. Machines get `ledger.lease.stamp` instead.
"""

from datetime import datetime, timedelta

from ledger.instants import in_utc
from ledger.lease import duration


def relative(moment: datetime, now: datetime) -> str:
    """Say how far a moment is from now."""
    seconds = int((moment - now).total_seconds())
    if abs(seconds) < 1:
        return "now"
    length = duration(timedelta(seconds=abs(seconds)))
    return f"in {length}" if seconds > 0 else f"{length} ago"


def utc(moment: datetime) -> str:
    """Write a moment to the minute; always in UTC, and says so."""
    return in_utc(moment).strftime("%Y-%m-%d %H:%M UTC")


def as_of(environment: str, commit: str, now: datetime) -> str:
    """Say of which environment, commit and moment a table is."""
    return f"{environment} at {commit[:8]}, {utc(now)}"


def on_day(moment: datetime, day: datetime) -> str:
    """Write a moment in UTC beside another one, without the date where that is the same."""
    moment = in_utc(moment)
    same = moment.date() == in_utc(day).date()
    return moment.strftime("%H:%M" if same else "%Y-%m-%d %H:%M")


def clock_face(moment: datetime) -> str:
    """Write the time of day to the second, for a log of which each line is of today."""
    return in_utc(moment).strftime("%H:%M:%S")
