"""What a change of a JSON document changes, field by field. Pure."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any, TypeGuard

from ledger.json_text import decode

_ABSENT = object()
_LONGEST, _BEFORE = 60, 20  # letters: of a value, and of them those before what differs
_CUT = "..."
_SCHEMA = "/$schema"


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One field, by its JSON pointer, and its values as people write them; "" is none.

    `document` is the kind of the document, where it is not the one that is spoken of.
    """

    pointer: str
    before: str
    after: str
    document: str = ""

    @property
    def field(self) -> str:
        return f"{self.document} {self.pointer}".lstrip()

    def __str__(self) -> str:
        return f"{self.field}: {self.before or '(none)'} -> {self.after or '(none)'}"


def changed_fields(
    before: bytes | None, after: bytes | None, document: str = ""
) -> tuple[FieldChange, ...]:
    """Return the fields that differ; none where one of the two is missing or cannot be read."""
    old, new = _read(before), _read(after)
    if old is None or new is None:
        return ()
    found = (FieldChange(*each, document) for each in _differences("", old, new))
    return tuple(each for each in found if each.pointer != _SCHEMA)


def _read(content: bytes | None) -> Any:  # noqa: ANN401  (JSON)
    try:
        return None if content is None else decode(content)
    except (ValueError, RecursionError):
        return None


def _differences(pointer: str, old: object, new: object) -> Iterator[tuple[str, str, str]]:
    old, new = _beside(old, new), _beside(new, old)
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in (*old, *(key for key in new if key not in old)):
            name = f"{pointer}/{str(key).replace('~', '~0').replace('/', '~1')}"
            yield from _differences(name, old.get(key, _ABSENT), new.get(key, _ABSENT))
    elif _has_documents(old) and _has_documents(new):
        pairs = zip_longest(old, new, fillvalue=_ABSENT)
        for number, (its_old, its_new) in enumerate(pairs):
            yield from _differences(f"{pointer}/{number}", its_old, its_new)
    elif type(old) is not type(new) or old != new:
        yield pointer, *_shown(old, new)


def _beside(value: object, other: object) -> object:
    """Return an empty object or list for what is absent beside one: each field of that is told."""
    if value is _ABSENT and other and (isinstance(other, Mapping) or _has_documents(other)):
        return {} if isinstance(other, Mapping) else []
    return value


def _has_documents(value: object) -> TypeGuard[list[object]]:
    """Tell whether it is a list that is compared by its elements; one of words is shown whole."""
    return isinstance(value, list) and all(isinstance(each, Mapping) for each in value)


def _shown(old: object, new: object) -> tuple[str, str]:
    """Write two values that differ, so that it is seen in what is."""
    texts = _text(old), _text(new)
    if texts[0] == texts[1]:
        texts = json.dumps(old, ensure_ascii=False), json.dumps(new, ensure_ascii=False)
    pairs = enumerate(zip(*texts, strict=False))
    same = next((place for place, (a, b) in pairs if a != b), min(map(len, texts)))
    return _cut(texts[0], same), _cut(texts[1], same)


def _text(value: object) -> str:
    if value is _ABSENT:
        return ""
    if isinstance(value, str) and value:
        return value
    return json.dumps(value, ensure_ascii=False)


def _cut(text: str, same: int) -> str:
    """Cut a long text to what is around the place from which on it differs from another."""
    if len(text) <= _LONGEST:
        return text
    begin = max(same - _BEFORE, 0)
    if begin <= len(_CUT):
        return f"{text[: _LONGEST - len(_CUT)]}{_CUT}"
    rest = text[begin:]
    room = _LONGEST - len(_CUT)
    if len(rest) > room:
        return f"{_CUT}{rest[: room - len(_CUT)]}{_CUT}"
    return f"{_CUT}{text[-room:]}"
