"""PURE: what Application Auto Scaling does to an endpoint's variant, worked out when asked.

Once a minute, and only while the endpoint is InService:

    count outside the target's bounds              -> to the bound
    target tracking, 3 minutes above the goal      -> out, in proportion
    target tracking, 15 minutes below 0.9 x goal   -> in, in proportion
    target tracking, no data points                -> nothing: zero instances give no data
    step scaling, its alarm in ALARM               -> the step that the breach falls into

A policy waits for its cooldown after the last scaling activity; the largest wish wins. A real-time
variant never goes below one instance.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from sandbox.aws.cloudwatch import alarms
from sandbox.aws.cloudwatch.metrics import MINUTE, Read
from sandbox.aws.sagemaker import deployments
from sandbox.aws.sagemaker.endpoints import Endpoint, Rollout, Status, rescale, settle

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


def advance(endpoint: Endpoint, rules: Rules, since: float, now: float) -> Endpoint | None:
    """Give the endpoint as it is at `now`, with what was scaled after `since`."""
    at = _next_minute(since)
    until = at + _horizon(rules)
    while at <= now:
        settled = settle(endpoint, at)
        if settled is None:
            return None
        endpoint = _scaled(settled, rules, at)
        if endpoint is not settled or endpoint.change is not None:
            due = endpoint.change.at if endpoint.change else at
            until = max(until, due + _horizon(rules))
        at = _next_minute(at)
        if at > until:
            break
    return settle(endpoint, now)


def wanted(view: View, rules: Rules) -> int:
    """Say how many instances the variant should have."""
    least, most = _bounds(view, rules.target)
    if not least <= view.count <= most:
        return min(max(view.count, least), most)
    wishes = [_wish(policy, view, rules) for policy in rules.policies]
    named = [min(max(wish, least), most) for wish in wishes if wish is not None]
    outward = [wish for wish in named if wish > view.count]
    if outward and not rules.target.suspended.get("DynamicScalingOutSuspended"):
        return max(outward)
    inward = [wish for wish in named if wish < view.count]
    if inward and not outward and not rules.target.suspended.get("DynamicScalingInSuspended"):
        return max(inward)
    return view.count


def tracked(target: Target, tracking: Mapping[str, Any]) -> Mapping[str, Any]:
    """Give the metric that a target tracking policy follows, in the form of an alarm's fields."""
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


def count_of(endpoint: Endpoint, variant: str) -> int | None:
    counts = {each.name: each.count for each in endpoint.serving.variants}
    return counts.get(variant)


def _scaled(endpoint: Endpoint, rules: Rules, now: float) -> Endpoint:
    count = count_of(endpoint, rules.target.variant)
    if endpoint.status is not Status.IN_SERVICE or count is None:
        return endpoint
    wish = wanted(View(endpoint, count, now), rules)
    if wish == count:
        return endpoint
    wishes = {rules.target.variant: {"DesiredInstanceCount": wish}}
    deployment = deployments.rescaled(endpoint.serving, wishes)
    begun = rescale(endpoint, deployment, now, Rollout(rules.rollout_seconds))
    return replace(begun, scaled=now)


def _bounds(view: View, target: Target) -> tuple[int, int]:
    floor = 0 if view.endpoint.serving.async_inference else 1
    least = max(floor, target.least)
    return least, max(least, target.most)


def _wish(policy: Policy, view: View, rules: Rules) -> int | None:
    if policy.tracking is not None:
        return _tracking(policy.tracking, view, rules)
    if policy.steps is not None:
        return _stepping(policy, policy.steps, view, rules)
    return None


def _tracking(tracking: Mapping[str, Any], view: View, rules: Rules) -> int | None:
    query = tracked(rules.target, tracking)
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
    fair = math.ceil(view.count * values[0] / goal)
    if len(values) >= OUT_MINUTES and values[0] > goal:
        cool = view.idle_for >= tracking.get("ScaleOutCooldown", COOLDOWN)
        return max(fair, view.count + 1) if cool else None
    if len(values) == IN_MINUTES and max(values) < IN_SHARE * goal:
        cool = view.idle_for >= tracking.get("ScaleInCooldown", COOLDOWN)
        return fair if cool and not tracking.get("DisableScaleIn") else None
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


def _horizon(rules: Rules) -> float:
    """After this long without any change nothing more can come of the same data."""
    looks = [float(IN_MINUTES * MINUTE), *(alarms.span(alarm) for alarm in rules.alarms)]
    cooldowns = [float(COOLDOWN)]
    for policy in rules.policies:
        config = policy.tracking or policy.steps or {}
        cooldowns += [
            float(config[name])
            for name in ("ScaleInCooldown", "ScaleOutCooldown", "Cooldown")
            if name in config
        ]
    return max(looks) + max(cooldowns) + 2 * MINUTE


def _next_minute(moment: float) -> float:
    return float((int(moment // MINUTE) + 1) * MINUTE)
