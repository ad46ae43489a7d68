"""What Leasehold sends to SageMaker is what the SageMaker SDK sends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import boto3
import pytest

from controller.aws.requests import calls
from controller.planning.desired import desired
from controller.planning.ownership import Owner
from tests.jumpstart.clones import Clone
from tests.jumpstart.specs import DRAFT, FOUR_GPUS, GPU, NEURON, OPEN, REGION

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from ledger.holdings import Fleet

# Variables of the SDK's own, which it adds to those of the model (where the model has none).
_SDKS_OWN = {
    "SAGEMAKER_CONTAINER_LOG_LEVEL": "20",
    "SAGEMAKER_REGION": REGION,
    "SAGEMAKER_PROGRAM": "",
    "SAGEMAKER_SUBMIT_DIRECTORY": "",
}
MODELS = {
    "prefix": ("acme-llm-open", "2.16.0", GPU),
    "another image and other variables": ("acme-llm-open", "2.16.0", FOUR_GPUS),
    "tarball": ("acme-llm-tarball", "1.6.2", GPU),
    "gated, with configurations": ("acme-llm-gated", "1.2.0", FOUR_GPUS),
    "draft models": ("acme-llm-draft", "1.0.0", GPU),
    "a volume": ("acme-volume", "1.0.0", NEURON),
    "no volume on this type": ("acme-volume", "1.0.0", GPU),
    "the predecessor's Falcon": ("huggingface-llm-falcon-40b-instruct-bf16", "1.2.0", FOUR_GPUS),
}


def sent(fleet: Fleet) -> dict[str, dict[str, Any]]:
    (holding,), settings = fleet.holdings, fleet.environment
    assert settings is not None
    target = desired(holding, settings, Owner("dev", "demo", "0123456789abcdef"))
    return {each.operation: dict(each.request) for each in calls(target, None)}


def model_of(request: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a model is, without its name and tags, and without who accepts what."""
    container = dict(request["PrimaryContainer"])
    variables = dict(container.get("Environment", {}))
    for name, value in _SDKS_OWN.items():
        if variables.get(name) == value:
            del variables[name]
    sources = [container["ModelDataSource"], *container.get("AdditionalModelDataSources", [])]
    return {
        "Image": container["Image"],
        "Environment": variables,
        "EnableNetworkIsolation": request.get("EnableNetworkIsolation", False),
        "ExecutionRoleArn": request["ExecutionRoleArn"],
        "sources": [
            {
                "ChannelName": each.get("ChannelName"),
                **{
                    key: value
                    for key, value in each["S3DataSource"].items()
                    if key != "ModelAccessConfig"
                },
            }
            for each in sources
        ],
        "others": container.keys()
        - {"Image", "Environment", "ModelDataSource", "AdditionalModelDataSources"},
    }


def variant_of(request: Mapping[str, Any]) -> dict[str, Any]:
    [variant] = request["ProductionVariants"]
    return {key: value for key, value in variant.items() if key != "ModelName"}


@pytest.mark.parametrize("named", MODELS)
def test_the_requests_are_those_of_the_sdk(named: str, tmp_path: Path) -> None:
    from tests.jumpstart.witness import Witness  # noqa: PLC0415  (three seconds)

    model_id, version, instance_type = MODELS[named]
    clone = Clone(tmp_path).begin()
    clone.define("A", model_id, instance_type, accept_eula=True, model_version=version).locked()
    ours, witness = sent(clone.fleet()), Witness(REGION)
    witness.deploy(model_id, version, instance_type)
    theirs = witness.requests
    assert model_of(ours["CreateModel"]) == model_of(theirs["CreateModel"])
    config = "CreateEndpointConfig"
    assert variant_of(ours[config]) == variant_of(theirs[config])


@pytest.mark.parametrize("named", MODELS)
def test_a_lock_says_what_the_sdk_resolves(named: str, tmp_path: Path) -> None:
    from sagemaker.core.helper.session_helper import Session  # noqa: PLC0415
    from sagemaker.core.jumpstart.factory.utils import (  # noqa: PLC0415
        get_deploy_kwargs,
        get_init_kwargs,
    )

    model_id, version, instance_type = MODELS[named]
    clone = Clone(tmp_path).begin()
    clone.define("A", model_id, instance_type, accept_eula=True, model_version=version).locked()
    lock = clone.lock("A")
    asked: dict[str, Any] = {
        "model_id": model_id,
        "model_version": version,
        "instance_type": instance_type,
        "region": REGION,
        "sagemaker_session": Session(boto3.Session(region_name=REGION)),
    }
    init = get_init_kwargs(**asked, role="arn:aws:iam::123456789012:role/demo")
    deploy = get_deploy_kwargs(**asked)
    data = init.model_data
    source = lock["model_data_source"]
    if isinstance(data, str):
        assert (source["s3_uri"], source["compression_type"]) == (data, "Gzip")
    else:
        assert source["s3_uri"] == data["S3DataSource"]["S3Uri"]
    assert lock["image"] == init.image_uri
    assert lock["environment"] == init.env
    assert lock["enable_network_isolation"] == init.enable_network_isolation
    assert lock.get("config_name") == init.config_name
    assert lock.get("volume_size_gb") == deploy.volume_size
    assert lock.get("inference_ami_version") == deploy.inference_ami_version
    timeout = "container_startup_health_check_timeout"
    assert lock.get(f"{timeout}_seconds") == deploy.container_startup_health_check_timeout
    assert lock.get("model_data_download_timeout_seconds") == deploy.model_data_download_timeout


def test_a_licence_is_accepted_where_there_is_one_and_nowhere_else(tmp_path: Path) -> None:
    clone = Clone(tmp_path).begin()
    clone.define("A", DRAFT["model_id"], GPU, accept_eula=True).locked()
    container = sent(clone.fleet())["CreateModel"]["PrimaryContainer"]
    assert "ModelAccessConfig" not in container["ModelDataSource"]["S3DataSource"]
    further = container["AdditionalModelDataSources"]
    accepted = {
        each["ChannelName"]: "ModelAccessConfig" in each["S3DataSource"] for each in further
    }
    assert accepted == {"draft_model": True, "neo_draft": False, "other_draft": False}


@pytest.mark.parametrize(
    ("model_id", "isolated", "timeouts"),
    [("acme-llm-package", True, (1200, 900)), ("acme-market-large", False, (None, 600))],
)
def test_a_package_is_sent_as_the_sdks_second_version_does(
    model_id: str, *, isolated: bool, timeouts: tuple[int | None, int], tmp_path: Path
) -> None:
    clone = Clone(tmp_path).begin()
    clone.define("A", model_id, FOUR_GPUS).locked()
    requests, lock = sent(clone.fleet()), clone.lock("A")
    [container] = requests["CreateModel"]["Containers"]
    assert container["ModelPackageName"] == lock["model_package_arn"]
    assert container.get("Environment") == lock.get("environment")
    assert requests["CreateModel"]["EnableNetworkIsolation"] is isolated
    [variant] = requests["CreateEndpointConfig"]["ProductionVariants"]
    download = variant.get("ModelDataDownloadTimeoutInSeconds")
    startup = variant["ContainerStartupHealthCheckTimeoutInSeconds"]
    assert (download, startup) == timeouts


def test_all_our_open_models_that_can_be_deployed_are_compared() -> None:
    left_out = {"acme-llm-newer", "acme-script", "acme-deprecated", "acme-vulnerable", "acme-odd"}
    compared = {model_id for model_id, _, _ in MODELS.values()}
    others = {each["model_id"] for each in OPEN} - left_out - compared
    assert others == {"acme-llm-package", "huggingface-text2text-flan-t5-xxl"}
