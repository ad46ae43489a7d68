"""What serves an endpoint: instance types, how many of each, and as what AWS bills them. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

_MOST_INSTANCES = 10**6
_MOST_LETTERS = 64


class Usage(StrEnum):
    """What an instance is used for, as AWS's price list names it."""

    HOSTING = "Hosting"
    ASYNC = "AsyncInf"

    @classmethod
    def of(cls, *, is_async: bool) -> "Usage":
        return cls.ASYNC if is_async else cls.HOSTING


@dataclass(frozen=True, slots=True, order=True)
class Host:
    """So many instances of one type."""

    instance_type: str
    count: int
    usage: Usage = Usage.HOSTING

    def __str__(self) -> str:
        return f"{self.count} x {self.instance_type}"


Hosts = tuple[Host, ...]


def together(hosts: Iterable[Host]) -> Hosts:
    """Return one host for each type and usage, sorted; a type that is at zero stays."""
    counts: Counter[tuple[str, Usage]] = Counter()
    for each in hosts:
        counts[each.instance_type, each.usage] += each.count
    return tuple(sorted(Host(kind, count, usage) for (kind, usage), count in counts.items()))


def describe(hosts: Hosts) -> str:
    """Write hosts in a line."""
    return " and ".join(map(str, hosts)) or "no instances"


def as_data(hosts: Hosts) -> list[dict[str, Any]]:
    """Return hosts as the status branch has them."""
    return [
        {"instance_type": each.instance_type, "count": each.count, "usage": str(each.usage)}
        for each in hosts
    ]


def read_hosts(data: object) -> Hosts | None:
    """Read hosts back. None where nobody noted them, or something else stands there."""
    if not isinstance(data, list):
        return None
    try:
        return together(_host(each) for each in data)
    except (TypeError, ValueError, KeyError):
        return None


def _host(data: Any) -> Host:  # noqa: ANN401  (whatever JSON holds)
    kind, count = data["instance_type"], data["count"]
    if not isinstance(kind, str) or not 0 < len(kind) <= _MOST_LETTERS:
        raise ValueError("no instance type")
    if type(count) is not int or not 0 <= count <= _MOST_INSTANCES:
        raise ValueError("no number of instances")
    return Host(kind, count, Usage(data["usage"]))
