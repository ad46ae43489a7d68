"""What AWS would refuse is said before it is asked, at the definition's own field."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from controller.aws.limits import installed_limits
from controller.aws.requests import calls
from controller.aws.service_model import breaches
from controller.planning.desired import VARIANT, desired
from controller.planning.fields import Documents
from controller.planning.ownership import Owner
from controller.planning.scaling_policy import wanted_scale
from ledger.holdings import Fleet, read_fleet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from ledger.documents import Environment
    from ledger.holdings import Holding

MODEL = {"image": "123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1"}
DATA = {**MODEL, "model_data_url": "s3://demo-models/x/model.tar.gz"}
TYPE = "ml.g5.xlarge"
SETTINGS = {
    "project_prefix": "demo",
    "region_name": "us-east-1",
    "execution_role_arn": "arn:aws:iam::123456789012:role/demo",
    "async_output_path": "s3://demo-answers/",
}
JUMPSTART: dict[str, Any] = {"model": None, "model_id": "falcon", "accept_eula": True}
LOCK: dict[str, object] = {
    "model_id": "falcon",
    "model_version": "1.0.0",
    "region_name": "us-east-1",
    "image": "763104351884.dkr.ecr.us-east-1.amazonaws.com/djl:1",
    "model_data_source": {"s3_uri": "s3://jumpstart/falcon/"},
    "additional_model_data_sources": [
        {"channel_name": "draft", "s3_uri": "s3://jumpstart/draft/", "accept_eula": True}
    ],
    "environment": {"WORKERS": "1"},
    "accept_eula": True,
}
FULL_LOCK: dict[str, object] = {
    **LOCK,
    "enable_network_isolation": True,
    "model_data_download_timeout_seconds": 1200,
    "container_startup_health_check_timeout_seconds": 600,
    "volume_size_gb": 256,
    "inference_ami_version": "al2-ami-sagemaker-inference-gpu-3-1",
}
PACKAGED_LOCK: dict[str, object] = {
    key: value
    for key, value in FULL_LOCK.items()
    if key not in {"image", "model_data_source", "additional_model_data_sources"}
} | {"model_package_arn": "arn:aws:sagemaker:us-east-1:865070037744:model-package/falcon-v4"}


def fleet_of(
    lock: dict[str, object] | None = None,
    settings: dict[str, object] | None = None,
    **definition: object,
) -> Fleet:
    document = {
        "name": "A",
        "inference_type": "realtime",
        "inference_instance_type": TYPE,
        "model": DATA,
        **definition,
    }
    document = {key: value for key, value in document.items() if value is not None}
    files = {
        "environments/dev/environment.json": json.dumps({**SETTINGS, **(settings or {})}).encode(),
        "environments/dev/A.endpoint.json": json.dumps(document).encode(),
    }
    if lock:
        files["environments/dev/A.lock.json"] = json.dumps(lock).encode()
    fleet = read_fleet(files, "dev")
    assert fleet.errors == (), fleet.errors
    return fleet


def parts(fleet: Fleet) -> tuple[Holding, Environment]:
    (holding,), settings = fleet.holdings, fleet.environment
    assert settings is not None
    return holding, settings


def said(fleet: Fleet) -> list[tuple[str, str, str]]:
    """Return the file, the pointer and the sentence of all that AWS would refuse."""
    holding, settings = parts(fleet)
    target = desired(holding, settings, Owner("dev", "demo", "0123456789abcdef"))
    found = installed_limits().violations(Documents("dev", holding, settings), target)
    return [(each.file.rpartition("/")[2], each.pointer, each.sentence) for each in found]


def variables(**values: str) -> dict[str, object]:
    return {**DATA, "environment": values}


TOPIC: dict[str, object] = {
    "inference_type": "async",
    "async_inference": {"success_topic_arn": "arn:aws:sns:x"},
}
LONG: dict[str, object] = {
    "inference_type": "async",
    "async_inference": {"s3_failure_path": "s3://demo-answers/" + "y" * 600},
}
IN_REGISTRY: dict[str, Any] = {
    "model": None,
    "model_package_arn": "arn:aws:sagemaker:us-east-1:123456789012:model-package/summarizer/3",
}
REFUSED: list[tuple[dict[str, object], str, str]] = [
    ({"model": variables(**{"BAD-KEY": "1"})}, "/model/environment/BAD-KEY", "by the pattern"),
    ({"model": variables(**{"A/B~": "1"})}, "/model/environment/A~1B~0", "by the pattern"),
    ({"model": variables(SCHEMA="x" * 1025)}, "/model/environment/SCHEMA", "1025 characters"),
    ({"model": variables(SCHEMA="ö" * 600)}, "/model/environment/SCHEMA", "1200 bytes"),
    (
        {"model": variables(**{f"K{n}": "x" * 1000 for n in range(40)})},
        "/model/environment",
        "AWS allows 32768 at most",
    ),
    (TOPIC, "/async_inference/success_topic_arn", "by the pattern"),
    (LONG, "/async_inference/s3_failure_path", "AWS allows 512 at most"),
    (
        {"model": {**MODEL, "model_data_source": {"s3_uri": "s3://"}}},
        "/model/model_data_source/s3_uri",
        "by the pattern",
    ),
    (
        {"inference_instance_type": "ml.g5.12xlrage"},
        "/inference_instance_type",
        "did you mean ml.g5.12xlarge",
    ),
    (
        {"instance_pools": [{"instance_type": "ml.g5.3xlarge"}]},
        "/instance_pools/0/instance_type",
        "SageMaker has no instance type ml.g5.3xlarge",
    ),
    ({"tags": {"cost": "a_b", "team": "a\u200bb"}}, "/tags/team", "by the pattern"),
    (
        {**IN_REGISTRY, "model_package": {"environment": {"BAD-KEY": "1"}}},
        "/model_package/environment/BAD-KEY",
        "by the pattern",
    ),
    (
        {**IN_REGISTRY, "model_package": {"environment": {"A": "ö" * 600}}},
        "/model_package/environment/A",
        "1200 bytes",
    ),
    (
        {**IN_REGISTRY, "model_package": {"environment": {f"K{n}": "x" * 1000 for n in range(40)}}},
        "/model_package/environment",
        "AWS allows 32768 at most",
    ),
]


@pytest.mark.parametrize(("fields", "pointer", "words"), REFUSED)
def test_each_field_is_named_that_aws_would_refuse(
    fields: dict[str, Any], pointer: str, words: str
) -> None:
    fleet = _read_anyway(fields)
    assert [(file, at) for file, at, _ in said(fleet)] == [("A.endpoint.json", pointer)]
    assert words in said(fleet)[0][2]


def _read_anyway(fields: dict[str, Any]) -> Fleet:
    """Read a definition past what our own schema refuses of its tags."""
    if "tags" not in fields:
        return fleet_of(**fields)
    fleet = fleet_of()
    (holding,) = fleet.holdings
    definition = replace(holding.definition, tags=fields["tags"])
    return replace(fleet, holdings=(replace(holding, definition=definition),))


def test_what_the_settings_say_is_wrong_there() -> None:
    fleet = fleet_of(settings={"async_output_path": "s3://" + "y" * 500}, inference_type="async")
    assert [(file, at) for file, at, _ in said(fleet)] == [
        ("environment.json", "/async_output_path")
    ]


def test_what_the_lock_says_is_wrong_there() -> None:
    lock = {**LOCK, "image": "x" * 300, "environment": {"A-B": "1"}}
    fleet = fleet_of(lock=lock, **JUMPSTART)
    assert sorted((file, at) for file, at, _ in said(fleet)) == [
        ("A.lock.json", "/environment/A-B"),
        ("A.lock.json", "/image"),
    ]


def test_a_prefix_that_is_none_by_awss_prose_is_a_warning() -> None:
    lock = {**LOCK, "model_data_source": {"s3_uri": "s3://jumpstart/falcon"}}
    lock["additional_model_data_sources"] = [{"channel_name": "d", "s3_uri": "s3://jumpstart/d"}]
    holding, settings = parts(fleet_of(lock=lock, **JUMPSTART))
    target = desired(holding, settings, Owner("dev", "demo", "0123456789abcdef"))
    found = installed_limits().violations(Documents("dev", holding, settings), target)
    assert [(each.pointer, each.level) for each in found] == [
        ("/additional_model_data_sources/0/s3_uri", "warning"),
        ("/model_data_source/s3_uri", "warning"),
    ]
    assert said(fleet_of(model={**MODEL, "model_data_source": OBJECT})) == []


OBJECT = {"s3_uri": "s3://demo-models/x", "s3_data_type": "S3Object"}
FULL: dict[str, Any] = {
    "inference_instance_count": 2,
    "instance_pools": [{"instance_type": "ml.g5.2xlarge"}],
    "instance_provision_timeout_seconds": 600,
    "inference_type": "async",
    "async_inference": {
        "s3_failure_path": "s3://demo-answers/failed/",
        "success_topic_arn": "arn:aws:sns:us-east-1:123456789012:answers",
        "error_topic_arn": "arn:aws:sns:us-east-1:123456789012:failures",
        "max_concurrent_invocations_per_instance": 4,
    },
    "autoscaling": {"min_instances": 0, "max_instances": 4},
    "owner": "größe@example.com",
    "tags": {"team": "日本 語"},
    "model": {
        **MODEL,
        "model_data_source": {"s3_uri": "s3://demo-models/x/"},
        "environment": {"A": "1"},
        "model_data_download_timeout_seconds": 600,
        "container_startup_health_check_timeout_seconds": 600,
    },
}
PACKAGE: dict[str, Any] = {
    **IN_REGISTRY,
    "model_package": {"environment": {"A": "1"}, "enable_network_isolation": False},
    "vpc_config": {"security_group_ids": ["sg-1"], "subnets": ["subnet-1", "subnet-2"]},
}
EXISTING: dict[str, Any] = {
    "model": None,
    "inference_instance_type": None,
    "endpoint_config_name": "their-config",
}
# What every endpoint has: constants of ours, and the names of calls.
CONSTANT = {
    "VariantName",
    "InitialVariantWeight",
    "Priority",
    "ServiceNamespace",
    "ResourceId",
    "ScalableDimension",
    "PolicyName",
    "PolicyType",
    "Namespace",
    "MetricName",
    "Statistic",
    "PredefinedMetricType",
    "AdjustmentType",
    "MetricAggregationType",
    "MetricIntervalLowerBound",
    "ScalingAdjustment",
    "Name",
    "Value",
}


def leaves(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:  # noqa: ANN401
    if isinstance(value, dict):
        for key, each in value.items():
            yield from leaves(each, (*path, key))
    elif isinstance(value, list):
        for number, each in enumerate(value):
            yield from leaves(each, (*path, number))
    else:
        yield path


def test_what_a_lock_says_of_a_package_is_wrong_there() -> None:
    lock = {
        **PACKAGED_LOCK,
        "environment": {"A-B": "1", "LONG": "é" * 600},
        "volume_size_gb": 1024,
        "inference_ami_version": "unheard-of",
    }
    assert [(file, pointer) for file, pointer, _ in said(fleet_of(lock=lock, **JUMPSTART))] == [
        ("A.lock.json", "/environment/A-B"),
        ("A.lock.json", "/environment/LONG"),
        ("A.lock.json", "/inference_ami_version"),
        ("A.lock.json", "/volume_size_gb"),
    ]


@pytest.mark.parametrize(
    "fleet",
    [
        fleet_of(**FULL),
        fleet_of(endpoint_name="mine"),
        fleet_of(autoscaling={"min_instances": 1, "max_instances": 4}),
        fleet_of(lock=FULL_LOCK, **JUMPSTART),
        fleet_of(lock=PACKAGED_LOCK, **JUMPSTART),
        fleet_of(**PACKAGE),
        fleet_of(**IN_REGISTRY),
        fleet_of(**EXISTING),
    ],
    ids=[
        "full",
        "small",
        "scaled",
        "jumpstart",
        "packaged",
        "package",
        "plain package",
        "existing",
    ],
)
class TestEveryRequest:
    def test_has_a_field_for_each_of_its_values(self, fleet: Fleet) -> None:
        holding, settings = parts(fleet)
        target = desired(holding, settings, Owner("dev", "demo", "0123456789abcdef"))
        documents = Documents("dev", holding, settings)
        without = [
            (call.operation, path)
            for call in calls(
                target, wanted_scale(holding.definition, target.endpoint_name, VARIANT)
            )
            for path in leaves(dict(call.request))
            if not documents.place(call.request, path).pointer
            and path[-1] not in CONSTANT
            and path[0] != "Tags"
        ]
        assert without == []

    def test_is_as_aws_takes_it(self, fleet: Fleet) -> None:
        assert said(fleet) == []


class Shape:
    """A shape of botocore's, as far as it is asked here."""

    def __init__(self, type_name: str, **said: Any) -> None:  # noqa: ANN401
        self.name, self.type_name, self.metadata = "It", type_name, said
        self.required_members: list[str] = []
        self.members: dict[str, Shape] = {}


@pytest.mark.parametrize(
    ("shape", "value", "words"),
    [
        (Shape("string", min=2), "a", "demands 2 at least"),
        (Shape("string", enum=["a", "b"]), "c", "'c' is none of those that AWS knows: a, b."),
        (Shape("integer", max=3), 4, "it is 4, and AWS allows 3 at most"),
        (Shape("integer"), 2**31, "AWS allows 2147483647 at most"),
        (Shape("float", min=1), 0.5, "it is 0.5, and AWS demands 1 at least"),
        (Shape("list", max=0), ["a" * 100], "it has 1 entries"),
        (Shape("string", pattern=r"\p{L}+"), "ab1", "by the pattern"),
        (Shape("string", pattern="a+"), "a\n", "by the pattern"),
    ],
)
def test_a_shape_says_what_is_wrong(shape: Shape, value: object, words: str) -> None:
    shape.member = Shape("string")  # type: ignore[attr-defined]
    (found,) = breaches(shape, value)
    assert words in found.sentence


def test_a_pattern_that_only_java_understands_is_left_to_aws() -> None:
    assert list(breaches(Shape("string", pattern=r"\p{Alpha}[[a-z]&&[^b]]("), "x")) == []


def test_what_is_missing_is_said() -> None:
    shape = Shape("structure")
    shape.required_members = ["Image"]
    (found,) = breaches(shape, {"Other": 1})
    assert (found.path, found.sentence) == (("Image",), "AWS needs Image, and nothing says it.")
