"""What is claimed is read from AWS as it is now: its own tags, and what it uses that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.aws.tagged_resources import TaggedResources
from ledger.errors import Failure, Wait
from ledger.tags import LEDGER_TAG

if TYPE_CHECKING:
    from tests.scene import Scene


@pytest.fixture
def resources(scene: Scene) -> TaggedResources:
    account = scene.account
    return TaggedResources(account.sagemaker, account.client("resourcegroupstaggingapi"))


def made(scene: Scene, name: str) -> None:
    scene.account.make_config(f"{name}-config")
    scene.account.sagemaker.create_endpoint(
        EndpointName=name,
        EndpointConfigName=f"{name}-config",
        Tags=[{"Key": "team", "Value": "search"}],
    )
    scene.let_pass(seconds=90)


def kinds(resources: TaggedResources, name: str) -> list[str]:
    return [str(each.kind) for each in resources.used_by(name)]


def test_an_endpoint_comes_with_its_config_and_models(
    scene: Scene, resources: TaggedResources
) -> None:
    made(scene, "a")
    assert kinds(resources, "a") == ["endpoint", "endpoint-config", "model"]
    (endpoint, *_) = resources.used_by("a")
    assert endpoint.tags == {"team": "search"}


def test_what_is_gone_is_left_out(scene: Scene, resources: TaggedResources) -> None:
    made(scene, "a")
    scene.account.sagemaker.delete_model(ModelName="a-config-model")
    assert kinds(resources, "a") == ["endpoint", "endpoint-config"]
    scene.account.sagemaker.delete_endpoint_config(EndpointConfigName="a-config")
    assert kinds(resources, "a") == ["endpoint"]
    assert kinds(resources, "nobody") == []


@pytest.mark.parametrize(
    "operation",
    ["DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel", "ListTags"],
)
def test_what_cannot_be_read_is_not_taken_for_gone(
    scene: Scene, resources: TaggedResources, operation: str
) -> None:
    made(scene, "a")
    scene.account.order_fault("denied", operation=operation)
    with pytest.raises(Failure) as refused:
        resources.used_by("a")
    assert refused.value.code == "LH3006"


def test_things_are_found_by_any_of_several_tags_once_each(
    scene: Scene, resources: TaggedResources
) -> None:
    made(scene, "a")
    found = resources.tagged([("team", "search"), ("team", "search"), ("team", "other")])
    assert [(str(each.kind), str(each.name)) for each in found] == [("endpoint", "a")]


def test_an_index_that_lags_behind_names_nothing_that_is_gone(
    scene: Scene, resources: TaggedResources, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(scene, "a")
    (found,) = resources.tagged([("team", "search")])
    gone = str(found.arn).replace("/a", "/gone")
    monkeypatch.setattr(resources, "_arns", lambda *_: iter([gone, str(found.arn)]))
    assert resources.tagged([("team", "search")]) == (found,)


def test_tags_that_somebody_changed_since_are_not_written_over(
    scene: Scene, resources: TaggedResources
) -> None:
    made(scene, "a")
    (endpoint, *_) = resources.used_by("a")
    theirs = [{"Key": LEDGER_TAG, "Value": "0123456789abcdef"}]
    scene.account.sagemaker.add_tags(ResourceArn=endpoint.arn, Tags=theirs)
    with pytest.raises(Wait) as refused:
        resources.give(endpoint, {LEDGER_TAG: "5f2c9a7be01d4386"})
    assert refused.value.code == "LH5056"
    assert scene.account.endpoint_tags("a")[LEDGER_TAG] == "0123456789abcdef"
    (now, *_) = resources.used_by("a")
    resources.give(now, {LEDGER_TAG: "5f2c9a7be01d4386"})
    assert scene.account.endpoint_tags("a")[LEDGER_TAG] == "5f2c9a7be01d4386"
