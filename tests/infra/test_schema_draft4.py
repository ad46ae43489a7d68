"""Schemas in draft 4 let pass whatever the originals let pass."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft4Validator

from infra.description import body_schema, operations
from infra.schema_draft4 import draft4
from ledger.json_files import SCHEMAS, check

if TYPE_CHECKING:
    from pathlib import Path

BODIES = sorted({each.body for each in operations() if each.body})


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"const": 1}, {"enum": [1]}),
        ({"examples": [1], "$comment": "x", "format": "date"}, {}),
        ({"minimum": 1, "exclusiveMaximum": 9}, {"minimum": 1}),
        ({"dependentRequired": {"a": ["b"]}}, {"dependencies": {"a": ["b"]}}),
        ({"oneOf": [{"const": 1}]}, {"anyOf": [{"enum": [1]}]}),
        ({"allOf": [{"if": {}, "then": False}]}, {"allOf": [{}]}),
        ({"not": {"const": 1}}, {}),
        ({"items": False}, {"items": {"not": {}}}),
        ({"additionalProperties": False}, {"additionalProperties": False}),
        ({"additionalProperties": {"const": 1}}, {"additionalProperties": {"enum": [1]}}),
        ({"properties": {"a": True, "b": False}}, {"properties": {"a": {}, "b": {"not": {}}}}),
        (
            {"$defs": {"a": {"const": 1}}, "items": {"$ref": "#/$defs/a"}},
            {"definitions": {"a": {"enum": [1]}}, "items": {"$ref": "#/definitions/a"}},
        ),
    ],
)
def test_each_word_is_written_in_draft_4_or_left_out(
    schema: dict[str, Any], written: dict[str, Any]
) -> None:
    assert draft4(schema) == {"$schema": "http://json-schema.org/draft-04/schema#", **written}


@pytest.mark.parametrize("path", sorted(SCHEMAS.glob("*.schema.json")), ids=lambda it: it.stem)
def test_every_schema_of_the_project_can_be_written_so(path: Path) -> None:
    Draft4Validator.check_schema(draft4(json.loads(path.read_bytes())))


NAMES = st.from_regex(r"[a-zA-Z0-9](-{0,2}[a-zA-Z0-9]){0,20}", fullmatch=True)
PRINTED = st.characters(exclude_categories=["Cc", "Cf", "Cs"])
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)
WELL_SAID = {
    "extension-request": st.fixed_dictionaries(
        {"EndpointName": NAMES, "minutes": st.integers(1, 10**12)},
        optional={"EndpointConfigName": NAMES, "reason": st.text(PRINTED, min_size=1)},
    )
    | st.fixed_dictionaries(
        {"EndpointName": NAMES, "until": st.just("2026-11-23T17:00:00Z")},
        optional={"shorten": st.booleans(), "reason": st.text(PRINTED, min_size=1)},
    ),
    "link-request": st.fixed_dictionaries(
        {"Token": st.text(min_size=1, max_size=2048)},
        optional={"Confirm": st.from_regex("[0-9a-f]{40}", fullmatch=True)},
    ),
    "start-execution-request": st.fixed_dictionaries({"endpointname": NAMES, "body": JSON}),
    "describe-execution-request": st.fixed_dictionaries(
        {"executionArn": st.text(min_size=1, max_size=256)}
    ),
}


def test_every_body_has_its_examples() -> None:
    assert sorted(WELL_SAID) == BODIES


@pytest.mark.parametrize("name", BODIES)
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_api_gateway_never_refuses_what_the_gateway_would_take(
    name: str, data: st.DataObject
) -> None:
    body = data.draw(WELL_SAID[name])
    assert not check("body", body, name)
    assert Draft4Validator(body_schema(name)).is_valid(body)


@pytest.mark.parametrize(
    ("name", "body"),
    [
        ("extension-request", {}),
        ("extension-request", {"EndpointName": "a"}),
        ("extension-request", {"EndpointName": "a", "minutes": "10"}),
        ("extension-request", {"EndpointName": "a", "minutes": 0}),
        ("extension-request", {"EndpointName": "a", "minutes": 1, "shorten": True}),
        ("extension-request", {"EndpointName": "../a", "minutes": 1}),
        ("extension-request", {"EndpointName": "a", "minutes": 1, "path": "x"}),
        ("link-request", {"Token": ""}),
        ("link-request", {"Token": "a", "Confirm": "main"}),
        ("start-execution-request", {"endpointname": "a"}),
        ("describe-execution-request", {"executionArn": ""}),
    ],
)
def test_what_is_plainly_wrong_is_refused_by_both(name: str, body: dict[str, Any]) -> None:
    assert not Draft4Validator(body_schema(name)).is_valid(body)
    assert check("body", body, name)
