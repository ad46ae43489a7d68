"""How Application Auto Scaling and CloudWatch write down what `scaling_policy` wants. Pure.

Requests are made here, and answers read. A setting that somebody else made, and that a `Scale` has
no field for, is read as a value that no definition wants: so it is seen as different.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Literal, TypedDict

from controller.planning.scaling_policy import Alarm, Names, Scale, Steps, Tracking
from ledger.names import EndpointName

NAMESPACE = "AWS/SageMaker"
_DEFAULT_COOLDOWN = 300  # AWS's own

Said = Mapping[str, Any]  # one thing as AWS describes it


class Resource(TypedDict):
    """How every call names a variant of an endpoint."""

    ServiceNamespace: Literal["sagemaker"]
    ResourceId: str
    ScalableDimension: Literal["sagemaker:variant:DesiredInstanceCount"]


def resource_of(identity: str) -> Resource:
    return {
        "ServiceNamespace": "sagemaker",
        "ResourceId": identity,
        "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
    }


def scaling_requests(scale: Scale) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the operations of Application Auto Scaling that make a scaling, with their requests."""
    yield "RegisterScalableTarget", target_request(scale)
    names = Names(scale.endpoint_name)
    for name, tracking in (
        (names.invocations, scale.on_invocations),
        (names.backlog, scale.on_backlog),
    ):
        if tracking:
            yield "PutScalingPolicy", tracking_policy(name, scale, tracking)
    if scale.wake:
        yield "PutScalingPolicy", steps_policy(names.wake, scale, scale.wake)


def target_request(scale: Scale) -> dict[str, Any]:
    return {
        **resource_of(scale.resource_id),
        "MinCapacity": scale.min_instances,
        "MaxCapacity": scale.max_instances,
    }


def tracking_policy(name: str, scale: Scale, tracking: Tracking) -> dict[str, Any]:
    return {
        "PolicyName": name,
        "PolicyType": "TargetTrackingScaling",
        "TargetTrackingScalingPolicyConfiguration": tracking_request(tracking),
        **resource_of(scale.resource_id),
    }


def steps_policy(name: str, scale: Scale, steps: Steps) -> dict[str, Any]:
    return {
        "PolicyName": name,
        "PolicyType": "StepScaling",
        "StepScalingPolicyConfiguration": steps_request(steps),
        **resource_of(scale.resource_id),
    }


def tracking_request(tracking: Tracking) -> Any:  # noqa: ANN401 - boto3's own shape
    metric = (
        {
            "CustomizedMetricSpecification": {
                "Namespace": NAMESPACE,
                "MetricName": tracking.metric,
                "Dimensions": _dimension_list(tracking.dimensions),
                "Statistic": tracking.statistic,
            }
        }
        if tracking.dimensions
        else {"PredefinedMetricSpecification": {"PredefinedMetricType": tracking.metric}}
    )
    return {
        **metric,
        "TargetValue": tracking.goal,
        "ScaleInCooldown": tracking.scale_in_cooldown,
        "ScaleOutCooldown": tracking.scale_out_cooldown,
    }


def steps_request(steps: Steps) -> Any:  # noqa: ANN401
    return {
        "AdjustmentType": steps.kind,
        "MetricAggregationType": "Average",
        "Cooldown": steps.cooldown,
        "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": steps.change}],
    }


def alarm_request(name: str, alarm: Alarm, policy_arn: str) -> dict[str, Any]:
    return {
        "AlarmName": name,
        "AlarmDescription": "Wakes an asynchronous endpoint that has a backlog and no instance.",
        "Namespace": NAMESPACE,
        "MetricName": alarm.metric,
        "Dimensions": _dimension_list(alarm.dimensions),
        "Statistic": alarm.statistic,
        "Period": alarm.period_seconds,
        "EvaluationPeriods": alarm.periods,
        "DatapointsToAlarm": alarm.periods,
        "Threshold": alarm.threshold,
        "ComparisonOperator": alarm.comparison,
        "TreatMissingData": alarm.missing,
        "ActionsEnabled": True,
        "AlarmActions": [policy_arn],
    }


def read_scale(
    at: tuple[EndpointName, str], target: Said, policies: Mapping[str, Said], alarm: Said | None
) -> Scale:
    """Read what AWS says of an endpoint's variant in the words of what is wanted."""
    name, variant = at
    names = Names(name)
    wake = policies.get(names.wake)
    return Scale(
        name,
        variant,
        target["MinCapacity"],
        target["MaxCapacity"],
        on_invocations=_tracking(policies.get(names.invocations)),
        on_backlog=_tracking(policies.get(names.backlog)),
        wake=_steps(wake),
        alarm=_alarm(alarm, wake["PolicyARN"] if wake else ""),
    )


def _tracking(policy: Said | None) -> Tracking | None:
    if policy is None:
        return None
    config = policy.get("TargetTrackingScalingPolicyConfiguration", {})
    predefined = config.get("PredefinedMetricSpecification", {})
    own = config.get("CustomizedMetricSpecification", {})
    return Tracking(
        predefined.get("PredefinedMetricType") or own.get("MetricName", ""),
        config.get("TargetValue", 0),
        config.get("ScaleInCooldown", _DEFAULT_COOLDOWN),
        config.get("ScaleOutCooldown", _DEFAULT_COOLDOWN),
        _dimensions(own),
        own.get("Statistic", ""),
        scales_in=not config.get("DisableScaleIn"),
    )


def _steps(policy: Said | None) -> Steps | None:
    if policy is None:
        return None
    config = policy.get("StepScalingPolicyConfiguration", {})
    match config.get("StepAdjustments"):
        case [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": int(change)}]:
            pass
        case _:
            change = 0  # unlike any that is wanted, so it counts as different
    kind = config.get("AdjustmentType", "")
    return Steps(change, config.get("Cooldown", _DEFAULT_COOLDOWN), kind)


def _alarm(alarm: Said | None, policy_arn: str) -> Alarm | None:
    if alarm is None:
        return None
    fires = alarm.get("ActionsEnabled") and policy_arn in alarm.get("AlarmActions", [])
    return Alarm(
        alarm.get("MetricName", ""),
        _dimensions(alarm),
        alarm.get("Threshold", 0),
        alarm.get("EvaluationPeriods", 0),
        alarm.get("Period", 0),
        alarm.get("Statistic", ""),
        alarm.get("ComparisonOperator", ""),
        alarm.get("TreatMissingData", "missing"),
        fires=bool(fires),
    )


def _dimensions(metric: Said) -> tuple[tuple[str, str], ...]:
    return tuple(sorted((each["Name"], each["Value"]) for each in metric.get("Dimensions", [])))


def _dimension_list(dimensions: Iterable[tuple[str, str]]) -> list[Any]:
    return [{"Name": name, "Value": value} for name, value in dimensions]
