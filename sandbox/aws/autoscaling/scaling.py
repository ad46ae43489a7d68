"""PURE: what Application Auto Scaling does to an endpoint's variant, worked out when asked.

Once a minute, and only while the endpoint is InService: a count outside the target's bounds goes to
the bound; otherwise the largest count that a policy asks for wins (see `policies`). A real-time
variant never goes below one instance.
"""

from dataclasses import replace

from sandbox.aws.autoscaling import policies
from sandbox.aws.autoscaling.policies import COOLDOWN, IN_MINUTES, Rules, Target, View
from sandbox.aws.cloudwatch import alarms
from sandbox.aws.cloudwatch.metrics import MINUTE
from sandbox.aws.sagemaker import deployments
from sandbox.aws.sagemaker.lifecycle import Endpoint, Rollout, Status, rescale, settle


def advance(endpoint: Endpoint, rules: Rules, since: float, now: float) -> Endpoint | None:
    """Return the endpoint as it is at `now`, with what was scaled after `since`."""
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
    """Return how many instances the variant should have."""
    least, most = _bounds(view, rules.target)
    if not least <= view.count <= most:
        return min(max(view.count, least), most)
    asked = [policies.wanted(policy, view, rules) for policy in rules.policies]
    bounded = [min(max(count, least), most) for count in asked if count is not None]
    outward = [count for count in bounded if count > view.count]
    if outward and not rules.target.suspended.get("DynamicScalingOutSuspended"):
        return max(outward)
    inward = [count for count in bounded if count < view.count]
    if inward and not outward and not rules.target.suspended.get("DynamicScalingInSuspended"):
        return max(inward)
    return view.count


def count_of(endpoint: Endpoint, variant: str) -> int | None:
    counts = {each.name: each.count for each in endpoint.serving.variants}
    return counts.get(variant)


def _scaled(endpoint: Endpoint, rules: Rules, now: float) -> Endpoint:
    count = count_of(endpoint, rules.target.variant)
    if endpoint.status is not Status.IN_SERVICE or count is None:
        return endpoint
    new = wanted(View(endpoint, count, now), rules)
    if new == count:
        return endpoint
    desired = {rules.target.variant: {"DesiredInstanceCount": new}}
    deployment = deployments.rescaled(endpoint.serving, desired)
    begun = rescale(endpoint, deployment, now, Rollout(rules.rollout_seconds))
    return replace(begun, scaled=now)


def _bounds(view: View, target: Target) -> tuple[int, int]:
    floor = 0 if view.endpoint.serving.async_inference else 1
    least = max(floor, target.least)
    return least, max(least, target.most)


def _horizon(rules: Rules) -> float:
    """Return after how long without any change nothing more can come of the same data."""
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
