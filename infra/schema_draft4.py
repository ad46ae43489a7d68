"""JSON Schema 2020-12 as draft 4, the only one that API Gateway validates with. Pure.

What draft 4 cannot say is left out, and `oneOf` becomes `anyOf`, because an alternative that lost a
keyword could fit together with another one. So the result accepts all that the original accepts,
and may accept more. The gateway checks every body by the original anyway.
"""

from __future__ import annotations

from typing import Any, TypeAlias

Schema: TypeAlias = "dict[str, Any] | bool"

DRAFT = "http://json-schema.org/draft-04/schema#"
SAME = frozenset(
    {
        "title",
        "description",
        "default",
        "type",
        "enum",
        "required",
        "minimum",
        "maximum",
        "multipleOf",
        "minLength",
        "maxLength",
        "pattern",
        "minItems",
        "maxItems",
        "uniqueItems",
        "minProperties",
        "maxProperties",
    }
)


def draft4(schema: dict[str, Any], definitions: str = "#/$defs/") -> dict[str, Any]:
    """Return a schema in draft 4; `definitions` is how it refers to its own `$defs`."""
    return {"$schema": DRAFT, **_written(schema, definitions)}


def _written(schema: Schema, definitions: str) -> dict[str, Any]:
    if isinstance(schema, bool):
        return {} if schema else {"not": {}}
    written: dict[str, Any] = {}
    for key, value in schema.items():
        written |= _keyword(key, value, definitions)
    return written


def _keyword(key: str, value: Any, definitions: str) -> dict[str, Any]:  # noqa: ANN401, PLR0911 - JSON
    """Return one keyword in draft 4, or nothing where it has none for it."""
    match key:
        case "$ref":
            return {"$ref": value.replace(definitions, "#/definitions/")}
        case "$defs":
            return {"definitions": _each(value, definitions)}
        case "properties" | "patternProperties":
            return {key: _each(value, definitions)}
        case "const":
            return {"enum": [value]}
        case "dependentRequired":
            return {"dependencies": value}
        case "additionalProperties" if isinstance(value, bool):
            return {key: value}
        case "additionalProperties" | "items":
            return {key: _written(value, definitions)}
        case "allOf":
            return {"allOf": [_written(each, definitions) for each in value]}
        case "anyOf" | "oneOf":
            return {"anyOf": [_written(each, definitions) for each in value]}
        case _:
            return {key: value} if key in SAME else {}


def _each(schemas: dict[str, Schema], definitions: str) -> dict[str, Any]:
    return {name: _written(each, definitions) for name, each in schemas.items()}
