"""JSON files against the JSON Schema documents in `schema/`: every violation and its place.

It reads the schemas, which ship with the code; otherwise pure. It knows no document by name.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from ledger.json_text import MAX_BYTES, decode
from ledger.schema_check import compiled

__all__ = [
    "MAX_BYTES",
    "SCHEMAS",
    "Violation",
    "as_sentences",
    "check",
    "dump_json",
    "present",
    "read_json",
]

SCHEMAS = Path(__file__).resolve().parent.parent / "schema"
_MOST_TOLD = 500


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One thing that is wrong: where (file, JSON pointer) and what. A warning freezes nothing."""

    code: str
    file: str
    pointer: str
    sentence: str
    level: Literal["error", "warning"] = "error"

    def __str__(self) -> str:
        return f"{self.file}: {self.pointer or '/'}: {self.sentence} [{self.code}]"


def as_sentences(violations: Iterable[Violation]) -> str:
    return " ".join(map(str, violations))


def read_json(
    file: str, content: bytes, schema: str, most_bytes: int = MAX_BYTES
) -> dict[str, Any] | tuple[Violation, ...]:
    """Read a file against `schema/{schema}.schema.json`: the data, or all violations."""
    try:
        data = decode(content, most_bytes)
    except ValueError as error:
        return (Violation("LH1001", file, "", f"it cannot be read as JSON: {error}."),)
    except RecursionError:
        return (Violation("LH1001", file, "", "it is nested too deeply to be read."),)
    return check(file, data, schema) or data


def present(**fields: Any) -> dict[str, Any]:  # noqa: ANN401  (whatever JSON holds)
    """Return the fields that a document has, so that a dataclass' defaults stand for the others."""
    return {key: value for key, value in fields.items() if value is not None}


def check(file: str, data: object, schema: str) -> tuple[Violation, ...]:
    """Return every violation of a schema once, in the order of their places.

    Of very many these are some: whoever mends a file by hand reads no more.
    """
    if _test(schema)(data):
        return ()
    from ledger.schema_errors import errors  # noqa: PLC0415  (seldom needed, and long to import)

    told = errors(data, _document(schema))
    found = {
        Violation("LH1002", file, pointer, sentence)
        for pointer, sentence in islice(told, _MOST_TOLD)
    }
    if next(told, None):
        found.add(Violation("LH1002", file, "", "there is more that is wrong than is told here."))
    return tuple(sorted(found))


def fits(value: object, schema: Mapping[str, Any]) -> bool:
    """Tell whether a value is as a JSON Schema says, such as that of a parameter."""
    return compiled(schema)(value)


def dump_json(data: dict[str, Any]) -> bytes:
    """Write a document the way people do by hand: two spaces, a line at the end.

    Half a surrogate pair is passed through, for `read_json` to refuse with a sentence.
    """
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    return text.encode(errors="surrogatepass")


@cache
def _test(schema: str) -> Callable[[object], bool]:
    return compiled(_document(schema))


@cache
def _document(schema: str) -> Mapping[str, Any]:
    document: dict[str, Any] = json.loads((SCHEMAS / f"{schema}.schema.json").read_bytes())
    return document
