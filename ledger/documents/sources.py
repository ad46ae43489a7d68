"""Where a model comes from: JumpStart, an own container, a package, or a config that exists. Pure.

Definitions name a source, and locks hold the container that a JumpStart model was resolved to.
Their data has passed its JSON Schema.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any


@dataclass(frozen=True, slots=True)
class ModelData:
    """The model's files in S3, in SageMaker's words.

    `accept_eula`: they are under an end-user licence, which has to be accepted to load them.
    """

    s3_uri: str
    s3_data_type: str = "S3Prefix"
    compression_type: str = "None"
    accept_eula: bool = False


@dataclass(frozen=True, slots=True)
class VariantSettings:
    """What a model needs of the instances that it is hosted on."""

    download_timeout_seconds: int | None = None
    startup_timeout_seconds: int | None = None
    volume_size_gb: int | None = None
    inference_ami_version: str | None = None


@dataclass(frozen=True, slots=True)
class Container:
    """An own container, or what a lock says that a JumpStart model is.

    `accept_eula` is about `model_data`; further data has a licence of its own.
    """

    image: str
    model_data_url: str | None = None
    model_data: ModelData | None = None
    additional_model_data: Mapping[str, ModelData] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    network_isolation: bool = False
    variant: VariantSettings = VariantSettings()
    accept_eula: bool = False

    def without_eula(self) -> "Container":
        """Return it with no licence accepted."""
        further = self.additional_model_data.items()
        refused = {name: replace(data, accept_eula=False) for name, data in further}
        return replace(self, accept_eula=False, additional_model_data=refused)


@dataclass(frozen=True, slots=True)
class JumpStart:
    """A model of SageMaker's catalogue; `accept_eula` is the owner's word, whatever a lock says."""

    model_id: str
    model_version: str = "*"
    accept_eula: bool = False
    tolerate_deprecated_model: bool = False
    tolerate_vulnerable_model: bool = False
    inference_config_name: str | None = None


@dataclass(frozen=True, slots=True)
class ModelPackage:
    """A model package of the registry or Marketplace, or what a lock says that a model comes in.

    Unless something else is said, its container may not reach a network.
    """

    arn: str
    environment: Mapping[str, str] = field(default_factory=dict)
    network_isolation: bool = True
    variant: VariantSettings = VariantSettings()


@dataclass(frozen=True, slots=True)
class Vpc:
    """The network that a model's container is in."""

    security_group_ids: tuple[str, ...]
    subnets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ExistingConfig:
    """An endpoint config that is in SageMaker already and belongs to somebody else."""

    endpoint_config_name: str


Source = JumpStart | Container | ModelPackage | ExistingConfig


def source_from(data: Mapping[str, Any]) -> Source:
    match data:
        case {"endpoint_config_name": name}:
            return ExistingConfig(name)
        case {"model_package_arn": arn}:
            options = data.get("model_package", {})
            isolated = options.get("enable_network_isolation", True)
            return ModelPackage(arn, options.get("environment", {}), isolated)
        case {"model_id": model_id}:
            return JumpStart(
                model_id,
                data.get("model_version", "*"),
                data.get("accept_eula", False),
                data.get("tolerate_deprecated_model", False),
                data.get("tolerate_vulnerable_model", False),
                data.get("inference_config_name"),
            )
        case _:
            return container_from(data["model"])


def vpc_from(data: Mapping[str, Any]) -> Vpc | None:
    if (vpc := data.get("vpc_config")) is None:
        return None
    return Vpc(tuple(vpc["security_group_ids"]), tuple(vpc["subnets"]))


def container_from(data: Mapping[str, Any]) -> Container:
    extra = data.get("additional_model_data_sources", [])
    return Container(
        image=data["image"],
        model_data_url=data.get("model_data_url"),
        model_data=_model_data(data["model_data_source"]) if "model_data_source" in data else None,
        additional_model_data={item["channel_name"]: _model_data(item) for item in extra},
        environment=data.get("environment", {}),
        network_isolation=data.get("enable_network_isolation", False),
        variant=variant_settings_from(data),
        accept_eula=data.get("accept_eula", "eula_url" in data),
    )


def variant_settings_from(data: Mapping[str, Any]) -> VariantSettings:
    return VariantSettings(
        download_timeout_seconds=data.get("model_data_download_timeout_seconds"),
        startup_timeout_seconds=data.get("container_startup_health_check_timeout_seconds"),
        volume_size_gb=data.get("volume_size_gb"),
        inference_ami_version=data.get("inference_ami_version"),
    )


def _model_data(data: Mapping[str, Any]) -> ModelData:
    return ModelData(
        data["s3_uri"],
        data.get("s3_data_type", "S3Prefix"),
        data.get("compression_type", "None"),
        data.get("accept_eula", "eula_url" in data),
    )
