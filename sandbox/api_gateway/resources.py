"""PURE: which resource of a REST API a path leads to.

A literal segment beats `{name}`, which beats `{name+}`; a slash at the end is ignored.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


def find(resources: Iterable[str], path: str) -> tuple[str, dict[str, str]] | None:
    """Return the best resource for a path, with the path parameters as they were sent."""
    found = [
        (resource, parameters)
        for resource in resources
        if (parameters := _matched(resource, path)) is not None
    ]
    return min(found, key=lambda each: _generality(each[0]), default=None)


def _generality(resource: str) -> list[int]:
    return [each.startswith("{") + each.endswith("+}") for each in resource.split("/")]


def _matched(resource: str, path: str) -> dict[str, str] | None:
    wanted, given = resource.strip("/").split("/"), path.removesuffix("/").split("/")[1:] or [""]
    parameters: dict[str, str] = {}
    for position, segment in enumerate(wanted):
        rest = given[position:]
        if segment.endswith("+}") and any(rest):
            return {**parameters, segment[1:-2]: "/".join(rest)}
        if not rest or (segment.startswith("{") and not rest[0]):
            return None
        if segment.startswith("{"):
            parameters[segment[1:-1]] = rest[0]
        elif segment != rest[0]:
            return None
    return parameters if len(given) == len(wanted) else None
