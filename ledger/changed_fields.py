"""What a change of a JSON document changes, field by field. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from ledger.json_text import decode

_ABSENT = object()
_LONGEST = 60
_SCHEMA = "/$schema"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, by its JSON pointer, and its values as people write them; "" is none."""

    pointer: str
    before: str
    after: str

    def __str__(self) -> str:
        return f"{self.pointer}: {self.before or '(none)'} -> {self.after or '(none)'}"


def changed_fields(before: bytes | None, after: bytes | None) -> tuple[FieldChange, ...]:
    """Return the fields that differ; none where one of the two is missing or cannot be read."""
    old, new = _read(before), _read(after)
    if old is None or new is None:
        return ()
    found = (FieldChange(*each) for each in _differences("", old, new))
    return tuple(each for each in found if each.pointer != _SCHEMA)


def _read(content: bytes | None) -> Any:  # noqa: ANN401  (JSON)
    try:
        return None if content is None else decode(content)
    except (ValueError, RecursionError):
        return None


def _differences(pointer: str, old: object, new: object) -> Iterator[tuple[str, str, str]]:
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in (*old, *(key for key in new if key not in old)):
            name = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
            yield from _differences(name, old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif type(old) is not type(new) or old != new:
        yield pointer, _shown(old), _shown(new)


def _shown(value: object) -> str:
    if value is _ABSENT:
        return ""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 3]}..."
