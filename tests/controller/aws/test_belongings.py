"""What is claimed is read from AWS as it is now: its own tags, and what it uses that is there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from controller.aws.belongings import Belongings
from ledger.errors import Failure, Wait
from ledger.tags import LEDGER_TAG

if TYPE_CHECKING:
    from tests.scene import Scene


@pytest.fixture
def belongings(scene: Scene) -> Belongings:
    account = scene.account
    return Belongings(account.sagemaker, account.client("resourcegroupstaggingapi"))


def made(scene: Scene, name: str) -> None:
    scene.account.make_config(f"{name}-config")
    scene.account.sagemaker.create_endpoint(
        EndpointName=name,
        EndpointConfigName=f"{name}-config",
        Tags=[{"Key": "team", "Value": "search"}],
    )
    scene.let_pass(seconds=90)


def kinds(belongings: Belongings, name: str) -> list[str]:
    return [str(each.kind) for each in belongings.used_by(name)]


def test_an_endpoint_comes_with_its_config_and_models(scene: Scene, belongings: Belongings) -> None:
    made(scene, "a")
    assert kinds(belongings, "a") == ["endpoint", "endpoint-config", "model"]
    (endpoint, *_) = belongings.used_by("a")
    assert endpoint.tags == {"team": "search"}


def test_what_is_gone_is_left_out(scene: Scene, belongings: Belongings) -> None:
    made(scene, "a")
    scene.account.sagemaker.delete_model(ModelName="a-config-model")
    assert kinds(belongings, "a") == ["endpoint", "endpoint-config"]
    scene.account.sagemaker.delete_endpoint_config(EndpointConfigName="a-config")
    assert kinds(belongings, "a") == ["endpoint"]
    assert kinds(belongings, "nobody") == []


@pytest.mark.parametrize(
    "operation",
    ["DescribeEndpoint", "DescribeEndpointConfig", "DescribeModel", "ListTags"],
)
def test_what_cannot_be_read_is_not_taken_for_gone(
    scene: Scene, belongings: Belongings, operation: str
) -> None:
    made(scene, "a")
    scene.account.order_fault("denied", operation=operation)
    with pytest.raises(Failure) as refused:
        belongings.used_by("a")
    assert refused.value.code == "LH3006"


def test_things_are_found_by_any_of_several_tags_once_each(
    scene: Scene, belongings: Belongings
) -> None:
    made(scene, "a")
    found = belongings.tagged([("team", "search"), ("team", "search"), ("team", "other")])
    assert [(str(each.kind), str(each.name)) for each in found] == [("endpoint", "a")]


def test_an_index_that_lags_behind_names_nothing_that_is_gone(
    scene: Scene, belongings: Belongings, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(scene, "a")
    (found,) = belongings.tagged([("team", "search")])
    gone = str(found.arn).replace("/a", "/gone")
    monkeypatch.setattr(belongings, "_arns", lambda *_: iter([gone, str(found.arn)]))
    assert belongings.tagged([("team", "search")]) == (found,)


def test_tags_that_somebody_changed_since_are_not_written_over(
    scene: Scene, belongings: Belongings
) -> None:
    made(scene, "a")
    (endpoint, *_) = belongings.used_by("a")
    theirs = [{"Key": LEDGER_TAG, "Value": "0123456789abcdef"}]
    scene.account.sagemaker.add_tags(ResourceArn=endpoint.arn, Tags=theirs)
    with pytest.raises(Wait) as refused:
        belongings.give(endpoint, {LEDGER_TAG: "5f2c9a7be01d4386"})
    assert refused.value.code == "LH5056"
    assert scene.account.endpoint_tags("a")[LEDGER_TAG] == "0123456789abcdef"
    (now, *_) = belongings.used_by("a")
    belongings.give(now, {LEDGER_TAG: "5f2c9a7be01d4386"})
    assert scene.account.endpoint_tags("a")[LEDGER_TAG] == "5f2c9a7be01d4386"
