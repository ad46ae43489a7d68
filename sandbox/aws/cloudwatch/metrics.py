"""PURE: data points as CloudWatch keeps them, a bucket for each minute of each metric.

A minute without data has no bucket: no traffic means no data points, not zeros. What is read is
aligned to whole periods since the epoch, from the start's period on and up to the end, which is
excluded. CloudWatch forgets fine data first: a period below five minutes reaches back 15 days, one
below an hour 63 days, and any 455 days.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

MINUTE = 60
DAY = 86_400
SAGEMAKER = "AWS/SageMaker"


@dataclass(frozen=True)
class Metric:
    """Which metric, of what, where; dimensions are sorted by name."""

    region: str
    namespace: str
    name: str
    dimensions: tuple[tuple[str, str], ...] = ()

    def dimension(self, name: str) -> str | None:
        return dict(self.dimensions).get(name)


def metric(region: str, namespace: str, name: str, dimensions: Iterable[tuple[str, str]]) -> Metric:
    return Metric(region, namespace, name, tuple(sorted(dimensions)))


def metric_asked(region: str, asked: Mapping[str, Any]) -> Metric:
    """Return the metric that a call names by Namespace, MetricName and Dimensions."""
    names = [(each["Name"], each["Value"]) for each in asked.get("Dimensions", [])]
    return metric(region, asked["Namespace"], asked["MetricName"], names)


@dataclass(frozen=True)
class Bucket:
    """What happened within a minute, or within a period."""

    count: float
    total: float
    least: float
    most: float

    def __add__(self, other: "Bucket") -> "Bucket":
        return Bucket(
            self.count + other.count,
            self.total + other.total,
            min(self.least, other.least),
            max(self.most, other.most),
        )

    def statistic(self, name: str) -> float:
        """Return a statistic by CloudWatch's name; raise KeyError where there is none of it."""
        average = self.total / self.count if self.count else 0.0
        return {
            "Sum": self.total,
            "Average": average,
            "SampleCount": self.count,
            "Minimum": self.least,
            "Maximum": self.most,
        }[name]


STATISTICS = frozenset({"Sum", "Average", "SampleCount", "Minimum", "Maximum"})
Read = Callable[[int], Bucket | None]
"""The bucket of a minute, which is named by its start."""


def one(value: float, count: float = 1.0) -> Bucket:
    return Bucket(count, value * count, value, value)


def minute_of(moment: float) -> int:
    return int(moment // MINUTE) * MINUTE


def over(read: Read, start: int, period: int) -> Bucket | None:
    """Return the sum of a period's minutes; None where none has data."""
    found = [bucket for at in range(start, start + period, MINUTE) if (bucket := read(at))]
    return _sum(found) if found else None


def oldest(period: int, now: float) -> float:
    """Return since when CloudWatch still knows data at this period."""
    days = 15 if period < 5 * MINUTE else 63 if period < 60 * MINUTE else 455
    return now - days * DAY


class Series:
    """The minutes of all metrics that were written, not worked out."""

    def __init__(self) -> None:
        self._minutes: dict[Metric, dict[int, Bucket]] = defaultdict(dict)

    def add(self, which: Metric, at: float, bucket: Bucket) -> tuple[int, Bucket]:
        """Add to a minute, and return it with what it holds now."""
        minute, minutes = minute_of(at), self._minutes[which]
        known = minutes.get(minute)
        minutes[minute] = known + bucket if known else bucket
        return minute, minutes[minute]

    def put(self, which: Metric, minute: int, bucket: Bucket) -> None:
        self._minutes[which][minute] = bucket

    def read(self, which: Metric, minute: int) -> Bucket | None:
        minutes = self._minutes.get(which)
        return minutes.get(minute) if minutes else None

    def between(self, which: Metric, start: int, end: float) -> list[tuple[int, Bucket]]:
        """Return the minutes with data, oldest first; what costs is the data, not the time."""
        minutes = self._minutes.get(which, {})
        return sorted((at, each) for at, each in minutes.items() if start <= at < end)

    def everything(self) -> Iterable[tuple[Metric, int, Bucket]]:
        for which, minutes in self._minutes.items():
            for minute, bucket in minutes.items():
                yield which, minute, bucket


def by_period(minutes: Iterable[tuple[int, Bucket]], period: int) -> list[tuple[int, Bucket]]:
    """Return the minutes gathered into periods, in their order."""
    gathered: dict[int, list[Bucket]] = defaultdict(list)
    for at, bucket in minutes:
        gathered[at // period * period].append(bucket)
    return [(at, _sum(buckets)) for at, buckets in gathered.items()]


def _sum(buckets: list[Bucket]) -> Bucket:
    total = buckets[0]
    for bucket in buckets[1:]:
        total += bucket
    return total
