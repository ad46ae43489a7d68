"""What is wrong with a value by a JSON Schema: all of it, each at its place, in sentences. Pure.

By jsonschema, with a few keywords of our own: see `schema_check`, which says whether anything is
wrong at all. It is imported where something is.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

from ledger.meant import meant
from ledger.schema_check import is_longer, is_there_twice, is_whole, pattern

_MOST_NAMED = 5
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


def errors(value: object, schema: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield JSON pointers and sentences."""
    for error in Strict(dict(schema)).iter_errors(value):
        yield _pointer(error.absolute_path), _sentence(error)


def _pattern(
    _validator: object, rule: str, instance: object, _schema: object
) -> Iterator[ValidationError]:
    if isinstance(instance, str) and not pattern(rule).search(instance):
        yield ValidationError(f"{instance!r} does not match {rule!r}")


def _unique_items(
    _validator: object, rule: object, instance: object, schema: Mapping[str, Any]
) -> Iterator[ValidationError]:
    if not rule or not isinstance(instance, list) or is_longer(instance, schema, "maxItems"):
        return
    if is_there_twice(instance):
        yield ValidationError("an item of it stands there twice")


def _items(
    validator: Any,  # noqa: ANN401  (jsonschema's own protocol)
    rule: Any,  # noqa: ANN401  (a schema)
    instance: object,
    schema: Mapping[str, Any],
) -> Iterator[ValidationError]:
    """Look at each item, unless there are too many, which is said once and not of each."""
    if not isinstance(instance, list) or is_longer(instance, schema, "maxItems"):
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
        if not (isinstance(instance, dict) and is_longer(instance, schema, "maxProperties")):
            yield from keyword(validator, rule, instance, schema)

    return limited


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
Strict: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator,
    validators={
        "pattern": _pattern,
        "properties": _properties,
        "items": _items,
        "uniqueItems": _unique_items,
        "propertyNames": _unless_too_many(_KEYWORDS["propertyNames"]),
        "additionalProperties": _unless_too_many(_KEYWORDS["additionalProperties"]),
    },
    type_checker=Draft202012Validator.TYPE_CHECKER.redefine(
        "integer", lambda _, instance: is_whole(instance)
    ),
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
