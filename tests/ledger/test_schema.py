"""The schemas as documentation: every field is described, and every example is right."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from jsonschema import Draft202012Validator

from ledger.json_files import SCHEMAS, check

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENTS = {
    path.name.removesuffix(".schema.json"): json.loads(path.read_text())
    for path in sorted(SCHEMAS.glob("*.schema.json"))
}


class Property(NamedTuple):
    document: str
    path: str
    schema: dict[str, Any]

    def __str__(self) -> str:
        return f"{self.document}: {self.path}"


def properties(document: str, path: str, schema: object) -> Iterator[Property]:
    """Walk a schema for everything that it names below `properties`, at any depth."""
    if not isinstance(schema, dict):
        return
    for name, child in schema.get("properties", {}).items():
        if set(child) & {"type", "enum", "$ref", "description"}:
            yield Property(document, f"{path}/{name}", child)
    for key in ("properties", "$defs"):
        for name, child in schema.get(key, {}).items():
            yield from properties(document, f"{path}/{name}", child)
    yield from properties(document, f"{path}[]", schema.get("items"))


ALL = [item for name, schema in DOCUMENTS.items() for item in properties(name, "", schema)]


def resolved(item: Property) -> dict[str, Any]:
    """Follow a reference into the document's own `$defs`, so that its rules apply."""
    return {**item.schema, "$defs": DOCUMENTS[item.document].get("$defs", {})}


def has_fixed_shape(item: Property) -> bool:
    """Tell whether its parts have examples of their own, or those of which it is a list."""
    return any({"properties", "$ref"} & set(each) for each in (item.schema, _items(item)))


def _items(item: Property) -> dict[str, Any]:
    return dict(item.schema.get("items", {}))


def test_there_is_a_schema_for_every_document() -> None:
    assert {"endpoint", "environment", "lease", "lock", "extension-request"} <= set(DOCUMENTS)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_schema_is_a_schema_and_names_itself(name: str) -> None:
    Draft202012Validator.check_schema(DOCUMENTS[name])
    assert DOCUMENTS[name]["$id"] == f"urn:leasehold:schema:{name}"
    assert DOCUMENTS[name]["additionalProperties"] is False
    assert DOCUMENTS[name]["title"]


@pytest.mark.parametrize("item", ALL, ids=str)
def test_every_field_is_described_in_a_sentence(item: Property) -> None:
    assert item.schema["description"].endswith(".")


@pytest.mark.parametrize("item", [i for i in ALL if not has_fixed_shape(i)], ids=str)
def test_every_field_has_an_example(item: Property) -> None:
    assert item.schema["examples"]


@pytest.mark.parametrize("item", [i for i in ALL if "examples" in i.schema], ids=str)
def test_every_example_and_default_is_valid(item: Property) -> None:
    default = [item.schema["default"]] if "default" in item.schema else []
    for value in (*item.schema["examples"], *default):
        assert not list(Draft202012Validator(resolved(item)).iter_errors(value))


def test_the_examples_of_an_environment_make_a_whole_environment() -> None:
    fields = DOCUMENTS["environment"]["properties"]
    data = {name: field["examples"][0] for name, field in fields.items() if "examples" in field}
    assert check("environment.json", data, "environment") == ()
