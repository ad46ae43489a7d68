"""What a definition wants of Application Auto Scaling."""

from __future__ import annotations

from dataclasses import replace

import pytest

from controller.planning.scaling_policy import Alarm, Names, Scale, Steps, Tracking, wanted_scale
from ledger.documents import AsyncInference, Autoscaling, Container, Definition
from ledger.names import EndpointName, Name

NAME = EndpointName("demo-Whisper")
OF_ENDPOINT = (("EndpointName", "demo-Whisper"),)
BACKLOG = Tracking("ApproximateBacklogSizePerInstance", 5, 600, 60, OF_ENDPOINT, "Average")


def definition(least: int = 0, *, is_async: bool = True) -> Definition:
    return Definition(
        Name("Whisper"),
        Container("registry/whisper:1"),
        autoscaling=Autoscaling(least, 4, 5, scale_in_cooldown=600, scale_out_cooldown=60),
        async_inference=AsyncInference() if is_async else None,
    )


def wanted(of: Definition) -> Scale | None:
    return wanted_scale(of, NAME, "AllTraffic")


def test_a_real_time_endpoint_follows_its_invocations() -> None:
    assert wanted(definition(1, is_async=False)) == Scale(
        NAME,
        "AllTraffic",
        1,
        4,
        on_invocations=Tracking("SageMakerVariantInvocationsPerInstance", 5, 600, 60),
    )


def test_an_asynchronous_endpoint_follows_its_backlog() -> None:
    assert wanted(definition(1)) == Scale(NAME, "AllTraffic", 1, 4, on_backlog=BACKLOG)


def test_one_that_may_sleep_has_an_alarm_that_wakes_it() -> None:
    assert wanted(definition(0)) == Scale(
        NAME,
        "AllTraffic",
        0,
        4,
        on_backlog=BACKLOG,
        wake=Steps(change=1, cooldown=60),
        alarm=Alarm(
            "HasBacklogWithoutCapacity",
            OF_ENDPOINT,
            threshold=1,
            periods=2,
            period_seconds=60,
            missing="missing",
        ),
    )


def test_a_metric_of_a_name_in_another_case_is_another_metric() -> None:
    """An endpoint was made anew under another spelling: CloudWatch's dimensions are exact."""
    shouted = wanted_scale(definition(1), EndpointName(NAME.upper()), "AllTraffic")
    assert shouted != wanted(definition(1))


def test_a_fixed_number_of_instances_wants_nothing() -> None:
    assert wanted(replace(definition(), autoscaling=None)) is None


@pytest.mark.parametrize(
    "other",
    [
        Autoscaling(1, 4, 5, 600, 60),
        Autoscaling(0, 5, 5, 600, 60),
        Autoscaling(0, 4, 6, 600, 60),
        Autoscaling(0, 4, 5, 601, 60),
        Autoscaling(0, 4, 5, 600, 61),
    ],
)
def test_every_setting_makes_a_difference(other: Autoscaling) -> None:
    assert wanted(replace(definition(), autoscaling=other)) != wanted(definition())


def test_what_belongs_to_an_endpoint_is_named_for_it() -> None:
    names = Names(NAME)
    assert (names.invocations, names.backlog, names.wake) == (
        "leasehold-demo-Whisper-invocations",
        "leasehold-demo-Whisper-backlog",
        "leasehold-demo-Whisper-wake",
    )
    scale = wanted(definition())
    assert scale is not None
    assert scale.resource_id == "endpoint/demo-Whisper/variant/AllTraffic"
