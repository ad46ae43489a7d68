"""The API's own routes, as `gateway/http/openapi.json` describes them. It is data here, not code.

The gateway's tests compare that file with its table of routes and with `schema/`, so what is
deployed and what is answered cannot drift apart. API Gateway knows no JSON Schema but draft 4.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from infra.schema_draft4 import draft4

if TYPE_CHECKING:
    from collections.abc import Mapping

FILE = Path(__file__).resolve().parents[1] / "gateway" / "http" / "openapi.json"
JSON = "application/json"
REFERENCE = "#/components/schemas/"


@dataclass(frozen=True, kw_only=True)
class Operation:
    """One method of a path. `body` is the name of its JSON Schema, where it has one."""

    name: str
    method: str
    path: str
    summary: str
    needs_token: bool
    asks_model: bool
    body: str | None
    required_query: tuple[str, ...]

    @property
    def is_file(self) -> bool:
        """Tell whether it serves what a page loads."""
        return self.path.endswith("+}")

    @property
    def is_for_forges(self) -> bool:
        """Tell whether git servers call it, and never a browser."""
        return self.name == "webhook"


@cache
def operations() -> tuple[Operation, ...]:
    """Return the operations in the order of the description."""
    paths = _description()["paths"]
    return tuple(
        _operation(path, method, described)
        for path, methods in paths.items()
        for method, described in methods.items()
    )


def body_schema(name: str) -> dict[str, Any]:
    """Return a body's schema in draft 4."""
    return draft4(_description()["components"]["schemas"][name], f"{REFERENCE}{name}/$defs/")


def _operation(path: str, method: str, described: Mapping[str, Any]) -> Operation:
    return Operation(
        name=described["operationId"],
        method=method.upper(),
        path=described.get("x-leasehold-resource", path),
        summary=described["summary"],
        needs_token=bool(described["security"]),
        asks_model=described.get("x-leasehold-scope") == "invoke",
        body=_body(described),
        required_query=tuple(
            each["name"]
            for each in described.get("parameters", ())
            if each["in"] == "query" and each["required"]
        ),
    )


def _body(described: Mapping[str, Any]) -> str | None:
    content = described.get("requestBody", {}).get("content", {})
    reference: str | None = content.get(JSON, {}).get("schema", {}).get("$ref")
    return reference.removeprefix(REFERENCE) if reference else None


@cache
def _description() -> Mapping[str, Any]:
    description: Mapping[str, Any] = json.loads(FILE.read_bytes())
    return description
