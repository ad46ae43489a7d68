"""PURE: the backlog metrics of an asynchronous endpoint's queue, minute by minute.

A level (how long the queue is, how many instances there are) is a step function: the moments at
which it changed, oldest first. A minute shows the level at its end, the minute in progress the
level of now. Without instances there is no backlog per instance, so a policy that tracks that
metric cannot wake an endpoint from zero; `HasBacklogWithoutCapacity` is there for that.
"""

from bisect import bisect_right

from sandbox.aws.cloudwatch.metrics import MINUTE, Bucket, one
from sandbox.aws.sagemaker.lifecycle import Endpoint

BACKLOG = "ApproximateBacklogSize"
BACKLOG_PER_INSTANCE = "ApproximateBacklogSizePerInstance"
WITHOUT_CAPACITY = "HasBacklogWithoutCapacity"
NAMES = frozenset({BACKLOG, BACKLOG_PER_INSTANCE, WITHOUT_CAPACITY})
Level = tuple[tuple[float, int], ...]


def level_at(level: Level, moment: float) -> int | None:
    """Return the level at a moment; None before it was first known."""
    index = bisect_right(level, moment, key=lambda point: point[0])
    return level[index - 1][1] if index else None


def changed(level: Level, at: float, value: int) -> Level:
    """Return the level with a change at its end."""
    return level if level and level[-1][1] == value else (*level, (at, value))


def data_point(
    name: str, endpoint: Endpoint, backlog: Level, minute: int, now: float
) -> Bucket | None:
    """Return the data point of a minute; None where AWS reports none."""
    if not endpoint.serving.async_inference or minute > now:
        return None
    moment = min(minute + MINUTE - 0.001, now)
    instances = level_at(endpoint.counted, moment)
    if instances is None:
        return None
    since = tuple(point for point in backlog if point[0] >= endpoint.created)
    size = level_at(since, moment) or 0
    match name:
        case "ApproximateBacklogSize":
            return one(float(size))
        case "HasBacklogWithoutCapacity":
            return one(1.0 if size and not instances else 0.0)
        case _:
            return one(size / instances) if instances else None
