"""CloudWatch: when the endpoints were last used. Nothing else reads metrics.

Where a metric cannot be read, the use of its endpoint is unknown, with a sentence that says why.
That is no exception: an endpoint is not stopped because a number is missing.

An asynchronous endpoint does not publish `Invocations`, says AWS; it publishes what it has
processed, and how much waits or is being worked on.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from typing import TYPE_CHECKING, Any

from controller.aws.errors import aws_errors
from controller.planning.idleness import LAG, Use
from controller.planning.looks import Question
from ledger.errors import Failure, Unavailable
from ledger.names import EndpointName

if TYPE_CHECKING:
    from types_boto3_cloudwatch import CloudWatchClient

_MOST_QUERIES = 500  # in a call, and 100,800 data points: 201 for each
_MOST_POINTS = 201
# In seconds: the longer the time looked back, the longer the period. CloudWatch keeps periods of a
# minute for 15 days, of 5 minutes for 63 and of an hour for 455; no look here goes back so far.
_PERIODS = (60, 300, 900, 3600)
_BACKLOG = "ApproximateBacklogSize"
_COMPLETE = "Complete"


@dataclass(frozen=True, slots=True)
class _Metric:
    """One query: which number, of which endpoint, and over how long."""

    endpoint_name: EndpointName
    name: str
    variant: str | None = None

    def query(self, number: int, period: int) -> dict[str, Any]:
        dimensions = [{"Name": "EndpointName", "Value": self.endpoint_name}]
        if self.variant is not None:
            dimensions.append({"Name": "VariantName", "Value": self.variant})
        metric = {"Namespace": "AWS/SageMaker", "MetricName": self.name, "Dimensions": dimensions}
        statistic = "Maximum" if self.name == _BACKLOG else "Sum"
        return {
            "Id": f"q{number}",
            "MetricStat": {"Metric": metric, "Period": period, "Stat": statistic},
        }


@dataclass(frozen=True, slots=True)
class _Read:
    """What CloudWatch said to one query: its points, oldest first, or what is wrong with it."""

    metric: _Metric
    points: tuple[tuple[datetime, float], ...] = ()
    problem: str = ""


@dataclass(frozen=True, slots=True)
class _Batch:
    """Queries that share a call: one stretch of time, cut into periods."""

    metrics: tuple[_Metric, ...]
    period: int
    start: datetime
    end: datetime

    @property
    def request(self) -> dict[str, Any]:
        queries = [metric.query(at, self.period) for at, metric in enumerate(self.metrics)]
        return {"MetricDataQueries": queries, "StartTime": self.start, "EndTime": self.end}


class Activity:
    """The use of endpoints, as CloudWatch has it."""

    def __init__(self, cloudwatch: "CloudWatchClient") -> None:
        self._cloudwatch = cloudwatch

    def last_used(self, questions: Iterable[Question], now: datetime) -> Mapping[EndpointName, Use]:
        """Return the use by endpoint name, with a call for each 500 metrics of one resolution.

        `last_used_at` is the end of the last period with any use, and never after `now`. `backlog`
        is what the newest point says. No failure is raised: see the module.
        """
        now = now.astimezone(UTC).replace(microsecond=0)
        answers: dict[EndpointName, list[_Read]] = defaultdict(list)
        periods: dict[EndpointName, int] = {}
        for batch in _batches(questions, now):
            for read in self._read(batch):
                answers[read.metric.endpoint_name].append(read)
                periods[read.metric.endpoint_name] = batch.period
        return {name: _use(reads, periods[name], now) for name, reads in answers.items()}

    def _read(self, batch: _Batch) -> Iterator[_Read]:
        points: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
        status: dict[str, str] = {}
        try:
            with aws_errors():
                pages = self._cloudwatch.get_paginator("get_metric_data").paginate(**batch.request)
                for result in (each for page in pages for each in page["MetricDataResults"]):
                    pairs = zip(result["Timestamps"], result["Values"], strict=True)
                    points[result["Id"]] += pairs
                    status[result["Id"]] = _worse(status.get(result["Id"]), result["StatusCode"])
        except Failure as failure:
            yield from (_Read(metric, problem=failure.message) for metric in batch.metrics)
            return
        for number, metric in enumerate(batch.metrics):
            said = status.get(f"q{number}", "nothing")
            problem = "" if said == _COMPLETE else f"its answer for {metric.name} is {said}."
            yield _Read(metric, tuple(sorted(points[f"q{number}"])), problem)


def _worse(before: str | None, after: str) -> str:
    """Return the status of two pages together: a later page completes a partial one."""
    return before if before not in (None, _COMPLETE, "PartialData") else after


def _batches(questions: Iterable[Question], now: datetime) -> Iterator[_Batch]:
    """Put questions that are asked at the same resolution into as few calls as can be."""
    by_period: dict[int, list[Question]] = defaultdict(list)
    for question in questions:
        by_period[_period(question)].append(question)
    for period, asked in sorted(by_period.items()):
        back = max(timedelta(minutes=question.minutes) for question in asked) + LAG
        start, end = _floor(now - back, period), _floor(now, period) + timedelta(seconds=period)
        metrics = (metric for question in asked for metric in _metrics(question))
        while batch := tuple(islice(metrics, _MOST_QUERIES)):
            yield _Batch(batch, period, start, end)


def _metrics(question: Question) -> Iterator[_Metric]:
    name = "InvocationsProcessed" if question.is_async else "Invocations"
    for variant in question.variants:
        yield _Metric(question.endpoint_name, name, variant)
    if question.is_async:
        yield _Metric(question.endpoint_name, _BACKLOG)


def _period(question: Question) -> int:
    """Choose the finest period that keeps the points of a full call below AWS's limit."""
    seconds = (timedelta(minutes=question.minutes) + LAG).total_seconds()
    fitting = (period for period in _PERIODS if seconds / period + 2 <= _MOST_POINTS)
    return next(fitting, _PERIODS[-1])


def _floor(moment: datetime, period: int) -> datetime:
    return datetime.fromtimestamp(moment.timestamp() // period * period, UTC)


def _use(reads: Iterable[_Read], period: int, now: datetime) -> Use:
    reads = tuple(reads)
    if problem := next((read.problem for read in reads if read.problem), ""):
        failure = Unavailable("LH3022", f"CloudWatch does not say whether it is used: {problem}")
        return Use(known=False, problem=str(failure))
    used = [at for read in reads for at, value in read.points if value > 0]
    ends = max(used) + timedelta(seconds=period) if used else None
    backlog = any(
        read.points[-1][1] > 0 for read in reads if read.metric.name == _BACKLOG and read.points
    )
    return Use(min(ends.astimezone(UTC), now) if ends else None, backlog)
