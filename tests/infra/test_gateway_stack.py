"""The gateway's stack: what a request from outside can reach, and what it is told if it can not."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import pytest

from gateway.group_commit import table as table_queue
from gateway.models import executions
from ledger import variables
from tests.infra.conftest import ENVIRONMENT
from tests.infra.synthesis import AUTHORIZER, CONSOLE, CONTROLLER, GATEWAY, MODELS, STREAM, WEBHOOK

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.infra.synthesis import Synthesis

WRITE_LOG = {"logs:CreateLogStream", "logs:PutLogEvents"}
READ_SECRET = {"secretsmanager:GetSecretValue"}
COUNT = {"dynamodb:UpdateItem"}
MEET = {
    f"dynamodb:{call}" for call in ("BatchGetItem", "DeleteItem", "PutItem", "Query", "UpdateItem")
}
ENDPOINTS = "arn:<AWS::Partition>:sagemaker:eu-central-1:<AWS::AccountId>:endpoint"
OURS = {
    "StringEquals": {
        "aws:ResourceTag/leasehold:ledger": "5f2c9a7be01d4386",
        "aws:ResourceTag/leasehold:environment": "live",
    }
}


def secrets(synthesis: Synthesis, name: str) -> set[str]:
    """The names of the secrets that a function may read."""
    reading = synthesis.allowing(name, "secretsmanager:GetSecretValue")
    return {each.partition(":secret:")[2] for it in reading for each in it.resources}


# -- what each function may do


@pytest.mark.parametrize("name", [MODELS, STREAM])
def test_who_commits_nothing_has_the_git_secret_for_reading_and_no_other(
    synthesis: Synthesis, quiet_synthesis: Synthesis, name: str
) -> None:
    assert secrets(synthesis, name) == {"shop/git-to-read-??????"}
    assert synthesis.variables(name)["LEASEHOLD_GIT_SECRET"] == "shop/git-to-read"
    assert secrets(quiet_synthesis, name) == {"shop/git-??????"}


@pytest.mark.parametrize(
    ("name", "others"),
    [(GATEWAY, {"shop/links-??????"}), (CONTROLLER, {"shop/links-??????", "shop/slack-??????"})],
)
def test_who_commits_has_the_git_secret_for_writing_and_those_of_notices(
    synthesis: Synthesis, quiet_synthesis: Synthesis, name: str, others: set[str]
) -> None:
    assert secrets(synthesis, name) == {"shop/git-??????"} | others
    assert secrets(quiet_synthesis, name) == {"shop/git-??????"}
    assert synthesis.variables(name)["LEASEHOLD_GIT_SECRET"] == "shop/git"


def test_the_gateway_cannot_touch_an_endpoint(synthesis: Synthesis) -> None:
    assert synthesis.allowed(GATEWAY) == WRITE_LOG | READ_SECRET | COUNT | MEET


def test_models_write_what_is_asked_and_read_what_is_answered(synthesis: Synthesis) -> None:
    s3 = "arn:<AWS::Partition>:s3:::"
    (keeping,) = synthesis.allowing(MODELS, "s3:PutObject")
    assert keeping.resources == {f"{s3}shop-requests/asked/*"}
    reading = [it for it in synthesis.allowing(MODELS, "s3:GetObject") if it != keeping]
    places = ("shop-answers", "shop-later/out", "shop-answers/failed")
    assert [it.resources for it in reading] == [{f"{s3}{place}/*" for place in places}]
    looking = synthesis.allowing(MODELS, "s3:ListBucket")
    assert {(*it.resources, *it.condition["StringLike"]["s3:prefix"]) for it in looking} == {
        (f"{s3}shop-requests", "asked/*"),
        (f"{s3}shop-answers", "*", "failed/*"),
        (f"{s3}shop-later", "out/*"),
    }
    (queueing,) = synthesis.allowing(MODELS, "sagemaker:InvokeEndpointAsync")
    assert queueing.resources == {f"{ENDPOINTS}/*"}
    assert queueing.condition == OURS


def test_without_a_place_for_what_is_asked_nothing_reaches_s3(quiet_synthesis: Synthesis) -> None:
    allowed = quiet_synthesis.allowed(MODELS)
    assert "sagemaker:InvokeEndpointAsync" not in allowed
    assert not any(action.startswith("s3:") for action in allowed)


def test_who_calls_without_a_token_reaches_no_ledger(synthesis: Synthesis) -> None:
    assert synthesis.allowed(WEBHOOK) == WRITE_LOG | READ_SECRET | {"lambda:InvokeFunction"}
    assert secrets(synthesis, WEBHOOK) == {"shop/webhook-??????"}
    assert "LEASEHOLD_REPOSITORY" not in synthesis.variables(WEBHOOK)


def test_the_console_knows_where_people_sign_in_and_may_do_nothing(synthesis: Synthesis) -> None:
    assert synthesis.allowed(CONSOLE) == WRITE_LOG
    assert set(synthesis.variables(CONSOLE)) == {"LEASEHOLD_ENVIRONMENT", "LEASEHOLD_IDENTITIES"}


def test_a_webhook_may_ask_for_a_tick_and_call_no_other_function(synthesis: Synthesis) -> None:
    (calling,) = synthesis.allowing(WEBHOOK, "lambda:InvokeFunction")
    name = synthesis.function(CONTROLLER)["FunctionName"]
    (resource,) = calling.resources
    assert resource.endswith(f":<AWS::AccountId>:function:{name}")
    assert synthesis.variables(WEBHOOK)["LEASEHOLD_CONTROLLER_FUNCTION"] == name


def test_models_are_asked_where_they_carry_our_tags_and_never_changed(synthesis: Synthesis) -> None:
    calls = {"states:StartExecution", "states:DescribeExecution"}
    expected = WRITE_LOG | READ_SECRET | COUNT | calls | {"sagemaker:InvokeEndpoint"}
    queue = {"sagemaker:InvokeEndpointAsync", "s3:GetObject", "s3:ListBucket", "s3:PutObject"}
    assert synthesis.allowed(MODELS) == expected | queue
    (asking,) = synthesis.allowing(MODELS, "sagemaker:InvokeEndpoint")
    assert asking.resources == {f"{ENDPOINTS}/*"}
    assert asking.condition == OURS


def test_a_stream_is_all_that_the_streaming_function_may_ask_for(synthesis: Synthesis) -> None:
    action = "sagemaker:InvokeEndpointWithResponseStream"
    assert synthesis.allowed(STREAM) == WRITE_LOG | READ_SECRET | COUNT | {action}
    (asking,) = synthesis.allowing(STREAM, action)
    assert asking.resources == {f"{ENDPOINTS}/*"}
    assert asking.condition == OURS


def test_the_streaming_function_runs_the_gateways_own_runtime(
    synthesis: Synthesis, task: Callable[[str], Path]
) -> None:
    wrapper = synthesis.variables(STREAM)["AWS_LAMBDA_EXEC_WRAPPER"]
    program = task(STREAM) / wrapper.removeprefix("/var/task/")
    assert os.access(program, os.X_OK)


def test_the_authorizer_can_only_look_up_one_token(synthesis: Synthesis) -> None:
    assert synthesis.allowed(AUTHORIZER) == WRITE_LOG | {"dynamodb:GetItem"}
    resources = {
        resource
        for it in synthesis.allowing(AUTHORIZER, "dynamodb:GetItem")
        for resource in it.resources
    }
    table = token_table(synthesis)
    old = "arn:<AWS::Partition>:dynamodb:eu-central-1:<AWS::AccountId>:table/old-auth"
    assert resources == {f"<{table}.Arn>", old}


def test_without_the_predecessors_table_the_authorizer_has_its_own(
    quiet_synthesis: Synthesis,
) -> None:
    (reading,) = quiet_synthesis.allowing(AUTHORIZER, "dynamodb:GetItem")
    assert reading.resources == {f"<{token_table(quiet_synthesis)}.Arn>"}
    assert "LEASEHOLD_IDENTITIES" not in quiet_synthesis.variables(AUTHORIZER)


def test_requests_are_counted_in_one_table_for_all_functions(synthesis: Synthesis) -> None:
    tables = synthesis.resources("AWS::DynamoDB::Table")
    (table,) = (name for name in tables if name.startswith("FunctionsRates"))
    for name in (GATEWAY, MODELS, STREAM):
        assert synthesis.variables(name)["LEASEHOLD_RATE_TABLE"] == {"Ref": table}
        counting = synthesis.allowing(name, "dynamodb:UpdateItem")
        assert f"<{table}.Arn>" in {each for it in counting for each in it.resources}


def test_changes_meet_in_a_table_of_the_functions_that_change_leases(synthesis: Synthesis) -> None:
    tables = synthesis.resources("AWS::DynamoDB::Table")
    (table,) = (name for name in tables if name.startswith("FunctionsChanges"))
    told = tables[table]["Properties"]
    keys = {each["KeyType"]: each["AttributeName"] for each in told["KeySchema"]}
    assert keys == {"HASH": table_queue.KIND, "RANGE": table_queue.ID}
    assert told["TimeToLiveSpecification"]["AttributeName"] == table_queue.EXPIRY
    assert told["BillingMode"] == "PAY_PER_REQUEST"
    assert synthesis.variables(GATEWAY)["LEASEHOLD_CHANGE_TABLE"] == {"Ref": table}
    (meeting,) = synthesis.allowing(GATEWAY, "dynamodb:PutItem")
    assert meeting.resources == {f"<{table}.Arn>"}
    assert meeting.actions == MEET
    for name in (MODELS, STREAM):
        assert "LEASEHOLD_CHANGE_TABLE" not in synthesis.variables(name)
        assert not synthesis.allowing(name, "dynamodb:PutItem")


# -- what each function is told


@pytest.mark.parametrize("name", [GATEWAY, MODELS, STREAM])
def test_who_answers_knows_the_ledger_and_whom_to_admit(synthesis: Synthesis, name: str) -> None:
    told = synthesis.variables(name)
    assert told["LEASEHOLD_REPOSITORY"] == "https://git.example.com/shop/endpoints.git"
    assert json.loads(told["LEASEHOLD_IDENTITIES"]) == ENVIRONMENT["identities"]
    assert told["LEASEHOLD_REQUESTS_PER_MINUTE"] == "120"  # the default
    assert told["LEASEHOLD_INVOCATIONS_PER_MINUTE"] == "600"


def test_the_authorizer_is_told_its_table_and_whom_to_admit(synthesis: Synthesis) -> None:
    assert synthesis.variables(AUTHORIZER) == {
        "LEASEHOLD_TOKEN_TABLE": {"Ref": token_table(synthesis)},
        "LEASEHOLD_IDENTITIES": json.dumps(ENVIRONMENT["identities"], separators=(",", ":")),
    }


def test_whatever_functions_read_is_told_to_one_of_them(synthesis: Synthesis) -> None:
    told = {
        variable
        for name in (GATEWAY, MODELS, STREAM, WEBHOOK, AUTHORIZER)
        for variable in synthesis.variables(name)
    }
    known = {value for name, value in vars(variables).items() if name.isupper()}
    assert told - known == {"AWS_LAMBDA_EXEC_WRAPPER"}
    # `leasehold up` alone has the values of secrets; origins are told where the environment names
    # some, projects where the controller is a build or locks are made, and the last, which is the
    # controller's, where no concurrency is reserved.
    assert known - told == {
        variables.WEBHOOK_SECRET_VALUE,
        variables.LINK_SECRET_VALUE,
        variables.ALLOWED_ORIGINS,
        variables.CONTROLLER_PROJECT,
        variables.LOCK_PROJECT,
        variables.TICK_TABLE,
    }


def test_without_a_secret_nobody_is_believed_to_be_the_git_host(
    quiet_synthesis: Synthesis,
) -> None:
    assert "LEASEHOLD_WEBHOOK_SECRET" not in quiet_synthesis.variables(WEBHOOK)
    assert secrets(quiet_synthesis, WEBHOOK) == set()


# -- tokens


def token_table(synthesis: Synthesis) -> str:
    (found,) = (each for each in synthesis.resources("AWS::DynamoDB::Table") if "Token" in each)
    return found


def test_tokens_outlive_their_stack(synthesis: Synthesis) -> None:
    resource = synthesis.resources("AWS::DynamoDB::Table")[token_table(synthesis)]
    table = resource["Properties"]
    assert resource["DeletionPolicy"] == "Retain"
    assert resource["UpdateReplacePolicy"] == "Retain"
    assert table["DeletionProtectionEnabled"] is True
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}


def test_the_token_table_has_the_name_of_the_settings_and_forgets_what_is_over(
    synthesis: Synthesis,
) -> None:
    resource = synthesis.resources("AWS::DynamoDB::Table")[token_table(synthesis)]
    table = resource["Properties"]
    assert table["TableName"] == "shop-tokens"
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    assert table["TimeToLiveSpecification"]["Enabled"] is True


def test_the_functions_give_up_before_api_gateway_does(synthesis: Synthesis) -> None:
    for name in (GATEWAY, MODELS, WEBHOOK, CONSOLE, AUTHORIZER):
        assert synthesis.function(name)["Timeout"] < 29


# -- long calls


def test_the_state_machine_is_the_gateways_file(synthesis: Synthesis) -> None:
    machine = synthesis.only("AWS::StepFunctions::StateMachine")
    key = machine["DefinitionS3Location"]["Key"]
    assert synthesis.asset_of(key).read_bytes() == executions.DEFINITION.read_bytes()


def test_the_state_machine_asks_our_models_and_no_others(synthesis: Synthesis) -> None:
    role, _ = synthesis.only("AWS::StepFunctions::StateMachine")["RoleArn"]["Fn::GetAtt"]
    (asking,) = (it for it in synthesis.statements_of(role) if "sagemaker" in str(it.actions))
    assert asking.actions == {"sagemaker:InvokeEndpoint"}
    assert asking.resources == {f"{ENDPOINTS}/*"}
    assert asking.condition == OURS


def test_only_our_own_calls_can_be_started_and_described(synthesis: Synthesis) -> None:
    (machine,) = synthesis.resources("AWS::StepFunctions::StateMachine")
    (starting,) = synthesis.allowing(MODELS, "states:StartExecution")
    (describing,) = synthesis.allowing(MODELS, "states:DescribeExecution")
    assert starting.resources == {f"<{machine}>"}
    (executions_,) = describing.resources
    assert executions_.endswith(":execution:shop-live-long-call:*")
    assert synthesis.variables(MODELS)["LEASEHOLD_STATE_MACHINE"] == {"Ref": machine}


def test_a_long_call_asks_the_services_of_the_stacks_own_partition(synthesis: Synthesis) -> None:
    machine = synthesis.only("AWS::StepFunctions::StateMachine")
    assert machine["DefinitionSubstitutions"] == {"Partition": {"Ref": "AWS::Partition"}}
    assert "DefinitionS3Location" in machine


def test_prompts_and_answers_stay_out_of_the_log_of_long_calls(synthesis: Synthesis) -> None:
    logging = synthesis.only("AWS::StepFunctions::StateMachine")["LoggingConfiguration"]
    assert logging["IncludeExecutionData"] is False
