"""Where each field of the predecessor's went: one note for each. Pure."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Note:
    """A field as it stood, and where it is now; `look` is for a person to look at."""

    field: str
    was: str
    now: str
    look: bool = False

    def __str__(self) -> str:
        return f"{self.field}{f' {self.was}' if self.was else ''} -> {self.now}"


def note(field: str, was: object, now: str, *, look: bool = False) -> Note:
    return Note(field, json.dumps(was, ensure_ascii=False), now, look)


def absent(field: str, now: str, *, look: bool = False) -> Note:
    """Note a field that the file does not have."""
    return Note(field, "", now, look)


def unknown_fields(
    place: str, data: Mapping[str, Any], known: frozenset[str] | set[str]
) -> list[Note]:
    """Note what the predecessor never read. The commit keeps the values, nothing else does."""
    return [
        note(f"{place}{key}", value, "left out: the predecessor has no such field", look=True)
        for key, value in data.items()
        if key not in known
    ]
