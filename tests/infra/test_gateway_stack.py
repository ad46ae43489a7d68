"""The gateway's stack: what a request from outside can reach, and what it is told if it can not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.infra.synthesis import AUTHORIZER, GATEWAY

if TYPE_CHECKING:
    from tests.infra.synthesis import Synthesis

WRITE_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
READ_SECRET = {"secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"}


def test_the_gateway_can_not_touch_an_endpoint(synthesis: Synthesis) -> None:
    allowed = {action for it in synthesis.statements(GATEWAY) for action in it.actions}
    assert allowed == WRITE_LOG | READ_SECRET


def test_the_gateway_reads_the_git_secret_and_no_other(synthesis: Synthesis) -> None:
    (reading,) = synthesis.allowing(GATEWAY, "secretsmanager:GetSecretValue")
    (secret,) = reading.resources
    assert secret.endswith(":secret:shop/git-??????")


def test_the_authorizer_can_only_look_up_one_token(synthesis: Synthesis) -> None:
    (table,) = synthesis.resources("AWS::DynamoDB::Table")
    allowed = {action for it in synthesis.statements(AUTHORIZER) for action in it.actions}
    assert allowed == WRITE_LOG | {"dynamodb:GetItem"}
    (reading,) = synthesis.allowing(AUTHORIZER, "dynamodb:GetItem")
    assert reading.resources == {f"<{table}.Arn>"}


def test_the_authorizer_is_told_its_table(synthesis: Synthesis) -> None:
    (table,) = synthesis.resources("AWS::DynamoDB::Table")
    variables = synthesis.function(AUTHORIZER)["Environment"]["Variables"]
    assert variables == {"LEASEHOLD_TOKEN_TABLE": {"Ref": table}}


def test_no_route_is_open(synthesis: Synthesis) -> None:
    (authorizer,) = synthesis.resources("AWS::ApiGateway::Authorizer")
    (path,) = synthesis.properties("AWS::ApiGateway::Resource")
    methods = synthesis.properties("AWS::ApiGateway::Method")
    assert path["PathPart"] == "endpoint-expiry"
    assert {method["HttpMethod"] for method in methods} == {"GET", "POST", "DELETE"}
    for method in methods:
        assert method["AuthorizationType"] == "CUSTOM"
        assert method["AuthorizerId"] == {"Ref": authorizer}


def test_a_revoked_token_is_refused_within_half_a_minute(synthesis: Synthesis) -> None:
    authorizer = synthesis.only("AWS::ApiGateway::Authorizer")
    assert authorizer["AuthorizerResultTtlInSeconds"] == 30


@pytest.mark.parametrize(
    ("kind", "code"),
    [
        ("UNAUTHORIZED", "LH4010"),
        ("ACCESS_DENIED", "LH4030"),
        ("DEFAULT_4XX", "LH4000"),
        ("DEFAULT_5XX", "LH4500"),
    ],
)
def test_a_refusal_by_aws_has_the_shape_of_ours(synthesis: Synthesis, kind: str, code: str) -> None:
    (response,) = (
        response
        for response in synthesis.properties("AWS::ApiGateway::GatewayResponse")
        if response["ResponseType"] == kind
    )
    template = response["ResponseTemplates"]["application/json"]
    answer = json.loads(template)
    assert list(answer) == ["error", "code"]
    assert answer["code"] == code
    assert answer["error"]


def test_tokens_outlive_their_stack(synthesis: Synthesis) -> None:
    (resource,) = synthesis.resources("AWS::DynamoDB::Table").values()
    table = resource["Properties"]
    assert resource["DeletionPolicy"] == "Retain"
    assert resource["UpdateReplacePolicy"] == "Retain"
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_tokens_are_kept_by_their_hash_until_they_expire(synthesis: Synthesis) -> None:
    table = synthesis.only("AWS::DynamoDB::Table")
    assert table["TableName"] == "shop-tokens"
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["KeySchema"] == [{"AttributeName": "token_hash", "KeyType": "HASH"}]
    assert table["TimeToLiveSpecification"] == {
        "AttributeName": "expires_at_epoch",
        "Enabled": True,
    }


def test_the_functions_give_up_before_api_gateway_does(synthesis: Synthesis) -> None:
    assert synthesis.function(GATEWAY)["Timeout"] < 29
    assert synthesis.function(AUTHORIZER)["Timeout"] < 29


def test_the_stage_is_throttled(synthesis: Synthesis) -> None:
    stage = synthesis.only("AWS::ApiGateway::Stage")
    assert stage["StageName"] == "prod"
    (setting,) = stage["MethodSettings"]
    assert (setting["ResourcePath"], setting["HttpMethod"]) == ("/*", "*")
    assert 0 < setting["ThrottlingRateLimit"] <= 10
    assert 0 < setting["ThrottlingBurstLimit"] <= 20


def test_requests_are_logged_without_what_is_in_them(synthesis: Synthesis) -> None:
    stage = synthesis.only("AWS::ApiGateway::Stage")
    logged = json.loads(stage["AccessLogSetting"]["Format"])
    assert logged["caller"] == "$context.authorizer.principalId"
    assert logged["request_id"] == "$context.requestId"
    assert stage["MethodSettings"][0]["DataTraceEnabled"] is False


def test_both_functions_carry_the_gateway_and_not_the_controller(synthesis: Synthesis) -> None:
    assert synthesis.asset(GATEWAY) == synthesis.asset(AUTHORIZER)
    packages = {path.name for path in synthesis.asset(GATEWAY).iterdir()}
    assert packages == {"gateway", "ledger", "schema"}
