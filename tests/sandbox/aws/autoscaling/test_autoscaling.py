"""Application Auto Scaling holds an endpoint's instances within bounds, and down to zero."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Cloud, Refused

VARIANT = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": "endpoint/Falcon/variant/AllTraffic",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
FALCON = [{"Name": "EndpointName", "Value": "Falcon"}]
MINUTE = 60


def _serve(cloud: Cloud, *, asynchronous: bool, count: int = 1) -> None:
    """Falcon in service, at a full hour."""
    cloud.ask("POST", "/clock", {"now": "2030-01-02T11:00:00Z"})
    cloud.configure("plain", count=count)
    more: dict[str, Any] = {}
    if asynchronous:
        more["AsyncInferenceConfig"] = {"OutputConfig": {"S3OutputPath": "s3://results/out"}}
    variant = {
        "VariantName": "AllTraffic",
        "ModelName": "Falcon",
        "InstanceType": "ml.g5.xlarge",
        "InitialInstanceCount": count,
    }
    cloud.sagemaker.create_endpoint_config(
        EndpointConfigName="blue", ProductionVariants=[variant], **more
    )
    cloud.serve("Falcon", "blue")
    cloud.ask("POST", "/clock", {"now": "2030-01-02T12:00:00Z"})


@pytest.fixture
def queue(cloud: Cloud) -> Cloud:
    """An asynchronous Falcon with one instance."""
    _serve(cloud, asynchronous=True)
    return cloud


@pytest.fixture
def plain(cloud: Cloud) -> Cloud:
    """A real-time Falcon with one instance."""
    _serve(cloud, asynchronous=False)
    return cloud


def _register(cloud: Cloud, least: int = 0, most: int = 2) -> None:
    scaling = cloud.client("application-autoscaling")
    scaling.register_scalable_target(**VARIANT, MinCapacity=least, MaxCapacity=most)


def _track_backlog(cloud: Cloud, goal: float = 5.0) -> None:
    metric = {
        "MetricName": "ApproximateBacklogSizePerInstance",
        "Namespace": "AWS/SageMaker",
        "Dimensions": FALCON,
        "Statistic": "Average",
    }
    cloud.client("application-autoscaling").put_scaling_policy(
        **VARIANT,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": goal,
            "CustomizedMetricSpecification": metric,
            "ScaleInCooldown": 300,
            "ScaleOutCooldown": 300,
        },
    )


def _track_invocations(cloud: Cloud, goal: float) -> None:
    predefined = {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}
    cloud.client("application-autoscaling").put_scaling_policy(
        **VARIANT,
        PolicyName="track",
        PolicyType="TargetTrackingScaling",
        TargetTrackingScalingPolicyConfiguration={
            "TargetValue": goal,
            "PredefinedMetricSpecification": predefined,
        },
    )


def _wake_by_alarm(cloud: Cloud) -> None:
    """AWS's recipe for waking from zero: a step policy, set off by an alarm."""
    arn = cloud.client("application-autoscaling").put_scaling_policy(
        **VARIANT,
        PolicyName="wake",
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={
            "AdjustmentType": "ChangeInCapacity",
            "MetricAggregationType": "Average",
            "Cooldown": 300,
            "StepAdjustments": [{"MetricIntervalLowerBound": 0, "ScalingAdjustment": 1}],
        },
    )["PolicyARN"]
    cloud.client("cloudwatch").put_metric_alarm(
        AlarmName="Falcon-wake",
        MetricName="HasBacklogWithoutCapacity",
        Namespace="AWS/SageMaker",
        Dimensions=FALCON,
        Statistic="Average",
        Period=60,
        EvaluationPeriods=2,
        DatapointsToAlarm=2,
        Threshold=1,
        ComparisonOperator="GreaterThanOrEqualToThreshold",
        TreatMissingData="missing",
        AlarmActions=[arn],
    )


def _backlog(cloud: Cloud, size: int) -> None:
    answer = cloud.ask("POST", "/endpoints/Falcon/backlog", {"size": size})
    assert answer[0] == 200, answer


def _counts(cloud: Cloud) -> tuple[int, int]:
    """Instances there are, and instances there should be."""
    [variant] = cloud.describe("Falcon")["ProductionVariants"]
    return variant["CurrentInstanceCount"], variant["DesiredInstanceCount"]


def _sleep(cloud: Cloud) -> None:
    """Let an idle queue go to zero."""
    cloud.let_pass(20 * MINUTE)
    cloud.describe("Falcon")
    cloud.let_pass(MINUTE)
    assert _counts(cloud) == (0, 0)


def test_a_target_is_registered_described_changed_and_deregistered(queue: Cloud) -> None:
    scaling = queue.client("application-autoscaling")
    _register(queue, 0, 2)
    scaling.register_scalable_target(**VARIANT, MaxCapacity=4)
    [target] = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    assert {key: target[key] for key in VARIANT} == VARIANT
    assert (target["MinCapacity"], target["MaxCapacity"]) == (0, 4)
    scaling.deregister_scalable_target(**VARIANT)
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []


def test_what_is_not_registered_is_not_found(queue: Cloud, refused: Refused) -> None:
    scaling = queue.client("application-autoscaling")
    about = (
        "service namespace: sagemaker, resource ID: endpoint/Falcon/variant/AllTraffic, "
        "scalable dimension: sagemaker:variant:DesiredInstanceCount"
    )
    unregistered = f"ObjectNotFoundException: No scalable target registered for {about}"
    assert refused(scaling.deregister_scalable_target, **VARIANT) == unregistered
    assert refused(_track_backlog, cloud=queue) == unregistered
    assert refused(scaling.delete_scaling_policy, **VARIANT, PolicyName="track") == (
        f"ObjectNotFoundException: No scaling policy found for {about}, policy name: track"
    )


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"ResourceId": "endpoint/none/variant/AllTraffic"}, "SageMaker variant doesn't exist"),
        ({"ResourceId": "endpoint/Falcon/variant/none"}, "SageMaker variant doesn't exist"),
        ({"ResourceId": "service/cluster/web"}, "service/cluster/web is no resource ID like"),
        ({"MinCapacity": 3}, "MinCapacity must be from 0 and no more than MaxCapacity"),
    ],
)
def test_a_target_that_makes_no_sense_is_refused(
    queue: Cloud, refused: Refused, wish: dict[str, Any], sentence: str
) -> None:
    register = queue.client("application-autoscaling").register_scalable_target
    params = {**VARIANT, "MinCapacity": 0, "MaxCapacity": 2, **wish}
    assert refused(register, **params).startswith(f"ValidationException: {sentence}")


def test_a_new_target_needs_both_bounds(queue: Cloud, refused: Refused) -> None:
    register = queue.client("application-autoscaling").register_scalable_target
    assert "are required for a new target" in refused(register, **VARIANT, MinCapacity=0)


@pytest.mark.parametrize(
    ("wish", "sentence"),
    [
        ({"PolicyType": "TargetTrackingScaling"}, "TargetTrackingScalingPolicyConfiguration is"),
        ({"PolicyType": "PredictiveScaling"}, "The sandbox has no policies of type Predictive"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(
    queue: Cloud, refused: Refused, wish: dict[str, str], sentence: str
) -> None:
    _register(queue)
    put = queue.client("application-autoscaling").put_scaling_policy
    answer = refused(put, **VARIANT, PolicyName="track", **wish)
    assert answer.startswith(f"ValidationException: {sentence}")


def test_policies_are_put_replaced_described_and_deleted(queue: Cloud) -> None:
    scaling = queue.client("application-autoscaling")
    _register(queue)
    _track_backlog(queue, 5)
    _track_backlog(queue, 7)
    _wake_by_alarm(queue)
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    track, wake = policies
    assert track["TargetTrackingScalingPolicyConfiguration"]["TargetValue"] == 7
    assert wake["StepScalingPolicyConfiguration"]["AdjustmentType"] == "ChangeInCapacity"
    assert [alarm["AlarmName"] for alarm in wake["Alarms"]] == ["Falcon-wake"]
    scaling.delete_scaling_policy(**VARIANT, PolicyName="track")
    left = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
    assert [policy["PolicyName"] for policy in left] == ["wake"]


def test_targets_come_fifty_at_a_time_and_policies_ten(cloud: Cloud) -> None:
    cloud.serve("Falcon", cloud.configure("blue"))
    scaling = cloud.client("application-autoscaling")
    for number in range(51):
        cloud.create(f"e{number}", "blue")
        target = {**VARIANT, "ResourceId": f"endpoint/e{number}/variant/AllTraffic"}
        scaling.register_scalable_target(**target, MinCapacity=1, MaxCapacity=2)
    _register(cloud)
    for number in range(11):
        _policy_named(cloud, f"p{number}")
    sizes = []
    for operation, field in (
        ("describe_scalable_targets", "ScalableTargets"),
        ("describe_scaling_policies", "ScalingPolicies"),
    ):
        pages = scaling.get_paginator(operation).paginate(ServiceNamespace="sagemaker")
        sizes.append([len(page[field]) for page in pages])
    assert sizes == [[50, 2], [10, 1]]


def _policy_named(cloud: Cloud, name: str) -> None:
    cloud.client("application-autoscaling").put_scaling_policy(
        **VARIANT,
        PolicyName=name,
        PolicyType="StepScaling",
        StepScalingPolicyConfiguration={"AdjustmentType": "ExactCapacity"},
    )


def test_targets_of_other_services_are_motos(cloud: Cloud) -> None:
    scaling = cloud.client("application-autoscaling")
    table = {
        "ServiceNamespace": "dynamodb",
        "ResourceId": "table/tokens",
        "ScalableDimension": "dynamodb:table:ReadCapacityUnits",
    }
    scaling.register_scalable_target(**table, MinCapacity=1, MaxCapacity=2)
    found = scaling.describe_scalable_targets(ServiceNamespace="dynamodb")["ScalableTargets"]
    assert [target["ResourceId"] for target in found] == ["table/tokens"]


def test_an_idle_queue_goes_to_zero_after_a_quarter_of_an_hour(queue: Cloud) -> None:
    _register(queue)
    _track_backlog(queue)
    queue.let_pass(20)
    assert _counts(queue) == (1, 1)
    queue.let_pass(40)
    assert (queue.status("Falcon"), _counts(queue)) == ("Updating", (1, 0))
    queue.let_pass(MINUTE)
    assert (queue.status("Falcon"), _counts(queue)) == ("InService", (0, 0))


def test_a_queue_with_work_stays_up(queue: Cloud) -> None:
    _register(queue)
    _track_backlog(queue)
    _backlog(queue, 5)
    queue.let_pass(3600)
    assert _counts(queue) == (1, 1)


def test_a_long_queue_gets_more_instances_up_to_the_maximum(queue: Cloud) -> None:
    _register(queue, 0, 3)
    _track_backlog(queue, 5)
    _backlog(queue, 14)
    queue.let_pass(5 * MINUTE)
    assert _counts(queue) == (3, 3)
    _backlog(queue, 90)
    queue.let_pass(3600)
    assert _counts(queue) == (3, 3)


def test_target_tracking_alone_never_wakes_a_queue_from_zero(queue: Cloud) -> None:
    _register(queue)
    _track_backlog(queue)
    _sleep(queue)
    _backlog(queue, 9)
    queue.let_pass(86_400)
    assert _counts(queue) == (0, 0)


def test_an_alarm_on_a_backlog_without_capacity_wakes_a_queue_until_it_is_empty(
    queue: Cloud,
) -> None:
    _register(queue)
    _track_backlog(queue)
    _wake_by_alarm(queue)
    _sleep(queue)
    _backlog(queue, 2)
    queue.let_pass(MINUTE)
    assert _counts(queue) == (0, 0)
    queue.let_pass(MINUTE)
    assert (queue.status("Falcon"), _counts(queue)) == ("Updating", (0, 1))
    queue.let_pass(MINUTE)
    assert _counts(queue) == (1, 1)
    _backlog(queue, 0)
    _sleep(queue)


def test_the_metrics_of_a_queue_say_what_it_and_its_instances_do(queue: Cloud) -> None:
    def newest(name: str) -> list[float]:
        now = queue.ask("GET", "")[1]["now"]
        metric = {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": FALCON}
        query = {"Id": "n", "MetricStat": {"Metric": metric, "Period": 60, "Stat": "Average"}}
        [result] = queue.client("cloudwatch").get_metric_data(
            MetricDataQueries=[query], StartTime="2030-01-02T11:00:00Z", EndTime=now
        )["MetricDataResults"]
        return [float(value) for value in result["Values"][:1]]

    def metrics() -> list[list[float]]:
        return [
            newest("ApproximateBacklogSize"),
            newest("ApproximateBacklogSizePerInstance"),
            newest("HasBacklogWithoutCapacity"),
        ]

    _backlog(queue, 4)
    queue.let_pass(MINUTE)
    assert metrics() == [[4.0], [4.0], [0.0]]
    _backlog(queue, 0)
    _register(queue)
    _track_backlog(queue)
    _sleep(queue)
    _backlog(queue, 3)
    queue.let_pass(MINUTE)
    assert [newest("ApproximateBacklogSize"), newest("HasBacklogWithoutCapacity")] == [[3.0], [1.0]]


def test_a_request_to_a_sleeping_queue_waits_until_there_is_an_instance(queue: Cloud) -> None:
    storage = queue.client("s3")
    where = {"LocationConstraint": "eu-west-1"}
    for bucket in ("results", "requests"):
        storage.create_bucket(Bucket=bucket, CreateBucketConfiguration=where)
    storage.put_object(Bucket="requests", Key="1", Body=b'{"inputs": "hello"}')
    _register(queue)
    _track_backlog(queue)
    _wake_by_alarm(queue)
    _sleep(queue)
    queue.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName="Falcon", InputLocation="s3://requests/1"
    )
    queue.let_pass(MINUTE)
    assert storage.list_objects_v2(Bucket="results")["KeyCount"] == 0
    queue.let_pass(3 * MINUTE)
    assert storage.list_objects_v2(Bucket="results")["KeyCount"] == 1
    assert _counts(queue) == (1, 1)


def test_a_request_that_cannot_be_done_leaves_the_queue_as_well(queue: Cloud) -> None:
    _register(queue)
    _track_backlog(queue)
    _sleep(queue)
    queue.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName="Falcon", InputLocation="s3://nowhere/1"
    )
    _register(queue, 1, 1)
    queue.let_pass(3 * MINUTE)
    _register(queue, 0, 1)
    queue.let_pass(20 * MINUTE)
    assert _counts(queue)[1] == 0


def test_a_real_time_endpoint_is_not_asynchronous_and_has_no_queue(plain: Cloud) -> None:
    status, answer = plain.ask("POST", "/endpoints/Falcon/backlog", {"size": 1})
    assert (status, answer["error"]) == (400, "Falcon is not asynchronous: it has no queue")


def test_counts_outside_the_bounds_are_brought_inside(plain: Cloud) -> None:
    _register(plain, 2, 3)
    plain.let_pass(2 * MINUTE)
    plain.describe("Falcon")
    plain.let_pass(MINUTE)
    assert _counts(plain) == (2, 2)
    _register(plain, 1, 1)
    plain.let_pass(3 * MINUTE)
    assert _counts(plain) == (1, 1)


def test_a_busy_real_time_endpoint_grows_with_its_traffic(plain: Cloud) -> None:
    _register(plain, 1, 4)
    _track_invocations(plain, 10)
    for _ in range(3):
        plain.ask("POST", "/endpoints/Falcon/invocations", {"count": 25})
        plain.let_pass(MINUTE)
    assert _counts(plain) == (1, 3)


def test_without_traffic_a_real_time_endpoint_keeps_its_instances(cloud: Cloud) -> None:
    _serve(cloud, asynchronous=False, count=2)
    _register(cloud, 1, 4)
    _track_invocations(cloud, 10)
    cloud.let_pass(86_400)
    assert _counts(cloud) == (2, 2)


def test_little_traffic_brings_a_real_time_endpoint_down(cloud: Cloud) -> None:
    _serve(cloud, asynchronous=False, count=2)
    _register(cloud, 1, 4)
    _track_invocations(cloud, 10)
    for _ in range(16):
        cloud.ask("POST", "/endpoints/Falcon/invocations", {"count": 2})
        cloud.let_pass(MINUTE)
    assert _counts(cloud)[1] == 1


def test_what_is_suspended_is_not_scaled(queue: Cloud) -> None:
    queue.client("application-autoscaling").register_scalable_target(
        **VARIANT,
        MinCapacity=0,
        MaxCapacity=2,
        SuspendedState={"DynamicScalingInSuspended": True},
    )
    _track_backlog(queue)
    queue.let_pass(3600)
    assert _counts(queue) == (1, 1)


def test_an_update_resets_the_count_that_was_scaled_unless_it_is_retained(queue: Cloud) -> None:
    _register(queue)
    _track_backlog(queue)
    _sleep(queue)
    update = queue.sagemaker.update_endpoint
    update(EndpointName="Falcon", EndpointConfigName="blue", RetainAllVariantProperties=True)
    queue.let_pass(MINUTE)
    assert _counts(queue) == (0, 0)
    update(EndpointName="Falcon", EndpointConfigName="blue")
    queue.let_pass(MINUTE)
    assert _counts(queue) == (1, 1)


def test_the_instance_type_of_what_is_scaled_cannot_change(plain: Cloud, refused: Refused) -> None:
    _register(plain, 1, 2)
    bigger = plain.configure("green", "ml.g5.2xlarge")
    update = plain.sagemaker.update_endpoint
    assert refused(update, EndpointName="Falcon", EndpointConfigName=bigger) == (
        'ValidationException: The variant(s) "AllTraffic" must be deregistered as scalable targets '
        "with AWS Auto Scaling before they can be removed or have their instance type updated."
    )
    update(EndpointName="Falcon", EndpointConfigName=plain.configure("white"))


def test_deleting_an_endpoint_takes_its_target_and_policies_along_and_leaves_alarms(
    queue: Cloud,
) -> None:
    _register(queue)
    _wake_by_alarm(queue)
    queue.sagemaker.delete_endpoint(EndpointName="Falcon")
    scaling = queue.client("application-autoscaling")
    assert scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"] == []
    policies = scaling.describe_scaling_policies(ServiceNamespace="sagemaker")
    assert policies["ScalingPolicies"] == []
    alarms = queue.client("cloudwatch").describe_alarms()["MetricAlarms"]
    assert [alarm["AlarmName"] for alarm in alarms] == ["Falcon-wake"]


def test_who_may_not_deregister_may_not_delete_what_is_registered(
    queue: Cloud, refused: Refused
) -> None:
    queue.order_fault("scalable-target")
    _register(queue)
    for _ in range(2):
        answer = refused(queue.sagemaker.delete_endpoint, EndpointName="Falcon")
        assert answer.startswith("ValidationException: An Application AutoScaling scalable target")
        assert "application-autoscaling:DeregisterScalableTarget" in answer
    queue.client("application-autoscaling").deregister_scalable_target(**VARIANT)
    queue.sagemaker.delete_endpoint(EndpointName="Falcon")
    assert queue.status("Falcon") == "Deleting"


@pytest.mark.parametrize(
    ("asynchronous", "published", "not_published"),
    [
        (True, "InvocationsProcessed", "Invocations"),
        (False, "Invocations", "InvocationsProcessed"),
    ],
)
def test_use_is_published_under_the_name_that_goes_with_the_kind(
    cloud: Cloud, *, asynchronous: bool, published: str, not_published: str
) -> None:
    _serve(cloud, asynchronous=asynchronous)
    cloud.ask("POST", "/endpoints/Falcon/invocations", {"count": 3})
    now = cloud.describe("Falcon")["LastModifiedTime"]
    names = {"EndpointName": "Falcon", "VariantName": "AllTraffic"}
    dimensions = [{"Name": key, "Value": value} for key, value in names.items()]

    def counted(name: str) -> list[float]:
        metric = {"Namespace": "AWS/SageMaker", "MetricName": name, "Dimensions": dimensions}
        stat = {"Metric": metric, "Period": 60, "Stat": "Sum"}
        [result] = cloud.client("cloudwatch").get_metric_data(
            MetricDataQueries=[{"Id": "n", "MetricStat": stat}],
            StartTime=now - timedelta(hours=1),
            EndTime=now + timedelta(hours=1),
        )["MetricDataResults"]
        values: list[float] = result["Values"]
        return values

    assert (counted(published), counted(not_published)) == ([3.0], [])
