"""Topics, queues and events work as moto has them, and faults strike calls of every service."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.sandbox.conftest import Cloud, Refused


def _queue(cloud: Cloud) -> tuple[str, str]:
    """A queue's URL and ARN."""
    queues = cloud.client("sqs")
    url = queues.create_queue(QueueName="notices")["QueueUrl"]
    asked = queues.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])
    return url, asked["Attributes"]["QueueArn"]


def _received(cloud: Cloud, url: str) -> list[dict[str, Any]]:
    answer = cloud.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10)
    return [json.loads(message["Body"]) for message in answer.get("Messages", [])]


def _topic(cloud: Cloud) -> str:
    arn: str = cloud.client("sns").create_topic(Name="leases")["TopicArn"]
    return arn


def test_what_is_published_to_a_topic_reaches_the_queue_that_subscribed(cloud: Cloud) -> None:
    topic, (url, queue) = _topic(cloud), _queue(cloud)
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    cloud.client("sns").publish(TopicArn=topic, Subject="Falcon", Message="ends at 14:00Z")
    [notice] = _received(cloud, url)
    assert (notice["Subject"], notice["Message"]) == ("Falcon", "ends at 14:00Z")


def test_an_event_reaches_the_queue_of_the_rule_that_it_matches(cloud: Cloud) -> None:
    pytest.importorskip("jsonpath_ng", reason="moto's rules need the extra moto[events]")
    events, (url, queue) = cloud.client("events"), _queue(cloud)
    events.put_rule(Name="leases", EventPattern=json.dumps({"source": ["leasehold"]}))
    events.put_targets(Rule="leases", Targets=[{"Id": "queue", "Arn": queue}])
    detail = json.dumps({"endpoint": "Falcon", "expires_at": "2026-11-23T14:00:00Z"})
    for source in ("leasehold", "somebody.else"):
        entry = {"Source": source, "DetailType": "Lease ending", "Detail": detail}
        assert events.put_events(Entries=[entry])["FailedEntryCount"] == 0
    [event] = _received(cloud, url)
    assert (event["source"], event["detail-type"]) == ("leasehold", "Lease ending")
    assert event["detail"] == json.loads(detail)


def _publish(cloud: Cloud) -> None:
    cloud.client("sns").publish(TopicArn=_topic(cloud), Message="hello")


def _send(cloud: Cloud) -> None:
    cloud.client("sqs").send_message(QueueUrl=_queue(cloud)[0], MessageBody="hello")


def _put_events(cloud: Cloud) -> None:
    entry = {"Source": "leasehold", "DetailType": "x", "Detail": "{}"}
    cloud.client("events").put_events(Entries=[entry])


def _put_object(cloud: Cloud) -> None:
    where = {"LocationConstraint": "eu-west-1"}
    storage = cloud.client("s3")
    if not storage.list_buckets()["Buckets"]:
        storage.create_bucket(Bucket="results", CreateBucketConfiguration=where)
    storage.put_object(Bucket="results", Key="a/b.json", Body=b"x")


def _put_alarm(cloud: Cloud) -> None:
    cloud.client("cloudwatch").put_metric_data(
        Namespace="Mine", MetricData=[{"MetricName": "Size", "Value": 1}]
    )


def _describe_targets(cloud: Cloud) -> None:
    cloud.client("application-autoscaling").describe_scalable_targets(ServiceNamespace="sagemaker")


CALLS: dict[str, tuple[Callable[[Cloud], None], tuple[str, str]]] = {
    "Publish": (_publish, ("Throttled", "AuthorizationError")),
    "SendMessage": (_send, ("ThrottlingException", "AccessDeniedException")),
    "PutEvents": (_put_events, ("ThrottlingException", "AccessDeniedException")),
    "PutObject": (_put_object, ("SlowDown", "AccessDenied")),
    "PutMetricData": (_put_alarm, ("ThrottlingException", "AccessDeniedException")),
    "DescribeScalableTargets": (
        _describe_targets,
        ("ThrottlingException", "AccessDeniedException"),
    ),
}


@pytest.mark.parametrize("operation", CALLS)
def test_a_fault_strikes_an_operation_of_any_service_in_its_own_words(
    cloud: Cloud, refused: Refused, operation: str
) -> None:
    call, codes = CALLS[operation]
    for kind, code in zip(("throttle", "denied"), codes, strict=True):
        cloud.order_fault(kind, operation=operation)
        assert refused(call, cloud=cloud).startswith(f"{code}: ")
    cloud.order_fault("unavailable", operation=operation)
    with pytest.raises(ClientError) as caught:
        call(cloud)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 503
    call(cloud)


@pytest.mark.parametrize("operation", CALLS)
def test_calls_of_any_service_are_counted_by_operation(cloud: Cloud, operation: str) -> None:
    CALLS[operation][0](cloud)
    assert cloud.ask("GET", "/calls")[1]["operations"][operation] == 1


def test_a_denial_names_the_permission_that_is_missing(cloud: Cloud, refused: Refused) -> None:
    told = []
    for operation in ("Publish", "PutMetricData"):
        cloud.order_fault("denied", operation=operation)
        told.append(refused(CALLS[operation][0], cloud=cloud).partition("perform: ")[2].split()[0])
    assert told == ["sns:Publish", "cloudwatch:PutMetricData"]


def test_a_lost_answer_of_a_topic_was_published_all_the_same(
    cloud: Cloud, refused: Refused
) -> None:
    topic, (url, queue) = _topic(cloud), _queue(cloud)
    cloud.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=queue)
    cloud.order_fault("lost-answer", operation="Publish")
    assert refused(_publish, cloud=cloud).startswith("InternalError: ")
    assert [notice["Message"] for notice in _received(cloud, url)] == ["hello"]


@pytest.mark.parametrize(
    ("operation", "call", "params"),
    [
        ("GetObject", "get_object", {"Key": "a/b.json"}),
        ("HeadObject", "head_object", {"Key": "a/b.json"}),
        ("ListObjectsV2", "list_objects_v2", {}),
        ("CopyObject", "copy_object", {"Key": "c", "CopySource": "results/a/b.json"}),
        ("CreateMultipartUpload", "create_multipart_upload", {"Key": "big"}),
        ("DeleteObject", "delete_object", {"Key": "a/b.json"}),
        ("GetBucketTagging", "get_bucket_tagging", {}),
    ],
)
def test_an_operation_of_s3_is_known_by_its_path_and_query(
    cloud: Cloud, operation: str, call: str, params: dict[str, str]
) -> None:
    _put_object(cloud)
    cloud.ask("DELETE", "/calls")
    cloud.order_fault("throttle", operation=operation)
    with pytest.raises(ClientError):
        getattr(cloud.client("s3"), call)(Bucket="results", **params)
    assert cloud.ask("GET", "/calls")[1]["operations"] == {operation: 1}


def test_an_operation_of_a_rest_service_in_json_is_known_too(
    cloud: Cloud, refused: Refused
) -> None:
    cloud.order_fault("denied", operation="ListFunctions")
    answer = refused(cloud.client("lambda").list_functions)
    assert answer.startswith("AccessDeniedException: ")
