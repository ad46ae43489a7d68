"""A schema made into functions says what jsonschema says, of anything.

The two are held against each other: by each keyword, by every schema inside of ours, and by
documents that were valid until something happened to them.
"""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.http.routes import ROUTES
from ledger.json_files import SCHEMAS, check
from ledger.schema_check import compiled, is_longer
from ledger.schema_errors import Strict

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS: dict[str, dict[str, Any]] = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text())
    for path in sorted(SCHEMAS.glob("*.schema.json"))
}
ANYTHING: list[Any] = [
    *(None, True, False, 0, 1, -1, 1.0, 1.5, 10, 10.0, 41, 2**70, 1e300),
    *("", "a", "a\n", "ab", "realtime", "none", "lambda", "A" * 70, "ä", "09:00", "true", "1"),
    *([], [1], [1, 1.0], [1, True], ["a", "a"], [{}], [[]], ["mon", "tue"], list(range(250))),
    *({}, {"a": 1}, {"a": None, "b": 2}, {"type": "lambda"}, {"type": "api", "properties": {}}),
    {str(number): "x" for number in range(250)},
]
KEYWORDS: list[dict[str, Any]] = [
    *({"type": name} for name in ("array", "boolean", "integer", "null", "number", "object")),
    *({"type": "string"}, {"type": ["string", "null"]}, {"type": ["integer", "object"]}),
    *({"minimum": 1}, {"maximum": 1}, {"exclusiveMinimum": 1}, {"minimum": 1.5}),
    *({"minLength": 2}, {"maxLength": 2}, {"pattern": "^a$"}, {"pattern": "a"}, {"pattern": "^$"}),
    *({"minItems": 1}, {"maxItems": 1}, {"uniqueItems": True}, {"uniqueItems": False}),
    *({"items": {"type": "integer"}}, {"items": False}, {"items": True, "maxItems": 1}),
    *({"minProperties": 1}, {"maxProperties": 1}, {"required": ["a"]}, {"required": []}),
    *({"dependentRequired": {"a": ["b"]}}, {"dependentRequired": {"b": ["a", "c"]}}),
    *({"properties": {"a": {"type": "integer"}}}, {"properties": {"a": False, "b": True}}),
    *({"additionalProperties": False}, {"additionalProperties": {"type": "integer"}}),
    {"properties": {"a": True}, "additionalProperties": False},
    {"properties": {"a": True}, "additionalProperties": {"type": "string"}, "maxProperties": 3},
    *({"propertyNames": {"maxLength": 1}}, {"propertyNames": {"pattern": "^a"}}),
    *({"enum": [1, "a", None, True]}, {"enum": [0, "b"]}, {"enum": [False]}, {"enum": [1.0]}),
    *({"const": True}, {"const": 1}, {"const": None}, {"const": "a"}, {"const": 10}),
    *({"not": {"type": "integer"}}, {"not": {"enum": ["a"]}}, {"not": True}, {"not": False}),
    {"if": {"type": "integer"}, "then": {"minimum": 1}, "else": {"type": "string"}},
    {"if": {"required": ["a"]}, "then": {"required": ["b"]}},
    *({"if": {"type": "string"}, "else": False}, {"then": False}, {"else": {"type": "null"}}),
    {"allOf": [{"type": "integer"}, {"minimum": 1}]},
    {"oneOf": [{"required": ["a"]}, {"required": ["b"]}]},
    {"oneOf": [{"type": "integer"}, {"minimum": 1}, {"maximum": 0}]},
    {"$ref": "#/$defs/a", "$defs": {"a": {"type": "integer"}}, "minimum": 1},
    {},
]


def agree(schema: dict[str, Any], value: object) -> bool:
    """Return what both say."""
    told = compiled(schema)(value)
    assert told is Strict(schema).is_valid(value), (schema, value)
    return told


@pytest.mark.parametrize("schema", KEYWORDS, ids=json.dumps)
def test_a_keyword_means_the_same(schema: dict[str, Any]) -> None:
    for value in ANYTHING:
        agree(schema, value)


def inner(schema: Any) -> Iterator[dict[str, Any]]:  # noqa: ANN401
    """Yield every schema inside of one, and itself."""
    if not isinstance(schema, dict):
        return
    yield schema
    for key in ("properties", "$defs"):
        for child in schema.get(key, {}).values():
            yield from inner(child)
    for key in ("items", "additionalProperties", "propertyNames", "if", "then", "else", "not"):
        yield from inner(schema.get(key))
    for key in ("oneOf", "allOf"):
        for child in schema.get(key, ()):
            yield from inner(child)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_everything_in_our_schemas_means_the_same(name: str) -> None:
    definitions = {"$defs": DOCUMENTS[name].get("$defs", {})}
    for schema in inner(DOCUMENTS[name]):
        examples = [
            *schema.get("examples", ()),
            *([schema["default"]] if "default" in schema else []),
        ]
        for value in (*ANYTHING, *examples):
            agree({**schema, **definitions}, value)


@pytest.mark.parametrize(
    "parameter",
    {each.name: each for route in ROUTES for each in (*route.parameters, *route.in_path)}.values(),
    ids=lambda it: it.name,
)
def test_so_does_a_parameter(parameter: Any) -> None:  # noqa: ANN401
    for value in ANYTHING:
        agree(dict(parameter.schema), value)


def example(schema: Any, root: dict[str, Any]) -> Any:  # noqa: ANN401
    """Return something with all that a schema has room for; it may break a rule between fields."""
    if "$ref" in schema:
        schema = root["$defs"][schema["$ref"].rpartition("/")[2]]
    if schema.get("examples"):
        return copy.deepcopy(schema["examples"][0])
    if "properties" in schema:
        return {name: example(each, root) for name, each in schema["properties"].items() if each}
    if "items" in schema:
        return [example(schema["items"], root)]
    if isinstance(schema.get("additionalProperties"), dict):
        return {"ml.g5.xlarge": example(schema["additionalProperties"], root)}
    return schema.get("const", (schema.get("enum") or [1])[0])


def required_alone(document: Any, schema: dict[str, Any]) -> Any:  # noqa: ANN401
    return {name: document[name] for name in schema.get("required", ()) if name in document}


def containers(value: Any) -> Iterator[Any]:  # noqa: ANN401
    if isinstance(value, (dict, list)):
        yield value
        for each in value.values() if isinstance(value, dict) else value:
            yield from containers(each)


@st.composite
def accidents(draw: st.DrawFn) -> tuple[dict[str, Any], Any]:
    """Draw a schema, and a document of it to which up to three things have happened."""
    schema = DOCUMENTS[draw(st.sampled_from(sorted(DOCUMENTS)))]
    document = example({key: schema[key] for key in ("properties",)}, schema)
    if draw(st.booleans()):
        document = required_alone(document, schema)
    for _ in range(draw(st.integers(0, 3))):
        place: Any = draw(st.sampled_from([*containers(document)]))
        new = copy.deepcopy(draw(st.sampled_from(ANYTHING)))
        is_old = draw(st.booleans())
        if isinstance(place, list):
            place.append(place[0] if place and is_old else new)
        elif place and is_old:
            del place[draw(st.sampled_from(sorted(place)))]
        else:
            names = sorted({*place, *schema["properties"], "a", "$schema"})
            place[draw(st.sampled_from(names))] = new
    return schema, document


@settings(max_examples=300)
@given(accidents())
def test_a_document_to_which_something_happened_is_judged_alike(
    given_: tuple[dict[str, Any], Any],
) -> None:
    agree(*given_)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_some_documents_of_each_kind_are_valid(name: str) -> None:
    """Else the one above would compare refusals alone."""
    schema = DOCUMENTS[name]
    whole = example({"properties": schema["properties"]}, schema)
    tried = [
        whole,
        required_alone(whole, schema),
        *({**required_alone(whole, schema), key: whole[key]} for key in whole),
    ]
    assert any(agree(schema, each) for each in tried)


@pytest.mark.parametrize(
    "schema",
    [
        {"format": "date"},
        {"properties": {"a": {"patternProperties": {}}}},
        {"$defs": {}, "items": {"$ref": "#/$defs/a"}},
        {"$ref": "https://example.com/schema"},
        {"enum": [[1]]},
        {"const": {"a": 1}},
    ],
    ids=json.dumps,
)
def test_what_is_not_known_is_refused_and_not_passed_over(schema: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a schema"):
        compiled(schema)


def test_what_is_wrong_is_said_only_where_something_is() -> None:
    assert check("f", {"expires_at": "2026-01-01T00:00:00Z"}, "lease") == ()
    (wrong,) = check("f", {"expires_at": "soon"}, "lease")
    assert (wrong.code, wrong.pointer) == ("LH1002", "/expires_at")


def test_a_few_too_many_are_looked_at_all_the_same() -> None:
    assert not is_longer([1] * 200, {"maxItems": 1}, "maxItems")
    assert is_longer([1] * 201, {"maxItems": 1}, "maxItems")
    assert not is_longer([1] * 201, {}, "maxItems")
