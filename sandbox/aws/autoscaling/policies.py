"""PURE: what one scaling policy asks for.

    target tracking, 3 minutes above the goal      -> out, in proportion
    target tracking, 15 minutes below 0.9 x goal   -> in, in proportion
    target tracking, no data points                -> nothing: zero instances give no data
    step scaling, its alarm in ALARM               -> the step that the breach falls into

A policy waits for its cooldown after the last scaling activity.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sandbox.aws.cloudwatch import alarms
from sandbox.aws.cloudwatch.metrics import MINUTE, Read
from sandbox.aws.sagemaker.lifecycle import Endpoint

OUT_MINUTES = 3
IN_MINUTES = 15
COOLDOWN = 300
IN_SHARE = 0.9


@dataclass(frozen=True)
class Policy:
    """A scaling policy: the request that put it."""

    name: str
    arn: str
    created: float
    body: Mapping[str, Any]

    @property
    def tracking(self) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self.body.get("TargetTrackingScalingPolicyConfiguration")
        return found

    @property
    def steps(self) -> Mapping[str, Any] | None:
        found: Mapping[str, Any] | None = self.body.get("StepScalingPolicyConfiguration")
        return found


@dataclass(frozen=True)
class Target:
    """A scalable target: a variant and the bounds of its instance count."""

    region: str
    resource: str
    endpoint: str
    variant: str
    least: int
    most: int
    arn: str
    created: float
    changed: float
    suspended: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class Rules:
    """All that decides about one variant; `reads` gives what a policy or an alarm looks at."""

    target: Target
    policies: tuple[Policy, ...]
    alarms: tuple[Mapping[str, Any], ...]
    reads: Callable[[Endpoint, Mapping[str, Any], float], Read]
    rollout_seconds: float


@dataclass(frozen=True)
class View:
    """A variant at the minute that is decided about."""

    endpoint: Endpoint
    count: int
    now: float

    @property
    def idle_for(self) -> float:
        return self.now - self.endpoint.scaled


def wanted(policy: Policy, view: View, rules: Rules) -> int | None:
    """Return the instance count that a policy asks for; None where it asks for nothing."""
    if policy.tracking is not None:
        return _tracking(policy.tracking, view, rules)
    if policy.steps is not None:
        return _stepping(policy, policy.steps, view, rules)
    return None


def _tracked(target: Target, tracking: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the metric that a target tracking policy follows, in the form of an alarm's fields."""
    if custom := tracking.get("CustomizedMetricSpecification"):
        return dict(custom)
    return {
        "Namespace": "AWS/SageMaker",
        "MetricName": "InvocationsPerInstance",
        "Dimensions": [
            {"Name": "EndpointName", "Value": target.endpoint},
            {"Name": "VariantName", "Value": target.variant},
        ],
        "Statistic": "Sum",
    }


def _tracking(tracking: Mapping[str, Any], view: View, rules: Rules) -> int | None:
    query = _tracked(rules.target, tracking)
    read = rules.reads(view.endpoint, query, view.now)
    goal, statistic = tracking["TargetValue"], query.get("Statistic", "Average")
    values: list[float] = []
    for age in range(1, IN_MINUTES + 1):
        bucket = read(int(view.now) - age * MINUTE)
        value = bucket.statistic(statistic) if bucket else None
        if value is None or (values and (value > goal) != (values[0] > goal)):
            break
        values.append(value)
    if not values:
        return None
    proportional = math.ceil(view.count * values[0] / goal)
    if len(values) >= OUT_MINUTES and values[0] > goal:
        cool = view.idle_for >= tracking.get("ScaleOutCooldown", COOLDOWN)
        return max(proportional, view.count + 1) if cool else None
    if len(values) == IN_MINUTES and max(values) < IN_SHARE * goal:
        cool = view.idle_for >= tracking.get("ScaleInCooldown", COOLDOWN)
        return proportional if cool and not tracking.get("DisableScaleIn") else None
    return None


def _stepping(policy: Policy, steps: Mapping[str, Any], view: View, rules: Rules) -> int | None:
    if view.idle_for < steps.get("Cooldown", COOLDOWN):
        return None
    for alarm in rules.alarms:
        if policy.arn not in alarm.get("AlarmActions", []) or not alarm.get("ActionsEnabled", True):
            continue
        read = rules.reads(view.endpoint, alarm, view.now)
        if alarms.state(alarm, read, view.now) == "ALARM":
            newest = next(
                (each for each in alarms.recent(alarm, read, view.now) if each is not None), None
            )
            if newest is not None:
                return _stepped(steps, view.count, newest - alarm["Threshold"])
    return None


def _stepped(steps: Mapping[str, Any], count: int, breach: float) -> int | None:
    for step in steps.get("StepAdjustments", []):
        above = breach >= step.get("MetricIntervalLowerBound", -math.inf)
        if above and breach < step.get("MetricIntervalUpperBound", math.inf):
            adjustment = step["ScalingAdjustment"]
            match steps.get("AdjustmentType"):
                case "ExactCapacity":
                    return int(adjustment)
                case "PercentChangeInCapacity":
                    return count + int(count * adjustment / 100)
                case _:
                    return count + int(adjustment)
    return None
