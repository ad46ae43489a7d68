"""PURE: filters, sorts and pages a list as SageMaker's List operations do.

A page token names the last resource of its page, not a position: resources that come and go between
two pages are neither repeated nor do they push others out.
"""

import base64
import json
from collections.abc import Callable, Iterable
from typing import Any, Protocol, TypeVar

from sandbox import refusals

DEFAULT_SIZE = 10


class Listed(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def arn(self) -> str: ...
    @property
    def created(self) -> float: ...


L = TypeVar("L", bound=Listed)
Place = tuple[Any, str]


def page(
    resources: Iterable[L],
    params: dict[str, Any],
    orders: dict[str, Callable[[L], Any]] | None = None,
) -> tuple[list[L], str | None]:
    """One page of the resources, and the token of the next one if there is any."""
    value = {**(orders or {}), "Name": _name, "CreationTime": _created}[
        params.get("SortBy", "CreationTime")
    ]
    descending = params.get("SortOrder", "Descending") == "Descending"
    placed = [((value(each), each.arn), each) for each in resources if _wanted(each, params)]
    if last := read_token(params.get("NextToken", START)):
        placed = [pair for pair in placed if (pair[0] < last if descending else pair[0] > last)]
    placed.sort(key=lambda pair: pair[0], reverse=descending)
    size = params.get("MaxResults", DEFAULT_SIZE)
    shown = placed[:size]
    more = write_token(shown[-1][0]) if len(placed) > size else None
    return [resource for _, resource in shown], more


def write_token(last: Place | None) -> str:
    return base64.urlsafe_b64encode(json.dumps(last).encode()).decode()


START = write_token(None)


def read_token(token: str) -> Place | None:
    """Find the place after which the page begins; None for the first page."""
    try:
        last = json.loads(base64.urlsafe_b64decode(token))
        return last and (last[0], last[1])
    except (ValueError, TypeError, LookupError) as error:
        raise refusals.invalid("Invalid NextToken.") from error


def _wanted(resource: Listed, params: dict[str, Any]) -> bool:
    return (
        params.get("NameContains", "").lower() in resource.name.lower()
        and params.get("CreationTimeAfter", resource.created - 1) < resource.created
        and params.get("CreationTimeBefore", resource.created + 1) > resource.created
    )


def _name(resource: Listed) -> str:
    return resource.name


def _created(resource: Listed) -> float:
    return resource.created
