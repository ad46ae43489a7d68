"""The predecessor's schedules as ours: minutes of a first lease, or hours of a week. Pure.

Its later versions took a list of hours in place of the minutes, each with days or one date and a
time zone of its own. A definition has one time zone and weekly windows, so what does not fit is
left out and said. What has the right shape and a wrong value is kept, for the definition's own
check to refuse.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from leasehold.predecessor.expiries import Expiry
from leasehold.predecessor.notes import Note, note, unknown_fields
from ledger.names import EndpointName

_MINUTES = "initial_provision_minutes"
_HOURS = {"name", "start_time", "stop_time", "days", "date", "timezone"}
_UTC = "UTC"

Translated = tuple[Mapping[str, Any] | None, list[Note]]


def translated(place: str, schedule: Any) -> Translated:  # noqa: ANN401  (whatever JSON holds)
    """Return the definition's `schedule`, or None where it needs none, and where it all went."""
    match schedule:
        case dict():
            return _of_minutes(place, schedule)
        case list():
            return _of_hours(place, schedule)
        case _:
            now = "kept as it is, which no definition may have"
            return schedule, [note(place, schedule, now, look=True)]


def hours_of(endpoint_name: EndpointName, expiry: Expiry | None) -> Translated:
    """Translate the hours that a parameter has; its expiry is a lease, and none of these."""
    if expiry is None or expiry.schedule is None:
        return None, []
    return translated(f"{endpoint_name}: its parameter's schedule", expiry.schedule)


def _of_minutes(place: str, schedule: Mapping[str, Any]) -> Translated:
    notes = unknown_fields(f"{place}.", schedule, {_MINUTES})
    if _MINUTES not in schedule:
        return None, notes
    now = f"schedule.{_MINUTES}; no new lease comes of it, for there is a lease file"
    minutes = schedule[_MINUTES]
    return {_MINUTES: minutes}, [note(f"{place}.{_MINUTES}", minutes, now), *notes]


def _of_hours(place: str, schedule: list[Any]) -> Translated:
    zone = next(iter(_zones(schedule)), _UTC)
    windows, notes = [], []
    for number, entry in enumerate(schedule):
        field = f"{place}[{number}]"
        if why := _misfit(entry, zone):
            notes.append(note(field, entry, f"left out: {why}", look=True))
            continue
        windows.append(
            {"days": entry["days"], "start": entry["start_time"], "end": entry["stop_time"]}
        )
        notes.append(note(field, entry, f"schedule.windows[{len(windows) - 1}], in {zone}"))
        notes += unknown_fields(f"{field}.", entry, _HOURS)
    return ({"timezone": zone, "windows": windows} if windows else None), notes


def _zones(schedule: list[Any]) -> Iterator[Any]:
    """Yield the time zones of the hours that have days."""
    for entry in schedule:
        if isinstance(entry, dict) and "days" in entry:
            yield entry.get("timezone", _UTC)


def _misfit(entry: Any, zone: Any) -> str:  # noqa: ANN401  (whatever JSON holds)
    """Return why an entry is no weekly window of this zone, or nothing."""
    if not isinstance(entry, dict):
        return "it is no object"
    if "date" in entry:
        return (
            "a definition has hours of the week and no single dates; `leasehold extend` keeps it"
            " on that day"
        )
    if missing := [key for key in ("days", "start_time", "stop_time") if key not in entry]:
        return f"it has no {' and no '.join(missing)}"
    if entry.get("timezone", _UTC) != zone:
        return f"a definition has one time zone, and the hours before it are in {zone}"
    return ""
