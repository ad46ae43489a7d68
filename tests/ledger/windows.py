"""Windows, schedules and instants as tests write them."""

from __future__ import annotations

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

from ledger.schedule import DAYS, Schedule, Window


def window(text: str, *days: str) -> Window:
    """`09:00-17:00`; every day unless days are named."""
    start, end = text.split("-")
    closes = None if end == "24:00" else time.fromisoformat(end)
    return Window(frozenset(days or DAYS), time.fromisoformat(start), closes)


def schedule(zone: str, *windows: Window) -> Schedule:
    return Schedule(zone=ZoneInfo(zone), windows=windows)


def at(text: str) -> datetime:
    """Read an instant; without an offset it is UTC."""
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
