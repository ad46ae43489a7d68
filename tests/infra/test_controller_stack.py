"""The controller's stack: when it ticks, and how far its hands reach."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.infra.synthesis import CONTROLLER

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.infra.synthesis import Synthesis

SAGEMAKER = "arn:<AWS::Partition>:sagemaker:eu-central-1:<AWS::AccountId>"
LEDGER = "5f2c9a7be01d4386"
SCALING = "arn:<AWS::Partition>:application-autoscaling:eu-central-1:<AWS::AccountId>"
CLOUDWATCH = "arn:<AWS::Partition>:cloudwatch:eu-central-1:<AWS::AccountId>"
OWNED = {f"{SAGEMAKER}:{kind}/*" for kind in ("endpoint", "endpoint-config", "model")}


def test_the_controller_ticks_every_minute(synthesis: Synthesis) -> None:
    rule = synthesis.only("AWS::Events::Rule")
    assert rule["ScheduleExpression"] == "rate(1 minute)"
    assert rule["State"] == "ENABLED"
    (target,) = rule["Targets"]
    logical_id, _ = target["Arn"]["Fn::GetAtt"]
    assert logical_id == synthesis.function_id(CONTROLLER)


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
    assert synthesis.variables(CONTROLLER) == {
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


def test_what_is_created_is_tagged_as_ours_in_the_same_call(synthesis: Synthesis) -> None:
    creating, _, _ = synthesis.allowing(CONTROLLER, "sagemaker:AddTags")
    assert creating.resources == OWNED
    assert creating.condition == {
        "StringEquals": {
            **only_our("aws:RequestTag")["StringEquals"],
            "sagemaker:TaggingAction": ["CreateEndpoint", "CreateEndpointConfig", "CreateModel"],
        }
    }


def test_the_tags_of_our_endpoints_follow_and_never_give_one_away(synthesis: Synthesis) -> None:
    _, tagging, _ = synthesis.allowing(CONTROLLER, "sagemaker:AddTags")
    assert tagging.resources == {f"{SAGEMAKER}:endpoint/*"}
    assert tagging.condition == {
        **only_our("aws:ResourceTag"),
        "StringEqualsIfExists": only_our("aws:RequestTag")["StringEquals"],
    }


def test_an_endpoint_is_adopted_only_if_its_owner_offers_it(synthesis: Synthesis) -> None:
    """One that is offered and has no owner's tags has no such keys; another's has others."""
    _, _, adopting = synthesis.allowing(CONTROLLER, "sagemaker:AddTags")
    assert adopting.resources == {f"{SAGEMAKER}:endpoint/*"}
    assert adopting.condition == {
        "StringEquals": {
            **only_our("aws:RequestTag")["StringEquals"],
            "aws:ResourceTag/leasehold:adoptable": "shop/live",
        },
        "StringEqualsIfExists": only_our("aws:ResourceTag")["StringEquals"],
    }


def test_tags_that_say_whose_it_is_are_never_taken_away(synthesis: Synthesis) -> None:
    (untagging,) = synthesis.allowing(CONTROLLER, "sagemaker:DeleteTags")
    assert untagging.resources == {f"{SAGEMAKER}:endpoint/*"}
    owning = ["leasehold:ledger", "leasehold:record", "leasehold:environment"]
    assert untagging.condition == {
        **only_our("aws:ResourceTag"),
        "ForAllValues:StringNotEquals": {"aws:TagKeys": owning},
    }


@pytest.mark.parametrize("action", ["CreateEndpoint", "UpdateEndpoint"])
def test_a_config_that_leasehold_made_for_others_is_denied(
    synthesis: Synthesis, action: str
) -> None:
    """A negated condition holds where the key is missing, so each asks for the key as well."""
    ledger, environment = (
        "aws:ResourceTag/leasehold:ledger",
        "aws:ResourceTag/leasehold:environment",
    )
    denied = synthesis.denying(CONTROLLER, f"sagemaker:{action}")
    assert [it.resources for it in denied] == [{f"{SAGEMAKER}:endpoint-config/*"}] * 3
    assert [it.condition for it in denied] == [
        {"Null": {ledger: "false"}, "StringNotEquals": {ledger: LEDGER}},
        {"Null": {environment: "false"}, "StringNotEquals": {environment: "live"}},
        {"Null": {ledger: "true", environment: "false"}},
    ]


@pytest.mark.parametrize(
    ("tags", "usable"),
    [
        ({}, True),
        ({"team": "search"}, True),
        ({"leasehold:ledger": LEDGER, "leasehold:environment": "live"}, True),
        ({"leasehold:ledger": LEDGER, "leasehold:environment": "dev"}, False),
        ({"leasehold:ledger": "0123456789abcdef", "leasehold:environment": "live"}, False),
        ({"leasehold:ledger": "0123456789abcdef"}, False),
        ({"leasehold:project": "shop", "leasehold:environment": "live"}, False),
        ({"leasehold:project": "bank", "leasehold:environment": "live"}, False),
    ],
    ids=str,
)
def test_which_configs_an_endpoint_of_ours_may_run_on(
    synthesis: Synthesis, tags: dict[str, str], *, usable: bool
) -> None:
    keys = {f"aws:ResourceTag/{key}": value for key, value in tags.items()}
    denied = synthesis.denying(CONTROLLER, "sagemaker:UpdateEndpoint")
    assert any(holds(it.condition, keys) for it in denied) is not usable


def holds(condition: Mapping[str, Any], keys: Mapping[str, str]) -> bool:
    """Evaluate a condition as IAM does, for the two operators of the denials."""
    absent = condition["Null"].items()
    differs = condition.get("StringNotEquals", {}).items()
    return all((key not in keys) is (value == "true") for key, value in absent) and all(
        keys.get(key) != value for key, value in differs
    )


def test_the_execution_role_alone_is_passed_and_only_to_sagemaker(synthesis: Synthesis) -> None:
    (passing,) = synthesis.allowing(CONTROLLER, "iam:PassRole")
    assert passing.actions == {"iam:PassRole"}
    assert passing.resources == {"arn:aws:iam::123456789012:role/shop-execution"}
    assert passing.condition == {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}


@pytest.mark.parametrize(
    "action",
    [
        "RegisterScalableTarget",
        # SageMaker refuses DeleteEndpoint to a caller who may not deregister its scalable target.
        "DeregisterScalableTarget",
        "PutScalingPolicy",
        "DeleteScalingPolicy",
    ],
)
def test_the_controller_scales_nothing_but_sagemaker(synthesis: Synthesis, action: str) -> None:
    (reaching,) = synthesis.allowing(CONTROLLER, f"application-autoscaling:{action}")
    assert reaching.resources == {f"{SCALING}:scalable-target/*"}
    assert reaching.condition == {
        "StringEqualsIfExists": {"application-autoscaling:service-namespace": "sagemaker"}
    }


def test_the_capacity_of_others_endpoints_stays_as_it_is(synthesis: Synthesis) -> None:
    """Application Auto Scaling checks that its caller may do what it will do itself."""
    (reaching,) = synthesis.allowing(CONTROLLER, "sagemaker:UpdateEndpointWeightsAndCapacities")
    assert reaching.resources == {f"{SAGEMAKER}:endpoint/*"}
    assert reaching.condition == only_our("aws:ResourceTag")


@pytest.mark.parametrize("action", ["PutMetricAlarm", "DeleteAlarms"])
def test_alarms_of_others_stay_as_they_are(synthesis: Synthesis, action: str) -> None:
    (reaching,) = synthesis.allowing(CONTROLLER, f"cloudwatch:{action}")
    assert reaching.resources == {
        f"{CLOUDWATCH}:alarm:leasehold-*",
        f"{CLOUDWATCH}:alarm:TargetTracking-endpoint/*",
    }


def test_the_one_role_that_can_be_created_is_the_one_that_scales_endpoints(
    synthesis: Synthesis,
) -> None:
    (reaching,) = synthesis.allowing(CONTROLLER, "iam:CreateServiceLinkedRole")
    service = "sagemaker.application-autoscaling.amazonaws.com"
    assert reaching.actions == {"iam:CreateServiceLinkedRole"}
    (role,) = reaching.resources
    folder = f"arn:<AWS::Partition>:iam::<AWS::AccountId>:role/aws-service-role/{service}"
    assert role == f"{folder}/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"
    assert reaching.condition == {"StringEquals": {"iam:AWSServiceName": service}}


def test_notices_go_to_the_topic_and_the_bus_of_the_settings(synthesis: Synthesis) -> None:
    (publishing,) = synthesis.allowing(CONTROLLER, "sns:Publish")
    assert publishing.resources == {
        "arn:aws:sns:eu-central-1:123456789012:shop-leases",
        "arn:aws:sns:eu-central-1:123456789012:shop-chat",
    }
    (putting,) = synthesis.allowing(CONTROLLER, "events:PutEvents")
    assert putting.resources == {
        "arn:<AWS::Partition>:events:eu-central-1:<AWS::AccountId>:event-bus/shop-bus"
    }


def test_channels_give_the_right_to_their_secrets_and_to_mail_from_one_address(
    synthesis: Synthesis,
) -> None:
    secrets = {
        resource.rpartition(":")[2].removesuffix("-??????")
        for each in synthesis.allowing(CONTROLLER, "secretsmanager:GetSecretValue")
        for resource in each.resources
    }
    assert secrets == {"shop/git", "shop/links", "shop/slack"}
    (mailing,) = synthesis.allowing(CONTROLLER, "ses:SendEmail")
    assert mailing.condition == {"StringEquals": {"ses:FromAddress": "leases@shop.example.com"}}
    arn = "arn:<AWS::Partition>:ses:eu-central-1:<AWS::AccountId>"
    assert mailing.resources == {
        f"{arn}:identity/leases@shop.example.com",
        f"{arn}:identity/shop.example.com",
        f"{arn}:identity/example.com",
    }


def test_where_nobody_is_to_be_told_nothing_can_be_sent(quiet_synthesis: Synthesis) -> None:
    assert quiet_synthesis.allowing(CONTROLLER, "sagemaker:DeleteEndpoint")
    assert quiet_synthesis.allowing(CONTROLLER, "sns:Publish") == []
    assert quiet_synthesis.allowing(CONTROLLER, "events:PutEvents") == []
    assert quiet_synthesis.allowing(CONTROLLER, "ses:SendEmail") == []
    (reading,) = quiet_synthesis.allowing(CONTROLLER, "secretsmanager:GetSecretValue")
    assert [it.rpartition(":")[2] for it in reading.resources] == ["shop/git-??????"]


def test_only_reading_reaches_every_resource(synthesis: Synthesis) -> None:
    everywhere = [it for it in synthesis.statements(CONTROLLER) if "*" in it.resources]
    assert [it.actions for it in everywhere] == [
        {
            "sagemaker:ListEndpoints",
            "sagemaker:ListEndpointConfigs",
            "sagemaker:ListModels",
            "sagemaker:ListInferenceComponents",
            "tag:GetResources",
        },
        {
            "cloudwatch:GetMetricData",
            "cloudwatch:DescribeAlarms",
            "application-autoscaling:DescribeScalableTargets",
            "application-autoscaling:DescribeScalingPolicies",
        },
    ]


def test_the_controller_describes_what_it_lists(synthesis: Synthesis) -> None:
    for action in ("DescribeEndpoint", "DescribeEndpointConfig", "ListTags"):
        (reaching,) = synthesis.allowing(CONTROLLER, f"sagemaker:{action}")
        assert reaching.resources == OWNED


def only_our(key: str) -> dict[str, dict[str, str]]:
    return {
        "StringEquals": {
            f"{key}/leasehold:ledger": LEDGER,
            f"{key}/leasehold:environment": "live",
        }
    }
