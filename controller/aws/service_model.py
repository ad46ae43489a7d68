"""What AWS's own model of a service says of a request: lengths, patterns, counts, enums. Pure.

botocore has the model with every release. It checks by it only whether a request can be written
down, and sends what AWS refuses then; here the whole of it is checked, shape by shape.
"""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from controller.planning.fields import Path

_MOST_NAMED = 8
_LONGEST_SHOWN = 60
_COUNTED = {"string": "characters", "list": "entries", "map": "entries"}
_LARGEST = {"integer": 2**31 - 1, "long": 2**63 - 1, "float": float("inf"), "double": float("inf")}
_CATEGORIES = {r"\p{L}": "a-zA-Z", r"\p{N}": "0-9", r"\p{Z}": r"\s"}
_STANDS_FOR = {"L": "a", "N": "0", "Z": " "}


@dataclass(frozen=True, slots=True)
class Breach:
    """A value that AWS would refuse: where it is in the request, why, and of which shape it is.

    `allowed` are the values of an enum. A warning is what AWS may take, and does not document.
    """

    path: Path
    sentence: str
    shape: str = ""
    value: object = None
    allowed: tuple[str, ...] = ()
    level: Literal["error", "warning"] = "error"


def breaches(shape: Any, value: Any, path: Path = ()) -> Iterator[Breach]:  # noqa: ANN401
    """Yield all that a shape of the service model does not let pass."""
    for sentence in _wrong(shape, value):
        allowed = tuple(shape.metadata.get("enum", ()))
        yield Breach(path, sentence, shape.name, value, allowed)
    match shape.type_name, value:
        case "structure", Mapping():
            yield from _of_structure(shape, value, path)
        case "map", Mapping():
            for key, each in value.items():
                yield from breaches(shape.key, key, (*path, key))
                yield from breaches(shape.value, each, (*path, key))
        case "list", Sequence():
            for number, each in enumerate(value):
                yield from breaches(shape.member, each, (*path, number))


def _of_structure(shape: Any, value: Mapping[str, Any], path: Path) -> Iterator[Breach]:  # noqa: ANN401
    for name in shape.required_members:
        if name not in value:
            yield Breach((*path, name), f"AWS needs {name}, and nothing says it.")
    for name, each in value.items():
        if name in shape.members:
            yield from breaches(shape.members[name], each, (*path, name))


def _wrong(shape: Any, value: Any) -> Iterator[str]:  # noqa: ANN401
    said: Mapping[str, Any] = shape.metadata
    sentence = ""
    match shape.type_name, value:
        case (("string" | "list" | "map" as kind), str() | Sequence() | Mapping()):
            sentence = _beyond(said, len(value), f"{_COUNTED[kind]}")
            if not sentence and isinstance(value, str):
                sentence = _not_among(said, value) or _not_like(said, value)
        case (("integer" | "long" | "float" | "double") as kind, int() | float()):
            sentence = _beyond({"max": _LARGEST[kind], **said}, value, "")
    if sentence:
        yield sentence


def _beyond(said: Mapping[str, Any], size: float, unit: str) -> str:
    has = f"it has {size} {unit}" if unit else f"it is {size}"
    if "max" in said and size > said["max"]:
        return f"{has}, and AWS allows {said['max']} at most."
    if "min" in said and size < said["min"]:
        return f"{has}, and AWS demands {said['min']} at least."
    return ""


def _not_among(said: Mapping[str, Any], value: str) -> str:
    known = said.get("enum")
    if not known or value in known:
        return ""
    named = ", ".join(known[:_MOST_NAMED]) + (", ..." if len(known) > _MOST_NAMED else "")
    return f"{_shown(value)} is none of those that AWS knows: {named}."


def _not_like(said: Mapping[str, Any], value: str) -> str:
    pattern = said.get("pattern")
    expression = _compiled(pattern) if pattern else None
    if expression is None or expression.fullmatch(_as_ascii(value)):
        return ""
    return f"{_shown(value)} is not as AWS demands it, which is by the pattern {pattern}"


@cache
def _compiled(pattern: str) -> re.Pattern[str] | None:
    """Return one of AWS's patterns, which are Java's; None for what only Java understands."""
    for category, letters in _CATEGORIES.items():
        pattern = pattern.replace(category, letters)
    try:
        return re.compile(pattern, re.ASCII)
    except re.error:
        return None


def _as_ascii(value: str) -> str:
    """Replace letters, digits and spaces of all scripts by those that `_CATEGORIES` names."""
    if value.isascii():
        return value
    return "".join(
        each if each.isascii() else _STANDS_FOR.get(unicodedata.category(each)[0], each)
        for each in value
    )


def _shown(value: str) -> str:
    return repr(value if len(value) <= _LONGEST_SHOWN else f"{value[:_LONGEST_SHOWN]}...")
