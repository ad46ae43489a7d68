"""The controller's stack: when it ticks, and how far its hands reach."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.infra.synthesis import CONTROLLER

if TYPE_CHECKING:
    from tests.infra.synthesis import Synthesis

SAGEMAKER = "arn:<AWS::Partition>:sagemaker:eu-central-1:<AWS::AccountId>"
SCALING = "arn:<AWS::Partition>:application-autoscaling:eu-central-1:<AWS::AccountId>"
OWNED = {f"{SAGEMAKER}:{kind}/*" for kind in ("endpoint", "endpoint-config", "model")}


def test_the_controller_ticks_every_minute(synthesis: Synthesis) -> None:
    rule = synthesis.only("AWS::Events::Rule")
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule["State"] == "ENABLED"
    (target,) = rule["Targets"]
    logical_id, _ = target["Arn"]["Fn::GetAtt"]
    function = synthesis.resources("AWS::Lambda::Function")[logical_id]
    assert function["Properties"]["Handler"] == CONTROLLER


def test_one_tick_runs_at_a_time(synthesis: Synthesis) -> None:
    assert synthesis.function(CONTROLLER)["ReservedConcurrentExecutions"] == 1


def test_a_failed_tick_is_left_to_the_next(synthesis: Synthesis) -> None:
    (target,) = synthesis.only("AWS::Events::Rule")["Targets"]
    asynchronous = synthesis.only("AWS::Lambda::EventInvokeConfig")
    for policy in (target["RetryPolicy"], asynchronous):
        assert policy["MaximumRetryAttempts"] == 0
        assert policy["MaximumEventAgeInSeconds"] == 60
    assert "DeadLetterConfig" not in target


def test_a_stuck_tick_is_ended_within_five_minutes(synthesis: Synthesis) -> None:
    assert synthesis.function(CONTROLLER)["Timeout"] < 5 * 60


def test_the_controller_knows_where_its_documents_are(synthesis: Synthesis) -> None:
    assert synthesis.function(CONTROLLER)["Environment"]["Variables"] == {
        "LEASEHOLD_ENVIRONMENT": "live",
        "LEASEHOLD_REPOSITORY": "https://git.example.com/shop/endpoints.git",
        "LEASEHOLD_BRANCH": "main",
        "LEASEHOLD_GIT_SECRET": "shop/git",
    }


@pytest.mark.parametrize("action", ["DeleteEndpoint", "DeleteEndpointConfig", "DeleteModel"])
def test_nothing_without_our_tags_can_be_deleted(synthesis: Synthesis, action: str) -> None:
    (reaching,) = synthesis.allowing(CONTROLLER, f"sagemaker:{action}")
    assert reaching.condition == only_our("aws:ResourceTag")


def test_an_update_may_use_any_config_but_only_our_endpoints(synthesis: Synthesis) -> None:
    """AWS checks UpdateEndpoint on the new config too, and a definition may name any config."""
    reaching = synthesis.allowing(CONTROLLER, "sagemaker:UpdateEndpoint")
    ours = [it.resources for it in reaching if it.condition == only_our("aws:ResourceTag")]
    others = [it.resources for it in reaching if it.condition != only_our("aws:ResourceTag")]
    assert ours == [OWNED]
    assert others == [{f"{SAGEMAKER}:endpoint-config/*"}]


@pytest.mark.parametrize("action", ["CreateEndpoint", "CreateEndpointConfig", "CreateModel"])
def test_nothing_is_created_without_our_tags(synthesis: Synthesis, action: str) -> None:
    (reaching,) = synthesis.allowing(CONTROLLER, f"sagemaker:{action}")
    assert reaching.resources == OWNED
    assert reaching.condition == only_our("aws:RequestTag")


def test_the_controller_can_not_adopt_an_endpoint_by_tagging_it(synthesis: Synthesis) -> None:
    (reaching,) = synthesis.allowing(CONTROLLER, "sagemaker:AddTags")
    assert reaching.condition["StringEquals"] == {
        **only_our("aws:RequestTag")["StringEquals"],
        "sagemaker:TaggingAction": ["CreateEndpoint", "CreateEndpointConfig", "CreateModel"],
    }


def test_the_execution_role_alone_is_passed_and_only_to_sagemaker(synthesis: Synthesis) -> None:
    (passing,) = synthesis.allowing(CONTROLLER, "iam:PassRole")
    assert passing.actions == {"iam:PassRole"}
    assert passing.resources == {"arn:aws:iam::123456789012:role/shop-execution"}
    assert passing.condition == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


def test_an_endpoint_with_scaling_can_be_deleted(synthesis: Synthesis) -> None:
    """SageMaker refuses DeleteEndpoint to a caller who may not deregister its scalable target."""
    (reaching,) = synthesis.allowing(CONTROLLER, "application-autoscaling:DeregisterScalableTarget")
    assert reaching.resources == {f"{SCALING}:scalable-target/*"}


def test_only_listing_reaches_every_resource(synthesis: Synthesis) -> None:
    everywhere = [it for it in synthesis.statements(CONTROLLER) if "*" in it.resources]
    assert [it.actions for it in everywhere] == [
        {
            "sagemaker:ListEndpoints",
            "sagemaker:ListEndpointConfigs",
            "sagemaker:ListModels",
            "tag:GetResources",
        }
    ]


def test_the_controller_describes_what_it_lists(synthesis: Synthesis) -> None:
    for action in ("DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel", "ListTags"):
        (reaching,) = synthesis.allowing(CONTROLLER, f"sagemaker:{action}")
        assert reaching.resources == OWNED


def test_the_controller_carries_its_own_packages_and_no_others(synthesis: Synthesis) -> None:
    folder = synthesis.asset(CONTROLLER)
    assert {path.name for path in folder.iterdir()} == {"controller", "ledger", "schema"}
    assert [*folder.rglob("__pycache__")] == []


def only_our(key: str) -> dict[str, dict[str, str]]:
    return {
        "StringEquals": {
            f"{key}/leasehold:project": "shop",
            f"{key}/leasehold:environment": "live",
        }
    }
