"""A document without what is wrong with it, so that the rest of it can be judged as well.

Whoever mends one mistake wants to hear of the others at once. So each wrong value is replaced by
the example that its schema has, or left out, and what is said of the stand-ins is not told.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from functools import cache
from typing import Any, Generic, TypeVar

from ledger.json_files import SCHEMAS, Violation, dump_json
from ledger.json_text import decode

_ROUNDS = 5  # a stand-in may contradict another value, and is replaced then
_Schema = Mapping[str, Any]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Mended(Generic[_T]):
    """What a document says with stand-ins, at which pointers these are, and what was wrong."""

    document: _T
    content: bytes
    pointers: frozenset[str] = frozenset()
    violations: tuple[Violation, ...] = ()

    def stands_in(self, pointer: str) -> bool:
        """Tell whether a value is none of the document's own."""
        return _is_below(pointer, self.pointers)


def mended(
    file: str,
    content: object,
    schema: str,
    parse: Callable[[str, bytes], _T | tuple[Violation, ...]],
) -> Mended[_T] | None:
    """Read a document with stand-ins for what is wrong; None where that does not help.

    Content that is no bytes is nothing that git has as a file.
    """
    if not isinstance(content, bytes):
        return None
    try:
        data = decode(content)
    except (ValueError, RecursionError):
        return None
    pointers: set[str] = set()
    said: set[Violation] = set()
    for _ in range(_ROUNDS):
        found = parse(file, dump_json(data))
        if not isinstance(found, tuple):
            return Mended(found, dump_json(data), frozenset(pointers), tuple(said))
        said |= {
            each
            for each in found
            if each.code != "LH1002" and not _is_below(each.pointer, pointers)  # those are told
        }
        for pointer in sorted({each.pointer for each in found}, reverse=True):  # leaves first
            pointers |= _mend(data, _document(schema), pointer)
    return None


def _is_below(pointer: str, pointers: Iterable[str]) -> bool:
    return any(pointer == each or pointer.startswith(f"{each}/") for each in pointers)


@cache
def _document(schema: str) -> _Schema:
    found: _Schema = json.loads((SCHEMAS / f"{schema}.schema.json").read_bytes())
    return found


def _mend(data: Any, document: _Schema, pointer: str) -> set[str]:  # noqa: ANN401  (whatever JSON holds)
    """Change what is wrong at a pointer, and return the pointers of the stand-ins."""
    parts = [part.replace("~1", "/").replace("~0", "~") for part in pointer.split("/")[1:]]
    schema, parent, key, value = document, None, "", data
    for part in parts:
        schema, parent, key = _below(document, schema, part), value, part
        value = _member(value, part)
    if isinstance(value, dict) and "properties" in schema and (new := _completed(value, schema)):
        return {f"{pointer}/{each}" for each in new if each}
    _replace(parent, key, schema)
    return {pointer} if pointer else set()


def _completed(value: dict[str, Any], schema: _Schema) -> set[str]:
    """Add the fields that are missing and drop the unknown ones; the empty name is for those."""
    fields = schema["properties"]
    unknown = value.keys() - fields.keys() if schema.get("additionalProperties") is False else set()
    missing = {key for key in schema.get("required", ()) if key not in value}
    for key in unknown:
        del value[key]
    for key in missing:
        value[key] = _example(fields[key])
    return missing | ({""} if unknown else set())


def _replace(parent: Any, key: str, schema: _Schema) -> None:  # noqa: ANN401
    match parent:
        case dict() if (example := _example(schema)) is not None:
            parent[key] = example
        case dict():
            parent.pop(key, None)
        case list() if key.isdigit() and int(key) < len(parent):
            parent[int(key)] = _example(schema)


def _example(schema: _Schema) -> Any:  # noqa: ANN401
    """Return a value that fits a schema; None where it has no example."""
    if examples := schema.get("examples") or schema.get("enum"):
        return deepcopy(examples[0])
    if "properties" not in schema:
        return None
    return {key: _example(schema["properties"][key]) for key in schema.get("required", ())}


def _below(document: _Schema, schema: _Schema, part: str) -> _Schema:
    """Return the schema of a member, as far as it is said by name."""
    found = schema.get("properties", {}).get(part) or schema.get("items")
    found = found or schema.get("additionalProperties")
    if not isinstance(found, dict):
        return {}
    if (reference := found.get("$ref", "")).startswith("#/$defs/"):
        return {**document["$defs"][reference.removeprefix("#/$defs/")], **found}
    return found


def _member(value: Any, part: str) -> Any:  # noqa: ANN401
    match value:
        case dict():
            return value.get(part)
        case list() if part.isdigit() and int(part) < len(value):
            return value[int(part)]
    return None
