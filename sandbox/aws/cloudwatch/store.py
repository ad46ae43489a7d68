"""What CloudWatch holds: data points, lengths of queues and alarms.

Data points and alarms are kept in the journal; a queue and its requests end with the sandbox.
Callers hold the account's lock.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import asdict, astuple
from typing import TYPE_CHECKING, Any

from sandbox.aws.cloudwatch import backlog
from sandbox.aws.cloudwatch.metrics import (
    MINUTE,
    SAGEMAKER,
    Bucket,
    Metric,
    Read,
    Series,
    metric,
    minute_of,
    one,
)
from sandbox.aws.sagemaker.lifecycle import Endpoint
from sandbox.journal import Journal

if TYPE_CHECKING:
    from sandbox.aws.cloudwatch.backlog import Level

METRIC = "metric "
ALARM = "alarm "
PER_INSTANCE = "InvocationsPerInstance"


class MetricStore:
    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.series = Series()
        self._backlogs: dict[str, Level] = defaultdict(tuple)
        self._alarms: dict[tuple[str, str], dict[str, Any]] = {}
        self._set_off: dict[str, dict[tuple[str, str], dict[str, Any]]] = defaultdict(dict)

    def add(self, which: Metric, at: float, bucket: Bucket) -> None:
        minute, sum_so_far = self.series.add(which, at, bucket)
        self._journal.write(*_entry(which, minute, sum_so_far))

    def count_invocations(
        self, endpoint: Endpoint, variant: str, at: float, count: int = 1
    ) -> None:
        """Count under the name that AWS counts by: an asynchronous endpoint has no Invocations."""
        region = endpoint.arn.split(":")[3]
        names = [("EndpointName", endpoint.name), ("VariantName", variant)]
        counted = "InvocationsProcessed" if endpoint.serving.async_inference else "Invocations"
        which = metric(region, SAGEMAKER, counted, names)
        self.add(which, at, one(1.0, float(count)))

    def backlog(self, endpoint: Endpoint) -> int:
        level = self._backlogs[endpoint.arn]
        fresh = level and level[-1][0] >= endpoint.created
        return level[-1][1] if fresh else 0

    def set_backlog(self, endpoint: Endpoint, size: int, now: float) -> None:
        self._backlogs[endpoint.arn] = backlog.changed(self._backlogs[endpoint.arn], now, size)

    def reader(self, which: Metric, endpoint: Endpoint | None, now: float) -> Read:
        """Return a function from minutes to buckets, for a metric of that endpoint or of none."""
        if endpoint is not None and which.namespace == SAGEMAKER and which.name in backlog.NAMES:
            level = self._backlogs[endpoint.arn]
            return lambda minute: backlog.data_point(which.name, endpoint, level, minute, now)
        if endpoint is not None and which.namespace == SAGEMAKER and which.name == PER_INSTANCE:
            return self._per_instance(which, endpoint)
        return lambda minute: self.series.read(which, minute)

    def between(
        self, which: Metric, endpoint: Endpoint | None, start: int, now: float, end: float
    ) -> list[tuple[int, Bucket]]:
        """Return the minutes with data from `start` until before `end`, oldest first."""
        if which.name not in backlog.NAMES | {PER_INSTANCE} or which.namespace != SAGEMAKER:
            return self.series.between(which, start, end)
        if endpoint is None:
            return []
        read = self.reader(which, endpoint, now)
        first = max(start, minute_of(endpoint.created))
        minutes = range(first, int(min(end, now + 1)), MINUTE)
        return [(at, bucket) for at in minutes if (bucket := read(at)) is not None]

    def keep_alarm(self, region: str, alarm: dict[str, Any]) -> None:
        self._forget_alarm(region, alarm["AlarmName"])
        self._know_alarm(region, alarm)
        self._journal.write(f"{ALARM}{region} {alarm['AlarmName']}", alarm)

    def drop_alarm(self, region: str, name: str) -> None:
        if self._forget_alarm(region, name):
            self._journal.write(f"{ALARM}{region} {name}", None)

    def alarms(self, region: str) -> list[dict[str, Any]]:
        """Return the region's alarms by name."""
        return [alarm for key, alarm in sorted(self._alarms.items()) if key[0] == region]

    def alarms_for(self, action: str) -> tuple[dict[str, Any], ...]:
        """Return the alarms that set off this action, which an ARN names."""
        return tuple(self._set_off.get(action, {}).values())

    def entries(self) -> Iterator[tuple[str, Any]]:
        for which, minute, bucket in self.series.everything():
            yield _entry(which, minute, bucket)
        for (region, name), alarm in self._alarms.items():
            yield f"{ALARM}{region} {name}", alarm

    def restore(self, entries: Mapping[str, Any]) -> None:
        for key, value in entries.items():
            if key.startswith(METRIC):
                names = [(name, text) for name, text in value["metric"]["dimensions"]]
                which = Metric(**{**value["metric"], "dimensions": tuple(names)})
                self.series.put(which, value["minute"], Bucket(*value["bucket"]))
            elif key.startswith(ALARM):
                region, _, _ = key.removeprefix(ALARM).partition(" ")
                self._know_alarm(region, value)

    def _know_alarm(self, region: str, alarm: dict[str, Any]) -> None:
        key = region, alarm["AlarmName"]
        self._alarms[key] = alarm
        for action in alarm.get("AlarmActions", []):
            self._set_off[action][key] = alarm

    def _forget_alarm(self, region: str, name: str) -> bool:
        known = self._alarms.pop((region, name), None)
        for action in (known or {}).get("AlarmActions", []):
            self._set_off[action].pop((region, name), None)
        return known is not None

    def _per_instance(self, which: Metric, endpoint: Endpoint) -> Read:
        invoked = Metric(which.region, which.namespace, "Invocations", which.dimensions)
        variant = which.dimension("VariantName")
        counts = {each.name: each.count for each in endpoint.serving.variants}
        count = counts.get(variant or "", 0)

        def read(minute: int) -> Bucket | None:
            bucket = self.series.read(invoked, minute)
            return one(bucket.total / count) if bucket and count else None

        return read


def _entry(which: Metric, minute: int, bucket: Bucket) -> tuple[str, dict[str, Any]]:
    names = ",".join(f"{name}={value}" for name, value in which.dimensions)
    key = f"{METRIC}{which.region} {which.namespace} {which.name} {names} {minute}"
    return key, {"metric": asdict(which), "minute": minute, "bucket": astuple(bucket)}
