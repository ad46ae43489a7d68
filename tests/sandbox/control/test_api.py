"""Faults, clock, quotas, statuses and call counts are ordered over HTTP."""

from __future__ import annotations

import time
import urllib.request
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Cloud, Refused


def test_a_fault_strikes_once_unless_said_otherwise(cloud: Cloud, refused: Refused) -> None:
    cloud.order_fault("throttle")
    answer = refused(cloud.sagemaker.list_endpoints)
    assert answer == "ThrottlingException: Rate exceeded"
    assert cloud.sagemaker.list_endpoints()["Endpoints"] == []


def test_a_fault_strikes_as_often_as_it_was_ordered(cloud: Cloud, refused: Refused) -> None:
    cloud.order_fault("unavailable", times=2)
    for _ in range(2):
        assert refused(cloud.sagemaker.list_models).startswith("ServiceUnavailable")
    cloud.sagemaker.list_models()


def test_a_fault_strikes_only_its_operation_and_its_endpoint(
    cloud: Cloud, refused: Refused
) -> None:
    cloud.create("Falcon")
    cloud.create("Eagle", "Falcon-config")
    cloud.order_fault("denied", endpoint="falcon", operation="DescribeEndpoint")
    cloud.sagemaker.list_endpoints()
    cloud.describe("Eagle")
    answer = refused(cloud.sagemaker.describe_endpoint, EndpointName="Falcon")
    assert answer.startswith("AccessDeniedException: User is not authorized to perform")


def test_a_rate_strikes_some_calls_until_faults_are_cleared(cloud: Cloud) -> None:
    cloud.order_fault("throttle", rate=0.5, operation="ListModels")
    struck = 0
    for _ in range(40):
        try:
            cloud.sagemaker.list_models()
        except cloud.sagemaker.exceptions.ClientError:
            struck += 1
    assert 8 <= struck <= 32
    assert cloud.ask("GET", "/faults")[1]["faults"][0]["rate"] == 0.5
    cloud.ask("DELETE", "/faults")
    for _ in range(20):
        cloud.sagemaker.list_models()


def test_a_lost_answer_was_carried_out(cloud: Cloud, refused: Refused) -> None:
    config = cloud.configure("blue")
    cloud.order_fault("lost-answer", operation="CreateEndpoint")
    params = {"EndpointName": "Falcon", "EndpointConfigName": config}
    assert refused(cloud.sagemaker.create_endpoint, **params).startswith("InternalFailure")
    assert cloud.status("Falcon") == "Creating"


def test_a_slow_answer_takes_real_time(cloud: Cloud) -> None:
    cloud.order_fault("slow-answer", operation="ListModels", seconds=0.3)
    began = time.monotonic()
    cloud.sagemaker.list_models()
    assert time.monotonic() - began >= 0.3


def test_a_fault_may_name_an_operation_of_another_service(cloud: Cloud, refused: Refused) -> None:
    cloud.order_fault("throttle", operation="GetResources")
    tagging = cloud.client("resourcegroupstaggingapi")
    assert refused(tagging.get_resources).startswith("ThrottlingException")


def test_faults_of_sagemaker_leave_other_services_alone(cloud: Cloud) -> None:
    cloud.order_fault("throttle", times=5)
    assert cloud.client("sts").get_caller_identity()["Account"] == "123456789012"
    assert cloud.client("dynamodb").list_tables()["TableNames"] == []


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        ("/faults", {"kind": "earthquake"}, "kind must be one of throttle, "),
        ("/faults", {"kind": ["throttle"]}, "kind must be one of throttle, "),
        ("/faults", {"kind": "throttle", "often": 3}, "unknown field often"),
        ("/faults", {"kind": "throttle", "times": 0}, "times must be a whole number from 1"),
        ("/faults", {"kind": "throttle", "rate": 1.5}, "rate must be a number above 0"),
        ("/faults", {"kind": "slow-start"}, "slow-start needs seconds"),
        ("/faults", {"kind": "slow-start", "seconds": "9"}, "seconds must be a number"),
        ("/faults", {"kind": "throttle", "endpoint": 7}, "endpoint and operation must be names"),
        ("/faults", {"kind": "crash", "instance_type": "ml.g5.xlarge"}, "crash takes no instance"),
        ("/faults", {"kind": "capacity", "instance_type": "ml.none"}, "ml.none is no instance"),
        ("/faults", ["throttle"], "the body must be a JSON object"),
        ("/skew", {"seconds": "9"}, 'say {"seconds": number}; 0 ends it'),
        ("/skew", {"seconds": 1e30}, "the clock cannot go that far"),
        ("/clock", {}, 'say {"advance_seconds": n}'),
        ("/clock", {"advance_seconds": True}, 'say {"advance_seconds": n}'),
        ("/clock", {"advance_seconds": 1e30}, "the clock cannot go that far"),
        ("/clock", {"advance_seconds": float("nan")}, 'say {"advance_seconds": n}'),
        ("/clock", {"now": "tomorrow"}, 'now must look like "2026-11-23T10:00:00Z"'),
        ("/quotas", {"ml.g5.xlarge": -1}, "a quota is a whole number"),
        ("/quotas", {"ml.none": 1}, "ml.none is no instance type"),
        ("/quotas", {"ml.g5.xlarge": True}, "a quota is a whole number"),
        ("/endpoints/Falcon", {"status": "Sleeping"}, "status must be one of OutOfService, "),
        ("/endpoints/Falcon", {"status": "Failed", "seconds": 5}, "Failed is not in progress"),
        ("/endpoints/Falcon", {"status": "Updating", "seconds": -1}, "seconds must be a number"),
        ("/endpoints/Falcon", {"status": "Failed", "why": "x"}, "unknown field why"),
    ],
)
def test_bad_input_is_answered_with_400_and_a_sentence(
    cloud: Cloud, path: str, body: object, sentence: str
) -> None:
    status, answer = cloud.ask("POST", path, body)
    assert (status, answer["error"][: len(sentence)]) == (400, sentence)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [("POST", "/endpoints/none", {"status": "Failed"}), ("GET", "/nonsense", None)],
)
def test_what_is_not_there_is_answered_with_404(
    cloud: Cloud, method: str, path: str, body: object
) -> None:
    assert cloud.ask(method, path, body)[0] == 404


def test_an_unknown_path_is_answered_with_those_that_there_are(cloud: Cloud) -> None:
    for method, path in (("GET", "/fault"), ("PATCH", "/faults"), ("POST", "/endpoints/Falcon/x")):
        status, answer = cloud.ask(method, path)
        assert status == 404
        assert answer["error"].startswith(f"there is no {method} /sandbox{path}; there are ")
        for there in ("GET /sandbox/faults", "POST /sandbox/endpoints/{name}/backlog"):
            assert there in answer["error"]


def test_the_clock_can_be_set_and_the_date_header_follows_it(cloud: Cloud) -> None:
    status, answer = cloud.ask("POST", "/clock", {"now": "2030-01-02T03:04:05Z"})
    assert (status, answer["now"]) == (200, "2030-01-02T03:04:05Z")
    with urllib.request.urlopen(f"{cloud.url}/sandbox") as overview:
        ours = parsedate_to_datetime(overview.headers["Date"])
    moto = cloud.client("sts").get_caller_identity()["ResponseMetadata"]["HTTPHeaders"]["date"]
    for date in (ours, parsedate_to_datetime(moto)):
        assert (date - datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)).total_seconds() < 60


def test_a_stopped_clock_moves_only_when_it_is_set_and_goes_on_from_there(cloud: Cloud) -> None:
    def shown() -> float:
        cloud.sagemaker.create_model(ModelName="m", PrimaryContainer={"Image": "image:1"})
        moment: datetime = cloud.sagemaker.describe_model(ModelName="m")["CreationTime"]
        cloud.sagemaker.delete_model(ModelName="m")
        return moment.timestamp()

    noon = datetime(2030, 1, 2, 12, tzinfo=UTC).timestamp()
    cloud.ask("POST", "/clock", {"now": "2030-01-02T12:00:00Z"})
    assert [shown(), shown()] == [noon, noon]
    cloud.let_pass(60)
    assert shown() == noon + 60
    assert cloud.ask("POST", "/clock", {"running": True})[1]["running"] is True
    first, second = shown(), shown()
    assert noon + 60 < first < second


def test_a_skew_moves_the_date_header_and_not_the_sandboxs_time(cloud: Cloud) -> None:
    cloud.ask("POST", "/clock", {"now": "2030-01-02T03:04:05Z"})

    def dated() -> datetime:
        answer = cloud.sagemaker.list_models()["ResponseMetadata"]["HTTPHeaders"]["date"]
        return parsedate_to_datetime(answer)

    truth = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
    assert cloud.ask("POST", "/skew", {"seconds": 86_400}) == (200, {"skew_seconds": 86_400})
    assert (dated() - truth).total_seconds() >= 86_400
    assert cloud.ask("GET", "")[1]["now"].startswith("2030-01-02T03:")
    cloud.create("Falcon")
    assert cloud.describe("Falcon")["CreationTime"].date() == truth.date()
    cloud.ask("POST", "/skew", {"seconds": 0})
    assert dated().date() == truth.date()


def test_calls_are_counted_by_operation_whoever_answers_them(cloud: Cloud) -> None:
    cloud.create("Falcon")
    cloud.ask("DELETE", "/calls")
    cloud.describe("Falcon")
    cloud.describe("Falcon")
    cloud.client("dynamodb").list_tables()
    cloud.client("sns").list_topics()
    cloud.client("s3").list_buckets()
    assert cloud.ask("GET", "/calls")[1] == {
        "total": 5,
        "operations": {"DescribeEndpoint": 2, "ListBuckets": 1, "ListTables": 1, "ListTopics": 1},
        "actions": [
            *("dynamodb:ListTables", "s3:ListBuckets"),
            *("sagemaker:DescribeEndpoint", "sns:ListTopics"),
        ],
    }


def test_the_overview_says_what_is_offered_and_how_things_stand(cloud: Cloud) -> None:
    cloud.serve("Falcon")
    cloud.create("Eagle", "Falcon-config")
    cloud.ask("POST", "/quotas", {"ml.g5.xlarge": 9, "ml.p4d.24xlarge": 1})
    cloud.ask("POST", "/quotas", {"ml.p4d.24xlarge": None})
    cloud.order_fault("crash", endpoint="Eagle")
    overview = cloud.ask("GET", "")[1]
    assert overview["endpoints"] == {"InService": 1, "Creating": 1}
    assert overview["quotas"] == {"ml.g5.xlarge": 9}
    assert [fault["kind"] for fault in overview["faults"]] == ["crash"]
    assert set(overview["fault_kinds"]) >= {"throttle", "capacity", "slow-start", "crash"}


def test_every_route_that_the_overview_shows_is_there(cloud: Cloud) -> None:
    routes = cloud.ask("GET", "")[1]["routes"]
    assert {"GET /sandbox", "POST /sandbox/endpoints/{name}/backlog"} <= {
        f"{route['method']} {route['path']}" for route in routes
    }
    for route in routes:
        path = route["path"].removeprefix("/sandbox").replace("{name}", "Falcon")
        status, answer = cloud.ask(route["method"], path)
        if "body" in route:
            assert (status, answer) == (400, {"error": "the body must be JSON"}), route
        else:
            assert status == 200, route


def test_a_reset_leaves_a_sandbox_as_it_was_started(cloud: Cloud) -> None:
    def state() -> list[object]:
        overview = cloud.ask("GET", "")[1]
        year = overview.pop("now")[:4]
        listed = (
            cloud.sagemaker.list_models()["Models"],
            cloud.client("s3").list_buckets()["Buckets"],
            cloud.client("cloudwatch").describe_alarms()["MetricAlarms"],
        )
        return [overview, year, listed, cloud.ask("GET", "/calls")[1]["operations"]]

    cloud.ask("DELETE", "")
    before = state()
    cloud.serve("Falcon")
    where = {"LocationConstraint": "eu-west-1"}
    cloud.client("s3").create_bucket(Bucket="results", CreateBucketConfiguration=where)
    cloud.put_alarm("busy")
    cloud.order_fault("crash")
    cloud.ask("POST", "/quotas", {"ml.g5.xlarge": 1})
    cloud.ask("POST", "/skew", {"seconds": 60})
    cloud.ask("POST", "/clock", {"now": "2040-01-02T03:04:05Z"})
    cloud.ask("POST", "/clock", {"running": False})

    assert cloud.ask("DELETE", "") == (200, {})

    assert state() == before
