"""Which operation a REST request calls: found in AWS's own service model, by method, path, query.

S3 tells many operations apart only by their query (`?uploads`) or by what they cannot do without (a
part's number, a copy's source), so of all that fit the one that asks for most is taken.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from urllib.parse import parse_qs

import botocore.session
from botocore.model import OperationModel

from sandbox.aws.protocol import shapes


@dataclass(frozen=True)
class Route:
    operation: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, str | None]
    headers: frozenset[str]

    @property
    def weight(self) -> tuple[int, int]:
        """How much it asks for; of two that ask for the same, the more literal path weighs more."""
        return len(self.query) + len(self.headers), -self.path.pattern.count("(")

    def fits(
        self, method: str, path: str, query: Mapping[str, str], headers: frozenset[str]
    ) -> bool:
        return (
            method == self.method
            and self.path.fullmatch(path) is not None
            and all(
                name in query and value in {None, query[name]} for name, value in self.query.items()
            )
            and self.headers <= headers
        )


def operation(service: str, request: Mapping[str, str], headers: frozenset[str]) -> str | None:
    """Return the operation of a WSGI request to a service; None if its model has none."""
    path = request.get("PATH_INFO", "/").rstrip("/") or "/"
    query = parse_qs(request.get("QUERY_STRING", ""), keep_blank_values=True)
    values = {name: found[0] for name, found in query.items()}
    method = request["REQUEST_METHOD"]
    fitting = [each for each in _routes(service) if each.fits(method, path, values, headers)]
    return max(fitting, key=lambda each: each.weight).operation if fitting else None


@cache
def _services() -> frozenset[str]:
    return frozenset(botocore.session.get_session().get_available_services())


@cache
def _routes(service: str) -> tuple[Route, ...]:
    if service not in _services():
        return ()
    model = shapes.service(service)
    return tuple(_route(model.operation_model(name)) for name in model.operation_names)


def _route(model: OperationModel) -> Route:
    path, _, fixed = model.http["requestUri"].partition("?")
    query: dict[str, str | None] = {
        name: values[0] or None for name, values in parse_qs(fixed, keep_blank_values=True).items()
    }
    needed: dict[str, set[str]] = {"querystring": set(), "header": set()}
    if (shape := model.input_shape) is not None:
        for name in shape.required_members:
            where = shape.members[name].serialization
            if where.get("location") in needed:
                needed[where["location"]].add(where["name"])
    query |= dict.fromkeys(needed["querystring"])
    headers = frozenset(name.lower() for name in needed["header"])
    return Route(model.name, model.http["method"], _pattern(path), query, headers)


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"(\{[^}]+\})", path.rstrip("/") or "/")
    texts = [
        ("(.+)" if part.endswith("+}") else "([^/]+)") if part.startswith("{") else re.escape(part)
        for part in parts
    ]
    return re.compile("".join(texts))
