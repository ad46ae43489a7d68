"""Whether a value fits a JSON Schema, by the schema made into functions once. Pure.

Nearly every document fits its schema. So this says whether, quickly and without a package; what is
wrong where one does not fit, `schema_errors` says. The two mean the same by each keyword, and tests
hold them against each other. A keyword that is not known here is refused, and none is passed over.

Three things are ours, as they are there: 10.0 is no integer, a pattern's `$` lets no line feed
follow, and too many items or fields are not looked at one by one.
"""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence, Sized

    Test = Callable[[Any], bool]
    Schema = Mapping[str, Any]
    Make = Callable[[Any], Test]  # a test of a schema inside of this one
    Keyword = Callable[[Any, Schema, Make], Test]

MOST_LOOKED_AT = 200
_DEFINITIONS = "#/$defs/"
# What they say is for readers.
_SAID = frozenset({"$defs", "$id", "$schema", "default", "description", "examples", "title"})
_SAID_WITH_IF = frozenset({"then", "else"})


def compiled(schema: Schema) -> Test:
    """Return what tells whether a value fits. Raises ValueError for a keyword not known here."""

    def make(inner: Any) -> Test:  # noqa: ANN401  (a schema)
        return _made(inner, schema, make)

    return make(schema)


def pattern(rule: str) -> re.Pattern[str]:
    """Return a pattern as ECMA 262 means it: Python's own `$` lets a line feed follow."""
    return re.compile(rule.replace("$", r"\Z"))


def is_longer(value: Sized, schema: Schema, limit: str) -> bool:
    """Tell whether it has too many to look at each; a few too many are looked at all the same."""
    return limit in schema and len(value) > max(schema[limit], MOST_LOOKED_AT)


def is_there_twice(items: Sequence[object]) -> bool:
    """Tell whether items are equal by a set of what they say, and not by comparing all with all."""
    return len({json.dumps(_normal(item), sort_keys=True) for item in items}) < len(items)


def is_whole(value: object) -> bool:
    """Refuse 10.0, which JSON Schema lets pass as an integer: a count has no fraction."""
    return type(value) is int


def _normal(value: object) -> object:
    """Write a value so that two are the same text if JSON Schema calls them equal, as 1 and 1.0."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_normal(each) for each in value]
        case dict():
            return {key: _normal(each) for key, each in value.items()}
        case _:
            return value


def _made(inner: Any, root: Schema, make: Make) -> Test:  # noqa: ANN401  (a schema)
    if isinstance(inner, bool):
        return lambda _: inner
    if unknown := set(inner) - _SAID - _SAID_WITH_IF - set(_KEYWORDS) - {"$ref"}:
        raise ValueError(f"a schema has keywords that are not known: {', '.join(sorted(unknown))}")
    tests = [word(inner[name], inner, make) for name, word in _KEYWORDS.items() if name in inner]
    if "$ref" in inner:
        tests.append(make(_referred(inner["$ref"], root)))
    return tests[0] if len(tests) == 1 else lambda value: _all(tests, value)


def _referred(reference: str, root: Schema) -> Any:  # noqa: ANN401  (a schema)
    name = reference.removeprefix(_DEFINITIONS)
    if name == reference or name not in root.get("$defs", {}):
        raise ValueError(f"a schema refers to {reference}, which is not among its own $defs")
    return root["$defs"][name]


def _all(tests: Iterable[Test], value: object) -> bool:
    for test in tests:  # noqa: SIM110  (all() and a generator take half as long again)
        if not test(value):
            return False
    return True


def _is_object(value: object) -> bool:
    return isinstance(value, dict)


def _is_array(value: object) -> bool:
    return isinstance(value, list)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_TYPES: Mapping[str, Test] = {
    "array": _is_array,
    "boolean": lambda value: isinstance(value, bool),
    "integer": is_whole,
    "null": lambda value: value is None,
    "number": _is_number,
    "object": _is_object,
    "string": _is_text,
}


def _type(rule: Any, _schema: Schema, _make: Make) -> Test:  # noqa: ANN401
    tests = [_TYPES[name] for name in ([rule] if isinstance(rule, str) else rule)]
    return tests[0] if len(tests) == 1 else lambda value: any(test(value) for test in tests)


def _enum(rule: Any, _schema: Schema, _make: Make) -> Test:  # noqa: ANN401
    if any(isinstance(each, (list, dict)) for each in rule):
        raise ValueError("a schema compares with lists or objects, which is not known here")
    numbers = {each for each in rule if _is_number(each)}
    others = [each for each in rule if not _is_number(each)]

    def is_one(value: object) -> bool:
        if _is_number(value):
            return value in numbers
        return any(type(value) is type(each) and value == each for each in others)

    return is_one


def _const(rule: Any, schema: Schema, make: Make) -> Test:  # noqa: ANN401
    return _enum([rule], schema, make)


def _pattern(rule: Any, _schema: Schema, _make: Make) -> Test:  # noqa: ANN401
    search = pattern(rule).search
    return lambda value: not isinstance(value, str) or search(value) is not None


def _limit(
    kind: Test, is_beyond: Callable[[Any, Any], bool], measure: Callable[[Any], Any] = len
) -> Keyword:
    """Make a keyword for a bound of values of one kind."""

    def limited(rule: Any, _schema: Schema, _make: Make) -> Test:  # noqa: ANN401
        return lambda value: not kind(value) or not is_beyond(measure(value), rule)

    return limited


def _is_below(measured: Any, rule: Any) -> bool:  # noqa: ANN401
    return bool(measured < rule)


def _is_above(measured: Any, rule: Any) -> bool:  # noqa: ANN401
    return bool(measured > rule)


def _itself(value: object) -> object:
    return value


def _required(rule: Any, _schema: Schema, _make: Make) -> Test:  # noqa: ANN401
    return lambda value: not isinstance(value, dict) or all(name in value for name in rule)


def _dependent_required(rule: Any, _schema: Schema, _make: Make) -> Test:  # noqa: ANN401
    def is_complete(value: object) -> bool:
        return not isinstance(value, dict) or all(
            name in value for key, names in rule.items() if key in value for name in names
        )

    return is_complete


def _properties(rule: Any, _schema: Schema, make: Make) -> Test:  # noqa: ANN401
    tests = [(name, make(inner)) for name, inner in rule.items()]

    def fit(value: object) -> bool:
        return not isinstance(value, dict) or all(
            test(value[name]) for name, test in tests if name in value
        )

    return fit


def _additional_properties(rule: Any, schema: Schema, make: Make) -> Test:  # noqa: ANN401
    known, test = frozenset(schema.get("properties", ())), make(rule)

    def fit(value: object) -> bool:
        if not isinstance(value, dict) or is_longer(value, schema, "maxProperties"):
            return True
        return all(test(each) for name, each in value.items() if name not in known)

    return fit


def _property_names(rule: Any, schema: Schema, make: Make) -> Test:  # noqa: ANN401
    test = make(rule)

    def fit(value: object) -> bool:
        if not isinstance(value, dict) or is_longer(value, schema, "maxProperties"):
            return True
        return all(map(test, value))

    return fit


def _items(rule: Any, schema: Schema, make: Make) -> Test:  # noqa: ANN401
    test = make(rule)

    def fit(value: object) -> bool:
        if not isinstance(value, list) or is_longer(value, schema, "maxItems"):
            return True
        return all(map(test, value))

    return fit


def _unique_items(rule: Any, schema: Schema, _make: Make) -> Test:  # noqa: ANN401
    def are_unique(value: object) -> bool:
        if not rule or not isinstance(value, list) or is_longer(value, schema, "maxItems"):
            return True
        return not is_there_twice(value)

    return are_unique


def _if(rule: Any, schema: Schema, make: Make) -> Test:  # noqa: ANN401
    asked, then, other = make(rule), make(schema.get("then", True)), make(schema.get("else", True))
    return lambda value: then(value) if asked(value) else other(value)


def _not(rule: Any, _schema: Schema, make: Make) -> Test:  # noqa: ANN401
    test = make(rule)
    return lambda value: not test(value)


def _all_of(rule: Any, _schema: Schema, make: Make) -> Test:  # noqa: ANN401
    tests = [make(inner) for inner in rule]
    return lambda value: _all(tests, value)


def _one_of(rule: Any, _schema: Schema, make: Make) -> Test:  # noqa: ANN401
    tests = [make(inner) for inner in rule]
    return lambda value: sum(test(value) for test in tests) == 1


# In this order, so that what has too much is looked at no further.
_KEYWORDS: Mapping[str, Keyword] = {
    "type": _type,
    "maxItems": _limit(_is_array, _is_above),
    "maxLength": _limit(_is_text, _is_above),
    "maxProperties": _limit(_is_object, _is_above),
    "minItems": _limit(_is_array, _is_below),
    "minLength": _limit(_is_text, _is_below),
    "minProperties": _limit(_is_object, _is_below),
    "minimum": _limit(_is_number, _is_below, _itself),
    "maximum": _limit(_is_number, _is_above, _itself),
    "exclusiveMinimum": _limit(_is_number, lambda value, rule: value <= rule, _itself),
    "const": _const,
    "enum": _enum,
    "pattern": _pattern,
    "required": _required,
    "dependentRequired": _dependent_required,
    "propertyNames": _property_names,
    "additionalProperties": _additional_properties,
    "properties": _properties,
    "items": _items,
    "uniqueItems": _unique_items,
    "if": _if,
    "not": _not,
    "allOf": _all_of,
    "oneOf": _one_of,
}
