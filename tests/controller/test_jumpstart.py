"""An endpoint of a JumpStart model, by its lock alone: it starts, follows it, or is frozen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from controller.planning.desired import VARIANT
from tests.scene import REGION, SETTLE, definition, lease, path, told

if TYPE_CHECKING:
    from tests.scene import Json, Scene

A, B = "demo-A-Endpoint", "demo-B-Endpoint"
SERVED: Json = {"model_id": "falcon", "model_version": "2.*", "accept_eula": True}
LOCK: Json = {
    "model_id": "falcon",
    "model_version": "2.1.0",
    "region_name": REGION,
    "instance_type": "ml.g5.xlarge",
    "image": "registry/djl:1",
    "model_data_source": {"s3_uri": "s3://jumpstart/falcon/"},
    "additional_model_data_sources": [
        {
            "channel_name": "draft_model",
            "s3_uri": "s3://jumpstart/draft/",
            "eula_url": "https://jumpstart.example/draft.txt",
        }
    ],
    "environment": {"SM_NUM_GPUS": "1"},
    "enable_network_isolation": True,
    "model_data_download_timeout_seconds": 1200,
    "container_startup_health_check_timeout_seconds": 600,
    "volume_size_gb": 256,
    "inference_ami_version": "al2-ami-sagemaker-inference-gpu-3-1",
}
PACKAGED: Json = {
    **{key: LOCK[key] for key in ("model_id", "model_version", "region_name", "instance_type")},
    "model_package_arn": f"arn:aws:sagemaker:{REGION}:865070037744:model-package/falcon-v4",
    "enable_network_isolation": False,
    "container_startup_health_check_timeout_seconds": 900,
}


def start(scene: Scene, lock: Json) -> str:
    until = lease(scene.now + timedelta(hours=1))
    files = {path("A"): definition("A", **SERVED), path("A", "lease"): until}
    scene.push({**files, path("A", "lock"): lock})
    scene.tick()
    scene.let_pass(seconds=SETTLE)
    assert scene.account.status(A) == "InService"
    return scene.account.config(A)


def served(scene: Scene, config: str) -> tuple[dict[str, Any], dict[str, Any]]:
    sagemaker = scene.account.sagemaker
    [variant] = sagemaker.describe_endpoint_config(EndpointConfigName=config)["ProductionVariants"]
    return sagemaker.describe_model(ModelName=variant["ModelName"]), variant


def test_it_runs_with_all_that_its_lock_says(scene: Scene) -> None:
    model, variant = served(scene, start(scene, LOCK))
    container = model["PrimaryContainer"]
    assert container["Image"] == "registry/djl:1"
    assert container["Environment"] == {"SM_NUM_GPUS": "1"}
    assert container["ModelDataSource"]["S3DataSource"]["S3Uri"] == "s3://jumpstart/falcon/"
    [draft] = container["AdditionalModelDataSources"]
    assert draft["S3DataSource"]["ModelAccessConfig"] == {"AcceptEula": True}
    assert model["EnableNetworkIsolation"] is True
    assert variant == {
        "VariantName": VARIANT,
        "ModelName": model["ModelName"],
        "InitialInstanceCount": 1,
        "InstanceType": "ml.g5.xlarge",
        "InitialVariantWeight": 1,
        "ModelDataDownloadTimeoutInSeconds": 1200,
        "ContainerStartupHealthCheckTimeoutInSeconds": 600,
        "VolumeSizeInGB": 256,
        "InferenceAmiVersion": "al2-ami-sagemaker-inference-gpu-3-1",
    }


def test_a_package_runs_with_the_isolation_and_timeout_of_its_lock(scene: Scene) -> None:
    model, variant = served(scene, start(scene, PACKAGED))
    assert model["Containers"] == [{"ModelPackageName": PACKAGED["model_package_arn"]}]
    assert model["EnableNetworkIsolation"] is False
    assert variant["ContainerStartupHealthCheckTimeoutInSeconds"] == 900


@pytest.mark.parametrize(
    "changed",
    [
        {"environment": {"SM_NUM_GPUS": "4"}},
        {"inference_ami_version": "al2-ami-sagemaker-inference-gpu-2"},
        {"additional_model_data_sources": []},
    ],
    ids=["variables", "machine image", "further data"],
)
def test_another_lock_is_an_update_and_the_old_one_finds_its_config_again(
    scene: Scene, changed: Json
) -> None:
    before = start(scene, LOCK)
    scene.push({path("A", "lock"): {**LOCK, **changed}})
    assert told(scene.tick(), A).startswith("update:")
    scene.let_pass(seconds=SETTLE)
    assert scene.account.config(A) != before
    scene.tick()
    scene.push({path("A", "lock"): LOCK})
    assert told(scene.tick(), A).startswith("update:")
    scene.let_pass(seconds=SETTLE)
    assert scene.account.config(A) == before


@pytest.mark.parametrize(
    "lock",
    [{**LOCK, "model_version": "1.0.0"}, {**LOCK, "region_name": "eu-central-1"}, None],
    ids=["version", "region", "none"],
)
def test_a_lock_that_does_not_fit_freezes_its_own_endpoint_and_no_other(
    scene: Scene, lock: Json | None
) -> None:
    before = start(scene, LOCK)
    scene.define("B", 60)
    scene.push({path("A", "lock"): lock})
    tick = scene.tick()
    assert "`leasehold lock A`" in told(tick, A)
    scene.let_pass(seconds=SETTLE)
    assert (scene.account.config(A), scene.account.status(A)) == (before, "InService")
    assert scene.account.status(B) == "InService"
