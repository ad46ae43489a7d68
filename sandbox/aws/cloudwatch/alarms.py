"""PURE: the state of a CloudWatch alarm, worked out from its metric's data points.

An alarm looks at its last EvaluationPeriods whole periods and is in ALARM when DatapointsToAlarm of
them (all, unless it says fewer) breach its threshold.
"""

import operator
from collections.abc import Mapping
from typing import Any

from sandbox.aws.cloudwatch.metrics import MINUTE, Read, over

COMPARISONS = {
    "GreaterThanThreshold": operator.gt,
    "GreaterThanOrEqualToThreshold": operator.ge,
    "LessThanThreshold": operator.lt,
    "LessThanOrEqualToThreshold": operator.le,
}


def state(alarm: Mapping[str, Any], read: Read, now: float) -> str:
    values = recent(alarm, read, now)
    known = [value for value in values if value is not None]
    missing = alarm.get("TreatMissingData", "missing")
    if not known and missing in {"missing", "ignore"}:
        return "INSUFFICIENT_DATA"
    breaches = COMPARISONS[alarm["ComparisonOperator"]]
    breaching = sum(bool(breaches(value, alarm["Threshold"])) for value in known)
    if missing == "breaching":
        breaching += len(values) - len(known)
    return "ALARM" if breaching >= alarm.get("DatapointsToAlarm", len(values)) else "OK"


def recent(alarm: Mapping[str, Any], read: Read, now: float) -> list[float | None]:
    """Return the values of the last whole periods, newest first; None where there was no data."""
    period = max(MINUTE, alarm["Period"])
    end = int(now // period) * period
    starts = (end - period * age for age in range(1, alarm["EvaluationPeriods"] + 1))
    buckets = [over(read, start, period) for start in starts]
    statistic = alarm.get("Statistic", "Average")
    return [bucket.statistic(statistic) if bucket else None for bucket in buckets]


def span(alarm: Mapping[str, Any]) -> float:
    """Return how far back an alarm looks, in seconds."""
    return float(max(MINUTE, alarm["Period"]) * (alarm["EvaluationPeriods"] + 1))
