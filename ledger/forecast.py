"""What comes next for one endpoint: when its lease and its windows turn it on and off, and why.

Pure: `now` is an argument, aware and in UTC. It foretells `ledger.lease.is_on` from what the ledger
says today; nobody knows who will extend.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from ledger.instants import LONG_AGO, NEVER, earlier, later
from ledger.lease import Lease, is_on
from ledger.schedule import DAYS, Schedule, Span, Window, spans_between, windows_between

_AHEAD = timedelta(days=9)  # windows repeat weekly: what they do is seen in that time
_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Transition:
    """One change from off to on or back, in UTC, and its reason."""

    at: datetime
    turns_on: bool
    reason: str


def forecast(
    schedule: Schedule, lease: Lease | None, now: datetime, count: int
) -> tuple[Transition, ...]:
    """Foretell the next `count` transitions, windows for nine days after the lease's last word.

    Fewer where there are fewer, none where nothing will change. Where a window touches another or
    the lease, nothing changes.
    """
    found: list[Transition] = []
    was_on = is_on(schedule, lease, now)
    for at in sorted(set(_edges(schedule, lease, now))):
        if len(found) == count:
            break
        if is_on(schedule, lease, at) is not was_on:
            was_on = not was_on
            why = _why_on(schedule, lease, at) if was_on else _why_off(schedule, lease, at)
            found.append(Transition(at, was_on, why))
    return tuple(found)


def describe(schedule: Schedule, window: Window) -> str:
    """Write a window as people read it: "mon-fri 09:00-17:00 Europe/Berlin"."""
    end = f"{window.end:%H:%M}" if window.end else "24:00"
    return f"{_days(window.days)} {window.start:%H:%M}-{end} {schedule.zone}"


def _edges(schedule: Schedule, lease: Lease | None, now: datetime) -> Iterator[datetime]:
    """Yield the instants from now on at which anything may change, in no order.

    Before the lease's last word windows decide nothing: until `off_until` it is off, and then on
    until the lease ends.
    """
    words = (lease.expires_at, lease.off_until) if lease else ()
    told = [word for word in words if word and now < word < NEVER]
    yield from told
    last = max(told, default=now)
    for run in windows_between(schedule, last, later(last, _AHEAD)):
        yield from (at for at in run if LONG_AGO < at < NEVER)


def _why_on(schedule: Schedule, lease: Lease | None, at: datetime) -> str:
    if lease is None or at != lease.off_until:
        opening = (span for span in _around(schedule, at) if span.opens == at)
        return f"window {describe(schedule, next(opening).window)} opens"
    if schedule.always_on:
        return "off_until ends; it is always on"
    if lease.is_live(at):
        return "off_until ends inside the lease"
    running = (span for span in _around(schedule, at) if span.opens <= at < span.closes)
    return f"off_until ends inside the window {describe(schedule, next(running).window)}"


def _why_off(schedule: Schedule, lease: Lease | None, at: datetime) -> str:
    closing = next((span for span in _around(schedule, at) if span.closes == at), None)
    closes = f"window {describe(schedule, closing.window)} closes" if closing else None
    ends = "lease ends" if lease and lease.expires_at == at else None
    return " and ".join(word for word in (ends, closes) if word)


def _around(schedule: Schedule, at: datetime) -> Iterator[Span]:
    return spans_between(schedule, earlier(at, _MINUTE), later(at, _MINUTE))


def _days(days: frozenset[str]) -> str:
    """Write days in their order, three or more in a row as a range: "mon-fri, sun"."""
    rows: list[list[str]] = []
    for number, day in enumerate(DAYS):
        if day not in days:
            continue
        if rows and DAYS[number - 1] == rows[-1][-1]:
            rows[-1].append(day)
        else:
            rows.append([day])
    return ", ".join(f"{row[0]}-{row[-1]}" if row[2:] else ", ".join(row) for row in rows)
