"""The files that an environment begins with: its settings, and a page that explains them.

It decides what they hold, and writes nothing. What a field means is told by the JSON Schema alone.
"""

import json
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from ledger.json_files import SCHEMAS, check, dump_json

# The documents that people write; the other schemas are of the API.
DOCUMENTS = ("endpoint", "environment", "lease", "lock", "prices")
_WIDTH = 80


def settings_file(fields: Mapping[str, Any]) -> bytes:
    """Write `environment.json` with these fields, in the order of the schema."""
    order = _properties(_schema())
    known = {key: fields[key] for key in order if key in fields}
    return dump_json({"$schema": "../../schema/environment.schema.json", **known})


def wrong_value(field: str, value: str) -> str | None:
    """Return what is wrong with the value of one field, or None."""
    found = check("", {field: value}, "environment")
    return next((each.sentence for each in found if each.pointer == f"/{field}"), None)


def described(field: str) -> str:
    """Return what a field means, with an example."""
    rule = _properties(_schema())[field]
    examples = rule.get("examples", ())
    return str(rule["description"]) + (f" An example: {examples[0]}" if examples else "")


def readme(environment: str) -> str:
    """Write the page that explains the files of an environment, and each field of its settings."""
    return (
        f"# The environment {environment}\n\n"
        + _paragraph(
            "Flat files: people change definitions by pull requests, the gateway writes leases."
            " `leasehold validate` checks them all; an editor that knows JSON Schema checks each"
            " while it is typed."
        )
        + "\n| file | says |\n|---|---|\n"
        "| `environment.json` | what all endpoints here share |\n"
        "| `NAME.endpoint.json` | what an endpoint should be |\n"
        "| `NAME.lease.json` | until when it is kept |\n"
        "| `NAME.lock.json` | a JumpStart id resolved to exact artifacts |\n"
        "| `prices.json` | what an hour of each instance type costs |\n\n"
        "## The fields of environment.json\n\n" + "".join(_fields(_schema(), ""))
    )


def _fields(schema: Mapping[str, Any], above: str) -> Iterator[str]:
    """Yield a paragraph for each field, and for those of the objects among them."""
    for name, rule in _properties(schema).items():
        facts = "; ".join(_facts(rule, required=name in schema.get("required", ())))
        told = f" ({facts})" if facts else ""
        yield _paragraph(f"- `{above}{name}`{told}: {rule['description']}")
        yield from _fields(rule, f"{above}{name}.")


def _facts(rule: Mapping[str, Any], *, required: bool) -> Iterator[str]:
    if required:
        yield "required"
    if "default" in rule:
        yield f"by default {json.dumps(rule['default'])}"
    example = next(iter(rule.get("examples", ())), rule.get("default"))
    if example != rule.get("default"):
        yield f"such as {json.dumps(example)}"


def _properties(schema: Mapping[str, Any]) -> dict[str, Any]:
    found = schema.get("properties", {})
    return {name: rule for name, rule in found.items() if name != "$schema"}


def _paragraph(text: str) -> str:
    indent = "  " if text.startswith("- ") else ""
    lines = textwrap.wrap(
        text, _WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False
    )
    return "\n".join(lines) + "\n"


def _schema() -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SCHEMAS / "environment.schema.json").read_bytes())
    return found
