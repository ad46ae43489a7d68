"""Inference components: what an endpoint hosts whose config has no models."""

from __future__ import annotations

import io
import json
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.sandbox.conftest import Cloud, Refused

HOST: dict[str, Any] = {
    "VariantName": "AllTraffic",
    "InstanceType": "ml.g5.xlarge",
    "InitialInstanceCount": 1,
}
ROLE = "arn:aws:iam::123456789012:role/studio"


def serve(cloud: Cloud, name: str = "Studio") -> None:
    """Create an endpoint as JumpStart in Studio does: a config without models, and a role."""
    cloud.sagemaker.create_endpoint_config(
        EndpointConfigName=f"{name}-config", ProductionVariants=[HOST], ExecutionRoleArn=ROLE
    )
    cloud.serve(name, f"{name}-config")


def add(cloud: Cloud, component: str, endpoint: str = "Studio", **more: object) -> None:
    needs = {"MinMemoryRequiredInMb": 1024}
    cloud.sagemaker.create_inference_component(
        InferenceComponentName=component,
        EndpointName=endpoint,
        VariantName="AllTraffic",
        Specification={"ModelName": "Falcon", "ComputeResourceRequirements": needs},
        RuntimeConfig={"CopyCount": 2},
        **more,
    )


def names(cloud: Cloud, **wanted: object) -> list[str]:
    listed = cloud.sagemaker.list_inference_components(**wanted)["InferenceComponents"]
    return [each["InferenceComponentName"] for each in listed]


def test_a_component_is_described_and_listed_by_its_endpoint(cloud: Cloud) -> None:
    serve(cloud)
    serve(cloud, "Other")
    add(cloud, "llama", Tags=[{"Key": "team", "Value": "search"}])
    add(cloud, "falcon")
    add(cloud, "other", "Other")
    described = cloud.sagemaker.describe_inference_component(InferenceComponentName="LLAMA")
    assert described["InferenceComponentName"] == "llama"
    assert described["EndpointName"] == "Studio"
    assert described["RuntimeConfig"] == {"DesiredCopyCount": 2, "CurrentCopyCount": 2}
    assert described["Specification"]["ModelName"] == "Falcon"
    assert sorted(names(cloud)) == ["falcon", "llama", "other"]
    assert sorted(names(cloud, EndpointNameEquals="studio")) == ["falcon", "llama"]
    assert names(cloud, EndpointNameEquals="Studio", VariantNameEquals="none") == []
    assert names(cloud, StatusEquals="Failed") == []
    arn = described["InferenceComponentArn"]
    assert cloud.sagemaker.list_tags(ResourceArn=arn)["Tags"] == [
        {"Key": "team", "Value": "search"}
    ]


def test_a_list_goes_on_by_its_token(cloud: Cloud) -> None:
    serve(cloud)
    for number in range(3):
        add(cloud, f"c{number}")
    pages = cloud.sagemaker.get_paginator("list_inference_components")
    shown = [
        len(page["InferenceComponents"])
        for page in pages.paginate(PaginationConfig={"PageSize": 2})
    ]
    assert shown == [2, 1]


def test_names_are_taken_once_and_free_when_deleted(cloud: Cloud, refused: Refused) -> None:
    serve(cloud)
    add(cloud, "llama")
    said = refused(lambda: add(cloud, "Llama"))
    assert said.startswith(
        "ValidationException: Cannot create already existing inference component"
    )
    cloud.sagemaker.delete_inference_component(InferenceComponentName="llama")
    assert names(cloud) == []
    said = refused(cloud.sagemaker.describe_inference_component, InferenceComponentName="llama")
    assert said.startswith("ValidationException: Could not find inference component")


def test_where_no_component_can_be(cloud: Cloud, refused: Refused) -> None:
    assert "Could not find endpoint" in refused(lambda: add(cloud, "a"))
    cloud.serve("Model")
    assert "hosts a model" in refused(lambda: add(cloud, "a", "Model"))
    serve(cloud)
    cloud.force("Studio", "Updating")
    assert "Cannot update in-progress endpoint" in refused(lambda: add(cloud, "a"))
    cloud.force("Studio", "InService")
    assert "Could not find variant" in refused(
        cloud.sagemaker.create_inference_component,
        InferenceComponentName="a",
        EndpointName="Studio",
        VariantName="none",
    )


def test_an_endpoint_is_not_deleted_before_its_components(cloud: Cloud, refused: Refused) -> None:
    serve(cloud)
    add(cloud, "llama")
    said = refused(cloud.sagemaker.delete_endpoint, EndpointName="Studio")
    assert "Cannot delete endpoint with inference component associated" in said
    cloud.sagemaker.delete_inference_component(InferenceComponentName="llama")
    cloud.sagemaker.delete_endpoint(EndpointName="Studio")
    assert cloud.status("Studio") == "Deleting"


def test_or_it_is_and_leaves_them_behind(cloud: Cloud, refused: Refused) -> None:
    serve(cloud)
    add(cloud, "llama")
    cloud.order_fault("components-stay")
    cloud.sagemaker.delete_endpoint(EndpointName="Studio")
    cloud.let_pass(60)
    assert names(cloud) == ["llama"]
    serve_again = {"EndpointName": "Studio", "EndpointConfigName": "Studio-config"}
    cloud.sagemaker.create_endpoint(**serve_again)
    cloud.let_pass(60)
    assert "already existing" in refused(lambda: add(cloud, "llama"))


@pytest.mark.parametrize(
    ("component", "said"),
    [
        (None, "Inference Component Name header is required"),
        ("none", "Inference Component none of account 123456789012 not found."),
    ],
)
def test_a_call_has_to_name_a_component_that_is_there(
    cloud: Cloud, refused: Refused, component: str | None, said: str
) -> None:
    serve(cloud)
    add(cloud, "llama")
    runtime = cloud.client("sagemaker-runtime")
    body = json.dumps({"inputs": "Hello"})
    named = {"InferenceComponentName": component} if component else {}
    assert said in refused(runtime.invoke_endpoint, EndpointName="Studio", Body=body, **named)
    answer = runtime.invoke_endpoint(
        EndpointName="Studio", Body=io.BytesIO(body.encode()), InferenceComponentName="llama"
    )
    assert b"Hello" in answer["Body"].read()
