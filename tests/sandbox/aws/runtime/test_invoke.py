"""Endpoints are invoked as on AWS: at once, asynchronously, and as a stream of events."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from datetime import datetime

    from tests.sandbox.conftest import Cloud, Refused


def _invoke(
    cloud: Cloud,
    name: str = "Falcon",
    body: bytes = b'{"inputs": "hello big world"}',
    **more: object,
) -> dict[str, Any]:
    runtime = cloud.client("sagemaker-runtime")
    answer: dict[str, Any] = runtime.invoke_endpoint(EndpointName=name, Body=body, **more)
    return answer


def _async_endpoint(cloud: Cloud, output: str = "s3://results/out") -> None:
    cloud.configure("plain")
    cloud.sagemaker.create_endpoint_config(
        EndpointConfigName="async",
        ProductionVariants=[
            {
                "VariantName": "AllTraffic",
                "ModelName": "Falcon",
                "InstanceType": "ml.g5.xlarge",
                "InitialInstanceCount": 1,
            }
        ],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": output}},
    )
    cloud.serve("Falcon", "async")
    for bucket in ("results", "requests"):
        cloud.client("s3").create_bucket(
            Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
        )


def _object(cloud: Cloud, location: str) -> bytes:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    content: bytes = cloud.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
    return content


def test_a_text_generation_request_is_echoed_up_to_its_limit(cloud: Cloud) -> None:
    cloud.serve("Falcon")
    body = json.dumps({"inputs": "größer als zwei", "parameters": {"max_new_tokens": 2}}).encode()
    answer = _invoke(cloud, body=body, ContentType="application/json")
    assert json.loads(answer["Body"].read()) == [{"generated_text": "größer als"}]
    assert answer["ContentType"] == "application/json"
    assert answer["InvokedProductionVariant"] == "AllTraffic"


def test_a_text2text_request_is_echoed_in_its_own_form(cloud: Cloud) -> None:
    cloud.serve("Falcon")
    answer = _invoke(cloud, body=b'{"text_inputs": "hello big world", "max_length": 1}')
    assert json.loads(answer["Body"].read()) == {"generated_texts": ["hello"]}


def test_custom_attributes_are_passed_through(cloud: Cloud) -> None:
    cloud.serve("Falcon")
    assert _invoke(cloud, CustomAttributes="accept_eula=true")["CustomAttributes"] == (
        "accept_eula=true"
    )


@pytest.mark.parametrize(
    "body", [b"hello", b"[]", b"{}", b'{"inputs": 3}', b'{"inputs": "a", "parameters": 1}']
)
def test_what_the_model_cannot_read_is_a_model_error(
    cloud: Cloud, refused: Refused, body: bytes
) -> None:
    cloud.serve("Falcon")
    answer = refused(_invoke, cloud=cloud, body=body)
    assert answer.startswith("ModelError: Received client error (400) from AllTraffic")


def test_an_endpoint_serves_while_it_is_updated_or_maintained(cloud: Cloud) -> None:
    cloud.serve("Falcon", cloud.configure("blue"))
    for status in ("Updating", "RollingBack", "SystemUpdating"):
        cloud.force("Falcon", status)
        assert _invoke(cloud)["Body"].read()


@pytest.mark.parametrize("status", ["Creating", "Deleting", "Failed", "OutOfService"])
def test_an_endpoint_that_does_not_serve_is_not_found(
    cloud: Cloud, refused: Refused, status: str
) -> None:
    cloud.serve("Falcon")
    cloud.force("Falcon", status)
    assert refused(_invoke, cloud=cloud) == (
        "ValidationError: Endpoint Falcon of account 123456789012 not found."
    )


def test_an_endpoint_is_invoked_by_its_exact_name(cloud: Cloud, refused: Refused) -> None:
    cloud.serve("Falcon")
    assert refused(_invoke, cloud=cloud, name="falcon") == (
        "ValidationError: Endpoint falcon of account 123456789012 not found."
    )


def test_a_variant_that_is_not_there_is_refused(cloud: Cloud, refused: Refused) -> None:
    cloud.serve("Falcon")
    answer = refused(_invoke, cloud=cloud, TargetVariant="none")
    assert answer.startswith("ValidationError: Variant none not found")


def test_a_stream_arrives_token_by_token_and_ends_with_the_whole_text(cloud: Cloud) -> None:
    cloud.serve("Falcon")
    answer = cloud.client("sagemaker-runtime").invoke_endpoint_with_response_stream(
        EndpointName="Falcon", Body=b'{"inputs": "hello big world"}', CustomAttributes="a=b"
    )
    parts = [event["PayloadPart"]["Bytes"] for event in answer["Body"]]
    events = [json.loads(part.removeprefix(b"data:")) for part in parts]
    assert [event["token"]["text"] for event in events] == ["hello", " big", " world"]
    assert [event["generated_text"] for event in events] == [None, None, "hello big world"]
    assert answer["CustomAttributes"] == "a=b"


def test_an_asynchronous_answer_is_written_to_s3(cloud: Cloud) -> None:
    _async_endpoint(cloud)
    cloud.client("s3").put_object(Bucket="requests", Key="in/1.json", Body=b'{"inputs": "hello"}')
    answer = cloud.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName="Falcon", InputLocation="s3://requests/in/1.json", InferenceId="mine"
    )
    assert answer["InferenceId"] == "mine"
    assert answer["OutputLocation"].startswith("s3://results/out/")
    assert json.loads(_object(cloud, answer["OutputLocation"])) == [{"generated_text": "hello"}]


def test_an_asynchronous_failure_is_written_to_s3_as_well(cloud: Cloud) -> None:
    _async_endpoint(cloud)
    cloud.client("s3").put_object(Bucket="requests", Key="bad", Body=b"not JSON")
    answer = cloud.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName="Falcon", InputLocation="s3://requests/bad"
    )
    assert _object(cloud, answer["FailureLocation"]) == b"the body is not JSON"


def test_an_asynchronous_answer_comes_after_a_while(cloud: Cloud) -> None:
    _async_endpoint(cloud)
    body = b'{"inputs": "hello", "parameters": {"take_seconds": 30}}'
    cloud.client("s3").put_object(Bucket="requests", Key="slow", Body=body)
    answer = cloud.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName="Falcon", InputLocation="s3://requests/slow"
    )
    listed = cloud.client("s3").list_objects_v2
    assert listed(Bucket="results")["KeyCount"] == 0
    cloud.let_pass(31)
    assert listed(Bucket="results")["KeyCount"] == 1
    assert json.loads(_object(cloud, answer["OutputLocation"])) == [{"generated_text": "hello"}]


def test_what_cannot_be_fetched_is_a_failure_and_two_calls_of_one_id_have_places_of_their_own(
    cloud: Cloud,
) -> None:
    _async_endpoint(cloud)
    runtime = cloud.client("sagemaker-runtime")
    call = {"EndpointName": "Falcon", "InputLocation": "s3://requests/lost", "InferenceId": "one"}
    first, second = runtime.invoke_endpoint_async(**call), runtime.invoke_endpoint_async(**call)
    assert first["FailureLocation"] != second["FailureLocation"]
    assert b"cannot GET s3://requests/lost" in _object(cloud, first["FailureLocation"])


@pytest.mark.parametrize(
    "wrong", [{"RequestTTLSeconds": 21601}, {"InvocationTimeoutSeconds": 3601}], ids=str
)
def test_an_asynchronous_call_waits_as_long_as_aws_lets_it(
    cloud: Cloud, refused: Refused, wrong: dict[str, int]
) -> None:
    _async_endpoint(cloud)
    call = cloud.client("sagemaker-runtime").invoke_endpoint_async
    answer = refused(call, EndpointName="Falcon", InputLocation="s3://requests/1", **wrong)
    assert "must be from" in answer


def test_an_asynchronous_call_needs_an_asynchronous_endpoint_and_the_other_way_round(
    cloud: Cloud, refused: Refused
) -> None:
    cloud.serve("Plain", cloud.configure("blue"))
    call = cloud.client("sagemaker-runtime").invoke_endpoint_async
    answer = refused(call, EndpointName="Plain", InputLocation="s3://requests/1")
    assert answer.startswith("ValidationError: Endpoint Plain has no asynchronous inference")
    _async_endpoint(cloud)
    assert "use InvokeEndpointAsync" in refused(_invoke, cloud=cloud)


def test_invocations_are_counted_where_cloudwatch_counts_them_on_the_sandboxs_clock(
    cloud: Cloud,
) -> None:
    cloud.serve("Falcon")
    cloud.let_pass(7200)
    for _ in range(3):
        _invoke(cloud)
    now = cloud.describe("Falcon")["LastModifiedTime"] + timedelta(seconds=7200)
    names = {"EndpointName": "Falcon", "VariantName": "AllTraffic"}
    metric = {
        "Namespace": "AWS/SageMaker",
        "MetricName": "Invocations",
        "Dimensions": [{"Name": name, "Value": value} for name, value in names.items()],
    }

    def counted(start: datetime, end: datetime) -> list[float]:
        query = {"Id": "n", "MetricStat": {"Metric": metric, "Period": 300, "Stat": "Sum"}}
        [result] = cloud.client("cloudwatch").get_metric_data(
            MetricDataQueries=[query], StartTime=start, EndTime=end
        )["MetricDataResults"]
        values: list[float] = result["Values"]
        return values

    assert sum(counted(now - timedelta(minutes=5), now + timedelta(minutes=5))) == 3
    assert counted(now - timedelta(hours=2), now - timedelta(hours=1)) == []
