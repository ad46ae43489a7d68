"""An environment says which images, places in S3, topics and roles its definitions may use."""

from __future__ import annotations

import json

import pytest

from ledger.allowed import not_allowed
from ledger.holdings import read_fleet

SETTINGS = {
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
    "async_output_path": "s3://demo-answers/",
}
OWN = {"model": {"image": "ours/x:1", "model_data_url": "s3://demo-models/x.tar.gz"}}
FILES = {"model": {"image": "ours/x:1", "model_data_source": {"s3_uri": "s3://demo-models/x/"}}}
PACKAGE = {"model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/x/3"}
JUMPSTART = {"model_id": "falcon"}
TOPICS = {
    "inference_type": "async",
    "async_inference": {
        "s3_output_path": "s3://own-answers/x/",
        "s3_failure_path": "s3://own-answers/failed/",
        "success_topic_arn": "arn:aws:sns:us-east-1:123456789012:answers",
        "error_topic_arn": "arn:aws:sns:us-east-1:123456789012:failures",
    },
}
LOCK = {
    "model_id": "falcon",
    "model_version": "1.0.0",
    "region_name": "us-east-1",
    "image": "theirs/djl:1",
    "additional_model_data_sources": [{"channel_name": "draft", "s3_uri": "s3://jumpstart/d/"}],
}


def refused(allowed: dict[str, list[str]] | None, **fields: object) -> list[tuple[str, str]]:
    """Return the file and the pointer of each thing that is not allowed."""
    document = {
        "name": "A",
        "inference_type": "realtime",
        "inference_instance_type": "ml.g5.xlarge",
        **fields,
    }
    settings = SETTINGS if allowed is None else {**SETTINGS, "allowed": allowed}
    files = {
        "environments/dev/environment.json": json.dumps(settings).encode(),
        "environments/dev/A.endpoint.json": json.dumps(document).encode(),
        "environments/dev/A.lock.json": json.dumps(LOCK).encode(),
    }
    fleet = read_fleet(files, "dev")
    assert fleet.environment is not None, fleet.errors
    (holding,) = fleet.holdings
    found = list(not_allowed("dev", holding, fleet.environment))
    assert {each.code for each in found} <= {"LH1029"}
    return [(each.file.rpartition("/")[2], each.pointer) for each in found]


@pytest.mark.parametrize("fields", [OWN, PACKAGE, JUMPSTART, {**OWN, **TOPICS}])
def test_without_a_list_everything_is_allowed(fields: dict[str, object]) -> None:
    assert refused(None, **fields) == []


@pytest.mark.parametrize(
    ("allowed", "fields", "places"),
    [
        ({"images": ["ours/*"]}, OWN, []),
        ({"images": ["OURS/*"]}, OWN, [("A.endpoint.json", "/model/image")]),
        ({"images": []}, OWN, [("A.endpoint.json", "/model/image")]),
        ({"images": ["ours/*"]}, PACKAGE, [("A.endpoint.json", "/model_package_arn")]),
        ({"images": ["*:model-package/*"]}, PACKAGE, []),
        ({"images": ["ours/*"]}, JUMPSTART, [("A.lock.json", "/image")]),
        ({"images": ["ours/*"]}, {"endpoint_config_name": "theirs"}, []),
        ({"s3_prefixes": ["s3://demo-models/"]}, OWN, []),
        (
            {"s3_prefixes": ["s3://demo-model/"]},
            OWN,
            [("A.endpoint.json", "/model/model_data_url")],
        ),
        (
            {"s3_prefixes": ["s3://demo-models/y/*"]},
            FILES,
            [("A.endpoint.json", "/model/model_data_source/s3_uri")],
        ),
        (
            {"s3_prefixes": ["s3://demo-*"]},
            JUMPSTART,
            [("A.lock.json", "/additional_model_data_sources/0/s3_uri")],
        ),
        (
            {"s3_prefixes": ["s3://demo-models/"]},
            {**OWN, "inference_type": "async"},
            [("environment.json", "/async_output_path")],
        ),
        (
            {"s3_prefixes": ["s3://demo-*"], "topics": ["*:answers"]},
            {**OWN, **TOPICS},
            [
                ("A.endpoint.json", "/async_inference/s3_output_path"),
                ("A.endpoint.json", "/async_inference/s3_failure_path"),
                ("A.endpoint.json", "/async_inference/error_topic_arn"),
            ],
        ),
        ({"roles": ["*:role/demo"]}, OWN, []),
        ({"roles": ["*:role/other"]}, OWN, [("environment.json", "/execution_role_arn")]),
    ],
)
def test_with_one_only_what_a_glob_of_it_allows(
    allowed: dict[str, list[str]], fields: dict[str, object], places: list[tuple[str, str]]
) -> None:
    assert refused(allowed, **fields) == places
