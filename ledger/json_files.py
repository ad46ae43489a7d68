"""JSON files against the JSON Schema documents in `schema/`: every violation and its place.

It reads the schemas, which ship with the code; otherwise pure. It knows no document by name.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence, Sized
from dataclasses import dataclass
from functools import cache
from itertools import islice
from pathlib import Path
from typing import Any, Literal

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from ledger.json_text import MAX_BYTES, decode
from ledger.meant import meant

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
_MOST_NAMED = 5
_MOST_TOLD = 500
_MOST_LOOKED_AT = 200
_LONGEST_SHOWN = 60
_COMPARED = {
    "minimum": "is less than",
    "maximum": "is more than",
    "minItems": "is shorter than",
    "minLength": "is shorter than",
    "maxItems": "is longer than",
    "maxLength": "is longer than",
    "maxProperties": "has more fields than",
}


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
    errors = _validator(schema).iter_errors(data)
    found = {
        Violation("LH1002", file, _pointer(error.absolute_path), _sentence(error))
        for error in islice(errors, _MOST_TOLD)
    }
    if next(errors, None):
        found.add(Violation("LH1002", file, "", "there is more that is wrong than is told here."))
    return tuple(sorted(found))


def fits(value: object, schema: Mapping[str, Any]) -> bool:
    """Tell whether a value is as a JSON Schema says, such as that of a parameter."""
    return _Strict(dict(schema)).is_valid(value)


def dump_json(data: dict[str, Any]) -> bytes:
    """Write a document the way people do by hand: two spaces, a line at the end.

    Half a surrogate pair is passed through, for `read_json` to refuse with a sentence.
    """
    text = json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    return text.encode(errors="surrogatepass")


@cache
def _validator(schema: str) -> Draft202012Validator:
    document = json.loads((SCHEMAS / f"{schema}.schema.json").read_bytes())
    return _Strict(document)


def _is_whole(_checker: object, instance: object) -> bool:
    """Refuse 10.0, which JSON Schema lets pass as an integer: a count has no fraction."""
    return type(instance) is int


def _pattern(
    _validator: object, rule: str, instance: object, _schema: object
) -> Iterator[ValidationError]:
    """Match as ECMA 262 does: Python's own `$` lets a line feed follow."""
    if isinstance(instance, str) and not re.search(rule.replace("$", r"\Z"), instance):
        yield ValidationError(f"{instance!r} does not match {rule!r}")


def _unique_items(
    _validator: object, rule: object, instance: object, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    """Find items that are equal by a set of what they say: jsonschema compares all with all."""
    if not rule or not isinstance(instance, list) or _is_longer(instance, schema, "maxItems"):
        return
    if len({_canonical(item) for item in instance}) < len(instance):
        yield ValidationError("an item of it stands there twice")


def _canonical(value: object) -> str:
    """Write a value so that two are the same text if JSON Schema calls them equal, as 1 and 1.0."""
    return json.dumps(_normal(value), sort_keys=True)


def _normal(value: object) -> object:
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_normal(each) for each in value]
        case dict():
            return {key: _normal(each) for key, each in value.items()}
        case _:
            return value


def _items(
    validator: Any,  # noqa: ANN401  (jsonschema's own protocol)
    rule: Any,  # noqa: ANN401  (a schema)
    instance: object,
    schema: Mapping[str, Any],
) -> Iterator[ValidationError]:
    """Look at each item, unless there are too many, which is said once and not of each."""
    if not isinstance(instance, list) or _is_longer(instance, schema, "maxItems"):
        return
    for index, item in enumerate(instance):
        yield from validator.descend(item, rule, path=index)


def _unless_too_many(keyword: Any) -> Any:  # noqa: ANN401  (jsonschema's own protocol)
    """Return a keyword for objects that looks at none of more fields than there may be."""

    def limited(
        validator: Any,  # noqa: ANN401
        rule: Any,  # noqa: ANN401
        instance: object,
        schema: Mapping[str, Any],
    ) -> Iterator[ValidationError]:
        if not (isinstance(instance, dict) and _is_longer(instance, schema, "maxProperties")):
            yield from keyword(validator, rule, instance, schema)

    return limited


def _is_longer(instance: Sized, schema: Mapping[str, Any], limit: str) -> bool:
    """Tell whether it has too many to look at each; a few too many are looked at all the same."""
    return limit in schema and len(instance) > max(schema[limit], _MOST_LOOKED_AT)


def _properties(
    validator: Any,  # noqa: ANN401  (jsonschema's own protocol)
    rules: Mapping[str, Any],
    instance: object,
    _schema: object,
) -> Iterator[ValidationError]:
    """Name the very field where a schema is `false`: jsonschema names the object around it."""
    for name, rule in rules.items():
        if isinstance(instance, dict) and name in instance:
            if rule is False:
                yield ValidationError("", path=(name,), instance=instance[name], schema=False)
            else:
                yield from validator.descend(instance[name], rule, path=name, schema_path=name)


_KEYWORDS = Draft202012Validator.VALIDATORS
_Strict: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={
        "pattern": _pattern,
        "properties": _properties,
        "items": _items,
        "uniqueItems": _unique_items,
        "propertyNames": _unless_too_many(_KEYWORDS["propertyNames"]),
        "additionalProperties": _unless_too_many(_KEYWORDS["additionalProperties"]),
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine("integer", _is_whole),
)


def _pointer(path: Iterable[str | int]) -> str:
    """Write a path as a JSON pointer (RFC 6901)."""
    return "".join("/" + str(part).replace("~", "~0").replace("/", "~1") for part in path)


def _sentence(error: ValidationError) -> str:  # noqa: C901, PLR0911, PLR0912  (one for each keyword)
    rule: Any = error.validator_value
    schema: Any = error.schema
    instance: Any = error.instance
    match error.validator:
        case "required":
            return f"{_named([key for key in rule if key not in instance])} missing."
        case "additionalProperties" if rule is False:
            unknown = sorted(set(instance) - set(schema.get("properties", {})))
            words = [_word(key) for key in unknown[:_MOST_NAMED]]
            if more := len(unknown) - len(words):
                words.append(f"{more} more")
            nearest = _nearest(unknown, schema.get("properties", {}))
            return f"{_named(words)} not known here; the fields are those of the schema{nearest}."
        case "type":
            return f"{_shown(instance)} is not of type {rule}."
        case "const":
            return f"{_shown(instance)} does not go with the rest; it has to be {_shown(rule)}."
        case "enum":
            return f"{_shown(instance)} is not one of {_listed(rule, 'or')}."
        case str(word) if word in _COMPARED:
            return f"{_shown(instance)} {_COMPARED[word]} {rule}."
        case "pattern":
            examples = schema.get("examples", ())
            hint = f"; an example: {examples[0]}" if examples else ""
            return f"{_shown(instance)} does not match {rule}{hint}."
        case "uniqueItems":
            return f"{_shown(instance)} has an item twice: leave one out."
        case "oneOf":
            keys = [option["required"][0] for option in rule]
            return f"it needs exactly one of {_listed(keys, 'or')}."
        case _ if schema is False:
            return f"{_shown(instance)} does not go with the rest: leave it out."
        case "not" if "enum" in rule:
            return f"{_shown(instance)} is taken, as are {_listed(rule['enum'], 'and')}."
        case "not":
            return f"{_listed(rule.get('required', []), 'and')} exclude each other."
        case _:
            return f"{error.message:.200}."


def _named(keys: Sequence[str]) -> str:
    return f"{_listed(keys, 'and')} {'is' if len(keys) == 1 else 'are'}"


def _nearest(unknown: Sequence[str], known: Iterable[str]) -> str:
    """Say which field was meant, where there is one that is not known, or few."""
    for key in unknown[:_MOST_NAMED]:
        if found := meant(key, known):
            return f": perhaps {found} is meant"
    return ""


def _listed(items: Sequence[object], word: str) -> str:
    *head, last = (str(item) for item in items)
    return f"{', '.join(head)} {word} {last}" if head else last


def _shown(value: object) -> str:
    """Show a value in one line and with nothing in it that a terminal would obey."""
    text = json.dumps(value, ensure_ascii=False)
    if not text.isprintable():
        text = json.dumps(value)
    return text if len(text) <= _LONGEST_SHOWN else text[: _LONGEST_SHOWN - 3] + "..."


def _word(key: str) -> str:
    """Show a key of the writer's own like a field's name where it looks like one."""
    return key if re.fullmatch(r"[\w$-]{1,60}", key) else _shown(key)
