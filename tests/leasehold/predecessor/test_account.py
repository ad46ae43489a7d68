"""What is read of the predecessor's account, and what is said where it cannot be read."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from leasehold.predecessor.account import PredecessorAccount
from leasehold.predecessor.expiries import read_expiry
from ledger.errors import Refused
from ledger.names import EndpointName
from tests.leasehold.predecessor.deployed import RULE, Deployed
from tests.scene import NOON

if TYPE_CHECKING:
    from leasehold.predecessor.found import Found
    from tests.scene import Scene

LATER = NOON + timedelta(hours=3)


def look(scene: Scene, *names: str, table: str = "AuthTable") -> Found:
    account = PredecessorAccount(scene.account.client)
    return account.look([EndpointName(each) for each in names], table)


def test_all_pages_of_all_parameters_are_read(scene: Scene) -> None:
    old = Deployed(scene.account)
    for number in range(23):
        old.keep(f"endpoint-{number}", "", LATER)
    found = look(scene, "nobody")
    assert len(found.expiries) == 23
    assert {each.expires_at for each in found.expiries.values()} == {LATER}
    assert found.endpoints == {}


def test_configs_outputs_tokens_and_the_rule_are_found(scene: Scene) -> None:
    old = Deployed(scene.account)
    falcon, flan = old.realtime("Falcon40B", LATER), old.asynchronous("Flan")
    scene.account.sagemaker.delete_endpoint_config(EndpointConfigName=scene.account.config(falcon))
    found = look(scene, flan, table="AuthTable")
    config = found.configs[scene.account.config(flan)]
    assert (config.instance_types, config.instance_count) == (("ml.g5.12xlarge",), 1)
    bucket = "s3://sagemakerendpointmanager-bucket-1a2b"
    assert config.async_inference == {
        "s3_output_path": f"{bucket}/async_inference_output",
        "s3_failure_path": f"{bucket}/async_inference_failure",
        "success_topic_arn": "arn:aws:sns:us-east-1:123456789012:Success-1A",
        "error_topic_arn": "arn:aws:sns:us-east-1:123456789012:Error-1B",
        "max_concurrent_invocations_per_instance": 4,
    }
    gone = found.configs[scene.account.config(falcon)]
    assert gone.problem == "it is not in SageMaker any more"
    assert found.tokens.count == 2
    assert found.rules is not None
    assert [(each.name, each.is_enabled) for each in found.rules] == [(RULE, True)]
    scene.account.client("events").disable_rule(Name=RULE)
    missing = look(scene, table="Nowhere")
    assert missing.tokens.is_absent
    assert missing.rules is not None
    assert not missing.rules[0].is_enabled


def test_of_two_about_one_endpoint_the_later_counts(scene: Scene) -> None:
    old = Deployed(scene.account)
    old.keep("Chat", "cfg", LATER)
    value = {"endpoint_name": "Chat", "expiry": "01-01-2020-00-00-00"}
    scene.account.client("ssm").put_parameter(
        Name="/sagemaker/endpoint/expiry/zz", Value=json.dumps(value), Type="String"
    )
    (found,) = look(scene).expiries.values()
    assert found.expires_at == LATER


def test_what_no_endpoint_can_be_called_is_not_asked_for(scene: Scene) -> None:
    Deployed(scene.account).keep("my_chat", "cfg", LATER)
    scene.account.calls()
    found = look(scene, "demo-Fl_an-Endpoint", "x" * 64)
    assert [*found.expiries] == ["my_chat"]
    assert "DescribeEndpoint" not in scene.account.calls()


def test_without_the_expiries_nothing_is_known(scene: Scene) -> None:
    Deployed(scene.account)
    scene.account.order_fault("denied", operation="GetParametersByPath")
    with pytest.raises(Refused, match=r"LH5085: .* needs ssm:GetParametersByPath there\."):
        look(scene)


def test_what_only_helps_says_why_it_could_not_be_read(scene: Scene) -> None:
    old = Deployed(scene.account)
    endpoint = old.realtime("Falcon40B", LATER)
    for operation in ("DescribeEndpointConfig", "DescribeTable", "ListRules"):
        scene.account.order_fault("denied", operation=operation)
    found = look(scene)
    assert "AWS does not allow it" in found.configs[scene.account.config(endpoint)].problem
    assert "AWS does not allow it" in found.tokens.problem
    assert not found.tokens.is_absent
    assert found.rules is None


@pytest.mark.parametrize(
    ("value", "problem"),
    [
        ("", "it cannot be read as JSON"),
        ("[1]", "it is no object"),
        ("[" * 9_999, "it cannot be read as JSON"),
        ('{"expiry": "2026-11-23"}', "is not written as DD-MM-YYYY-HH-MM-SS"),
        ('{"expiry": "31-02-2026-00-00-00"}', "is not written as"),
        ("{}", "its expiry None is not"),
    ],
)
def test_a_parameter_that_cannot_be_read_is_still_about_its_endpoint(
    value: str, problem: str
) -> None:
    found = read_expiry("/sagemaker/endpoint/expiry/Chat", value)
    assert problem in found.problem
    assert (found.endpoint_name, found.expires_at) == ("chat", None)


def test_the_value_says_which_endpoint_it_is_and_counts_days_first() -> None:
    value = {"endpoint_name": "Other", "expiry": "02-11-2026-10-00-00", "endpoint_config_name": 5}
    found = read_expiry("/sagemaker/endpoint/expiry/Chat", json.dumps(value))
    assert (found.endpoint_name, found.config_name) == ("Other", None)
    assert found.expires_at is not None
    assert found.expires_at.isoformat() == "2026-11-02T10:00:00+00:00"
    hours = read_expiry("/sagemaker/endpoint/expiry/Chat", '{"schedule": []}')
    assert (hours.schedule, hours.problem) == ([], "")
