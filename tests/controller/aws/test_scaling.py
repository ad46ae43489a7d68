"""Application Auto Scaling over HTTP: an endpoint sleeps, wakes, and is left as it was found."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from controller.aws.scaling import Scaling
from controller.planning.observed import Observed
from controller.planning.scaling_policy import Scale, wanted_scale
from ledger.documents import AsyncInference, Autoscaling, Container, Definition
from ledger.errors import Failure
from ledger.names import EndpointName, Name
from sandbox.server import Sandbox
from tests.scene import NOON, ROLE, STARTUP, Account

if TYPE_CHECKING:
    from collections.abc import Iterator

NAME, VARIANT = EndpointName("demo-Whisper"), "AllTraffic"
RESOURCE = {
    "ServiceNamespace": "sagemaker",
    "ResourceId": f"endpoint/{NAME}/variant/{VARIANT}",
    "ScalableDimension": "sagemaker:variant:DesiredInstanceCount",
}
WAKE = f"leasehold-{NAME}-wake"


class Studio:
    """An account with endpoints that scale, a clock, and a controller's adapter."""

    def __init__(self, account: Account) -> None:
        self.account = account
        self.now = NOON
        self.scaling = self.restarted()
        self.account.sagemaker.create_model(
            ModelName="whisper", ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "whisper:1"}
        )
        self.let_pass(0)

    def restarted(self) -> Scaling:
        """The adapter of a fresh process."""
        account = self.account
        return Scaling(account.client("application-autoscaling"), account.client("cloudwatch"))

    def let_pass(self, minutes: float) -> None:
        """Let time pass, and somebody look at the endpoints each minute of it."""
        for _ in range(max(1, int(minutes))):
            self.now += timedelta(minutes=minutes and 1)
            moment = self.now.strftime("%Y-%m-%dT%H:%M:%SZ")
            self.account.ask("POST", "/clock", {"now": moment})
            self.account.statuses()

    def serve(self, name: str = NAME, *, is_async: bool = True) -> None:
        variant = {"VariantName": VARIANT, "ModelName": "whisper", "InitialInstanceCount": 1}
        output: Any = {"OutputConfig": {"S3OutputPath": "s3://answers/"}}
        self.account.sagemaker.create_endpoint_config(
            EndpointConfigName=name,
            ProductionVariants=[{**variant, "InstanceType": "ml.g5.xlarge"}],
            **({"AsyncInferenceConfig": output} if is_async else {}),
        )
        self.account.sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
        self.let_pass(2)

    def instances(self) -> int:
        found = self.account.sagemaker.describe_endpoint(EndpointName=NAME)
        return int(found["ProductionVariants"][0]["CurrentInstanceCount"])

    def queue(self, size: int) -> None:
        self.account.ask("POST", f"/endpoints/{NAME}/backlog", {"size": size})

    def observed(self, *names: str) -> list[Observed]:
        """The endpoints as the lists of a tick have them."""
        listed = self.account.sagemaker.list_endpoints(MaxResults=100)["Endpoints"]
        found = [
            Observed(
                EndpointName(item["EndpointName"]),
                item["EndpointStatus"],
                item["LastModifiedTime"].astimezone(UTC),
                item["EndpointName"],
                variants=(VARIANT,),
            )
            for item in listed
            if item["EndpointName"] in (names or (NAME,))
        ]
        self.account.calls()
        return found

    def state(self) -> Scale | None:
        return self.scaling.state(self.observed())[NAME]

    def targets(self) -> list[str]:
        client = self.account.client("application-autoscaling")
        found = client.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
        return [item["ResourceId"] for item in found]

    def policies(self) -> list[str]:
        client = self.account.client("application-autoscaling")
        found = client.describe_scaling_policies(ServiceNamespace="sagemaker")["ScalingPolicies"]
        return sorted(item["PolicyName"] for item in found)

    def alarms(self) -> list[str]:
        found = self.account.client("cloudwatch").describe_alarms()["MetricAlarms"]
        return [item["AlarmName"] for item in found]


@pytest.fixture
def studio() -> Iterator[Studio]:
    with Sandbox(startup_seconds=STARTUP) as sandbox:
        yield Studio(Account(sandbox.url))


def wanted(least: int = 0, most: int = 4, *, is_async: bool = True, name: str = NAME) -> Scale:
    definition = Definition(
        Name("Whisper"),
        Container("registry/whisper:1"),
        autoscaling=Autoscaling(least, most, 5, scale_in_cooldown=60, scale_out_cooldown=60),
        async_inference=AsyncInference() if is_async else None,
    )
    scale = wanted_scale(definition, EndpointName(name), VARIANT)
    assert scale is not None
    return scale


class TestAnEndpointThatMaySleep:
    def test_sleeps_when_nothing_waits_and_wakes_when_something_does(self, studio: Studio) -> None:
        studio.serve()
        studio.scaling.apply(wanted(0))
        studio.let_pass(20)
        assert studio.instances() == 0
        studio.queue(3)
        studio.let_pass(6)
        assert studio.instances() == 1

    @pytest.mark.parametrize("without", ["policy", "alarm"])
    def test_does_not_wake_without_the_wake(self, studio: Studio, without: str) -> None:
        studio.serve()
        studio.scaling.apply(wanted(0))
        studio.let_pass(20)
        if without == "policy":
            client = studio.account.client("application-autoscaling")
            client.delete_scaling_policy(PolicyName=WAKE, **RESOURCE)
        else:
            studio.account.client("cloudwatch").delete_alarms(AlarmNames=[WAKE])
        studio.queue(3)
        studio.let_pass(30)
        assert studio.instances() == 0

    def test_wakes_after_the_next_process_has_mended_it(self, studio: Studio) -> None:
        studio.serve()
        studio.scaling.apply(wanted(0))
        studio.let_pass(20)
        studio.account.client("cloudwatch").delete_alarms(AlarmNames=[WAKE])
        studio.scaling = studio.restarted()
        assert studio.state() == replace(wanted(0), alarm=None)
        studio.scaling.apply(wanted(0))
        studio.queue(3)
        studio.let_pass(6)
        assert studio.instances() == 1


def test_a_real_time_endpoint_grows_with_its_invocations(studio: Studio) -> None:
    studio.serve(is_async=False)
    studio.scaling.apply(wanted(1, is_async=False))
    for _ in range(5):
        studio.account.ask("POST", f"/endpoints/{NAME}/invocations", {"count": 15})
        studio.let_pass(1)
    studio.let_pass(2)
    assert studio.instances() == 3


class TestWhatIsThere:
    @pytest.mark.parametrize(
        "scale",
        [
            pytest.param(wanted(0), id="async, may sleep"),
            pytest.param(wanted(1), id="async"),
            pytest.param(wanted(1, is_async=False), id="realtime"),
        ],
    )
    def test_reads_as_what_was_wanted(self, studio: Studio, scale: Scale) -> None:
        studio.serve(is_async=scale.on_backlog is not None)
        assert studio.state() is None
        studio.scaling.apply(scale)
        assert studio.state() == scale
        studio.scaling = studio.restarted()
        assert studio.state() == scale

    def test_is_none_of_ours_while_it_has_nothing_of_our_name(self, studio: Studio) -> None:
        studio.serve()
        client = studio.account.client("application-autoscaling")
        client.register_scalable_target(**RESOURCE, MinCapacity=1, MaxCapacity=2)
        found = studio.state()
        assert found is not None
        assert (found.min_instances, found.max_instances, found.is_ours) == (1, 2, False)

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param({"ActionsEnabled": False}, id="it is silenced"),
            pytest.param({"AlarmActions": ["arn:aws:sns:us-east-1:1:other"]}, id="it tells others"),
            pytest.param({"Threshold": 50.0}, id="it waits for more"),
            pytest.param({"EvaluationPeriods": 10, "DatapointsToAlarm": 10}, id="it waits longer"),
            pytest.param({"Dimensions": []}, id="it watches something else"),
        ],
    )
    def test_is_not_what_is_wanted_once_somebody_changed_the_alarm(
        self, studio: Studio, change: dict[str, Any]
    ) -> None:
        studio.serve()
        studio.scaling.apply(wanted(0))
        client = studio.account.client("cloudwatch")
        (alarm,) = client.describe_alarms(AlarmNames=[WAKE])["MetricAlarms"]
        kept = {
            key: value
            for key, value in alarm.items()
            if key not in {"AlarmArn", "StateValue"} and not isinstance(value, datetime)
        }
        client.put_metric_alarm(**{**kept, **change})
        studio.scaling = studio.restarted()
        assert studio.state() != wanted(0)
        studio.scaling.apply(wanted(0))
        studio.scaling = studio.restarted()
        assert studio.state() == wanted(0)


class TestAChangedDefinition:
    def test_takes_back_what_it_does_not_want_any_more(self, studio: Studio) -> None:
        studio.serve()
        studio.scaling.apply(wanted(0))
        assert studio.state() == wanted(0)
        studio.scaling.apply(wanted(1))
        assert studio.policies() == [f"leasehold-{NAME}-backlog"]
        assert studio.alarms() == []
        studio.scaling = studio.restarted()
        assert studio.state() == wanted(1)

    def test_is_taken_over_as_often_as_it_is_applied(self, studio: Studio) -> None:
        studio.serve()
        for _ in range(3):
            studio.scaling.apply(wanted(0))
        assert studio.policies() == [f"leasehold-{NAME}-backlog", WAKE]
        assert studio.targets() == [RESOURCE["ResourceId"]]

    @pytest.mark.parametrize(
        "operation", ["RegisterScalableTarget", "PutScalingPolicy", "PutMetricAlarm"]
    )
    def test_that_was_cut_short_is_mended_by_the_next_tick(
        self, studio: Studio, operation: str
    ) -> None:
        studio.serve()
        assert studio.state() is None
        studio.account.order_fault("unavailable", operation=operation)
        with pytest.raises(Failure):
            studio.scaling.apply(wanted(0))
        assert studio.state() != wanted(0)
        studio.scaling.apply(wanted(0))
        studio.scaling = studio.restarted()
        assert studio.state() == wanted(0)


class TestTakingItAway:
    def test_leaves_nothing(self, studio: Studio) -> None:
        studio.serve()
        studio.scaling.apply(wanted(0))
        studio.scaling.remove(NAME, [VARIANT])
        assert (studio.targets(), studio.policies(), studio.alarms()) == ([], [], [])
        assert studio.state() is None

    def test_where_there_is_nothing_is_fine(self, studio: Studio) -> None:
        studio.serve()
        studio.scaling.remove(NAME, [VARIANT, "another"])
        assert studio.targets() == []

    def test_comes_before_the_endpoint_is_deleted(self, studio: Studio) -> None:
        """AWS refuses to delete an endpoint for whom may not deregister its target."""
        studio.serve()
        studio.scaling.apply(wanted(0))
        studio.account.order_fault("scalable-target")
        sagemaker = studio.account.sagemaker
        with pytest.raises(sagemaker.exceptions.ClientError, match="scalable target"):
            sagemaker.delete_endpoint(EndpointName=NAME)
        studio.scaling.remove(NAME, [VARIANT])
        sagemaker.delete_endpoint(EndpointName=NAME)
        assert studio.account.status(NAME) == "Deleting"


class TestTheCost:
    def test_of_a_quiet_tick_is_nothing(self, studio: Studio) -> None:
        studio.serve()
        studio.scaling.apply(wanted(0))
        studio.state()
        assert studio.account.calls() == {
            "DescribeScalableTargets": 1,
            "DescribeScalingPolicies": 1,
            "DescribeAlarms": 1,
        }
        studio.state()
        assert studio.account.calls() == {}

    def test_after_a_change_is_nothing_more_than_the_change(self, studio: Studio) -> None:
        studio.serve()
        studio.state()
        studio.scaling.apply(wanted(1))
        studio.account.calls()
        assert studio.state() == wanted(1)
        assert studio.account.calls() == {}

    def test_is_a_look_again_once_the_endpoint_moved(self, studio: Studio) -> None:
        studio.serve()
        studio.scaling.apply(wanted(0))
        studio.state()
        studio.let_pass(20)
        assert studio.instances() == 0
        studio.state()
        assert studio.account.calls()["DescribeScalableTargets"] == 1

    def test_without_any_scaling_is_a_call_for_each_fifty(self, studio: Studio) -> None:
        names = [EndpointName(f"demo-{number}") for number in range(51)]
        observed = [Observed(name, "InService", NOON, "config") for name in names]
        studio.account.calls()
        assert set(studio.scaling.state(observed).values()) == {None}
        assert studio.account.calls() == {"DescribeScalableTargets": 2}

    def test_of_many_is_a_few_calls_and_misses_none(self, studio: Studio) -> None:
        names = [EndpointName(f"demo-{number}") for number in range(20)]
        for name in names:
            studio.serve(name)
            studio.scaling.apply(wanted(0, name=name))
        studio.scaling = studio.restarted()
        found = studio.scaling.state(studio.observed(*names))
        assert found == {name: wanted(0, name=name) for name in names}
        assert studio.account.calls() == {
            "DescribeScalableTargets": 1,
            "DescribeScalingPolicies": 4 + 1,
            "DescribeAlarms": 1,
        }


class TestAnswersThatAreNotUnderstood:
    @pytest.mark.parametrize(
        ("fault", "code"), [("throttle", "LH3001"), ("denied", "LH3006"), ("unavailable", "LH3007")]
    )
    def test_are_never_read_as_absent(self, studio: Studio, fault: str, code: str) -> None:
        studio.serve()
        studio.scaling.apply(wanted(0))
        studio.account.order_fault(fault, operation="DeregisterScalableTarget")
        with pytest.raises(Failure) as caught:
            studio.scaling.remove(NAME, [VARIANT])
        assert caught.value.code == code
        studio.scaling = studio.restarted()
        studio.account.order_fault(fault, operation="DescribeScalableTargets")
        with pytest.raises(Failure) as caught:
            studio.state()
        assert caught.value.code == code
        assert studio.state() is not None
