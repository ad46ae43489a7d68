"""What is used of the configs that are there: those of our names hold what their names say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from controller.planning.action import Action, Verb
from ledger.errors import Refused, Wait
from ledger.names import EndpointName
from tests.controller.cases import NAME, fleet_of, target_of
from tests.scene import ROLE, SETTLE

if TYPE_CHECKING:
    from controller.planning.desired import Desired
    from tests.scene import Scene

POOLS = [{"instance_type": "ml.g5.2xlarge"}, {"instance_type": "ml.g6.xlarge"}]


PATIENT = {"image": "registry/model:1", "model_data_download_timeout_seconds": 1200}


def create(scene: Scene, target: Desired) -> None:
    scene.account.cloud().apply(Action(Verb.CREATE, "A", NAME, "because", target))


def wanted(**fields: object) -> Desired:
    fleet = fleet_of("A", **fields)  # type: ignore[arg-type]
    (holding,) = fleet.holdings
    return target_of(fleet, holding)


def have(scene: Scene, target: Desired, **changed: object) -> None:
    """Have somebody make a config of that name; with no change it is the very one."""
    assert target.model is not None
    assert target.config is not None
    scene.account.sagemaker.create_model(**target.model)
    for name in ("other", "spare"):
        scene.account.sagemaker.create_model(
            ModelName=name, ExecutionRoleArn=ROLE, PrimaryContainer={"Image": "other:1"}
        )
    request: dict[str, Any] = dict(target.config)
    [variant] = request["ProductionVariants"]
    own = {key: value for key, value in changed.items() if key in request or key.startswith("S")}
    request["ProductionVariants"] = [
        {key: value for key, value in {**variant, **changed}.items() if key not in own}
    ]
    scene.account.sagemaker.create_endpoint_config(**{**request, **own})


SHADOW = {
    "VariantName": "shadow",
    "ModelName": "other",
    "InstanceType": "ml.g5.xlarge",
    "InitialInstanceCount": 1,
}


@pytest.mark.parametrize(
    ("fields", "changed", "said"),
    [
        ({}, {"InstanceType": "ml.p4d.24xlarge"}, "InstanceType is ['ml.p4d.24xlarge']"),
        ({}, {"ModelName": "other"}, "ModelName is ['other']"),
        ({}, {"VariantName": "main"}, "VariantName is ['main']"),
        ({}, {"InitialInstanceCount": 8}, "InitialInstanceCount is [8], not [1]"),
        ({}, {"ShadowProductionVariants": [SHADOW]}, "ShadowProductionVariants is 1, not 0"),
        (
            {"instance_pools": POOLS},
            {"InstancePools": [{"InstanceType": "ml.p4d.24xlarge", "Priority": 1}]},
            "InstancePools is [['ml.p4d.24xlarge']]",
        ),
        (
            {"model": PATIENT},
            {"ModelDataDownloadTimeoutInSeconds": 60},
            "ModelDataDownloadTimeoutInSeconds is [60], not [1200]",
        ),
    ],
)
def test_a_config_of_our_name_with_other_content_is_refused(
    scene: Scene, fields: dict[str, object], changed: dict[str, object], said: str
) -> None:
    target = wanted(**fields)
    have(scene, target, **changed)
    with pytest.raises(Refused, match="other content") as caught:
        create(scene, target)
    assert caught.value.code == "LH3024"
    assert said in caught.value.message
    assert target.config_name in caught.value.message
    assert scene.account.status(NAME) == "absent"


def test_one_that_answers_asynchronously_is_other_content(scene: Scene) -> None:
    target = wanted()
    answers = {"OutputConfig": {"S3OutputPath": "s3://theirs/"}}
    assert target.config is not None
    have(scene, replace(target, config={**target.config, "AsyncInferenceConfig": answers}))
    with pytest.raises(Refused, match="AsyncInferenceConfig is True, not False"):
        create(scene, target)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"instance_pools": POOLS},
        {"inference_type": "async"},
        {"inference_instance_count": 3},
        {"model": PATIENT},
    ],
)
def test_what_a_tick_that_was_cut_short_has_made_is_used(
    scene: Scene, fields: dict[str, object]
) -> None:
    target = wanted(**fields)
    have(scene, target)
    create(scene, target)
    assert scene.account.status(NAME) == "Creating"


def test_what_nobody_asked_for_may_be_what_aws_has_chosen(scene: Scene) -> None:
    target = wanted()
    have(scene, target, VolumeSizeInGB=30)
    create(scene, target)
    assert scene.account.status(NAME) == "Creating"


def test_a_config_of_others_is_used_as_it_was_looked_at(scene: Scene) -> None:
    scene.account.make_config("theirs")
    target = wanted(model=None, inference_instance_type=None, endpoint_config_name="theirs")
    with pytest.raises(Wait, match="was made anew while it was looked at") as caught:
        create(scene, replace(target, config_version="theirs@2026-11-23T11:00:00Z"))
    assert caught.value.code == "LH3025"
    create(scene, replace(target, config_version="theirs@2026-11-23T12:00:00Z"))
    scene.let_pass(seconds=SETTLE)
    assert scene.account.status(EndpointName(NAME)) == "InService"


@pytest.mark.parametrize("lacks", ["the wanted config", "the endpoint"])
def test_an_update_that_comes_too_early_waits(scene: Scene, lacks: str) -> None:
    target = wanted()
    if lacks == "the wanted config":
        create(scene, wanted(model={"image": "falcon:0"}))
        scene.let_pass(seconds=SETTLE)
        scene.account.order_fault("stale-config")
    with pytest.raises(Wait) as caught:
        scene.account.cloud().apply(Action(Verb.UPDATE, "A", NAME, "because", target))
    assert caught.value.code == "LH3009"
