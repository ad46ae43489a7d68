"""PURE: filters, sorts and pages a list as SageMaker's List operations do.

A page token names the last resource of its page, not a position: resources that come and go between
two pages are neither repeated nor do they push others out.
"""

import base64
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from operator import attrgetter
from typing import Any, Protocol, TypeVar

from sandbox.aws.protocol import errors

DEFAULT_SIZE = 10
FIELDS = {"Name": "name", "CreationTime": "created", "Status": "status"}


class Listed(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def arn(self) -> str: ...
    @property
    def created(self) -> float: ...


L = TypeVar("L", bound=Listed)
Place = tuple[Any, str]


def page(resources: Iterable[L], params: dict[str, Any]) -> tuple[list[L], str | None]:
    """Return one page, and the token of the next one if there is any."""
    place = attrgetter(FIELDS[params.get("SortBy", "CreationTime")], "arn")
    filters = list(_filters(params))
    found = [each for each in resources if all(wanted(each) for wanted in filters)]
    found.sort(key=place)
    last = read_token(params.get("NextToken", START))
    size = params.get("MaxResults", DEFAULT_SIZE)
    try:
        if params.get("SortOrder", "Descending") == "Descending":
            end = len(found) if last is None else bisect_left(found, last, key=place)
            start = max(0, end - size)
            shown, more = found[start:end][::-1], start > 0
        else:
            start = 0 if last is None else bisect_right(found, last, key=place)
            shown, more = found[start : start + size], start + size < len(found)
    except TypeError as error:
        raise errors.invalid("Invalid NextToken.") from error  # a token of another order
    return shown, write_token(place(shown[-1])) if more else None


def write_token(last: Place | None) -> str:
    return base64.urlsafe_b64encode(json.dumps(last).encode()).decode()


START = write_token(None)


def read_token(token: str) -> Place | None:
    """Return the place after which the page begins; None for the first page."""
    try:
        last = json.loads(base64.urlsafe_b64decode(token))
        return last and (last[0], last[1])
    except (ValueError, TypeError, LookupError) as error:
        raise errors.invalid("Invalid NextToken.") from error


def _filters(params: dict[str, Any]) -> Iterator[Callable[[Any], bool]]:
    """Return the filters that were asked for: a long list without filters costs nothing."""
    if part := params.get("NameContains"):
        yield lambda each: part.lower() in each.name.lower()
    if status := params.get("StatusEquals"):
        yield lambda each: bool(each.status == status)
    for prefix, field in (("CreationTime", "created"), ("LastModifiedTime", "modified")):
        if (moment := params.get(f"{prefix}After")) is not None:
            yield _after(attrgetter(field), moment)
        if (moment := params.get(f"{prefix}Before")) is not None:
            yield _before(attrgetter(field), moment)


def _after(field: Callable[[Any], float], moment: float) -> Callable[[Any], bool]:
    return lambda each: field(each) > moment


def _before(field: Callable[[Any], float], moment: float) -> Callable[[Any], bool]:
    return lambda each: field(each) < moment
