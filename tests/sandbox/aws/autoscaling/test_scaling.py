"""What autoscaling wants for a variant, as a table: no HTTP, no clock."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from sandbox.aws.autoscaling.policies import Policy, Rules, Target, View
from sandbox.aws.autoscaling.scaling import advance, wanted
from sandbox.aws.cloudwatch.metrics import MINUTE, one
from sandbox.aws.sagemaker.lifecycle import Deployment, Endpoint, Status, Variant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sandbox.aws.cloudwatch.metrics import Bucket, Read

NOW = 1_000_000 * 60.0
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:endpoint/falcon"
SIZE = {"Namespace": "Mine", "MetricName": "Size", "Statistic": "Average"}


@dataclass(frozen=True)
class Case:
    """Instances there are, the newest minutes of the metric (newest first), and the policies."""

    count: int
    minutes: tuple[float | None, ...]
    wanted: int
    tracking: dict[str, Any] | None = field(default_factory=lambda: {"TargetValue": 10.0})
    steps: tuple[str, list[dict[str, float]]] | None = None
    least: int = 0
    most: int = 10
    scaled: float = 0.0
    suspended: str | None = None


STEPS: list[dict[str, float]] = [
    {"MetricIntervalLowerBound": 0, "MetricIntervalUpperBound": 10, "ScalingAdjustment": 1},
    {"MetricIntervalLowerBound": 10, "ScalingAdjustment": 50},
]
CASES = {
    "below the minimum": Case(1, (), wanted=2, least=2),
    "above the maximum": Case(5, (), wanted=3, most=3),
    "no data": Case(2, (), wanted=2),
    "two minutes above the goal": Case(2, (15, 15), wanted=2),
    "three minutes above the goal": Case(2, (15, 15, 15), wanted=3),
    "in proportion": Case(2, (40, 40, 40), wanted=8),
    "up to the maximum": Case(2, (90, 90, 90), wanted=10),
    "a gap in the data": Case(2, (15, None, 15, 15), wanted=2),
    "out, in cooldown": Case(2, (15, 15, 15), wanted=2, scaled=NOW - 299),
    "out, after the cooldown": Case(2, (15, 15, 15), wanted=3, scaled=NOW - 300),
    "out, suspended": Case(2, (15,) * 3, wanted=2, suspended="DynamicScalingOutSuspended"),
    "fourteen quiet minutes": Case(4, (2,) * 14, wanted=4),
    "fifteen quiet minutes": Case(4, (2,) * 15, wanted=1),
    "quiet, but not by a tenth": Case(4, (9.5,) * 15, wanted=4),
    "in, not asked for": Case(
        4, (2,) * 15, wanted=4, tracking={"TargetValue": 10.0, "DisableScaleIn": True}
    ),
    "in, suspended": Case(4, (2,) * 15, wanted=4, suspended="DynamicScalingInSuspended"),
    "in, not below the minimum": Case(4, (0,) * 15, wanted=2, least=2),
    "idle, to zero": Case(4, (0,) * 15, wanted=0),
    "by a step": Case(2, (25,), wanted=3, tracking=None, steps=("ChangeInCapacity", STEPS)),
    "by a percentage": Case(
        4, (35,), wanted=6, tracking=None, steps=("PercentChangeInCapacity", STEPS)
    ),
    "to an exact count": Case(2, (25,), wanted=1, tracking=None, steps=("ExactCapacity", STEPS)),
    "no breach, no step": Case(
        2, (19,), wanted=2, tracking=None, steps=("ChangeInCapacity", STEPS)
    ),
    "the largest wish wins": Case(2, (25,) * 3, wanted=5, steps=("ChangeInCapacity", STEPS)),
    "a step out, no vote for in": Case(
        2, (20,), wanted=3, tracking={"TargetValue": 99.0}, steps=("ChangeInCapacity", STEPS)
    ),
}


def _endpoint(case: Case, *, asynchronous: bool = True) -> Endpoint:
    variant = Variant("main", None, "ml.g5.xlarge", case.count, 1.0)
    settings: dict[str, Any] | None = {"OutputConfig": {}} if asynchronous else None
    deployment = Deployment("blue", (variant,), settings)
    return Endpoint("Falcon", ARN, Status.IN_SERVICE, deployment, 0.0, 0.0, scaled=case.scaled)


def _rules(case: Case) -> Rules:
    suspended = {case.suspended: True} if case.suspended else {}
    policies, alarms = [], []
    if case.tracking is not None:
        config = {**case.tracking, "CustomizedMetricSpecification": SIZE}
        body = {"TargetTrackingScalingPolicyConfiguration": config}
        policies.append(Policy("track", "arn:track", 0.0, body))
    if case.steps is not None:
        kind, adjustments = case.steps
        config = {"AdjustmentType": kind, "StepAdjustments": adjustments}
        policies.append(Policy("step", "arn:step", 0.0, {"StepScalingPolicyConfiguration": config}))
        alarms.append(
            {
                **SIZE,
                "AlarmActions": ["arn:step"],
                "Period": 60,
                "EvaluationPeriods": 1,
                "Threshold": 20,
                "ComparisonOperator": "GreaterThanOrEqualToThreshold",
            }
        )
    names = ("eu-west-1", "endpoint/Falcon/variant/main", "Falcon", "main")
    target = Target(*names, case.least, case.most, "arn:target", 0.0, 0.0, suspended)
    return Rules(target, tuple(policies), tuple(alarms), _reads(case), 60.0)


def _reads(case: Case) -> Any:  # noqa: ANN401 - a function of a function
    def reads(_endpoint: Endpoint, _query: Mapping[str, Any], _now: float) -> Read:
        def read(minute: int) -> Bucket | None:
            age = int(NOW - minute) // MINUTE - 1
            value = case.minutes[age] if 0 <= age < len(case.minutes) else None
            return None if value is None else one(float(value))

        return read

    return reads


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_count_that_is_wanted(case: Case) -> None:
    assert wanted(View(_endpoint(case), case.count, NOW), _rules(case)) == case.wanted


def test_a_real_time_variant_never_goes_to_zero() -> None:
    case = CASES["idle, to zero"]
    endpoint = _endpoint(case, asynchronous=False)
    assert wanted(View(endpoint, case.count, NOW), _rules(case)) == 1


@pytest.mark.parametrize("status", [Status.UPDATING, Status.SYSTEM_UPDATING, Status.FAILED])
def test_what_is_not_in_service_is_not_scaled(status: Status) -> None:
    case = CASES["below the minimum"]
    endpoint = replace(_endpoint(case), status=status)
    assert advance(endpoint, _rules(case), NOW - 1, NOW) == endpoint


def test_what_was_scaled_says_when_and_is_done_after_its_rollout() -> None:
    case = CASES["below the minimum"]
    begun = advance(_endpoint(case), _rules(case), NOW - 1, NOW)
    assert begun is not None
    assert (begun.status, begun.scaled) == (Status.UPDATING, NOW)
    done = advance(begun, _rules(case), NOW, NOW + 60)
    assert done is not None
    assert [variant.count for variant in done.serving.variants] == [2]
    assert done.counted == ((NOW + 60, 2),)
